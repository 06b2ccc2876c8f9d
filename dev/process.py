"""Child processes that end when told to, and also when the process that started them is killed.

Each child leads a process group of its own: Ctrl-C in the terminal reaches the parent alone, which then stops
its children in the order it wants, and a group can be ended as a whole.

When the parent is killed, kill -9 included, the kernel signals its children (on Linux), and the reaper ends
those that stay, their own children too.
"""

import atexit
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LINUX = sys.platform == "linux"
_LIBC = ctypes.CDLL(None, use_errno=True) if _LINUX else None

_reaper: subprocess.Popen[bytes] | None = None


def prctl(option: int, *arguments: int) -> None:
    """Set an attribute of this process. Raises OSError if Linux refuses; does nothing on other systems."""
    if _LIBC is None:
        return
    words = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    if _LIBC.prctl(option, *words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def end_with_parent(end_signal: signal.Signals, parent: int) -> None:
    """Have the kernel send us `end_signal` when process `parent`, which started us, dies (Linux only)."""
    if not _LINUX:
        return
    prctl(_PR_SET_PDEATHSIG, end_signal)
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), end_signal)


def start_reaper(*keep: int) -> None:
    """Have children that are spawned from now on ended if we are killed.

    Args:
        keep: open files that the reaper holds as well, until the last child is gone: a lock, for instance.
    """
    global _reaper  # noqa: PLW0603 -- a process has one
    _reaper = subprocess.Popen(
        [sys.executable, "-m", "dev.reaper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=keep,
    )
    atexit.register(_dismiss_reaper, _reaper)


def _dismiss_reaper(reaper: subprocess.Popen[bytes]) -> None:
    """Let it go before we do, so that it does not outlive an orderly end."""
    if reaper.stdin is not None:
        with contextlib.suppress(OSError):
            reaper.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        reaper.wait(1)


def _tell_reaper(line: str) -> None:
    if _reaper is not None and _reaper.stdin is not None:
        with contextlib.suppress(BrokenPipeError):  # somebody killed it: the kernel's signals remain
            _reaper.stdin.write(f"{line}\n".encode())
            _reaper.stdin.flush()


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
    end_signal: signal.Signals = signal.SIGTERM,
    become: Callable[[], None] | None = None,
    foreground: bool = False,
) -> subprocess.Popen[bytes]:
    """Start `command` as the leader of a process group of its own, without the terminal.

    Args:
        command: the program and its arguments.
        log: the file that both outputs are appended to; without it they go where ours go.
        environment: the whole environment of the child; ours when left out.
        end_signal: what the kernel sends the child should we die without stopping it.
        become: runs in the child just before the program, to take another user's identity.
        foreground: leave the child in our group, with the terminal: for a command that a person talks to.
    """
    parent = os.getpid()

    def prepare() -> None:
        if become is not None:
            become()
        # After the change of user: the kernel forgets the wish when identities change.
        end_with_parent(end_signal, parent)

    with contextlib.ExitStack() as stack:
        output = stack.enter_context(log.open("ab")) if log else None
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=None if foreground else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            env=environment,
            preexec_fn=prepare,  # noqa: PLW1509 -- the launchers of this package have no threads
            start_new_session=not foreground,
        )
    if not foreground:
        _tell_reaper(f"+{process.pid} {int(end_signal)}")
    return process


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal every process of the group that `process` leads, or led."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def stop(process: subprocess.Popen[bytes], number: signal.Signals, *, seconds: float) -> None:
    """Ask `process` to end with `number`, wait up to `seconds`, then kill what is left of its group."""
    if process.poll() is None:
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End `process` and every other one of its group this instant."""
    signal_group(process, signal.SIGKILL)
    process.wait()
    _tell_reaper(f"-{process.pid}")


def wait_until(
    true: Callable[[], bool],
    *,
    seconds: float,
    every: float = 0.05,
    process: subprocess.Popen[bytes] | None = None,
) -> bool:
    """Whether `true()` became so within `seconds`, asked `every` so many; False once `process` ended."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline or (process is not None and process.poll() is not None):
            return False
        time.sleep(every)
    return True


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log, indented, to show beneath an error; empty when there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64 * 1024))
        text = file.read().decode(errors="replace")
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
