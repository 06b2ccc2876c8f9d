"""Users for builds and sites, as root: a number of its own for each that runs, which no account has.

A number is taken by locking its file in a folder of root's: the kernel frees it when its holder ends, however that was,
and no two Vitrines of one machine take the same. What runs under such a user cannot take one.
"""

import asyncio
import fcntl
import os
import sys
from pathlib import Path

from integrations.build.base import BuildFailed
from integrations.build.processes import users

# Those that systemd sets apart for what it runs for a while under users without names.
FIRST, LAST = 61_184, 65_519
_ROOT = Path(__file__).parents[2]
_LOCKS = Path("/run/vitrine-users")


class Identity:
    """A user for as long as it is open. `user` is None where this process is not root: then it is its own."""

    def __init__(self, user: int | None, lock: int | None) -> None:
        self.user = user
        self._lock = lock

    @classmethod
    def take(cls, wanted: int | None = None) -> "Identity":
        """One that nobody has: the wanted one, or any under which nothing runs.

        What runs under one that nobody has is a site whose host was killed: the next host wants its user again.

        Raises:
            BuildFailed: there is none.

        """
        if os.geteuid() != 0:
            return cls(None, None)
        running = users()
        for user in [wanted] if wanted else [user for user in range(FIRST, LAST + 1) if user not in running]:
            lock = _locked(user)
            if lock is not None:
                return cls(user, lock)
        raise BuildFailed("This machine runs as many builds and sites as it has users for.")

    async def end_processes(self) -> None:
        """Kills whatever runs under it: what one that was killed before has left, and what this one leaves."""
        if self.user is None:
            return
        # In a process of its own: it forks, which one with threads must not.
        ending = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "integrations.build.processes",
            str(self.user),
            cwd=_ROOT,
            env={"PATH": os.defpath, "PYTHONPATH": str(_ROOT)},
        )
        await ending.wait()

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locked(user: int) -> int | None:
    """The user's file, open and locked; None where somebody else has it.

    Raises:
        BuildFailed: there can be no such files.

    """
    try:
        _LOCKS.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(_LOCKS / str(user), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BuildFailed(f"The server is not set up to build: it cannot keep {_LOCKS} ({error.strerror}).") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
