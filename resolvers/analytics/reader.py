"""Reading what was counted: several statements, one snapshot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from core.connections import Connection
from core.database import transaction
from core.errors import Throttled
from resolvers.context import Context, Platform
from resolvers.write import workspace_of

# The pin stands in a statement of its own: beside it no plan is parallel. Ranges differ by a thousand times, so each
# statement is planned for its own values.
_BEGIN = """
begin isolation level repeatable read read only;
select set_config('app.workspace_id', '{}', true);
set local plan_cache_mode = 'force_custom_plan';
set local work_mem = '64MB'
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """A transaction that is pinned to a workspace, whose time zone and currency are known."""

    connection: Connection
    workspace_id: UUID
    zone: ZoneInfo
    currency_code: str

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:
        """The statement's rows; `$1` is the workspace, the arguments are `$2` on."""
        rows: list[Any] = await self.connection.fetch(statement, self.workspace_id, *arguments)
        return rows


@asynccontextmanager
async def reading(context: Context) -> AsyncIterator[Reader]:
    """What the caller's workspace was counted to have, all as of one moment.

    Raises:
        Throttled: too many others are reading, or no database connection became free in time.

    """
    workspace_id = workspace_of(context)
    begin = _BEGIN.format(UUID(bytes=workspace_id.bytes))
    async with (
        _turn(context.platform),
        context.platform.database.app.acquire() as connection,
        transaction(connection, begin),
    ):
        (row,) = await connection.fetch("select time_zone, currency_code from workspace where id = $1", workspace_id)
        yield Reader(connection, workspace_id, ZoneInfo(row["time_zone"]), row["currency_code"])


@asynccontextmanager
async def _turn(platform: Platform) -> AsyncIterator[None]:
    """One of the few places to read from, as long to be waited for as a connection is."""
    try:
        async with asyncio.timeout(platform.settings.database_acquire_timeout):
            await platform.analyses.acquire()
    except TimeoutError:
        raise Throttled("Too many dashboards are being read. Try again in a moment.") from None
    try:
        yield
    finally:
        platform.analyses.release()
