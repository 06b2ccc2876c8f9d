"""The real server, `python -m server`, as a process that can be killed and started again."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.client import Channel, Gone
from dev.errors import StartError
from dev.ports import free_port
from dev.process import kill_group, spawn, stop

_READY = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
_START_SECONDS = 30.0
_STOP_SECONDS = 8.0


@dataclass
class Server:
    """One server process at a time, always on the same port."""

    environment: Mapping[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("The server is not running.")
        return self._process.pid

    def start(self) -> None:
        """Starts it; it is not `ready` yet."""
        own = {"PORT": str(self.port), "HOST": "127.0.0.1"}
        self._process = spawn([sys.executable, "-m", "server"], log=self.log, environment={**self.environment, **own})

    async def ready(self) -> None:
        """Waits until it serves.

        Raises:
            StartError: it ended or took too long; the message holds the end of its log.

        """
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while asyncio.get_running_loop().time() < deadline and self._process and self._process.poll() is None:
            if await self._serves():
                return
            await asyncio.sleep(0.02)
        raise StartError.with_log("The server did not start.", self.log)

    async def _serves(self) -> bool:
        try:
            channel = await Channel.open(self.port)
        except OSError:
            return False
        try:
            async with asyncio.timeout(5):
                return (await channel.send(_READY)).status == 200
        except (Gone, TimeoutError):
            return False
        finally:
            channel.close()

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            kill_group(self._process)
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process, signal.SIGTERM, seconds=_STOP_SECONDS)
            self._process = None


@contextmanager
def serving(environment: Mapping[str, str], log: Path) -> Iterator[Server]:
    """A server for the block; `ready` must be awaited."""
    server = Server(environment, log)
    try:
        server.start()
        yield server
    finally:
        server.stop()
