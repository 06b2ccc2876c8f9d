"""CPU time of whole process trees: the one figure that a busy machine does not spoil."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all below it, those that have ended included.

    A child that ended is in its parent's `children_*` times once the parent waited for it, as PostgreSQL does. What has
    ended is counted in ticks of 10 ms, what lives in nanoseconds where the system tells them.
    """
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess, OSError):
            times = process.cpu_times()
            # Ticks are never more than what was used, and they have threads that ended.
            total += max(times.user + times.system, _exact_seconds(process.pid))
            total += times.children_user + times.children_system
    return total


def _exact_seconds(pid: int) -> float:
    """The time of the threads that a process has now; 0 where the system does not tell it so exactly."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def peak_megabytes(pid: int) -> float:
    """The most memory that a process has had resident since it started; what it has now where that is not told."""
    status = Path(f"/proc/{pid}/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return float(psutil.Process(pid).memory_info().rss / 1e6)


def _busy_seconds() -> float:
    """CPU time that this machine has spent on anything."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0) - getattr(times, "guest", 0))


@dataclass
class Others:
    """How busy the machine is with what is not ours: caches and cores that are shared make our CPU time grow."""

    _busy: float = field(default_factory=_busy_seconds)
    _ours: float = field(default_factory=lambda: cpu_seconds(os.getpid()))
    _clock: float = field(default_factory=time.monotonic)

    def cores(self) -> float:
        """Since this was made, on average."""
        theirs = (_busy_seconds() - self._busy) - (cpu_seconds(os.getpid()) - self._ours)
        return max(0.0, theirs / (time.monotonic() - self._clock))
