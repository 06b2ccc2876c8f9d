"""Building a site's theme: what is made of it, what is told of it, and what a hostile one can do."""

import asyncio
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from core.ids import uuid_in
from integrations.build.theme import MAX_VARIABLE
from resolvers.deployment.log import append_now
from resolvers.theme import Named
from tests.deployment.workshop import BUILD, Built, Workshop, left, running_in, texts, write_theme
from tests.factories import Shop, make_site, make_theme
from tests.people import audit_actions

FORKS = """
const { spawn } = require("node:child_process");
setInterval(() => spawn(process.execPath, ["build.js"], { detached: true, stdio: "ignore" }), 20);
"""
WRITES = """
const fs = require("node:fs");
for (let n = 0; ; n++) fs.writeFileSync("file" + n, Buffer.alloc(5_000_000, 1));
"""
PRINTS = """
const line = "x".repeat(1000) + "\\n";
for (;;) require("node:fs").writeSync(1, line);
"""
SET_LAYOUT = """
with version as (
  insert into storefront_version (workspace_id, id, site_id, number, theme_version, theme, layout, content, seo,
                                  settings, digest, author)
  select workspace_id, gen_random_uuid(), site_id, 2, theme_version, theme, $2, content, seo, settings, digest, author
    from storefront_version where site_id = $1 returning id)
update site set live_version_id = (select id from version) where id = $1
"""
STEPS = ["FETCH", "INSTALL", "CONFIGURE", "BUILD", "SCAN", "START"]


def kept(workshop: Workshop, deployment: dict[str, Any]) -> Path:
    found = uuid_in(deployment["id"], "Deployment")
    return workshop.builds / "kept" / str(found)


class TestBuild:
    async def test_takes_a_theme_through_all_steps(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)

        made = await site.deployed()

        assert (made["number"], made["status"], made["step"], made["error"]) == (1, "STARTING", "START", None)
        assert made["isKept"]
        assert made["byteSize"] > 0
        assert len(made["sourceDigest"]) == 64
        steps = [line["step"] for line in made["logLines"]["nodes"] if line["step"]]
        assert list(dict.fromkeys(steps)) == STEPS
        assert f"built for {site.id}" in texts(made)
        assert [line["number"] for line in made["logLines"]["nodes"]] == [*range(1, len(steps) + 2)]

    async def test_writes_no_layout_through_a_link(self, workshop: Workshop, shop: Shop) -> None:
        """One within the theme can lead out of it once packages are installed: npm links to folders."""
        outside = "../../../../outside"
        package = {
            "name": "tiny",
            "version": "1.0.0",
            "scripts": {"build": "node build.js"},
            "dependencies": {"outside": f"file:{outside}"},
        }
        linked = {"resolved": outside, "link": True}
        packages = {"": package, outside: {"version": "1.0.0"}, "node_modules/outside": linked}
        lock = {"name": "tiny", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
        files = {"package.json": json.dumps(package), "package-lock.json": json.dumps(lock)}
        site = await workshop.site(shop, files=files)
        (site.folder / "puck-data.json").symlink_to("node_modules/outside/kept.txt")
        kept_file = workshop.folder / "outside/kept.txt"
        kept_file.parent.mkdir()
        kept_file.write_text("kept")
        (kept_file.parent / "package.json").write_text('{"name": "outside", "version": "1.0.0"}')
        layout = {"content": [], "root": {"props": {"text": "x" * MAX_VARIABLE}}, "zones": {}}
        await _set_layout(shop, site, json.dumps(layout))

        made = await site.deployed()

        assert (made["status"], made["error"]) == ("STARTING", None)
        assert kept_file.read_text() == "kept"

    async def test_writes_each_line_of_its_log_once(
        self, workshop: Workshop, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However long PostgreSQL takes for it."""

        async def slowly(*given: Any) -> None:
            await asyncio.sleep(0.5)
            await append_now(*given)

        monkeypatch.setattr("resolvers.deployment.build.append_now", slowly)
        said = [text for text in texts(await (await workshop.site(shop)).deployed()) if text]

        assert len(said) == len(set(said))

    async def test_keeps_what_is_served_and_nothing_else(self, workshop: Workshop, shop: Shop) -> None:
        made = await (await workshop.site(shop, files={"public/robots.txt": "User-agent: *"})).deployed()

        app = kept(workshop, made) / "app"
        assert (app / ".next/static/app.js").read_text() == "console.log('hello')"
        assert (app / "public/robots.txt").read_text() == "User-agent: *"
        assert json.loads((app.parent / "site.json").read_text()) == {"entry": "server.js", "healthPath": "/"}
        assert left(workshop, "work") == []

    async def test_gives_the_theme_its_environment(self, workshop: Workshop, shop: Shop) -> None:
        tells = (
            'const text = require("node:fs").readFileSync(".env.production", "utf8");'
            "console.log(Object.keys(process.env).sort().join()); for (const line of text.trim().split('\\n'))"
            " console.log(line.startsWith('WEBHOOK_SECRET') ? line.length : line);"
        )
        site = await workshop.site(shop, BUILD + tells)

        told = texts(await site.deployed())

        assert f"NEXT_PUBLIC_SITE_ID='{site.id}'" in told
        assert f"SITE_URL='{site.site['url']}'" in told
        assert f"STOREFRONT_TOKEN='{site.site['storefrontToken']}'" in told
        (layout,) = [line for line in told if line.startswith("PUCK_DATA=")]
        assert json.loads(layout.removeprefix("PUCK_DATA=").strip("'"))["content"] == []
        (names,) = [line for line in told if line.startswith("CI,")]
        assert not {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "DATA_DIR"} & set(names.split(","))

    async def test_gives_a_large_layout_in_a_file(self, workshop: Workshop, shop: Shop) -> None:
        tells = (
            'const text = fs.readFileSync(".env.production", "utf8");'
            "const [, name] = /^PUCK_DATA_FILE=(.*)$/m.exec(text);"
            'console.log(JSON.parse(fs.readFileSync(name, "utf8")).root.props.text.length);'
        )
        site = await workshop.site(shop, BUILD + tells)
        text = "x" * MAX_VARIABLE
        layout = json.dumps({"content": [], "root": {"props": {"text": text}}, "zones": {}})
        await _set_layout(shop, site, layout)

        made = await site.deployed()

        assert str(len(text)) in texts(made), made
        assert (kept(workshop, made) / "app/puck-data.json").read_text() == layout

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root, or every build is this user's")
    async def test_closes_what_it_keeps_to_builds_that_come_after_it(self, workshop: Workshop, shop: Shop) -> None:
        """Their user may be the same."""
        caches = "fs.mkdirSync('.next/cache', { recursive: true }); fs.writeFileSync('.next/cache/x', 'kept');"
        site = await workshop.site(shop, BUILD + "console.log(fs.existsSync('.next/cache/x'));" + caches)
        first = await site.deployed()
        await shop.sql("update deployment set status = 'SUPERSEDED', starting_since = null")
        (folder,) = [workshop.builds / "cache" / name for name in left(workshop, "cache")]

        assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (0, 0o700)
        second = await site.deployed()
        assert [texts(made).count("true") for made in (first, second)] == [0, 1]

    async def test_installs_the_same_packages_once(self, workshop: Workshop, shop: Shop) -> None:
        workshop = workshop.with_settings(builds_dir=workshop.folder / "empty")
        site = await workshop.site(shop)
        first = await site.deployed()
        await shop.sql("update deployment set status = 'SUPERSEDED', starting_since = null")

        second = await site.deployed()

        again = "They are there from an earlier build with the same package-lock.json."
        assert [again in texts(made) for made in (first, second)] == [False, True]
        assert len(left(workshop, "packages")) == 1
        assert second["number"] == 2

    async def test_fetches_a_pinned_commit(self, workshop: Workshop, shop: Shop, git_server: "GitServer") -> None:
        manifest = {"slug": f"git-{shop.slug}", "version": "1.0.0", "name": "Tiny"}
        url, first = git_server.publish(manifest, "first")
        git_server.publish(manifest, "second")
        theme_id = await make_theme(workshop.platform, manifest, Named("GIT", url, first))
        made_site = await make_site(shop, theme_id)
        site = Built(workshop, shop, made_site["id"], git_server.folder, made_site)

        made = await site.deployed()

        assert made["status"] == "STARTING", made
        assert (kept(workshop, made) / "app/built.txt").read_text() == "first"


class TestFailure:
    """What comes to nothing says why, and leaves nothing."""

    async def fails(self, site: Built) -> str:
        made = await site.deployed()

        assert made["status"] == "FAILED"
        assert made["finishedAt"]
        assert not made["isKept"]
        assert texts(made)[-1] == made["error"]
        assert left(site.workshop, "work") == []
        assert left(site.workshop, "kept") == []
        assert "deploymentEnd" in await audit_actions(site.shop)
        return str(made["error"])

    async def test_of_a_build_that_exits_with_an_error(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop, "console.error('no such module'); process.exit(2)")

        assert await self.fails(site) == "`npm run build` ended with exit code 2. The log says why."

    async def test_of_a_build_that_makes_no_server(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop, "console.log('done')")

        assert "output: 'standalone'" in await self.fails(site)

    async def test_of_a_theme_that_links_out_of_its_folder(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        (site.folder / "secrets").symlink_to("/etc")

        assert "secrets is a link out of its folder" in await self.fails(site)

    @pytest.mark.parametrize("name", [".next/standalone", ".next/static", "public", ".next/standalone/data"])
    async def test_of_a_build_that_links_out_of_its_folder(self, workshop: Workshop, shop: Shop, name: str) -> None:
        links = f"fs.rmSync({name!r}, {{ recursive: true, force: true }}); fs.symlinkSync('/etc', {name!r});"
        site = await workshop.site(shop, BUILD + links)

        assert "is a link" in await self.fails(site)

    async def test_of_a_build_that_puts_a_link_in_the_place_of_its_folder(self, workshop: Workshop, shop: Shop) -> None:
        """As root we could read where it leads, where another site may be built."""
        site = await workshop.site(
            shop, BUILD + "fs.renameSync('../theme', '../other'); fs.symlinkSync('other', '../theme');"
        )

        assert await self.fails(site) == "The theme's folder is a link: it must be a folder."

    @pytest.mark.parametrize("name", [".next/static/app.js", "public/config.js", ".next/server/app/index.html"])
    async def test_of_a_build_that_shows_a_secret_to_browsers(self, workshop: Workshop, shop: Shop, name: str) -> None:
        shows = (
            f"fs.mkdirSync(require('node:path').dirname({name!r}), {{ recursive: true }});"
            f"fs.writeFileSync({name!r}, 'const secret = ' + JSON.stringify(process.env.WEBHOOK_SECRET));"
            "console.log(process.env.WEBHOOK_SECRET);"
        )
        site = await workshop.site(shop, BUILD + shows)

        assert f"A secret is in {name}" in await self.fails(site)
        assert "whsec_" not in str(await shop.sql("select array_agg(text) from deployment_log_line"))

    async def test_of_code_that_is_another_themes(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        (site.folder / "theme.json").write_text('{"slug": "other", "version": "2.0.0"}')

        assert "The code is that of other 2.0.0" in await self.fails(site)

    async def test_of_a_theme_without_a_lock_file(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        (site.folder / "package-lock.json").unlink()

        assert "The theme has no package-lock.json" in await self.fails(site)

    @pytest.mark.parametrize(
        ("script", "settings", "reason"),
        [
            ("setInterval(() => {}, 1000)", {"build_seconds": 5.0}, "It took longer than"),
            (
                FORKS,
                {"build_processes": 100},
                "It ran more than 100 processes and threads at once.",
            ),
            (
                WRITES,
                {"build_disk_bytes": 50_000_000},
                "It wrote more than 50 MB to the disk.",
            ),
            (
                PRINTS,
                {"build_output_bytes": 5_000_000},
                "It printed more than 5 MB.",
            ),
            (
                "const kept = []; setInterval(() => kept.push(Buffer.alloc(20_000_000, 1)), 5)",
                {"build_memory_bytes": 500_000_000},
                "It took more than 500 MB of memory.",
            ),
        ],
        ids=["never finishes", "forks", "writes", "prints", "memory"],
    )
    async def test_of_a_build_that_goes_too_far(
        self, workshop: Workshop, shop: Shop, other_shop: Shop, script: str, settings: Any, reason: str
    ) -> None:
        strict = workshop.with_settings(**settings)
        site = await strict.site(shop, script)

        assert reason in await self.fails(site)
        assert running_in(strict) == []
        # Another workspace's site is built as if nothing had been.
        assert (await (await workshop.site(other_shop)).deployed())["status"] == "STARTING"


async def _set_layout(shop: Shop, site: Built, layout: str) -> None:
    """Versions never change, so that this one is made."""
    await shop.sql(
        SET_LAYOUT,
        site.row_id,
        layout,
    )


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class GitServer:
    """A git repository behind plain HTTP, as any web server can offer one."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self._port = port

    def publish(self, manifest: dict[str, Any], version: str) -> tuple[str, str]:
        """Commits a theme that says so; gives the address and the commit."""
        work = self.folder / "work"
        if not work.exists():
            write_theme(work, manifest, BUILD, {})
            self._git("init", "--quiet", "--initial-branch=main")
        (work / "version.txt").write_text(version)
        self._git("add", "--all")
        self._git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", version)
        self._git("update-server-info")
        return f"http://127.0.0.1:{self._port}/work/.git", self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603 - words of the test
            ["git", "-C", str(self.folder / "work"), *arguments],  # noqa: S607
            check=True,
            capture_output=True,
            text=True,
            env={"PATH": os.defpath, "HOME": str(self.folder)},
        )
        return done.stdout.strip()


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[GitServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield GitServer(tmp_path, server.server_address[1])
    server.shutdown()
    thread.join()
    server.server_close()
