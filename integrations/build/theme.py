"""Building a theme, from where its code is to a folder that can be served.

All that runs of the theme runs confined. What stands between is done by this process, and looks at nothing through
links: those that a build made may lead anywhere.
"""

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from integrations.build.base import BuildFailed, Limits
from integrations.build.confine import Confined
from integrations.build.identity import Identity
from integrations.build.packages import link_packages, packages_key, share_packages
from integrations.build.sandbox import run_confined
from integrations.build.scan import refuse_secrets
from integrations.build.source import Copied, copy_built, copy_source

# Told of each step as it begins, and of each line that is printed meanwhile.
Heard = Callable[[str, str], None]
NEEDED = ("theme.json", "package.json", "package-lock.json")
# Variables of this process that say how to reach the network, and hold no secret.
_PASSED_ON = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "npm_config_registry",
    "npm_config_cafile",
)
# Beyond this a value cannot be passed to programs as a variable: the kernel's bound is 128 kB.
MAX_VARIABLE = 100_000
# Errors are what a merchant's log is to say of packages, not which of them want others of other versions.
_QUIET = ("--no-audit", "--no-fund", "--loglevel=error")
PUCK_DATA_FILE = "puck-data.json"
SITE_FILE = "site.json"


@dataclass(frozen=True, slots=True)
class ThemeBuild:
    """What is to be built. `kind`, `location` and `commit` say where the code is, `folder` below `themes`.

    `environment` is what the theme is given, `puck_data` the layout besides; `secrets` are what browsers must never
    see. `work` is made and removed again; `target` is made where the build succeeds, `cache` is the site's own.
    """

    slug: str
    version: str
    kind: str
    location: str
    commit: str | None
    themes: Path
    environment: Mapping[str, str]
    puck_data: str
    secrets: tuple[str, ...]
    health_path: str
    work: Path
    target: Path
    packages: Path
    cache: Path
    limits: Limits


class Built(NamedTuple):
    """What came of it: the SHA-256 of the code, and the bytes that the site takes."""

    source_digest: str
    byte_size: int


@asynccontextmanager
async def built_theme(build: ThemeBuild, heard: Heard) -> AsyncIterator[Built]:
    """Builds, and gives what came of it to the block; `heard` is called with steps and lines.

    What it worked with is removed after the block, which may take seconds. Where the block raises, or is cancelled,
    nothing is left at all.

    Raises:
        BuildFailed: it came to nothing.

    """
    identity = Identity.take()
    try:
        _refuse_unreachable(build.work, identity)
        await identity.end_processes()
        yield await _Builder(build, identity, heard).run()
    except BaseException:
        await asyncio.to_thread(shutil.rmtree, build.target, ignore_errors=True)
        raise
    finally:
        try:
            await identity.end_processes()
            await asyncio.to_thread(shutil.rmtree, build.work, ignore_errors=True)
        finally:
            identity.close()


class _Builder:
    """One build under way."""

    def __init__(self, build: ThemeBuild, identity: Identity, heard: Heard) -> None:
        self._build = build
        self._identity = identity
        self._heard = heard
        self._step = "FETCH"
        self._deadline = time.monotonic() + build.limits.seconds
        self._theme = build.work / "theme"

    @property
    def _is_puck_data_large(self) -> bool:
        return len(self._build.puck_data.encode()) > MAX_VARIABLE

    async def run(self) -> Built:
        build = self._build
        await asyncio.to_thread(self._make_folders)
        copied = await self._fetch()
        async with self._at("INSTALL", "Installing packages."):
            await self._install()
        async with self._at("CONFIGURE", "Writing .env.production."):
            await asyncio.to_thread(self._configure)
        async with self._at("BUILD", "Building."):
            await self._run(self._npm("run", "build"), dict(build.environment) | {"NODE_ENV": "production"})
        async with self._at("SCAN", "Looking for secrets in what browsers are sent."):
            made = self._theme / ".next"
            self._refuse_links(made, made / "standalone", made / "static", made / "server", self._theme / "public")
            await asyncio.to_thread(refuse_secrets, self._theme, build.secrets)
            size = await asyncio.to_thread(self._collect)
        return Built(copied.digest, size)

    def _make_folders(self) -> None:
        build, user = self._build, self._identity.user
        shutil.rmtree(build.work, ignore_errors=True)
        build.work.mkdir(mode=0o700, parents=True)
        for name in ("home", "tmp", "git"):
            (build.work / name).mkdir()
        _give(build.work, user)

    @asynccontextmanager
    async def _at(self, step: str, text: str) -> AsyncIterator[None]:
        self._step = step
        self._heard(step, text)
        yield

    async def _fetch(self) -> Copied:
        build = self._build
        where = build.location if build.commit is None else f"{build.location} at {build.commit}"
        self._heard("FETCH", f"Fetching {build.slug} {build.version} from {where}.")
        source = build.themes / build.location
        if build.kind == "GIT":
            source = build.work / "git"
            await self._clone()
        copied = await asyncio.to_thread(copy_source, source, self._theme)
        await asyncio.to_thread(self._refuse_other_theme)
        await asyncio.to_thread(_give, self._theme, self._identity.user)
        return copied

    async def _clone(self) -> None:
        """The commit alone where the server lets one fetch it, else everything."""
        git = _program("git")
        folder = str(self._build.work / "git")
        url, commit = self._build.location, str(self._build.commit)
        plain = [git, "-C", folder, "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never"]
        plain += ["-c", "protocol.http.allow=always", "-c", "protocol.https.allow=always"]
        await self._run([git, "init", "--quiet", "--template=", folder], {})
        try:
            await self._run([*plain, "fetch", "--quiet", "--depth=1", url, commit], {})
        except BuildFailed:
            await self._run([*plain, "fetch", "--quiet", url, "+refs/*:refs/remotes/origin/*"], {})
        await self._run([*plain, "-c", "advice.detachedHead=false", "checkout", "--quiet", "--detach", commit], {})

    def _refuse_other_theme(self) -> None:
        """What was fetched must be the theme that was registered."""
        missing = [name for name in NEEDED if not (self._theme / name).is_file()]
        if missing:
            raise BuildFailed(f"The theme has no {missing[0]}: it must lie at the top of its folder.")
        try:
            said = json.loads((self._theme / "theme.json").read_bytes())
            found = said["slug"], said["version"]
        except (ValueError, TypeError, KeyError):
            raise BuildFailed("The theme's theme.json is no manifest.") from None
        if found != (self._build.slug, self._build.version):
            raise BuildFailed(
                f"The code is that of {found[0]} {found[1]}, by its theme.json, and not of {self._build.slug} "
                f"{self._build.version}: register that version, or put back its code."
            )

    async def _install(self) -> None:
        build = self._build
        versions = await asyncio.gather(_version(_program("node")), _version(_program("npm")))
        key = await asyncio.to_thread(packages_key, self._theme, versions)
        if await asyncio.to_thread(link_packages, build.packages, key, self._theme):
            self._heard("INSTALL", "They are there from an earlier build with the same package-lock.json.")
        else:
            await self._run(self._npm("ci", "--ignore-scripts", "--include=dev", *_QUIET), {})
            modules = self._theme / "node_modules"
            self._refuse_links(modules)
            if not modules.is_dir():
                await asyncio.to_thread(modules.mkdir)
            await asyncio.to_thread(share_packages, self._theme, build.packages, key)
        await asyncio.to_thread(_give_folders, self._theme / "node_modules", self._identity.user)

    def _configure(self) -> None:
        build, user = self._build, self._identity.user
        lines = [f"{name}={_quoted(value)}" for name, value in build.environment.items()]
        if self._is_puck_data_large:
            _write_anew(self._theme / PUCK_DATA_FILE, build.puck_data, 0o644)
            _give(self._theme / PUCK_DATA_FILE, user)
            lines.append(f"PUCK_DATA_FILE={PUCK_DATA_FILE}")
        else:
            lines.append(f"PUCK_DATA={_quoted(build.puck_data)}")
        file = self._theme / ".env.production"
        _write_anew(file, "\n".join(lines) + "\n", 0o600)
        _give(file, user)
        if build.cache.is_dir():
            (self._theme / ".next").mkdir()
            build.cache.rename(self._theme / ".next/cache")
            _give(self._theme / ".next", user)

    def _refuse_links(self, *folders: Path) -> None:
        """What ran in the theme's folder may have put links in the place of these, or of that folder itself."""
        for folder in (self._theme, *folders):
            if folder.is_symlink():
                name = "The theme's folder" if folder == self._theme else folder.relative_to(self._theme)
                raise BuildFailed(f"{name} is a link: it must be a folder.")

    def _collect(self) -> int:
        """Puts what is to be served into its place: the standalone server with its static files."""
        build, made = self._build, self._theme / ".next"
        standalone = made / "standalone"
        entry = _entry(standalone)
        target = build.target
        target.mkdir(mode=0o710, parents=True)
        size = copy_built(standalone, target / "app").byte_size
        root = (target / "app" / entry).parent
        for source, name in ((made / "static", ".next/static"), (self._theme / "public", "public")):
            if source.is_dir():
                shutil.rmtree(root / name, ignore_errors=True)
                size += copy_built(source, root / name).byte_size
        if self._is_puck_data_large:
            (root / PUCK_DATA_FILE).unlink(missing_ok=True)
            (root / PUCK_DATA_FILE).write_text(build.puck_data)
        said = {"entry": entry, "healthPath": build.health_path}
        (target / SITE_FILE).write_text(json.dumps(said))
        self._keep_cache(made / "cache")
        return size

    def _keep_cache(self, cache: Path) -> None:
        """What the theme's next build is faster with. It is the site's own."""
        if not cache.is_dir() or cache.is_symlink():
            return
        shutil.rmtree(self._build.cache, ignore_errors=True)
        self._build.cache.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with suppress(OSError):
            cache.rename(self._build.cache)
            # The next build under this one's user may be another site's.
            os.chown(self._build.cache, os.geteuid(), os.getegid())
            self._build.cache.chmod(0o700)

    def _npm(self, *arguments: str) -> list[str]:
        return [_program("npm"), *arguments]

    async def _run(self, command: list[str], environment: Mapping[str, str]) -> None:
        work, limits = self._build.work, self._build.limits
        passed_on = {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}
        own = {
            "PATH": os.pathsep.join(dict.fromkeys([str(Path(command[0]).parent), *os.defpath.split(os.pathsep)])),
            "HOME": str(work / "home"),
            "TMPDIR": str(work / "tmp"),
            "CI": "1",
            "LANG": "C.UTF-8",
            "NEXT_TELEMETRY_DISABLED": "1",
            "npm_config_cache": str(work / "npm"),
            "npm_config_update_notifier": "false",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        confined = Confined(
            command=command,
            folder=str(self._theme if self._theme.is_dir() else work),
            environment=passed_on | own | dict(environment),
            user=self._identity.user,
            processes=limits.processes + 100,
            file=limits.file,
            writable=[str(work)],
            readable=[path for name, path in passed_on.items() if name in {"NODE_EXTRA_CA_CERTS", "npm_config_cafile"}],
            nice=5,
        )
        left = replace(limits, seconds=max(1.0, self._deadline - time.monotonic()))
        await run_confined(confined, left, lambda line: self._heard(self._step, line))


def _refuse_unreachable(work: Path, identity: Identity) -> None:
    """The user of a build must be able to come to its folder."""
    if identity.user is None:
        return
    work.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    closed = [folder for folder in work.parents if not folder.stat().st_mode & 0o001]
    if closed:
        raise BuildFailed(
            f"The server is not set up to build: other users cannot pass through {closed[0]}. Set BUILDS_DIR to a "
            "folder for which they can, or do not run the worker as root."
        )


def _entry(standalone: Path) -> str:
    """Where below it the server is. It lies deeper where the theme was built as a part of something larger."""
    found = sorted(
        (path for path in standalone.rglob("server.js") if "node_modules" not in path.relative_to(standalone).parts),
        key=lambda path: len(path.parts),
    )
    if not found or found[0].is_symlink():
        raise BuildFailed(
            "The build made no .next/standalone/server.js: set `output: 'standalone'` in the theme's next.config."
        )
    return str(found[0].relative_to(standalone))


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BuildFailed(f"The server is not set up to build: there is no {name} on the worker's machine.")
    return found


async def _version(program: str) -> str:
    process = await asyncio.create_subprocess_exec(
        program, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await process.communicate()
    return output.decode().strip()


def _quoted(value: Any) -> str:
    """A value as dotenv reads it back: in single quotes nothing is special but the quote itself and, later, `$`.

    Values are JSON, addresses, ids and tokens: only JSON can hold either, and has another way to write it.
    """
    text = str(value).replace("'", "\\u0027").replace("$", "\\u0024")
    return f"'{text}'"


def _write_anew(file: Path, text: str, mode: int) -> None:
    """Writes a file in the place of whatever is there: of a link too, which may lead anywhere."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as written:
        written.write(text)


def _give(path: Path, user: int | None) -> None:
    """Makes a file, or a folder and all that is in it, the build's."""
    if user is None:
        return
    os.chown(path, user, user, follow_symlinks=False)
    if path.is_dir() and not path.is_symlink():
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(Path(folder, name), user, user, follow_symlinks=False)


def _give_folders(path: Path, user: int | None) -> None:
    """The folders alone: files in them are shared."""
    if user is None:
        return
    os.chown(path, user, user)
    for folder, folders, _ in os.walk(path):
        for name in folders:
            os.chown(Path(folder, name), user, user, follow_symlinks=False)
