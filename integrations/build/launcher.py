"""The process above one command of a build: `python -m integrations.build.launcher`.

Its first line of standard input is JSON, `{"confined": …, "limits": …}`. What the command prints goes to standard
output as lines of JSON, `{"line": text}`; the last one is `{"end": reason or null, "code": exit status or null}`.
Where standard input ends, whoever wanted the build is gone, and so is the build.

It is the subreaper of all that comes of the command, whatever groups and sessions those make for themselves. Before the
last line is written all of them are ended.
"""

import json
import os
import selectors
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from integrations.build.base import MEGABYTE, Limits
from integrations.build.confine import PR_SET_CHILD_SUBREAPER, Confined, become, prctl
from integrations.build.processes import descendants, end_descendants, end_user, reap, segments_memory

_TICK = 0.1
_LOOK_SECONDS = 0.25
# A look at the disk may take long, where there are many files: it is done as much more seldom.
_DISK_SECONDS = 1.0
_DISK_SHARE = 20
_READ = 64 * 1024
# Exit status of a command that could not be started.
_NOT_STARTED = 127
_GONE = "Whoever wanted the build is gone."
# More than a pipe holds.
_LAST_READS = 10


class _Watched:
    """One command under way, and what is known of it."""

    def __init__(self, confined: Confined, limits: Limits) -> None:
        self.confined = confined
        self.limits = limits
        self.deadline = time.monotonic() + limits.seconds
        self.reason: str | None = None
        self.code: int | None = None
        self._next_look = self._next_disk = 0.0
        self._printed = self._lines = 0
        self._rest = b""
        self.output, written = os.pipe()
        os.set_blocking(self.output, False)
        self.pid = os.fork()
        if self.pid == 0:
            _start(confined, written)
        os.close(written)

    def tick(self) -> None:
        """Looks whether the command ended, or goes beyond a limit."""
        if self.pid in (ended := reap()):
            self.code = ended[self.pid]
        now = time.monotonic()
        if now > self.deadline:
            self.stop(f"It took longer than the {self.limits.seconds:.0f} s that were left for it.")
        if now >= self._next_look:
            self._next_look = now + _LOOK_SECONDS
            self._look()
        if now >= self._next_disk:
            self._look_at_disk()
            took = time.monotonic() - now
            self._next_disk = now + max(_DISK_SECONDS, took * _DISK_SHARE)

    def stop(self, reason: str) -> None:
        self.reason = self.reason or reason

    @property
    def is_over(self) -> bool:
        return self.reason is not None or self.code is not None

    def _look(self) -> None:
        found = descendants(os.getpid())
        if sum(process.threads for process in found) > self.limits.processes:
            self.stop(f"It ran more than {self.limits.processes:,} processes and threads at once.")
        memory = sum(process.memory for process in found)
        if self.confined.user is not None:
            memory += segments_memory(self.confined.user)
        if memory > self.limits.memory:
            self.stop(f"It took more than {self.limits.memory // MEGABYTE:,} MB of memory.")

    def _look_at_disk(self) -> None:
        folders = (self.confined.folder, *self.confined.writable)
        if sum(_written(Path(folder), self.confined.user) for folder in folders) > self.limits.disk:
            self.stop(f"It wrote more than {self.limits.disk // MEGABYTE:,} MB to the disk.")

    def read(self) -> bool:
        """Passes on what was printed meanwhile. False where no more comes."""
        try:
            piece = os.read(self.output, _READ)
        except BlockingIOError:
            return True
        if not piece:
            self._print_lines(b"\n" if self._rest else b"")
            return False
        self._printed += len(piece)
        self._print_lines(piece)
        if self._printed > self.limits.output:
            self.stop(f"It printed more than {self.limits.output // MEGABYTE:,} MB.")
        return True

    def _print_lines(self, piece: bytes) -> None:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > self.limits.line * 4:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._lines += 1
            if self._lines <= self.limits.lines:
                _say({"line": line.decode(errors="replace")[: self.limits.line]})
            elif self._lines == self.limits.lines + 1:
                _say({"line": f"… more than {self.limits.lines:,} lines: the rest is not kept."})

    def end(self) -> None:
        """Ends all that came of the command, then passes on the last that it printed."""
        user = self.confined.user
        is_ended = end_user(user) if user is not None else True
        if self.code is None:
            self.code = reap().get(self.pid)
        if not (end_descendants(os.getpid()) and is_ended):
            self.stop("Something of it could not be ended.")
        # What was printed fills the pipe at the most.
        for _ in range(_LAST_READS):
            if not self.read():
                break


def _start(confined: Confined, output: int) -> None:
    """In the child: becomes the command. What keeps it from that is printed."""
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.closerange(3, 256)
        become(confined)
    except BaseException as error:  # noqa: BLE001 - the child must never go on as its parent
        os.write(2, f"{confined.command[0]} could not be started: {error}\n".encode())
    os._exit(_NOT_STARTED)


def _written(folder: Path, user: int | None) -> int:
    """The bytes that the build's files take. What it shares with the cache of packages is not its own."""
    taken = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(path, name))  # noqa: PTH118 - a hundred thousand of them
            except OSError:
                continue
            if status.st_uid == user if user is not None else status.st_nlink == 1:
                taken += status.st_blocks * 512
    return taken


def _say(message: dict[str, Any]) -> None:
    """Tells whoever wanted the build; that they are gone is seen elsewhere."""
    with suppress(BrokenPipeError):
        os.write(1, json.dumps(message).encode() + b"\n")


def main() -> None:
    given = json.loads(sys.stdin.buffer.readline())
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    watched = _Watched(Confined(**given["confined"]), Limits(**given["limits"]))
    selector = selectors.DefaultSelector()
    selector.register(watched.output, selectors.EVENT_READ, "output")
    selector.register(0, selectors.EVENT_READ, "wanted")
    while not watched.is_over:
        for key, _ in selector.select(_TICK):
            if key.data == "wanted":
                watched.stop(_GONE)
            elif not watched.read():
                selector.unregister(watched.output)
        watched.tick()
    watched.end()
    _say({"end": watched.reason, "code": watched.code})


if __name__ == "__main__":
    main()
