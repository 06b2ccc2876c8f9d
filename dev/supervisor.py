"""Keeps a set of processes running: starts them, restarts those that die, and stops them in reverse order."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from dev.process import kill_group, signal_group, spawn

RESTART_SECONDS = (
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    30.0,
)  # the wait before each restart in a row; then always the last
STEADY_SECONDS = 60.0  # what ran this long was well: its next restart is quick again
STOP_SECONDS = 5.0  # for requests and jobs under way; what takes longer is safe to kill


class Server(Protocol):
    """A server as `dev.postgres` and `dev.redis` make them. Starting it again keeps its address."""

    log: Path

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running process."""

    def start(self) -> None:
        """Start, and return when it answers."""

    def stop(self) -> None:
        """End it."""


class Program:
    """A program of ours, such as the API, with `start`, `stop` and a log like an embedded server."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Describe it; nothing happens before `start`."""
        self.command = command
        self.environment = environment
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running process, or the last. Raises RuntimeError before `start`."""
        if self._process is None:
            raise RuntimeError("not started")
        return self._process

    def start(self) -> None:
        """Start it, without waiting for anything."""
        if self._process is not None:
            kill_group(self._process)  # children that outlived the one that died
        self._process = spawn(self.command, environment=self.environment, log=self.log)

    def ask_to_stop(self) -> None:
        """Tell it to end, without waiting."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """Tell it to end, wait, then kill what is left of it."""
        self.ask_to_stop()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
            kill_group(self._process)


class _Watched:
    """One process with what decides when it is started again. Times are of the monotonic clock."""

    def __init__(self, name: str, server: Server) -> None:
        self.name = name
        self.server = server
        self.started = time.monotonic()
        self.restarts_in_a_row = 0
        self.restart_at: float | None = None


class Supervisor:
    """The processes of one `make run`, in the order in which they were started."""

    def __init__(self) -> None:
        """Begin with none."""
        self._watched: list[_Watched] = []

    def start(self, name: str, server: Server) -> None:
        """Start `server` and watch it; `name` is what messages call it. Raises what `server.start` does."""
        self._watched.append(_Watched(name, server))
        server.start()

    def ended(self) -> list[str]:
        """The names of those that are not running."""
        return [watched.name for watched in self._watched if watched.server.process.poll() is not None]

    def restart_ended(self) -> None:
        """Say what died since the last call, start again what has waited long enough. To be called often."""
        for watched in self._watched:
            if watched.restart_at is not None:
                if time.monotonic() >= watched.restart_at:
                    self._restart(watched)
            elif (code := watched.server.process.poll()) is not None:
                self._plan_restart(watched, _how_it_ended(code))

    def _plan_restart(self, watched: _Watched, how: str) -> None:
        if time.monotonic() - watched.started > STEADY_SECONDS:
            watched.restarts_in_a_row = 0
        wait = RESTART_SECONDS[min(watched.restarts_in_a_row, len(RESTART_SECONDS) - 1)]
        watched.restarts_in_a_row += 1
        watched.restart_at = time.monotonic() + wait
        _say(f"{watched.name} ended ({how}); it starts again in {wait:g} s. Log: {_short(watched.server.log)}")

    def _restart(self, watched: _Watched) -> None:
        watched.restart_at = None
        watched.started = time.monotonic()
        try:
            watched.server.start()
        except Exception as error:  # noqa: BLE001 -- whatever it is, the next try may succeed
            self._plan_restart(watched, str(error))
        else:
            _say(f"{watched.name} was started again.")

    def stop(self) -> None:
        """Stop everything, the last started first. Our programs end side by side: none needs another."""
        for watched in self._watched:
            if isinstance(watched.server, Program):
                watched.server.ask_to_stop()
        for watched in reversed(self._watched):
            watched.server.stop()

    def kill(self) -> None:
        """End everything this instant."""
        for watched in self._watched:
            with contextlib.suppress(RuntimeError):
                signal_group(watched.server.process, signal.SIGKILL)


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _short(path: Path) -> str:
    return os.path.relpath(path)


def _say(message: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {message}", flush=True)
