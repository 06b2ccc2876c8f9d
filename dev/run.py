"""`make run`: PostgreSQL, Redis, migrations, demo shops, API, worker and host, in this terminal until Ctrl-C.

All that it keeps lies in `.data/`: the database, uploaded files, the secret key, the logs, and `demo.json`
with the addresses and tokens of the demo shops.
"""

import argparse
import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

import psutil
from dotenv import dotenv_values

from dev import ports
from dev.errors import StartError
from dev.postgres import EmbeddedPostgres
from dev.process import end_with_parent, start_reaper, wait_until
from dev.progress import step
from dev.reaper import GRACE_SECONDS
from dev.redis import EmbeddedRedis
from dev.services import migrate, run_logged
from dev.supervisor import Program, Supervisor

DATA = Path(".data")
BUILDS_OF_ROOT = Path("/var/cache/vitrine/builds")
READY_SECONDS = 60.0
LOG_BYTES = 10_000_000  # a log longer than this is put aside at the next start, as name.log.1
_LOOK_SECONDS = 0.2  # between looks at the children


class _Stopped(BaseException):
    """Ctrl-C, or a signal that means the same. A wish, not an error: no `except Exception` may swallow it."""


class _Stopper:
    """The first signal ends the run in order, the second at once."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._stopping = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._stopping:
            self._supervisor.kill()
            with contextlib.suppress(OSError):
                os.write(sys.stderr.fileno(), b"\nKilled.\n")
            os._exit(130)
        self._stopping = True
        raise _Stopped


def main() -> int:
    """The command line: 0 after Ctrl-C, 1 when something did not start."""
    parser = argparse.ArgumentParser(prog="python -m dev.run", description=__doc__)
    parser.add_argument("--end-with-parent", action="store_true", help="stop when the process that started this ends")
    if parser.parse_args().end_with_parent:
        end_with_parent(signal.SIGTERM, os.getppid())
    supervisor = Supervisor()
    try:
        _Stopper(supervisor)
        _run(supervisor)
    except _Stopped:
        return 0
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # `make run | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more at its end
        return 1


def _run(supervisor: Supervisor) -> NoReturn:
    """Start everything, then keep it running until a signal ends it."""
    started = time.monotonic()
    environment = _environment()
    port = int(environment["PORT"])
    logs = DATA / "logs"
    with _only_one():
        _refuse_taken(port)
        _prepare(logs)
        environment["SECRET_KEY"] = environment.get("SECRET_KEY") or _secret_key()
        try:
            _start(supervisor, environment, logs)
            _print_ready(environment, time.monotonic() - started)
            while True:
                time.sleep(_LOOK_SECONDS)
                supervisor.restart_ended()
        finally:
            _stop(supervisor)


def _stop(supervisor: Supervisor) -> None:
    """Stop everything, whether or not there still is a terminal to say so."""
    started = time.monotonic()
    with contextlib.suppress(OSError):
        print("\nStopping …", end="", flush=True)
    supervisor.stop()
    with contextlib.suppress(OSError):
        print(f" stopped in {time.monotonic() - started:.1f} s.", flush=True)


def _environment() -> dict[str, str]:
    """Ours over `.env`, completed with what the children need. Raises StartError for a wrong port."""
    environment = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    environment.update(os.environ)
    port = environment.get("PORT") or "8000"
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise StartError(f"PORT is {port!r}: it must be a number from 1 to 65535.")
    return {
        "ENVIRONMENT": "development",
        "PUBLIC_URL": f"http://localhost:{port}",
        "WEBHOOK_ALLOW_LOOPBACK": "true",
        **{name: value for name, value in environment.items() if value},
        "PORT": port,
        "DATA_DIR": str(DATA.absolute()),
        **_builds_dir(environment),
        "PYTHONUNBUFFERED": "1",  # or the last words of a killed process stay in its buffer
    }


def _builds_dir(environment: dict[str, str]) -> dict[str, str]:
    """Where root builds: each build and site has a user of its own then, whom the data folder is closed to.

    Elsewhere they are this user's, and lie in the data folder.
    """
    if os.geteuid() != 0 or environment.get("BUILDS_DIR"):
        return {}
    here = hashlib.sha256(str(DATA.absolute()).encode()).hexdigest()[:16]
    return {"BUILDS_DIR": str(BUILDS_OF_ROOT / here)}


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Hold the folder for the block. The lock is the kernel's: it ends with us, however we end.

    Raises:
        StartError: another run holds it, or the folder is another user's.
    """
    try:
        DATA.mkdir(mode=0o700, exist_ok=True)
        DATA.chmod(0o700)  # it holds the secret key and the passwords
        lock = (DATA / "lock").open("a+")
    except PermissionError as error:
        raise StartError(
            f"{error.filename} belongs to another user: run this as that user, or remove {DATA}."
        ) from None
    with lock:
        if not _lock(lock):
            lock.seek(0)
            holder = lock.read().strip()
            if not (holder.isdecimal() and psutil.pid_exists(int(holder))):
                with step("Waiting for what a killed run left behind to end"):
                    wait_until(lambda: _lock(lock), seconds=GRACE_SECONDS + 5)
            if not _lock(lock):
                raise StartError(
                    f"`make run` is already running in this folder (pid {holder or 'unknown'}). "
                    "Use that one, or end it with Ctrl-C in its terminal."
                )
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        start_reaper(lock.fileno())  # which holds the lock too, until the last child of a killed run is gone
        yield


def _lock(file: TextIO) -> bool:
    """Whether the lock is ours now. Asking again when it is does no harm."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refuse_taken(port: int) -> None:
    """Raise StartError when `port` is taken, naming who holds it."""
    try:
        free = ports.is_free(port)
    except PermissionError:
        raise StartError(f"Port {port} needs more rights than you have. Run: PORT=8000 make run") from None
    if not free:
        holder = ports.holder(port)
        by = f" by {holder}" if holder else ""
        other = port + 1 if port < 65535 else 8000
        raise StartError(f"Port {port} is taken{by}. Stop it or run: PORT={other} make run")


def _prepare(logs: Path) -> None:
    logs.mkdir(exist_ok=True)
    for log in logs.glob("*.log"):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_name(f"{log.name}.1"))


def _secret_key() -> str:
    """This folder's secret key, made once. With another, issued tokens and role passwords stop working."""
    file = DATA / "secret_key"
    if not file.exists():
        unfinished = DATA / "secret_key.new"
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_hex(32))
        unfinished.rename(file)
    return file.read_text().strip()


def _start(supervisor: Supervisor, environment: dict[str, str], logs: Path) -> None:
    """Start all of it in order; `environment` gains the addresses of the embedded servers."""
    if "DATABASE_URL" not in environment:
        postgres = EmbeddedPostgres(DATA / "postgres", log=logs / "postgres.log")
        with step("Starting PostgreSQL"):
            supervisor.start("PostgreSQL", postgres)
        environment["DATABASE_URL"] = postgres.url
    if "REDIS_URL" not in environment:
        redis = EmbeddedRedis(DATA / "redis", log=logs / "redis.log")
        with step("Starting Redis"):
            supervisor.start("Redis", redis)
        environment["REDIS_URL"] = redis.url
    with step("Migrating the database"):
        migrate(environment, logs / "migrate.log")
    with step("Preparing the demo shops"):
        run_logged(
            [sys.executable, "-m", "dev.demo"],
            environment,
            logs / "demo.log",
            "The demo shops were not made.",
        )
    with step("Starting API, worker and host"):
        api = Program([sys.executable, "-m", "server"], environment, logs / "api.log")
        supervisor.start("The API", api)
        supervisor.start("The worker", Program([sys.executable, "-m", "tasks"], environment, logs / "worker.log"))
        supervisor.start("The host", Program([sys.executable, "-m", "tasks.host"], environment, logs / "host.log"))
        _wait_until_ready(int(environment["PORT"]), api)


def _wait_until_ready(port: int, api: Program) -> None:
    """Raise StartError, with the end of the API's log, when it ends or is not ready in time."""
    deadline = time.monotonic() + READY_SECONDS
    answer = "no answer"
    while time.monotonic() < deadline:
        if api.process.poll() is not None:
            raise StartError.with_log("The API ended while starting.", api.log)
        answer = _readiness(port)
        if not answer:
            return
        time.sleep(0.05)
    raise StartError.with_log(f"The API was not ready after {READY_SECONDS:.0f} s: {answer}.", api.log)


def _readiness(port: int) -> str:
    """What /readyz says is missing; empty when the API is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        body = response.read(1000).decode(errors="replace")
        return "" if response.status == 200 else f"{response.status} {body}"
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()


def _print_ready(environment: dict[str, str], seconds: float) -> None:
    url = f"http://localhost:{environment['PORT']}/graphql"
    print(f"\nReady in {seconds:.1f} s.\n\n  GraphiQL, the explorer:  {url}")
    demo = DATA / "demo.json"
    workspaces: list[dict[str, Any]] = json.loads(demo.read_text())["workspaces"] if demo.exists() else []
    for workspace in workspaces:
        print(f"\n  {workspace['name']} ({workspace['slug']}, {workspace['currencyCode']})")
        print(f"    owner             {workspace['owner']['email']}  password {workspace['owner']['password']}")
        print(f"    storefront token  {workspace['storefrontToken']}")
        print(f"    API key           {workspace['apiKey']}")
    if workspaces:
        products = "{ products(first: 3) { nodes { title slug } } }"
        orders = "{ orders(first: 3) { nodes { number status total { amount currencyCode } } } }"
        print("\n  Try it in another terminal, as a shopper and as the shop's server:\n")
        print("    " + _curl(url, f"X-Storefront-Token: {workspaces[0]['storefrontToken']}", products))
        print("    " + _curl(url, f"Authorization: Bearer {workspaces[0]['apiKey']}", orders))
        print(f"\n  All of this, for programs: {demo}")
    print(f"  Logs: {DATA / 'logs'}/    E-mails: {DATA / 'mail'}/    Ctrl-C stops everything.", flush=True)


def _curl(url: str, header: str, query: str) -> str:
    body = json.dumps({"query": query})
    return f"curl -sw '\\n' {url} -H 'content-type: application/json' -H '{header}' -d '{body}'"


if __name__ == "__main__":
    sys.exit(main())
