"""Users for builds and sites, as root: a number of its own for each that runs, which no account has.

A number is taken by a name in the machine's list of abstract sockets: the kernel frees it when its holder ends, however
that was, and no two Vitrines of one machine take the same.
"""

import asyncio
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from integrations.build.base import BuildFailed
from integrations.build.processes import users

# Those that systemd sets apart for what it runs for a while under users without names.
FIRST, LAST = 61_184, 65_519
_ROOT = Path(__file__).parents[2]


class Identity:
    """A user for as long as it is open. `user` is None where this process is not root: then it is its own."""

    def __init__(self, user: int | None, holder: socket.socket | None) -> None:
        self.user = user
        self._holder = holder

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
            holder = socket.socket(socket.AF_UNIX)
            try:
                holder.bind(f"\0vitrine-user-{user}")
            except OSError:
                holder.close()
                continue
            return cls(user, holder)
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
        if self._holder is not None:
            with suppress(OSError):
                self._holder.close()
