"""The weeks of `visitor_event`: made before they are needed, dropped when all of one is too old.

The roles own no tables, so two functions of the migrations do it as the owner.
"""

from datetime import UTC, timedelta

from core.clock import now
from resolvers.analytics.track import LATE
from resolvers.context import Platform

# A worker may be away for so long before an event finds no week.
AHEAD = timedelta(days=28)

_MAKE = "select make_visitor_event_partitions($1, $2)"
_DROP = "select drop_visitor_event_partitions($1)"


async def keep_partitions(platform: Platform) -> tuple[int, int]:
    """Makes the weeks that events may fall into, and drops those that are too old; gives how many of each."""
    today = now().astimezone(UTC).date()
    oldest = today - timedelta(days=platform.settings.visitor_event_days)
    async with platform.database.system.acquire() as connection:
        made = await connection.fetchval(_MAKE, today - LATE, today + AHEAD)
        dropped = await connection.fetchval(_DROP, oldest)
    return int(made), int(dropped)
