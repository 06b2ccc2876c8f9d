"""What a process does to itself before it becomes a program of somebody else's.

`python -m integrations.build.confine` reads one line of JSON, a `Confined`, and becomes that program: it is how
sites are started, which outlive whoever started them. Builds have `launcher` above them.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from integrations.build.landlock import restrict
from integrations.build.processes import threads_of

# linux/prctl.h
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
# What a program of Node's needs to read besides its own folder. Where it is installed is added to these.
_SYSTEM = (
    "/bin",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/run/systemd/resolve",
    "/sbin",
    "/sys",
    "/usr",
)
_FILES = 8_192


class Confined(NamedTuple):
    """A program and what it is held to. `user` is a number for user and group; None keeps this process's own.

    `processes` and `file` are the kernel's bounds: threads of the user's, bytes of one file. With `dies_with_parent`
    the kernel kills it when the process that started it ends. `port` is the one of TCP that it may take, where Landlock
    can tell, or else it could answer for somebody who is about to take theirs: 0 are those that the kernel chooses.
    """

    command: list[str]
    folder: str
    environment: dict[str, str]
    user: int | None
    processes: int
    file: int
    writable: list[str]
    readable: list[str]
    nice: int = 0
    dies_with_parent: bool = False
    port: int = 0


def become(confined: Confined) -> None:
    """Becomes the program. It returns only by raising.

    Raises:
        OSError: something of this cannot be done; the program was not started then.

    """
    with suppress(PermissionError):
        os.setsid()
    os.umask(0o022)
    os.chdir(confined.folder)
    _set_limits(confined)
    if confined.user is not None:
        os.setgroups([])
        os.setresgid(confined.user, confined.user, confined.user)
        os.setresuid(confined.user, confined.user, confined.user)
    # Behind the change of user, which makes the kernel forget both.
    if confined.dies_with_parent:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    readable = [*_SYSTEM, *_installed(confined.command[0]), *confined.readable]
    restrict(readable, [confined.folder, *confined.writable], confined.port)
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.execve(confined.command[0], confined.command, confined.environment)  # noqa: S606 - a shell would be one more thing


def _set_limits(confined: Confined) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (confined.file, confined.file))
    _lower(resource.RLIMIT_NOFILE, _FILES)
    # The kernel bounds what a user runs in all. Of root it bounds nothing: root has a user for each program.
    others = 0 if confined.user is not None else threads_of(os.geteuid())
    _lower(resource.RLIMIT_NPROC, others + confined.processes)
    if confined.nice:
        os.nice(confined.nice)
    with suppress(OSError):
        # Where the machine runs out of memory, this goes first.
        Path("/proc/self/oom_score_adj").write_text("1000")


def _lower(limit: int, wanted: int) -> None:
    _, hard = resource.getrlimit(limit)
    bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(limit, (bound, bound))


def _installed(program: str) -> list[str]:
    """The folder that a program is installed in, two above the file that it really is: bin and lib lie there."""
    return [str(Path(path).resolve().parent.parent) for path in {program, "/usr/bin/node"}]


def prctl(option: int, value: int) -> None:
    """Sets an attribute of this process; does nothing where there is no Linux."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def main() -> None:
    confined = Confined(**json.loads(sys.stdin.readline()))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    become(confined)


if __name__ == "__main__":
    main()
