"""What a command of a build may do, and what becomes of one that goes too far."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dev.ports import free_port
from integrations.build import landlock
from integrations.build.base import BuildFailed, Limits
from integrations.build.confine import Confined
from integrations.build.identity import Identity
from integrations.build.processes import descendants, processes_of, segments_memory
from integrations.build.sandbox import run_confined
from tests.people import becomes

LIMITS = Limits(seconds=20, memory=300_000_000, processes=60, disk=30_000_000, file=20_000_000, output=3_000_000)
SHELL = "/bin/sh"
AS_ROOT = os.geteuid() == 0
# In the environment of what a test runs, by which it is found: tests of other processes have theirs.
MARK = f"of {os.getpid()}"
Run = Callable[..., Awaitable[list[str]]]


def marked() -> list[int]:
    """What runs of the test's commands, by the folder that their environment names."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and f"OF_THE_TEST={MARK}\0".encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.fixture
def run(open_folder: Path, identity: Identity) -> Run:
    """What runs a command, or a shell's script, and gives the lines that it printed."""
    folder = open_folder / "build"
    folder.mkdir()
    if identity.user is not None:
        os.chown(folder, identity.user, identity.user)

    async def run(script: str, *, limits: Limits = LIMITS, lines: list[str] | None = None, **options: Any) -> list[str]:
        heard = [] if lines is None else lines
        confined = Confined(
            command=options.get("command", [SHELL, "-c", script]),
            folder=str(folder),
            environment={"PATH": os.defpath, "OF_THE_TEST": MARK},
            user=identity.user,
            processes=limits.processes * 2,
            file=limits.file,
            writable=[],
            readable=[],
        )
        await run_confined(confined, limits, heard.append)
        return heard

    return run


@pytest.fixture(autouse=True)
def _nothing_is_left(identity: Identity) -> Any:
    yield
    assert marked() == []
    if identity.user is not None:
        assert processes_of(identity.user) == []


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def reason(running: Awaitable[Any]) -> str:
    with pytest.raises(BuildFailed) as failed:
        await running
    return str(failed.value)


class TestCommand:
    async def test_prints_line_by_line(self, run: Run) -> None:
        assert await run("echo one; echo two >&2; printf three") == ["one", "two", "three"]

    async def test_fails_with_what_it_came_to(self, run: Run) -> None:
        assert await reason(run("exit 3")) == "`sh -c exit 3` ended with exit code 3. The log says why."
        assert "was ended by signal 9" in await reason(run("kill -9 $$"))

    async def test_that_is_not_there_fails(self, run: Run) -> None:
        heard: list[str] = []

        assert "exit code 127" in await reason(run("", command=["/nowhere/npm"], lines=heard))
        assert "could not be started" in heard[0]

    async def test_knows_nothing_of_ours(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_OF_OURS", "brass")
        heard = await run("env; cat; ls /proc/self/fd | wc -l")

        assert "brass" not in "".join(heard)
        assert f"OF_THE_TEST={MARK}" in heard

    async def test_takes_what_it_left_behind_with_it(self, run: Run) -> None:
        """Also what made a session of its own, and what was given to another parent."""
        await run("setsid sh -c 'sleep 100 & sleep 100' & sleep 0.3; (sleep 100 &) ; echo done")

    async def test_long_lines_are_cut_and_many_not_kept(self, run: Run) -> None:
        limits = replace(LIMITS, lines=5, line=10)

        heard = await run("for n in 1 2 3 4 5 6 7 8; do echo 123456789012345; done", limits=limits)

        assert heard == ["1234567890"] * 5 + ["… more than 5 lines: the rest is not kept."]


class TestLimits:
    """A command that takes too much is stopped at its limit, with all that came of it."""

    async def test_ends_what_never_finishes(self, run: Run) -> None:
        told = await reason(run("trap '' TERM; sleep 1000", limits=replace(LIMITS, seconds=1)))

        assert told == "The build was stopped. It took longer than the 1 s that were left for it."

    async def test_ends_what_forks_without_end(self, run: Run) -> None:
        told = await reason(run("perl -e 'fork while 1'"))

        assert told == "The build was stopped. It ran more than 60 processes and threads at once."

    async def test_ends_what_forks_and_lets_its_children_go(self, run: Run) -> None:
        """Each process lives for a moment and leaves the group, the session and its parent."""
        script = "perl -MPOSIX=setsid -e 'while (1) { if (!fork) { setsid; fork; fork; fork; sleep 2; exit } }'"

        assert "processes and threads at once" in await reason(run(script))

    async def test_ends_what_writes_without_end(self, run: Run) -> None:
        script = "n=0; while true; do n=$((n+1)); head -c 5000000 /dev/zero > file$n; done"

        assert await reason(run(script)) == "The build was stopped. It wrote more than 30 MB to the disk."

    async def test_bounds_one_file(self, run: Run) -> None:
        assert "`sh -c" in await reason(run("cat /dev/zero > file", limits=replace(LIMITS, disk=10**9)))

    async def test_ends_what_prints_without_end(self, run: Run) -> None:
        heard: list[str] = []

        told = await reason(run("yes 'the same again and again'", lines=heard))

        assert told == "The build was stopped. It printed more than 3 MB."
        assert len(heard) == LIMITS.lines + 1

    async def test_ends_what_prints_one_endless_line(self, run: Run) -> None:
        assert "It printed more than 3 MB" in await reason(run("cat /dev/zero"))

    async def test_ends_what_takes_all_memory(self, run: Run) -> None:
        hog = "const kept = []; setInterval(() => kept.push(Buffer.alloc(10_000_000, 1)), 20)"

        told = await reason(run("", command=[shutil.which("node"), "-e", hog]))

        assert told == "The build was stopped. It took more than 300 MB of memory."

    @pytest.mark.skipif(not AS_ROOT, reason="needs root, or such memory is this user's")
    async def test_ends_what_takes_memory_that_outlives_it(self, run: Run, identity: Identity) -> None:
        """Segments of System V's are no process's: they are looked for, and removed."""
        hog = "$id = shmget(0, 1e9, 0600); for (0..99) { shmwrite($id, 'x' x 1e7, $_ * 1e7, 1e7); sleep(0.1) } sleep 60"

        told = await reason(run("", command=[shutil.which("perl"), "-e", hog]))

        assert told == "The build was stopped. It took more than 300 MB of memory."
        assert identity.user is not None
        assert segments_memory(identity.user) == 0

    async def test_counts_memory_that_others_could_share(self) -> None:
        holds = "import mmap; m = mmap.mmap(-1, 10**8); m.write(b'x' * 10**8); print(); input()"
        holder = await asyncio.create_subprocess_exec(
            sys.executable, "-c", holds, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert holder.stdout
        await holder.stdout.readline()

        (memory,) = [process.memory for process in descendants(os.getpid()) if process.pid == holder.pid]
        await holder.communicate(b"\n")

        assert memory > 10**8


class TestWalls:
    """What a command sees of the machine."""

    @pytest.mark.skipif(not AS_ROOT, reason="needs root, or every build is this user's")
    async def test_runs_under_a_user_of_its_own(self, run: Run, identity: Identity) -> None:
        assert await run("id -u; id -g; id -G") == [str(identity.user)] * 3

    @pytest.mark.skipif(not (AS_ROOT or landlock.is_available()), reason="needs root or Landlock")
    async def test_reads_and_writes_nothing_of_ours(self, run: Run, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("brass")
        script = f"cat {secret}; cat /proc/{os.getpid()}/environ; echo x > {tmp_path}/new; kill {os.getpid()}; echo end"

        heard = await run(script)

        assert heard[-1] == "end"
        assert "brass" not in "".join(heard)
        assert "DATABASE_URL" not in "".join(heard)
        assert names(tmp_path) == [secret.name]

    @pytest.mark.skipif(not landlock.is_available(), reason="needs Landlock")
    async def test_writes_nowhere_but_in_its_folder(self, run: Run, open_folder: Path) -> None:
        """Not even where everybody may."""
        free = open_folder / "free"
        free.mkdir()
        free.chmod(0o777)

        heard = await run(f"echo x > {free}/new; echo x > /dev/null && echo x > mine && cat mine")

        assert heard[-1] == "x"
        assert names(free) == []

    @pytest.mark.skipif(not landlock.is_available(), reason="needs Landlock")
    async def test_takes_no_port_of_its_choice(self, run: Run) -> None:
        """Or it could answer for a site that is just about to take it."""
        taking = (
            "socket($s, PF_INET, SOCK_STREAM, 0); print bind($s, pack_sockaddr_in(%d, INADDR_LOOPBACK)) ? 'taken' : $!"
        )

        for port, said in ((0, "taken"), (free_port(), "Permission denied")):
            assert await run("", command=[shutil.which("perl"), "-MSocket", "-e", taking % port]) == [said]

    @pytest.mark.skipif(not AS_ROOT, reason="needs root, or every build is this user's")
    async def test_keeps_no_user_from_others(self, run: Run, identity: Identity) -> None:
        """As it could once names of sockets stood for users: those anybody may take."""
        heard = await run("test -w /run/vitrine-users || test -r /run/vitrine-users || echo closed")

        assert heard == ["closed"]
        assert identity.user is not None
        with socket.socket(socket.AF_UNIX) as taken:
            identity.close()
            taken.bind(f"\0vitrine-user-{identity.user}")
            again = Identity.take(identity.user)
            again.close()


class TestEnding:
    async def test_ends_with_who_wanted_it(self, run: Run) -> None:
        """A build that is cancelled leaves nothing."""
        running = asyncio.ensure_future(run("setsid sleep 100 & sleep 100"))
        await becomes(True, _is_any_marked, 10)

        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    async def test_ends_with_a_killed_worker(self, open_folder: Path, identity: Identity) -> None:
        """The launcher sees that nobody listens any more, and ends the command."""
        if identity.user is not None:
            os.chown(open_folder, identity.user, identity.user)
        program = (
            "import asyncio, sys, json\n"
            "from integrations.build.base import Limits\n"
            "from integrations.build.confine import Confined\n"
            "from integrations.build.sandbox import run_confined\n"
            "asyncio.run(run_confined(Confined(**json.loads(sys.argv[1])), Limits(), print))\n"
        )
        confined = {
            "command": [SHELL, "-c", "while true; do echo x; sleep 0.05; done"],
            "folder": str(open_folder),
            "environment": {"PATH": os.defpath, "OF_THE_TEST": MARK},
            "user": identity.user,
            "processes": 100,
            "file": 10**6,
            "writable": [],
            "readable": [],
        }
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, json.dumps(confined), stdout=asyncio.subprocess.DEVNULL
        )
        await becomes(True, _is_any_marked, 10)

        worker.send_signal(signal.SIGKILL)
        await worker.wait()

        await becomes(False, _is_any_marked, 10)

    @pytest.mark.skipif(not AS_ROOT, reason="needs root")
    async def test_of_a_user_ends_what_a_killed_launcher_left(self, identity: Identity, tmp_path: Path) -> None:
        left = await asyncio.create_subprocess_exec(
            shutil.which("sleep") or "sleep", "100", user=identity.user, group=identity.user, start_new_session=True
        )
        started = time.monotonic()

        await identity.end_processes()

        assert await left.wait() == -signal.SIGKILL
        assert time.monotonic() - started < 30

    @pytest.mark.skipif(not AS_ROOT, reason="needs root")
    def test_gives_no_user_to_two(self, identity: Identity) -> None:
        other = Identity.take()

        assert other.user not in {None, identity.user}
        other.close()
        with pytest.raises(BuildFailed, match="as many builds and sites"):
            Identity.take(identity.user)

    @pytest.mark.skipif(not AS_ROOT, reason="needs root")
    async def test_gives_no_user_under_whom_a_site_runs_on(self, identity: Identity) -> None:
        site = await asyncio.create_subprocess_exec(
            shutil.which("sleep") or "sleep", "100", user=identity.user, group=identity.user
        )
        identity.close()

        other = Identity.take()

        assert other.user != identity.user
        other.close()
        site.kill()
        await site.wait()


async def _is_any_marked() -> bool:
    return bool(marked())
