"""Who polls `changes`, and from where: noted in memory and written every second, since a poll is a read.

It is for monitoring. What a process noted in its last second is lost where it is killed, and no poll ever waits or
fails for it.
"""

import asyncio
import time
from typing import NamedTuple
from uuid import UUID

import structlog

from core.access import Caller, CallerKind
from core.database import DATABASE_FAULTS, Database
from core.ids import new_id

log = structlog.get_logger()

FLUSH_SECONDS = 1.0
CLOSE_SECONDS = 2.0
# Pollers that are noted between two flushes; more are not noted.
MAX_NOTED = 10_000
_POLLERS = frozenset({CallerKind.API_KEY, CallerKind.SHOPPER})

# Of a poller, `{t}`: how many events it has not asked past, and when the oldest of these occurred. Null where it named
# no cursor. `$1` is the workspace.
EVENTS_BEHIND = (
    "(select greatest(k.sequence - {t}.sequence, 0) from workspace_counter k "
    "where k.workspace_id = {t}.workspace_id and {t}.sequence is not null)"
)
OLDEST_UNREAD_AT = (
    "(select e.occurred_at from sync_event e where e.workspace_id = {t}.workspace_id and e.sequence > {t}.sequence "
    "order by e.sequence limit 1)"
)
# Times are the database's, whatever the clock of the machine says that noted them.
# In key order, so that two processes never wait for each other in a circle; what is older than what is there stays out.
_WRITE = """
insert into polling_state as s
  (workspace_id, caller_id, id, caller_kind, caller_label, site_id, last_polled_at, sequence)
select p.workspace_id, p.caller_id, p.id, p.kind, p.label, p.site_id, now() - p.age * interval '1 second', p.sequence
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::float8[], $8::bigint[])
       p(workspace_id, caller_id, id, kind, label, site_id, age, sequence)
 order by 1, 2
on conflict (workspace_id, caller_id) do update
   set caller_label = excluded.caller_label, site_id = excluded.site_id,
       last_polled_at = excluded.last_polled_at, sequence = coalesce(excluded.sequence, s.sequence)
 where s.last_polled_at <= excluded.last_polled_at
"""


class Poll(NamedTuple):
    """A poller's last poll: `sequence` is the event that it asked from, None where it named none.

    `site_id` is the site that a storefront token is of, if any. `at` is by this process's monotonic clock, in seconds.
    """

    kind: str
    label: str
    site_id: UUID | None
    at: float
    sequence: int | None


class Polls:
    """The polls that this process has answered and not written yet."""

    def __init__(self) -> None:
        self._noted: dict[tuple[UUID, UUID], Poll] = {}
        self._writing = asyncio.Lock()

    def note(self, caller: Caller, sequence: int | None) -> None:
        """Notes that an API key or a storefront token polled; a person who looks at the feed is no poller."""
        if caller.kind not in _POLLERS or caller.workspace_id is None or caller.id is None:
            return
        key = (caller.workspace_id, caller.id)
        before = self._noted.get(key)
        if before is None and len(self._noted) >= MAX_NOTED:
            return
        if sequence is None and before is not None:
            sequence = before.sequence
        self._noted[key] = Poll(caller.kind.value, caller.label, caller.site_id, time.monotonic(), sequence)

    async def run(self, database: Database) -> None:
        """Writes what was noted, until it is cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush(database)
            except DATABASE_FAULTS as error:
                log.warning("polls not written, trying again soon", error=str(error))

    async def close(self, database: Database) -> None:
        """Writes what was noted last, if that can be done in a moment. After `run`."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.flush(database)
        except DATABASE_FAULTS as error:
            log.warning("the last polls are not written", error=str(error))

    async def flush(self, database: Database) -> None:
        """Writes what was noted so far, by one statement. What cannot be written is noted again."""
        async with self._writing:
            noted, self._noted = self._noted, {}
            if noted:
                await self._write(database, noted)

    async def _write(self, database: Database, noted: dict[tuple[UUID, UUID], Poll]) -> None:
        workspaces, callers = zip(*noted, strict=True)
        kinds, labels, sites, moments, sequences = (list(column) for column in zip(*noted.values(), strict=True))
        try:
            async with database.system.acquire() as connection:
                new_ids = [new_id() for _ in noted]
                ages = [time.monotonic() - at for at in moments]
                await connection.execute(
                    _WRITE, list(workspaces), list(callers), new_ids, kinds, labels, sites, ages, sequences
                )
        except DATABASE_FAULTS:
            self._noted = noted | self._noted
            raise
