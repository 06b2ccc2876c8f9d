"""PostgreSQL and Redis for one command: `python -m dev.services [--durable] -- command …`.

Both are embedded, empty and thrown away afterwards, unless DATABASE_URL or REDIS_URL name others. The
database is migrated first; the command gets the addresses in its environment, and its exit code is ours.
Tests, checks and benchmarks run this way.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dev.errors import StartError
from dev.postgres import THROW_AWAY, EmbeddedPostgres
from dev.process import spawn, start_reaper, stop
from dev.progress import step
from dev.redis import EmbeddedRedis

TEST_SECRET_KEY = "for-tests-only-" + "0" * 49  # its data is thrown away
_COMMAND_STOP_SECONDS = 10.0
_BUCKETS = ("CALLER", "ADDRESS", "ANONYMOUS")


@contextmanager
def services(*, durable: bool = False) -> Iterator[dict[str, str]]:
    """Run a migrated database and a Redis for the block, which gets the environment for its child processes.

    Args:
        durable: whether commits are flushed to disk, as in production: slower for tests, true for benchmarks.

    Raises:
        StartError: something did not start; the message holds the end of its log.
    """
    with ExitStack() as stack:
        start_reaper()
        directory = Path(tempfile.mkdtemp(prefix="vitrine-"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        data = directory / "files"
        data.mkdir()
        environment = {
            **os.environ,
            "ENVIRONMENT": "test",
            "WEBHOOK_ALLOW_LOOPBACK": "true",
            # Nobody answers there: what looks a domain up starts a name server of its own.
            "DOMAIN_DNS_SERVERS": "127.0.0.1:1",
            # One address sends what thousands would; throttling is on, and tested with rates of its own.
            **{f"THROTTLE_{kind}_{limit}": "1000000000" for kind in _BUCKETS for limit in ("RATE", "BURST")},
            # Tests that build say so: the others leave deployments behind that nobody is to build.
            "BUILDS_AT_ONCE": "0",
            # Tests name days on which clocks change; events of theirs are never too old to be counted.
            "VISITOR_EVENT_DAYS": "36500",
            "SECRET_KEY": TEST_SECRET_KEY,
            "DATA_DIR": str(data),
        }
        if not environment.get("DATABASE_URL"):
            postgres = EmbeddedPostgres(
                directory / "postgres", log=directory / "postgres.log", settings={} if durable else THROW_AWAY
            )
            stack.callback(postgres.stop)
            with step("Starting PostgreSQL"):
                postgres.start()
            environment["DATABASE_URL"] = postgres.url
            environment["EMBEDDED_SUPERUSER_URL"] = postgres.superuser_url
        if not environment.get("REDIS_URL"):
            redis = EmbeddedRedis(directory / "redis", log=directory / "redis.log")
            stack.callback(redis.stop)
            with step("Starting Redis"):
                redis.start()
            environment["REDIS_URL"] = redis.url
        with step("Migrating the database"):
            migrate(environment, directory / "migrate.log")
        yield environment


def migrate(environment: Mapping[str, str], log: Path) -> None:
    """Bring the database of `environment` to the newest revision. Raises StartError with the end of `log`."""
    run_logged(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        environment,
        log,
        "The database was not migrated.",
    )


def run_logged(command: Sequence[str], environment: Mapping[str, str], log: Path, failure: str) -> None:
    """Run `command` to its end, its output into `log`. Raises StartError with `failure` if it fails."""
    process = spawn(command, environment=environment, log=log)
    try:
        if process.wait() != 0:
            raise StartError.with_log(failure, log)
    finally:
        stop(process, signal.SIGTERM, seconds=1)


def run_with(environment: Mapping[str, str], command: Sequence[str]) -> int:
    """Run `command` in the foreground and give its exit code, 128 + n where signal n ended it.

    It keeps the terminal, so Ctrl-C reaches it directly: it ends as it wants to, and only then do we.
    """
    process = spawn(command, environment=environment, foreground=True)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGINT, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: process.send_signal(received))
    try:
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_COMMAND_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def end_on_signals() -> None:
    """Turn the signals that end a program into SystemExit, so that everything opened is closed."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def run(command: Sequence[str], *, durable: bool = False) -> int:
    """Run `command` with services of its own; its exit code, or 1 after saying what did not start."""
    end_on_signals()
    try:
        with services(durable=durable) as environment:
            return run_with(environment, command)
    except StartError as error:
        print(error, file=sys.stderr)
        return 1


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m dev.services", description=__doc__)
    parser.add_argument("--durable", action="store_true", help="flush commits to disk, as in production")
    parser.add_argument("command", nargs="+", help="the command, after --")
    arguments = parser.parse_args()
    return run(arguments.command, durable=arguments.durable)


if __name__ == "__main__":
    sys.exit(main())
