"""The settings: `.env.example` lists each of them, and a wrong one ends the start with a sentence."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import ValidationError

from core.settings import Settings, name_servers

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / ".env.example"
SECRET_KEY = "0" * 64
DATABASE_URL = "postgresql://owner:p%40ss@db:5432/shop"
# This process's environment without any setting of ours.
BARE_ENVIRONMENT = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
_SETTING = re.compile(r"(#?)([A-Z][A-Z_]*)=(.*)")


class Listed(NamedTuple):
    """A setting in `.env.example`: what is said above it, whether it is commented out, and the value that it shows."""

    explanation: str
    is_commented: bool
    value: str


def listed() -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    said: list[str] = []
    for line in EXAMPLE.read_text().splitlines():
        if setting := _SETTING.fullmatch(line):
            comment, name, value = setting.groups()
            assert name not in found, f"{name} stands there twice"
            found[name] = Listed(" ".join(said), bool(comment), value)
            said = []
        else:
            said = [*said, line] if line.startswith("# ") else []
    return found


def read(folder: Path, **lines: str) -> dict[str, Any]:
    """The settings that a process would have with these lines in its `.env`."""
    file = folder / "lines.env"
    lines = {"DATABASE_URL": DATABASE_URL} | lines
    file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    return Settings(_env_file=file).model_dump()


@pytest.fixture
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without any setting of ours."""
    for name in set(os.environ) - set(BARE_ENVIRONMENT):
        monkeypatch.delenv(name)


def start(program: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs one of our programs to its end, in a folder without `.env`."""
    return subprocess.run(  # noqa: S603 - our own programs
        [sys.executable, "-m", program],
        env=BARE_ENVIRONMENT | {"PYTHONPATH": str(ROOT)} | settings,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestEnvExample:
    """`.env.example`."""

    def test_lists_every_setting_and_nothing_else(self) -> None:
        assert set(listed()) == {name.upper() for name in Settings.model_fields}

    def test_explains_each(self) -> None:
        assert [name for name, setting in listed().items() if not setting.explanation] == []

    def test_asks_for_what_has_no_default(self) -> None:
        required = {name.upper() for name, field in Settings.model_fields.items() if field.is_required()}

        assert {name for name, setting in listed().items() if not setting.is_commented} == required

    @pytest.mark.usefixtures("_bare")
    def test_shows_the_defaults(self, tmp_path: Path) -> None:
        shown = {name: setting.value for name, setting in listed().items() if setting.value}
        has_default = {
            name.upper()
            for name, field in Settings.model_fields.items()
            if not field.is_required() and field.default not in {None, ""}
        }

        assert set(shown) == has_default
        assert read(tmp_path, SECRET_KEY=SECRET_KEY, **shown) == read(tmp_path, SECRET_KEY=SECRET_KEY)


class TestWrongSettings:
    """What a person sees who got a setting wrong."""

    @pytest.mark.parametrize("program", ["server", "tasks"])
    def test_end_the_start_with_a_sentence_for_each(self, program: str, tmp_path: Path) -> None:
        wrong = {
            "ENVIRONMENT": "prod",
            "PORT": "70000",
            "WORKER_PORT": "0",
            "SECRET_KEY": "short",
            "DATABASE_URL": "mysql://db/shop",
            "DATABASE_APP_URL": "postgresql://app@db",
            "DATABASE_POOL_SIZE": "many",
            "DATABASE_ACQUIRE_TIMEOUT": "0",
            "ACCESS_TOKEN_LIFETIME": "1",
            "METRICS_TOKEN": "hunter2",
            "LOG_LEVEL": "loud",
        }

        ended = start(program, tmp_path, **wrong)

        assert (ended.returncode, ended.stdout) == (1, "")
        first, *sentences = ended.stderr.splitlines()
        assert first == "Vitrine cannot start, these settings are wrong:"
        assert [sentence.partition(":")[0].strip() for sentence in sentences] == list(wrong)
        assert "  SECRET_KEY: must have at least 32 characters: `openssl rand -hex 32`" in sentences
        assert "  DATABASE_URL: must look like postgresql://user:password@host:5432/database" in sentences
        assert "  ENVIRONMENT: Input should be 'development', 'test' or 'production'" in sentences

    def test_never_show_the_value_of_a_secret(self, tmp_path: Path) -> None:
        ended = start("server", tmp_path, SECRET_KEY="hunter2", DATABASE_URL="mysql://owner:hunter2@db/shop")

        assert ended.returncode == 1
        assert "hunter2" not in ended.stderr

    @pytest.mark.usefixtures("_bare")
    @pytest.mark.parametrize(
        "url",
        [
            "http://mail.example",
            "smtp://",
            "smtps://:465",
            "mail.example:25",
            "smtp://mail.example:0",
            "smtp://mail.example:hunter2",
            "smtp://mail.example:65536",
            "smtp://[hunter2",
        ],
    )
    def test_name_a_mail_server(self, url: str, tmp_path: Path) -> None:
        with pytest.raises(ValidationError) as refused:
            read(tmp_path, SECRET_KEY=SECRET_KEY, SMTP_URL=url)

        (error,) = refused.value.errors(include_input=False)
        expected = "Value error, must look like smtp[s]://user:password@host:port"
        assert (error["loc"], error["msg"]) == (("smtp_url",), expected)

    @pytest.mark.usefixtures("_bare")
    @pytest.mark.parametrize("url", ["smtp://mail.example", "smtps://user:p%40ss@mail.example:465", "smtp://[::1]:25"])
    def test_take_the_address_of_a_mail_server(self, url: str, tmp_path: Path) -> None:
        assert read(tmp_path, SECRET_KEY=SECRET_KEY, SMTP_URL=url)["smtp_url"].get_secret_value() == url

    @pytest.mark.usefixtures("_bare")
    @pytest.mark.parametrize("servers", ["dns.example", "127.0.0.1:x", "127.0.0.1,hunter2", "[::1", "127.0.0.1:65536"])
    def test_name_name_servers_by_address(self, servers: str, tmp_path: Path) -> None:
        with pytest.raises(ValidationError, match="must be addresses with commas between"):
            read(tmp_path, SECRET_KEY=SECRET_KEY, DOMAIN_DNS_SERVERS=servers)

    @pytest.mark.usefixtures("_bare")
    def test_need_names_and_a_bucket_for_aws(self, tmp_path: Path) -> None:
        whole = {"HOSTING": "aws", "SITES_URL": "https://{slug}.shops.example", "HOSTING_BUCKET": "s3://bucket/sites"}
        for missing in ("SITES_URL", "HOSTING_BUCKET"):
            given = {name: value for name, value in whole.items() if name != missing}
            with pytest.raises(ValidationError, match=f"(?i){missing}"):
                read(tmp_path, SECRET_KEY=SECRET_KEY, **given)

        assert read(tmp_path, SECRET_KEY=SECRET_KEY, **whole)["hosting"] == "aws"

    def test_end_the_start_where_worker_and_api_were_to_share_a_port(self, tmp_path: Path) -> None:
        given = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": DATABASE_URL, "PORT": "8123", "WORKER_PORT": "8123"}
        ended = start("tasks", tmp_path, **given)

        assert ended.returncode == 1
        told = "  WORKER_PORT: must not be PORT, which is 8123 too: the API listens there"
        assert ended.stderr.splitlines()[1:] == [told]

    def test_end_the_start_where_a_needed_one_is_missing(self, tmp_path: Path) -> None:
        ended = start("server", tmp_path)

        assert ended.returncode == 1
        assert [line.partition(":")[0] for line in ended.stderr.splitlines()[1:]] == ["  SECRET_KEY"]

    def test_end_the_start_where_no_database_is_named(self, tmp_path: Path) -> None:
        ended = start("server", tmp_path, SECRET_KEY=SECRET_KEY, DATABASE_APP_URL="", REDIS_URL="")

        assert ended.returncode == 1
        assert [line.partition(":")[0] for line in ended.stderr.splitlines()[1:]] == ["  DATABASE_URL"]


class TestNameServers:
    def test_have_port_53_unless_they_name_another(self) -> None:
        found = name_servers("192.0.2.53, [2001:db8::53]:5353,127.0.0.1:1")

        assert found == [("192.0.2.53", 53), ("2001:db8::53", 5353), ("127.0.0.1", 1)]
        assert name_servers("") == []


@pytest.mark.usefixtures("_bare")
class TestRoleUrls:
    """The URLs of the two roles."""

    def test_are_the_owners_with_the_roles_that_migrations_make(self) -> None:
        found = Settings(_env_file=None, secret_key=SECRET_KEY, database_url=DATABASE_URL)

        password = found.role_password("shop_app")
        assert found.app_dsn == f"postgresql://shop_app:{password}@db:5432/shop"
        assert found.system_dsn == f"postgresql://shop_system:{found.role_password('shop_system')}@db:5432/shop"

    def test_need_no_owner_where_both_are_given(self) -> None:
        found = Settings(
            _env_file=None,
            secret_key=SECRET_KEY,
            database_app_url="postgresql://a:1@pool/shop",
            database_system_url="postgresql://s:2@pool/shop",
        )

        assert (found.app_dsn, found.system_dsn) == ("postgresql://a:1@pool/shop", "postgresql://s:2@pool/shop")

    def test_have_passwords_that_differ_by_role_and_by_key(self) -> None:
        keys = ("0" * 64, "1" * 64)
        found = [Settings(_env_file=None, secret_key=key, database_url=DATABASE_URL) for key in keys]

        passwords = {each.role_password(f"shop_{role}") for each in found for role in ("app", "system")}
        assert len(passwords) == 4
