"""CPU time of whole process trees: the one figure that a busy machine does not spoil."""

from contextlib import suppress

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
