"""The settings, all from the environment. A wrong one stops the start with a sentence that says what to do.

`.env.example` lists every one of them; a test holds it to this file.
"""

import hashlib
import hmac
import re
import sys
from collections.abc import Mapping
from functools import cached_property, lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.origin import origin_matches, parse_origin

MIN_SECRET_KEY_LENGTH = 32
# What fits into a header as a bearer token.
_GOOD_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,}")
MEGABYTE = 1_000_000
DNS_PORT = 53


class Settings(BaseSettings):
    """One process's settings. Times are seconds, sizes bytes."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    environment: Literal["development", "test", "production"] = "production"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    worker_port: int | None = Field(
        default=None, ge=1, le=65535, description="Where the worker shows its health and metrics; without it nowhere."
    )
    public_url: str = Field(
        default="", description="Where people and themes reach this server, without a slash at the end."
    )
    secret_key: SecretStr = Field(description="Signs access tokens and encrypts one-time secrets.")
    data_dir: Path = Path(".data")

    database_url: SecretStr | None = Field(
        default=None, description="The owner's URL: migrations run as it, requests never do."
    )
    database_app_url: SecretStr | None = Field(default=None, description="What requests run as.")
    database_system_url: SecretStr | None = Field(
        default=None, description="What the few things that cross workspaces run as."
    )
    database_pool_size: int = Field(default=10, ge=1, le=200)
    database_acquire_timeout: float = Field(default=3.0, gt=0)
    storefront_cache_seconds: float = Field(
        default=2.0, ge=0, le=2, description="How old an answer may be that shoppers share; 0 keeps none."
    )
    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")

    event_days: int = Field(default=90, ge=1, description="How long events are kept, in days.")

    visitor_event_days: int = Field(default=400, ge=7, description="How long visitors' events are kept, in days.")
    geoip_database: Path | None = Field(
        default=None, description="A MaxMind database of countries (.mmdb), for where visitors come from."
    )

    storage_url: str = Field(default="", description="s3://bucket/folder; without it files are kept in a folder.")
    storage_endpoint: str = Field(default="", description="Where the bucket is, if not at AWS.")
    storage_region: str = "us-east-1"
    storage_access_key_id: str = ""
    storage_secret_access_key: SecretStr | None = None
    assets_url: str = Field(
        default="", description="Where assets are reached, such as a CDN; the public URL by default."
    )

    asset_image_bytes: int = Field(default=20 * MEGABYTE, ge=1)
    asset_svg_bytes: int = Field(default=MEGABYTE, ge=1)
    asset_video_bytes: int = Field(default=200 * MEGABYTE, ge=1)
    asset_font_bytes: int = Field(default=5 * MEGABYTE, ge=1)
    asset_document_bytes: int = Field(default=25 * MEGABYTE, ge=1)
    asset_workspace_bytes: int = Field(default=5_000 * MEGABYTE, ge=1)
    asset_workspace_count: int = Field(default=10_000, ge=1)

    access_token_lifetime: int = Field(default=15 * 60, ge=30, le=24 * 3600)
    refresh_token_lifetime: int = Field(default=30 * 24 * 3600, ge=3600)

    smtp_url: SecretStr | None = Field(
        default=None, description="smtp[s]://user:password@host:port; without it mail goes to files."
    )
    mail_from: str = "Vitrine <no-reply@vitrine.example>"
    dashboard_url: str = Field(default="", description="Links in e-mails lead here; the public URL by default.")

    webhook_allow_loopback: bool = Field(
        default=False, description="Whether webhooks may be posted to this machine: for development and tests."
    )
    webhook_give_up_days: float = Field(
        default=5.0, gt=0, description="An endpoint that only fails for so long is turned off."
    )
    draft_days: float = Field(
        default=365.0, gt=0, description="How long drafts are kept that were published or discarded."
    )
    webhook_log_days: float = Field(default=30.0, gt=0, description="How long deliveries and their tries are kept.")

    sites_url: str = Field(
        default="",
        description="Where sites are served, with {slug} in it; http://{slug}.localhost and the port by default.",
    )
    sites_per_workspace: int = Field(default=20, ge=0, description="How many sites a workspace may have.")

    hosting: Literal["embedded", "aws"] = Field(
        default="embedded", description="Whether CloudFront stands before sites that have domains."
    )
    hosting_bucket: str = Field(
        default="", validate_default=True, description="s3://bucket/folder, for sites' static files."
    )
    hosting_region: str = Field(default="us-east-1", description="Of that bucket.")
    hosting_endpoint: str = Field(default="", description="Where AWS is asked, if not at AWS: for tests.")
    hosting_access_key_id: str = ""
    hosting_secret_access_key: SecretStr | None = None

    domains_per_workspace: int = Field(
        default=50, ge=0, description="How many domains a workspace may have, proven or not."
    )
    domain_claim_days: float = Field(default=7.0, gt=0, description="How long a domain may take to be proven.")
    domain_grace_days: float = Field(default=14.0, gt=0, description="How long a domain is served whose proof is gone.")
    domain_dns_servers: str = Field(
        default="", description="Who is asked for a domain's records, with commas between; the system's by default."
    )
    domain_dns_seconds: float = Field(default=5.0, gt=0, le=30)
    domain_http_seconds: float = Field(default=5.0, gt=0, le=30)
    domain_http_port: int = Field(
        default=80, ge=1, le=65535, description="Where a domain is asked for its token; another in tests alone."
    )

    themes_dir: Path = Field(default=Path("themes"), description="Where the folders of themes lie.")
    builds_dir: Path | None = Field(
        default=None, description="Where themes are built and builds are kept; DATA_DIR/builds by default."
    )
    builds_at_once: int = Field(default=1, ge=0, description="How many builds a worker runs at once.")
    builds_at_once_per_workspace: int = Field(default=1, ge=1, description="The same, of one workspace by all workers.")
    build_seconds: float = Field(default=600.0, gt=0)
    build_memory_bytes: int = Field(default=4_000 * MEGABYTE, ge=MEGABYTE)
    build_disk_bytes: int = Field(default=3_000 * MEGABYTE, ge=MEGABYTE)
    build_output_bytes: int = Field(default=20 * MEGABYTE, ge=1)
    build_processes: int = Field(default=1_500, ge=1, description="Processes and threads.")
    deployments_per_day: int = Field(default=100, ge=1, description="Of a workspace.")
    deployments_kept: int = Field(default=5, ge=1, description="Of a site, to roll back to.")
    deployments_workspace_bytes: int = Field(
        default=5_000 * MEGABYTE, ge=1, description="What builds that are kept take."
    )
    site_idle_seconds: float = Field(
        default=900.0, gt=0, description="A site that nobody asked for is stopped after so long."
    )
    site_memory_bytes: int = Field(default=600 * MEGABYTE, ge=MEGABYTE, description="What a running site may take.")
    site_disk_bytes: int = Field(default=500 * MEGABYTE, ge=MEGABYTE, description="What it may write.")
    site_processes: int = Field(default=400, ge=1, description="Its processes and threads.")
    sites_running: int = Field(
        default=50, ge=1, description="Sites that run at once; the one asked for the longest ago makes room."
    )

    allowed_origins: str = Field(
        default="*",
        description="Origins whose pages may call the API, with commas between; * for all. No cookies are used.",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1", description="Addresses whose X-Forwarded-For is believed, with commas between."
    )

    throttle_caller_rate: int = Field(default=50_000, ge=0, description="Objects a second; 0 for no limit.")
    throttle_caller_burst: int = Field(default=250_000, ge=1)
    throttle_address_rate: int = Field(default=20_000, ge=0, description="Objects a second; 0 for no limit.")
    throttle_address_burst: int = Field(default=100_000, ge=1)
    throttle_anonymous_rate: int = Field(default=200, ge=0, description="Objects a second; 0 for no limit.")
    throttle_anonymous_burst: int = Field(default=2_000, ge=1)

    metrics_token: SecretStr | None = Field(
        default=None, description="What reads /metrics names as its bearer token; without it only this machine may."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < MIN_SECRET_KEY_LENGTH:
            raise ValueError(f"must have at least {MIN_SECRET_KEY_LENGTH} characters: `openssl rand -hex 32`")
        return value

    @field_validator("worker_port")
    @classmethod
    def _is_not_the_apis(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and value == info.data.get("port"):
            raise ValueError(f"must not be PORT, which is {value} too: the API listens there")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _not_guessable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _GOOD_TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("must be 16 or more letters, digits or -._~+/=: `openssl rand -hex 32`")
        return value

    @field_validator("database_url", "database_app_url", "database_system_url")
    @classmethod
    def _names_a_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        parts = urlsplit(value.get_secret_value())
        if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
            raise ValueError("must look like postgresql://user:password@host:5432/database")
        return value

    @field_validator("geoip_database")
    @classmethod
    def _is_a_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("must be the path of a file that is there, such as GeoLite2-Country.mmdb")
        return value

    @cached_property
    def origins(self) -> list[str]:
        return [origin.strip().rstrip("/") for origin in self.allowed_origins.split(",") if origin.strip()]

    def origin_allowed(self, origin: str) -> bool:
        if "*" in self.origins or origin in self.origins or origin == self.base_url:
            return True
        return self._origin_of_sites is not None and origin_matches(origin, (self._origin_of_sites,))

    @cached_property
    def _origin_of_sites(self) -> str | None:
        """That of every site under the name that its slug makes, with `*` for the slug."""
        return parse_origin(self.site_url("*"))

    @field_validator("sites_url")
    @classmethod
    def _has_a_place_for_the_slug(cls, value: str) -> str:
        host = urlsplit(value).netloc
        if value and ("{slug}." not in host or urlsplit(value).scheme not in {"http", "https"}):
            raise ValueError("must look like https://{slug}.shops.example, with {slug} for each site's own")
        return value

    @field_validator("domain_dns_servers")
    @classmethod
    def _are_addresses(cls, value: str) -> str:
        try:
            name_servers(value)
        except ValueError:
            raise ValueError("must be addresses with commas between, such as 192.0.2.53, [2001:db8::53]:53") from None
        return value

    @field_validator("redis_url")
    @classmethod
    def _names_a_redis(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        if parts.scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("must look like redis://host:6379/0")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _names_a_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_smtp(value.get_secret_value()):
            raise ValueError("must look like smtp[s]://user:password@host:port")
        return value

    @field_validator("storage_url", "hosting_bucket")
    @classmethod
    def _names_a_bucket(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme != "s3" or not parts.netloc or parts.query or "@" in parts.netloc):
            raise ValueError("must look like s3://bucket or s3://bucket/folder")
        return value

    @field_validator("hosting")
    @classmethod
    def _has_names_for_sites(cls, value: str, info: ValidationInfo) -> str:
        if value == "aws" and not info.data.get("sites_url"):
            raise ValueError("aws needs SITES_URL: CloudFront asks this server under the names that it makes")
        return value

    @field_validator("hosting_bucket")
    @classmethod
    def _is_there_for_aws(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("hosting") == "aws":
            raise ValueError("must be given for HOSTING=aws, such as s3://bucket/sites")
        return value

    @field_validator("storage_endpoint", "hosting_endpoint", "assets_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _has_a_database(self) -> Self:
        if self.database_url is None and (self.database_app_url is None or self.database_system_url is None):
            raise PydanticCustomError(
                "database", "give the owner's URL, or DATABASE_APP_URL and DATABASE_SYSTEM_URL (see .env.example)"
            )
        return self

    @property
    def in_production(self) -> bool:
        return self.environment == "production"

    @cached_property
    def base_url(self) -> str:
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    def site_url(self, slug: str, domain: str | None = None) -> str:
        """The address of a site, without a slash at the end: by its slug, or under the primary one of its domains."""
        if domain is not None:
            return self.domain_url(domain)
        return (self.sites_url or f"http://{{slug}}.localhost:{self.port}").replace("{slug}", slug).rstrip("/")

    def domain_url(self, name: str) -> str:
        """The address of whatever site has this domain: by the same scheme and port as all sites."""
        parts = urlsplit(self.site_url("x"))
        return f"{parts.scheme}://{name}{f':{parts.port}' if parts.port else ''}"

    def absolute_url(self, url: str) -> str:
        """The address as it is; a path of this server with the public URL before it, or the CDN's for assets."""
        if not url.startswith("/"):
            return url
        return (self.assets_url if self.assets_url and url.startswith("/assets/") else self.base_url) + url

    @property
    def builds_path(self) -> Path:
        """Where themes are built and builds are kept."""
        return (self.builds_dir or self.data_dir / "builds").absolute()

    @cached_property
    def app_dsn(self) -> str:
        return self._dsn(self.database_app_url, "app")

    @cached_property
    def system_dsn(self) -> str:
        return self._dsn(self.database_system_url, "system")

    @cached_property
    def owner_dsn(self) -> str:
        if self.database_url is None:
            raise SettingsError("DATABASE_URL is missing: migrations need the database owner's URL.")
        return self.database_url.get_secret_value()

    def _dsn(self, given: SecretStr | None, role: str) -> str:
        """The URL that was given for the role, or the owner's URL with the role that migrations made."""
        if given is not None:
            return given.get_secret_value()
        parts = urlsplit(self.owner_dsn)
        name = role_name(parts.path.strip("/"), role)
        password = quote(self.role_password(name), safe="")
        address = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{name}:{password}@{address}"))

    def role_password(self, name: str) -> str:
        """The password that migrations give a role: derived, so that one secret is enough to start."""
        key = self.secret_key.get_secret_value().encode()
        return hmac.new(key, f"database role {name}".encode(), hashlib.sha256).hexdigest()


class SettingsError(Exception):
    """A setting is missing or wrong; the message says which and what to do."""


def role_name(database: str, role: str) -> str:
    """The name of a database's own role: roles are shared by a whole cluster, so they carry the database."""
    return f"{database}_{role}"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """This process's settings, read once.

    Raises:
        SettingsError: one or more settings are wrong; every one of them is named.

    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"  {_name(e)}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
        raise SettingsError("Vitrine cannot start, these settings are wrong:\n" + "\n".join(lines)) from None


def name_servers(text: str) -> list[tuple[str, int]]:
    """Addresses and ports of name servers, as DOMAIN_DNS_SERVERS has them.

    Raises:
        ValueError: one of them is no address.

    """
    parts = [urlsplit(f"//{each.strip()}") for each in text.split(",") if each.strip()]
    return [(str(ip_address(part.hostname or "")), part.port or DNS_PORT) for part in parts]


def _is_smtp(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that are no IPv6 address, or a port that is no number up to 65535
        return False


def _name(error: Mapping[str, Any]) -> str:
    """The setting that an error is about; what is about several is told at the first that can mend it."""
    return str(error["loc"][0]).upper() if error["loc"] else "DATABASE_URL"


def settings_or_exit() -> Settings:
    """The settings, or the end of the process with the reason on standard error."""
    try:
        return settings()
    except SettingsError as error:
        sys.exit(str(error))
