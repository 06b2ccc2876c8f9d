"""The processes of a build: finding them in /proc, and ending all of them.

`python -m integrations.build.processes USER` ends those of a user.
"""

import ctypes
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
# Of /proc/<pid>/stat, counted behind the name, which may hold anything.
_STATE, _PARENT, _SESSION, _THREADS, _STARTED = 0, 1, 3, 17, 19
# Of a line of /proc/sysvipc/shm.
_SHM_ID, _SHM_MAKER, _SHM_MEMORY = 1, 9, 14
_END_SECONDS = 30.0


class Process(NamedTuple):
    """One process: its threads, and the bytes of memory that are of no file's."""

    pid: int
    user: int
    threads: int
    memory: int


class Usage(NamedTuple):
    """What some processes take together: processes and threads, bytes of memory, and bytes that they have written.

    Writing counts as far as the kernel tells it: not where files are in memory.
    """

    threads: int = 0
    memory: int = 0
    written: int = 0


def usage_of(owners: Collection[int], *, are_users: bool) -> dict[int, Usage]:
    """What runs under each of these users, or else in each of these sessions, by one look at all processes.

    A program can leave its session, and not its user.
    """
    found = dict.fromkeys(owners, Usage())
    for entry in os.scandir(_PROC):
        if not entry.name.isdecimal() or not (fields := _stat(int(entry.name))):
            continue
        pid = int(entry.name)
        owner = _user(pid) if are_users else int(fields[_SESSION])
        if owner in found:
            one = Usage(int(fields[_THREADS]), _memory(pid), _written(pid))
            found[owner] = Usage(*map(sum, zip(found[owner], one, strict=True)))
    for owner in owners if are_users else ():
        found[owner] = found[owner]._replace(memory=found[owner].memory + segments_memory(owner))
    return found


def descendants(of: int) -> list[Process]:
    """All that came of a process. It must be a subreaper, or those whose parents ended are missed."""
    children: dict[int, list[int]] = defaultdict(list)
    threads: dict[int, int] = {}
    for entry in os.scandir(_PROC):
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            children[int(fields[_PARENT])].append(int(entry.name))
            threads[int(entry.name)] = int(fields[_THREADS])
    found, waiting = [], list(children[of])
    while waiting:
        pid = waiting.pop()
        waiting += children[pid]
        found.append(Process(pid, _user(pid), threads[pid], _memory(pid)))
    return found


def users() -> set[int]:
    """Under whom something runs on this machine."""
    return {_user(int(entry.name)) for entry in os.scandir(_PROC) if entry.name.isdecimal()}


def processes_of(user: int) -> list[int]:
    """What runs under a user, zombies left out."""
    return [
        int(entry.name)
        for entry in os.scandir(_PROC)
        if entry.name.isdecimal()
        and _user(int(entry.name)) == user
        and (fields := _stat(int(entry.name)))
        and fields[_STATE] != "Z"
    ]


def threads_of(user: int) -> int:
    """How many threads a user has in all."""
    found = (int(entry.name) for entry in os.scandir(_PROC) if entry.name.isdecimal())
    return sum(int(fields[_THREADS]) for pid in found if _user(pid) == user and (fields := _stat(pid)))


def end_user(user: int) -> bool:
    """Kills everything that runs under a user, as root. Whether nothing is left of it.

    The kernel kills all of them in one go, so that none can start another meanwhile.
    """
    deadline = time.monotonic() + _END_SECONDS
    try:
        return _end_processes(user, deadline)
    finally:
        for segment, _ in _segments(user):
            # shmctl(IPC_RMID): nobody is attached to it any more.
            ctypes.CDLL(None).shmctl(segment, 0, None)


def segments_memory(user: int) -> int:
    """The bytes of memory that a user keeps in segments of System V's, which are no process's and outlive them."""
    return sum(memory for _, memory in _segments(user))


def _segments(user: int) -> list[tuple[int, int]]:
    """By number, with the bytes that each takes. A segment can be given away, but not its maker's name."""
    try:
        _, *lines = (_PROC / "sysvipc/shm").read_text().splitlines()
    except (OSError, ValueError):
        return []
    rows = [line.split() for line in lines]
    return [(int(row[_SHM_ID]), int(row[_SHM_MEMORY])) for row in rows if int(row[_SHM_MAKER]) == user]


def _end_processes(user: int, deadline: float) -> bool:
    while processes_of(user):
        if time.monotonic() > deadline:
            return False
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
                os.kill(-1, signal.SIGKILL)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        time.sleep(0.01)
    return True


def end_descendants(of: int) -> bool:
    """Kills all that came of this subreaper. Whether nothing is left of it.

    They are stopped first, round by round, until no new ones come up: what is stopped starts no others.
    """
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline:
        stopped: set[int] = set()
        while new := {process.pid for process in descendants(of)} - stopped:
            _signal(new, signal.SIGSTOP)
            stopped |= new
            if time.monotonic() > deadline:
                break
        _signal(stopped, signal.SIGKILL)
        reap()
        if not descendants(of):
            return True
        time.sleep(0.01)
    return False


def started_at(pid: int) -> str:
    """When a process started, by the kernel's own clock: with it the number names one process for ever.

    Empty where there is none, or only what is left of one until its parent looks.
    """
    fields = _stat(pid)
    return fields[_STARTED] if fields and fields[_STATE] != "Z" else ""


def reap() -> dict[int, int]:
    """Takes leave of children that ended; gives how each did."""
    ended: dict[int, int] = {}
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = os.waitstatus_to_exitcode(found[1])
    return ended


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _stat(pid: int) -> list[str] | None:
    try:
        return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(") ")[2].split()
    except OSError:
        return None


def _user(pid: int) -> int:
    try:
        return (_PROC / str(pid)).stat().st_uid
    except OSError:
        return -1


def _memory(pid: int) -> int:
    """What several share is counted for each of them: it could be all of it."""
    try:
        lines = (_PROC / str(pid) / "status").read_text(errors="replace").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def _written(pid: int) -> int:
    try:
        for line in (_PROC / str(pid) / "io").read_text().splitlines():
            if line.startswith("write_bytes: "):
                return int(line.partition(": ")[2])
    except OSError:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(not end_user(int(sys.argv[1])))
