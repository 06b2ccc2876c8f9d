"""The statements that the application sends, recorded as it runs in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, cast

from core.database import Database, Pool
from resolvers.context import Platform


class Statement(NamedTuple):
    """What the application sent, and the rows that it fetched."""

    sql: str
    arguments: tuple[Any, ...]
    rows: list[Any]


@dataclass
class Recorder:
    """A pool whose connections note what is sent."""

    pool: Pool
    statements: list[Statement] = field(default_factory=list)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        async with self.pool.acquire() as connection:
            yield _Recording(connection, self.statements)


@dataclass
class _Recording:
    connection: Any
    statements: list[Statement]

    async def execute(self, sql: str, *arguments: Any) -> Any:
        self.statements.append(Statement(sql, arguments, []))
        return await self.connection.execute(sql, *arguments)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        self.statements.append(Statement(sql, arguments, []))
        return await self.connection.fetchval(sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> Any:
        self.statements.append(Statement(sql, arguments, []))
        return await self.connection.fetchrow(sql, *arguments)

    async def fetch(self, sql: str, *arguments: Any) -> Any:
        rows = await self.connection.fetch(sql, *arguments)
        self.statements.append(Statement(sql, arguments, rows))
        return rows


def recording(platform: Platform) -> tuple[Platform, list[Statement]]:
    """The platform, and what requests send through it from now on."""
    recorder = Recorder(platform.database.app)
    database = Database(cast("Any", recorder), platform.database.system)
    return replace(platform, database=database), recorder.statements
