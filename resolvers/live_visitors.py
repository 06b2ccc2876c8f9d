"""Who is on a workspace's sites right now: counted while somebody watches, once for all who do in this process.

A tick counts, and no doorbell rings for it: that visitors have gone is told by nothing but time, and a shop in its rush
hour would ring all the time.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

import structlog

from core.broadcast import Broadcast
from core.database import DATABASE_FAULTS, PIN_FIRST, PINNED_STATEMENT, Database

log = structlog.get_logger()

TICK_SECONDS = 2.0
# Counting rests so many times as long as it took: whatever comes in, it takes a twentieth of a connection.
REST = 20
WINDOW_MINUTES = 5
# How old an event may be by the clock of its client, which is what the index is of. Clocks are wrong by minutes; what
# comes later than that was kept back by a device without a network, and is not what its visitor does now.
OLDEST_MINUTES = 15

# By the time at which they came: the server's clock is one for all visitors. The primary key serves it; that nothing is
# taken from so far ahead keeps it from the weeks to come.
COUNT = PINNED_STATEMENT.format(
    inner=f"""
select now() as at, count(distinct visitor_id) as visitors, count(*) filter (where name = 'page_view') as page_views
  from visitor_event
 where {PIN_FIRST} and workspace_id = $1 and occurred_at > now() - interval '{OLDEST_MINUTES} minutes'
   and occurred_at < now() + interval '{OLDEST_MINUTES} minutes'
   and received_at > now() - interval '{WINDOW_MINUTES} minutes' and not is_bot
"""  # noqa: S608 - numbers of ours
)


class Present(NamedTuple):
    """How many visitors there were in the last five minutes, and what they saw; `at` is when it was counted."""

    at: datetime
    visitors: int
    page_views: int

    @property
    def page_views_per_minute(self) -> float:
        return self.page_views / WINDOW_MINUTES


class LiveVisitors:
    """The workspaces whose visitors are watched in this process."""

    def __init__(self) -> None:
        self._watched: Broadcast[UUID, Present] = Broadcast()

    async def follow(self, database: Database, workspace_id: UUID) -> AsyncGenerator[Present, None]:
        """How many there are, at once and then whenever it is another number, every `TICK_SECONDS` at most.

        Raises:
            asyncpg.PostgresError, OSError, Throttled: it could not be counted the first time.

        """
        count = partial(_changes, database, workspace_id)
        async with aclosing(self._watched.follow(workspace_id, count)) as figures:
            async for each in figures:
                yield each


async def _changes(database: Database, workspace_id: UUID) -> AsyncGenerator[Present, None]:
    shown: Present | None = None
    while True:
        began = time.monotonic()
        try:
            present = await count_present(database, workspace_id)
        except DATABASE_FAULTS as error:
            if shown is None:
                raise
            log.warning("live visitors not counted, trying again soon", workspace=str(workspace_id), error=str(error))
        else:
            if shown is None or present[1:] != shown[1:]:
                shown = present
                yield present
        await asyncio.sleep(max(TICK_SECONDS, REST * (time.monotonic() - began)))


async def count_present(database: Database, workspace_id: UUID) -> Present:
    """Those of now."""
    async with database.app.acquire() as connection:
        (row,) = await connection.fetch(COUNT, workspace_id)
    return Present(*row)
