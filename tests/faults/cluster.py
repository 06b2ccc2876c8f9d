"""PostgreSQL, Redis, a server and a worker that can be killed one by one."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.server import Server, serving
from dev.postgres import THROW_AWAY, EmbeddedPostgres
from dev.process import kill_group, spawn, start_reaper, wait_until
from dev.redis import EmbeddedRedis
from dev.services import TEST_SECRET_KEY, migrate

_STARTED = '"worker started"'
_START_SECONDS = 30.0
_UNLIMITED = "1000000000"


@dataclass
class Worker:
    """One worker process at a time."""

    environment: Mapping[str, str]
    log: Path
    _process: subprocess.Popen[bytes] | None = None
    _starts: int = field(default=0)

    def start(self) -> None:
        """Starts it, and returns when it works."""
        self._starts += 1
        self._process = spawn([sys.executable, "-m", "tasks"], log=self.log, environment=self.environment)
        wait_until(self._works, seconds=_START_SECONDS, process=self._process)

    def _works(self) -> bool:
        return self.log.read_text(errors="replace").count(_STARTED) >= self._starts

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            kill_group(self._process)
            self._process = None


@dataclass(frozen=True)
class Cluster:
    """All the parts, running."""

    environment: Mapping[str, str]
    postgres: EmbeddedPostgres
    redis: EmbeddedRedis
    server: Server
    worker: Worker

    async def restart_server(self) -> None:
        self.server.kill()
        self.server.start()
        await self.server.ready()

    async def restart_worker(self) -> None:
        self.worker.kill()
        await asyncio.to_thread(self.worker.start)


@contextmanager
def cluster(*, durable: bool, more: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """Everything started, on services of its own; the server's `ready` is to be awaited. Ended by the block's end."""
    with ExitStack() as stack:
        start_reaper()
        directory = Path(tempfile.mkdtemp(prefix="vitrine-faults-"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        settings = {} if durable else THROW_AWAY
        postgres = EmbeddedPostgres(directory / "postgres", log=directory / "postgres.log", settings=settings)
        stack.callback(postgres.stop)
        postgres.start()
        redis = EmbeddedRedis(directory / "redis", log=directory / "redis.log")
        stack.callback(redis.stop)
        redis.start()
        environment = {
            **os.environ,
            "ENVIRONMENT": "test",
            "WEBHOOK_ALLOW_LOOPBACK": "true",
            **{
                f"THROTTLE_{kind}_{limit}": _UNLIMITED
                for kind in ("CALLER", "ADDRESS", "ANONYMOUS")
                for limit in ("RATE", "BURST")
            },
            "SECRET_KEY": TEST_SECRET_KEY,
            "DATA_DIR": str(directory),
            "LOG_LEVEL": "INFO",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            **(more or {}),
        }
        migrate(environment, directory / "migrate.log")
        worker = Worker(environment, directory / "worker.log")
        stack.callback(worker.kill)
        worker.start()
        server = stack.enter_context(serving(environment, directory / "server.log"))
        yield Cluster(environment, postgres, redis, server, worker)
