"""One site's server as a process of this machine. It outlives whoever started it, and is found again by its file.

As root it runs under a user of its own, whom only its own folder is open to. It listens on the loopback interface.
Memory and disk are looked at by whoever runs it: `owner` and `written`.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from integrations.build.base import MEGABYTE, BuildFailed
from integrations.build.confine import Confined
from integrations.build.identity import Identity
from integrations.build.processes import started_at

_ROOT = Path(__file__).parents[2]
SITE_FILE = "site.json"
PROCESS_FILE = "process.json"
LOG_FILE = "server.log"
BUILT_FILE = "built.json"
_TEMPORARY = ".tmp"
MAX_LOG = 1_000_000
_TAIL = 2_000
_BLOCK = 4_096
_MAX_FILE = 200 * MEGABYTE
_LOOK_SECONDS = 0.05
_CHECK_SECONDS = 5.0
_BAD = 400


class NotStarted(Exception):
    """The site's server does not answer as it should; the message is for the merchant."""


class Start(NamedTuple):
    """What is needed to start a site: its folder, what it is given, and its bounds.

    `memory` is in bytes; `processes` are threads too.
    """

    folder: Path
    environment: dict[str, str]
    memory: int
    processes: int


def app_folder(folder: Path) -> Path:
    """Where the site's server lies, of the folder that a deployment is kept in.

    Raises:
        NotStarted: its files are gone.

    """
    try:
        return (folder / "app" / str(_site(folder)["entry"])).parent
    except (OSError, ValueError):
        raise NotStarted("Its files are gone: deploy the site anew.") from None


class SiteProcess:
    """A server that was started, by this process or an earlier one."""

    def __init__(
        self, folder: Path, said: dict[str, Any], identity: Identity, child: subprocess.Popen[bytes] | None
    ) -> None:
        self._folder = folder
        self._said = said
        self._identity = identity
        self._child = child

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._said['port']}"

    @property
    def owner(self) -> int:
        """By what all that came of it is known: its user, as root, or else its session."""
        return int(self._identity.user if self._identity.user is not None else self._said["pid"])

    @staticmethod
    def have_users() -> bool:
        """Whether each runs under a user of its own."""
        return os.geteuid() == 0

    @classmethod
    async def start(cls, start: Start) -> "SiteProcess":
        """Starts the server, without waiting for it to answer.

        Raises:
            NotStarted: it cannot be.

        """
        if not (start.folder / SITE_FILE).is_file():
            raise NotStarted("Its files are gone: deploy the site anew.")
        starting = asyncio.create_task(_start(start))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            # It is started all the same, and nobody else knows of it.
            with suppress(NotStarted):
                await (await starting).stop(0.0)
            raise

    @classmethod
    def find(cls, folder: Path) -> "SiteProcess | None":
        """The server that runs from the folder, left by an earlier process; None where there is none."""
        try:
            said = json.loads((folder / PROCESS_FILE).read_text())
            if started_at(said["pid"]) != said["started"]:
                return None
            return cls(folder, said, Identity.take(said["user"]), None)
        except (OSError, ValueError, KeyError, BuildFailed):
            return None

    @classmethod
    async def end_rest(cls, folder: Path) -> None:
        """Ends what a server has left running that ended while nobody looked. To be called where all those that run
        were found: whose user is one of theirs is left alone.
        """
        try:
            said = json.loads((folder / PROCESS_FILE).read_text())
            # Since the machine was started anew somebody else may have the user.
            if started_at(said["pid"]) == said["started"] or said["boot"] != _boot():
                return
            identity = Identity.take(said["user"])
        except (OSError, ValueError, KeyError, BuildFailed):
            return
        await identity.end_processes()
        _close(folder, identity)

    def is_alive(self) -> bool:
        """Whether its process runs."""
        if self._child is not None and self._child.poll() is not None:
            return False
        return bool(started_at(self._said["pid"]) == self._said["started"])

    async def check(self, host: str) -> None:
        """Asks it once.

        Raises:
            NotStarted: it does not answer, or with an error.

        """
        url = self.address + str(_site(self._folder)["healthPath"])
        timeout = aiohttp.ClientTimeout(total=_CHECK_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(url, headers={"Host": host}, allow_redirects=False) as response,
            ):
                if response.status >= _BAD:
                    raise NotStarted(f"It answered {response.status} to GET {_site(self._folder)['healthPath']}.")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NotStarted(f"It did not answer: {str(error) or type(error).__name__}.") from None

    async def answers(self, host: str, seconds: float) -> None:
        """Waits until it answers.

        Raises:
            NotStarted: it ended, or did not answer well in time; the message says what it said last.

        """
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            if not self.is_alive():
                raise NotStarted("Its server ended at once." + self.last_words())
            try:
                return await self.check(host)
            except NotStarted as error:
                if asyncio.get_running_loop().time() > deadline:
                    raise NotStarted(f"{error}{self.last_words()}") from None
            await asyncio.sleep(_LOOK_SECONDS)

    async def stop(self, seconds: float) -> None:
        """Lets it end what it is answering, for so many seconds, then ends it and all that came of it."""
        if self.is_alive():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self._said["pid"], signal.SIGTERM)
        deadline = asyncio.get_running_loop().time() + seconds
        while self.is_alive():
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._said["pid"], signal.SIGKILL)
        await self._identity.end_processes()
        if self._child is not None:
            await asyncio.to_thread(self._child.wait)
        _close(self._folder, self._identity)

    def release(self) -> None:
        """Lets go of it, for the next process to find."""
        self._identity.close()

    def trim_log(self) -> None:
        """Forgets what it printed where that has become much."""
        log = self._folder / LOG_FILE
        with suppress(OSError):
            if log.stat().st_size > MAX_LOG:
                os.truncate(log, 0)

    def how_it_ended(self) -> str:
        """A sentence on that, for the merchant. How one ended is known to who started it alone."""
        code = self._child.poll() if self._child is not None else None
        if code is None:
            return "Its server ended."
        return f"Its server was ended by signal {-code}." if code < 0 else f"Its server ended with exit code {code}."

    def written(self) -> int:
        """The bytes that its files take beyond those that were built. Takes a moment."""
        return _measured(self._app)[0] - int(self._built["bytes"])

    def forget_written(self) -> None:
        """Removes what was not built. It must have ended."""
        built = set(self._built["names"])
        for path, folders, names in os.walk(self._app, topdown=False):
            for name in names:
                file = Path(path, name)
                if str(file.relative_to(self._app)) not in built:
                    file.unlink(missing_ok=True)
            for name in folders:
                # One that is not empty stays, and so does a link to one.
                with suppress(OSError):
                    Path(path, name).rmdir()

    @property
    def _app(self) -> Path:
        return (self._folder / "app" / str(_site(self._folder)["entry"])).parent

    @property
    def _built(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self._folder / BUILT_FILE).read_text())
        return found

    def last_words(self) -> str:
        """What it printed last, as a sentence behind another one."""
        try:
            with (self._folder / LOG_FILE).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
                said = file.read().decode(errors="replace").strip()
        except OSError:
            return ""
        return f" It said: {said}" if said else ""


def _close(folder: Path, identity: Identity) -> None:
    """Closes the folder of a site of which nothing runs any more: whoever has its user next is a stranger."""
    if identity.user is not None:
        with suppress(OSError):
            os.chown(folder, 0, 0)
    (folder / PROCESS_FILE).unlink(missing_ok=True)
    identity.close()


def _boot() -> str:
    """What names the time since this machine was started."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _site(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / SITE_FILE).read_text())
    return found


async def _start(start: Start) -> SiteProcess:
    try:
        identity = Identity.take()
    except BuildFailed as error:
        raise NotStarted(str(error)) from None
    try:
        await identity.end_processes()
        return await asyncio.to_thread(_started, start, identity)
    except OSError as error:
        identity.close()
        raise NotStarted(f"It could not be started: {error}.") from None


def _started(start: Start, identity: Identity) -> SiteProcess:
    site = _site(start.folder)
    entry = start.folder / "app" / site["entry"]
    node = shutil.which("node")
    if node is None:
        raise OSError("there is no node on this machine")
    _prepare(start.folder, entry.parent)
    _give(start.folder, entry.parent, identity.user)
    port = _free_port()
    confined = Confined(
        # Its own memory is tidied up before the bound is reached.
        command=[node, f"--max-old-space-size={start.memory * 3 // 4 // MEGABYTE}", str(entry)],
        folder=str(entry.parent),
        environment={
            "PATH": os.defpath,
            "HOME": str(entry.parent),
            "TMPDIR": str(entry.parent / _TEMPORARY),
            "NODE_ENV": "production",
            "NEXT_TELEMETRY_DISABLED": "1",
            "LANG": "C.UTF-8",
            **start.environment,
            "PORT": str(port),
            "HOSTNAME": "127.0.0.1",
        },
        user=identity.user,
        processes=start.processes,
        file=_MAX_FILE,
        writable=[],
        readable=[str(start.folder / "app")],
        port=port,
    )
    with (start.folder / LOG_FILE).open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "integrations.build.confine"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=_ROOT,
            env={"PATH": os.defpath, "PYTHONPATH": str(_ROOT)},
            start_new_session=True,
        )
    if child.stdin is not None:
        with suppress(BrokenPipeError), child.stdin:
            child.stdin.write(json.dumps(confined._asdict()).encode() + b"\n")
    said = {"pid": child.pid, "started": started_at(child.pid), "port": port}
    said |= {"user": identity.user, "boot": _boot()}
    file = start.folder / PROCESS_FILE
    file.touch(mode=0o600)
    file.write_text(json.dumps(said))
    return SiteProcess(start.folder, said, identity, child)


def _prepare(folder: Path, app: Path) -> None:
    """Notes what was built, the first time; and makes an empty folder for what lasts no longer than the process."""
    shutil.rmtree(app / _TEMPORARY, ignore_errors=True)
    built = folder / BUILT_FILE
    if not built.is_file():
        taken, names = _measured(app)
        built.touch(mode=0o600)
        built.write_text(json.dumps({"bytes": taken, "names": names}))
    (app / _TEMPORARY).mkdir(exist_ok=True)


def _measured(app: Path) -> tuple[int, list[str]]:
    """The bytes that everything below a folder takes, and the names of files. What goes meanwhile is passed over."""
    taken, found = 0, []
    for path, folders, names in os.walk(app):
        # An empty one takes something too.
        taken += len(folders) * _BLOCK
        for name in names:
            file = Path(path, name)
            with suppress(OSError):
                taken += max(_BLOCK, file.lstat().st_blocks * 512)
                found.append(str(file.relative_to(app)))
    return taken, found


def _give(folder: Path, app: Path, user: int | None) -> None:
    """Opens the folder to the user, and gives it what the server writes to: pages that it makes anew."""
    if user is None:
        return
    os.chown(folder, 0, user)
    folder.chmod(0o710)
    for path, folders, files in os.walk(app):
        if Path(path) == app and "node_modules" in folders:
            folders.remove("node_modules")
        for name in (*files, *folders, "."):
            os.chown(Path(path, name), user, user, follow_symlinks=False)


def _free_port() -> int:
    """A port that was free a moment ago. Where somebody else takes it the server ends, and is started again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
