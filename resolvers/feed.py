"""The events of the workspaces that somebody in this process follows, each read from PostgreSQL once.

Doorbells say that there may be something; a sweep each second finds what a lost doorbell would have told. Events are
numbered without gaps, so a follower that is handed n and then n+2 cannot happen. Events that were deleted before they
were read are no exception: the follower is told that some were lost.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

import structlog

from core.cursors import numbered_cursor, parse_numbered_cursor
from core.database import DATABASE_FAULTS, Database, pinned
from core.errors import CursorExpired
from core.flights import Flights
from core.pubsub import EVENTS_CHANNEL, Doorbells
from resolvers.read.log import check_place

log = structlog.get_logger()

SWEEP_SECONDS = 1.0
BATCH = 500


class Event(NamedTuple):
    """One sync event."""

    sequence: int
    id: UUID
    type: str
    entity_type: str
    entity_id: UUID
    occurred_at: datetime


event_cursor = partial(numbered_cursor, "event")
parse_event_cursor = partial(parse_numbered_cursor, "event")
EVENTS_AFTER = """
select sequence, id, type, entity_type, entity_id, occurred_at from sync_event
 where workspace_id = $1 and sequence > $2 order by sequence limit $3
"""


# In one snapshot.
_PLACE = """
select coalesce((select sequence from workspace_counter where workspace_id = $1), 0) as last,
       (select sequence from sync_event where workspace_id = $1 and sequence > $2 order by sequence limit 1) as behind
"""


async def check_cursor(database: Database, workspace_id: UUID, sequence: int) -> None:
    """Lets through the number of an event from which the workspace's events can be read on.

    Raises:
        BadUserInput: it is ahead of the workspace.
        CursorExpired: what came behind it is no longer kept.

    """
    async with database.app.acquire() as connection, pinned(connection, workspace_id):
        (place,) = await connection.fetch(_PLACE, workspace_id, sequence)
    check_place(sequence, *place)


async def events_after(database: Database, workspace_id: UUID, sequence: int, until: int) -> AsyncIterator[Event]:
    """The events behind a sequence up to another one, in order, read in batches.

    Raises:
        CursorExpired: one of them is no longer kept.

    """
    while sequence < until:
        async with database.app.acquire() as connection, pinned(connection, workspace_id):
            rows = await connection.fetch(EVENTS_AFTER, workspace_id, sequence, min(BATCH, until - sequence))
        if not rows:
            raise CursorExpired
        for row in rows:
            if row["sequence"] != sequence + 1:
                raise CursorExpired
            sequence = row["sequence"]
            yield Event(*row)


async def last_sequence(database: Database, workspace_id: UUID) -> int:
    """The number of the last event that was committed in the workspace."""
    async with database.app.acquire() as connection, pinned(connection, workspace_id):
        found = await connection.fetchval(
            "select sequence from workspace_counter where workspace_id = $1", workspace_id
        )
    return int(found or 0)


# Is called with each event; with None where events were deleted before they were read.
Follower = Callable[[Event | None], None]


@dataclass
class _Workspace:
    """One followed workspace: how far it was read, and who is told."""

    sequence: int
    followers: list[Follower] = field(default_factory=list)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    reader_waits: bool = False


class Feed:
    """Hands the events of followed workspaces to this process's followers."""

    def __init__(self, database: Database, doorbells: Doorbells) -> None:
        self._database = database
        self._doorbells = doorbells
        self._workspaces: dict[UUID, _Workspace] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # When everybody comes back at once, they ask the same.
        self._checks: Flights[tuple[UUID, int], None] = Flights()
        self._positions: Flights[UUID, int] = Flights()
        self._batches: Flights[tuple[UUID, int, int], list[Event]] = Flights()

    async def position(self, workspace_id: UUID) -> int:
        """The sequence behind which who follows now begins."""
        followed = self._workspaces.get(workspace_id)
        if followed is not None:
            return followed.sequence
        return await self._positions.join(workspace_id, partial(last_sequence, self._database, workspace_id))

    def follow(self, workspace_id: UUID, follower: Follower, position: int) -> int:
        """Calls the follower with every event behind the sequence that is returned, in order, or with None where it
        cannot: whoever goes on following then has missed something. `position` is where to begin if nobody follows yet.
        """
        followed = self._workspaces.setdefault(workspace_id, _Workspace(position))
        followed.followers.append(follower)
        return followed.sequence

    def unfollow(self, workspace_id: UUID, follower: Follower) -> None:
        followed = self._workspaces[workspace_id]
        followed.followers.remove(follower)
        if not followed.followers:
            del self._workspaces[workspace_id]

    async def check(self, workspace_id: UUID, sequence: int) -> None:
        """As `check_cursor`."""
        check = partial(check_cursor, self._database, workspace_id, sequence)
        await self._checks.join((workspace_id, sequence), check)

    async def missed(self, workspace_id: UUID, sequence: int, until: int) -> AsyncIterator[Event]:
        """As `events_after`, but read once for all who ask for the same at the same time."""
        while sequence < until:
            end = min(sequence + BATCH, until)
            read = partial(self._batch, workspace_id, sequence, end)
            for event in await self._batches.join((workspace_id, sequence, end), read):
                yield event
            sequence = end

    async def _batch(self, workspace_id: UUID, sequence: int, end: int) -> list[Event]:
        return [event async for event in events_after(self._database, workspace_id, sequence, end)]

    async def run(self) -> None:
        """Listens and sweeps, until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._doorbells.listen(EVENTS_CHANNEL, self._rung))
            group.create_task(self._sweep())

    def _rung(self, workspace: str) -> None:
        try:
            workspace_id = UUID(workspace)
        except ValueError:
            log.warning("a doorbell names no workspace", channel=workspace[:100])
            return
        if workspace_id in self._workspaces:
            task = asyncio.create_task(self._read_or_leave_it(workspace_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _read_or_leave_it(self, workspace_id: UUID, until: int = 0) -> None:
        """As `_read`, but what fails is left to the next sweep."""
        try:
            await self._read(workspace_id, until)
        except DATABASE_FAULTS as error:
            log.warning("events not read, the sweep will", workspace_id=str(workspace_id), error=str(error))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                behind = await self._behind()
            except DATABASE_FAULTS as error:
                log.warning("events not swept, trying again soon", error=str(error))
                continue
            for workspace_id, sequence in behind.items():
                await self._read_or_leave_it(workspace_id, sequence)

    async def _behind(self) -> dict[UUID, int]:
        """The followed workspaces whose counter is ahead of what was read, with the counter."""
        if not self._workspaces:
            return {}
        async with self._database.system.acquire() as connection:
            rows = await connection.fetch(
                "select workspace_id, sequence from workspace_counter where workspace_id = any($1::uuid[])",
                list(self._workspaces),
            )
        return {
            row["workspace_id"]: row["sequence"]
            for row in rows
            if (followed := self._workspaces.get(row["workspace_id"])) and row["sequence"] > followed.sequence
        }

    async def _read(self, workspace_id: UUID, until: int = 0) -> None:
        """Reads what is new, at least to `until`, and tells the followers; one reader at a time, so that the order
        holds.
        """
        followed = self._workspaces.get(workspace_id)
        if followed is None or followed.reader_waits:
            return
        followed.reader_waits = True
        async with followed.reading:
            followed.reader_waits = False
            while True:
                async with self._database.app.acquire() as connection, pinned(connection, workspace_id):
                    rows = await connection.fetch(EVENTS_AFTER, workspace_id, followed.sequence, BATCH)
                for row in rows:
                    event = Event(*row)
                    if event.sequence != followed.sequence + 1:
                        _tell(followed, None)
                    followed.sequence = event.sequence
                    _tell(followed, event)
                if len(rows) < BATCH:
                    break
            if followed.sequence < until:
                _tell(followed, None)
                followed.sequence = until


def _tell(followed: _Workspace, event: Event | None) -> None:
    for follower in list(followed.followers):
        follower(event)
