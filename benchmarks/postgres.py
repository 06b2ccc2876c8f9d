"""What benchmarks ask of PostgreSQL as its superuser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

DEADLOCK = "deadlock detected"
# A reload reaches the sessions soon after, not at once.
_RELOAD_SECONDS = 0.5


@dataclass(frozen=True)
class Postgres:
    """The embedded server: a superuser's connection, its first process, its log."""

    admin: asyncpg.Connection
    pid: int
    version: str
    log: Path

    @classmethod
    @asynccontextmanager
    async def connected(cls, superuser_url: str, log: Path) -> AsyncIterator["Postgres"]:
        admin = await asyncpg.connect(superuser_url, timeout=10)
        try:
            pid = int((await admin.fetchval("select pg_read_file('postmaster.pid')")).split()[0])
            version = str(await admin.fetchval("show server_version"))
            yield cls(admin, pid, version, log)
        finally:
            await admin.close()

    async def slow_commits(self, microseconds: int) -> None:
        """Makes every commit wait, as a disk or a replica would; 0 takes it back."""
        await self.admin.execute(f"alter system set commit_delay = {microseconds}")
        await self.admin.execute(f"alter system set commit_siblings = {0 if microseconds else 5}")
        await self.admin.execute("select pg_reload_conf()")
        await asyncio.sleep(_RELOAD_SECONDS)

    async def settle(self) -> None:
        """Statistics and a checkpoint, so that neither falls into a measurement."""
        await self.admin.execute("vacuum analyze")
        await self.admin.execute("checkpoint")

    def deadlocks(self) -> int:
        """How many deadlocks the log tells of."""
        return self.log.read_text(errors="replace").count(DEADLOCK)
