"""The last one out: ends process groups whose launcher was killed. Started by `dev.process.start_reaper`.

Its standard input is a pipe from the launcher, with a line for each group: `+group signal` when it started
and `-group` when it ended. The pipe closes when the launcher is gone, however it went. The leaders of groups
still listed then get some seconds to end by themselves; whatever of a group outlives its leader is killed.
"""

import contextlib
import os
import signal
import sys
import time

import psutil

GRACE_SECONDS = 8.0  # for PostgreSQL's last checkpoint and jobs under way


def main() -> None:
    """Read until the launcher is gone, then end what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        if line.startswith("+"):
            group, end_signal = line[1:].split()
            groups[int(group)] = int(end_signal)
        else:
            groups.pop(int(line[1:]), None)
    # On Linux the kernel has signalled them; twice would mean "at once" to some.
    if sys.platform != "linux":
        for group, end_signal in groups.items():
            _signal(group, end_signal)
    deadline = time.monotonic() + GRACE_SECONDS
    while groups and time.monotonic() < deadline:
        for group in [group for group in groups if not _leads(group)]:
            _signal(group, signal.SIGKILL)
            del groups[group]
        time.sleep(0.05)
    for group in groups:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _leads(group: int) -> bool:
    """Whether the group's leader is alive. One that nobody waited for is not."""
    try:
        return psutil.Process(group).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


if __name__ == "__main__":
    main()
