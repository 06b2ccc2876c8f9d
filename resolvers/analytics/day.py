"""Days of a workspace: calendar days in its time zone."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from core.connections import Connection

# What is counted is counted again after so many times as long as counting it took: a twentieth of a worker's time.
REST = 20
# Days that one run takes.
MAX_DAYS = 200
# Seconds. A day takes about 7 s for each million of its events.
COUNT_SECONDS = 300.0
_ZONE = "select time_zone from workspace where id = $1"
# Who changes the workspace waits until this transaction is over. This one never waits: it has locked other rows.
_HELD_ZONE = f"{_ZONE} for share skip locked"
_ROOM = f"set local statement_timeout = '{COUNT_SECONDS:.0f}s'; set local work_mem = '64MB'"


class ZoneChangedError(Exception):
    """While a day was counted the workspace's time zone was changed, or somebody was about to."""


async def bounds(connection: Connection, workspace_id: UUID, day: date) -> tuple[datetime, datetime]:
    """When the day begins in the workspace's time zone, and when the next one does; the connection is pinned to it."""
    return _bounds(day, await connection.fetchval(_ZONE, workspace_id))


async def hold_bounds(
    connection: Connection, workspace_id: UUID, day: date, counted: tuple[datetime, datetime]
) -> None:
    """Keeps the day's bounds as they were counted by, until the transaction is over: call it last.

    So who changes the time zone finds every day that was counted by the old one, and has it counted anew.

    Raises:
        ZoneChangedError: they are others, or somebody is changing the workspace.

    """
    zone = await connection.fetchval(_HELD_ZONE, workspace_id)
    if zone is None or _bounds(day, zone) != counted:
        raise ZoneChangedError


def _bounds(day: date, time_zone: str) -> tuple[datetime, datetime]:
    zone = ZoneInfo(time_zone)
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of the day in the zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


async def give_room(connection: Connection) -> None:
    """Lets the transaction count for long, in memory."""
    await connection.execute(_ROOM)
