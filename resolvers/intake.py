"""Storing visitor events: what comes while one statement runs is stored by the next, together.

Nobody is answered before the commit of the statement that stored theirs.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Counter

from core.database import PIN, Database
from core.errors import Throttled

log = structlog.get_logger()

STORED = Counter("vitrine_visitor_events_stored_total", "Visitor events that were stored; sent again ones are not.")
STATEMENTS = Counter("vitrine_visitor_event_statements_total", "Statements that stored visitor events.")

# Events of one statement, and events that may wait in one process: some 20 MB.
MAX_TOGETHER = 2_000
MAX_WAITING = 20_000
# The order of `STORE`'s arrays.
COLUMNS = {
    "occurred_at": "timestamptz",
    "id": "uuid",
    "name": "text",
    "session_id": "uuid",
    "sequence": "bigint",
    "host": "text",
    "path": "text",
    "title": "text",
    "referrer": "text",
    "source": "text",
    "medium": "text",
    "campaign": "text",
    "properties": "text",
    "visitor_id": "uuid",
    "device": "text",
    "browser": "text",
    "os": "text",
    "country": "text",
    "is_bot": "boolean",
    "site_id": "uuid",
}
_NAMES = ", ".join(COLUMNS)
_VALUES = ", ".join(f"{name}::jsonb" if name == "properties" else name for name in COLUMNS)
_ARRAYS = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(COLUMNS.values(), 2))
# In key order, so that two processes with the same events never wait for each other in a circle. The notes, one a
# quarter of an hour, are written by the statement that stores their events, so that who sees one sees the others.
STORE = f"""
{PIN},
fresh as (
  insert into visitor_event (workspace_id, {_NAMES})
  select $1, {_VALUES} from pin cross join unnest({_ARRAYS}) e({_NAMES})
   where pin.w is not null order by occurred_at, id
  on conflict do nothing returning occurred_at),
noted as (
  insert into visitor_day_due (workspace_id, occurred_at)
  select distinct $1::uuid, date_bin('15 minutes', occurred_at, 'epoch') from fresh)
select count(*) from fresh
"""  # noqa: S608 - names of ours

Row = tuple[Any, ...]


class _Batch(NamedTuple):
    rows: Sequence[Row]
    stored: "asyncio.Future[None]"


class Intake:
    """One process's events that are not stored yet, by workspace."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, list[_Batch]] = {}
        self._writers: dict[UUID, asyncio.Task[None]] = {}
        self._count = 0

    async def store(self, database: Database, workspace_id: UUID, rows: Sequence[Row]) -> None:
        """Stores events, those that are there already apart; returns when they are committed.

        Raises:
            Throttled: too many wait, or no connection became free in time.
            asyncpg.PostgresError, OSError: PostgreSQL is away; nobody knows whether they were stored.

        """
        if self._count + len(rows) > MAX_WAITING:
            raise Throttled("More events come than can be stored. Try again in a moment.", retryAfter=1.0)
        batch = _Batch(rows, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(workspace_id, []).append(batch)
        self._count += len(rows)
        if workspace_id not in self._writers:
            self._writers[workspace_id] = asyncio.create_task(self._write(database, workspace_id))
        # Who hangs up takes nobody else's events along.
        await asyncio.shield(batch.stored)

    async def _write(self, database: Database, workspace_id: UUID) -> None:
        try:
            while batches := self._take(workspace_id):
                await _store_all(database, workspace_id, batches)
        finally:
            del self._writers[workspace_id]

    def _take(self, workspace_id: UUID) -> list[_Batch]:
        waiting = self._waiting.get(workspace_id, [])
        taken: list[_Batch] = []
        size = 0
        while waiting and (not taken or size + len(waiting[0].rows) <= MAX_TOGETHER):
            size += len(waiting[0].rows)
            taken.append(waiting.pop(0))
        if not waiting:
            self._waiting.pop(workspace_id, None)
        self._count -= size
        return taken


async def _store_all(database: Database, workspace_id: UUID, batches: list[_Batch]) -> None:
    """Stores the batches together; where that cannot be for what is in one of them, each by itself."""
    try:
        await _store(database, workspace_id, batches)
    except asyncpg.DataError as error:
        if len(batches) == 1:
            batches[0].stored.set_exception(error)
            return
        log.exception("visitor events are stored one batch at a time", workspace=str(workspace_id))
        for batch in batches:
            await _store_all(database, workspace_id, [batch])
    except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
        for batch in batches:
            batch.stored.set_exception(error)
    else:
        for batch in batches:
            batch.stored.set_result(None)


async def _store(database: Database, workspace_id: UUID, batches: list[_Batch]) -> None:
    columns = zip(*(row for batch in batches for row in batch.rows), strict=True)
    async with database.app.acquire() as connection:
        fresh = await connection.fetchval(STORE, workspace_id, *map(list, columns))
    STATEMENTS.inc()
    STORED.inc(fresh)
