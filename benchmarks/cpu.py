"""CPU time of whole process trees: the one figure that a busy machine does not spoil."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field

import psutil


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all below it, those that have ended included.

    A child that ended is in its parent's `children_*` times once the parent waited for it, as PostgreSQL does.
    """
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


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
