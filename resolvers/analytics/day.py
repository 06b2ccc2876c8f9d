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
_ROOM = f"set local statement_timeout = '{COUNT_SECONDS:.0f}s'; set local work_mem = '64MB'"


async def bounds(connection: Connection, workspace_id: UUID, day: date) -> tuple[datetime, datetime]:
    """When the day begins in the workspace's time zone, and when the next one does; the connection is pinned to it."""
    zone = ZoneInfo(await connection.fetchval("select time_zone from workspace where id = $1", workspace_id))
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of the day in the zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


async def give_room(connection: Connection) -> None:
    """Lets the transaction count for long, in memory."""
    await connection.execute(_ROOM)
