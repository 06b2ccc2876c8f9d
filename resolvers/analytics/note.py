"""Notes that something is to be counted: they have its moment and no day.

So they stay right whatever the workspace's time zone becomes: who counts finds the day, by the zone as it is then.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfoNotFoundError

import asyncpg
import structlog
from prometheus_client import Counter

from core.database import is_passing
from resolvers.analytics.day import REST
from resolvers.context import Platform
from resolvers.visitor import day_of

log = structlog.get_logger()

VISITORS, ORDERS = "visitors", "orders"
COUNTED = Counter(
    "vitrine_days_counted_total", "Days of shops that were to be counted, by what became of it.", ["of", "end"]
)
for _of in (VISITORS, ORDERS):
    for _end in ("counted", "failed"):
        COUNTED.labels(_of, _end)


class DueDay(NamedTuple):
    """A day of a workspace that is not counted as it is."""

    workspace_id: UUID
    day: date


def due_statement(notes: str, moment: str, counted: str) -> str:
    """Finds a moment of each day that has notes and does not rest; `counted` has the days.

    The newest day of each workspace comes first, then the next of each: who has many to count keeps nobody waiting. Of
    the moments only the quarters of an hour, at which every day there is begins. What PostgreSQL takes for the day only
    paces, so it may be another one where PostgreSQL does not know the zone.
    """
    zone = "case when pg_input_is_valid('2000-01-01 ' || w.time_zone, 'timestamptz') then w.time_zone else 'UTC' end"
    day = f"(d.moment at time zone {zone})::date"
    return f"""
    select d.workspace_id, w.time_zone, min(d.moment) as moment
      from (select distinct workspace_id, date_bin('15 minutes', {moment}, 'epoch') as moment from {notes}) d
      join workspace w on w.id = d.workspace_id
      left join {counted} v on v.workspace_id = d.workspace_id and v.day = {day}
     where v.counted_at is null or v.counted_at < now() - {REST} * v.counting_ms * interval '1 millisecond'
     group by d.workspace_id, w.time_zone, {day}
     order by row_number() over (partition by d.workspace_id order by min(d.moment) desc)
     limit $1
    """  # noqa: S608 - names and numbers of ours


async def find_due(platform: Platform, statement: str, limit: int) -> list[DueDay]:
    """The days that are to be counted now, by a statement of `due_statement`."""
    async with platform.database.system.acquire() as connection:
        rows = await connection.fetch(statement, limit)
    found: dict[DueDay, None] = {}
    for workspace_id, time_zone, moment in rows:
        try:
            found[DueDay(workspace_id, day_of(moment, time_zone))] = None
        except ZoneInfoNotFoundError:
            log.error("days not counted: no such time zone", workspace=str(workspace_id), time_zone=time_zone)  # noqa: TRY400 - the sentence says it all
    return list(found)


async def count_each(
    platform: Platform, of: str, days: Iterable[DueDay], count: Callable[[Platform, UUID, date], Awaitable[bool]]
) -> int:
    """Counts the days, of `VISITORS` or `ORDERS`; gives how many were. One that cannot be keeps no other from it.

    Raises:
        asyncpg.PostgresError, OSError, Throttled: PostgreSQL is away, so that none can be counted.

    """
    counted = 0
    for due in days:
        try:
            if await count(platform, *due):
                counted += 1
                COUNTED.labels(of, "counted").inc()
        except Exception as error:
            if is_passing(error) and not isinstance(error, asyncpg.QueryCanceledError):
                raise
            COUNTED.labels(of, "failed").inc()
            log.exception("day not counted", of=of, workspace=str(due.workspace_id), day=str(due.day))
    return counted


def note_all_statement(notes: str, moment: str, counted: str, source: str) -> str:
    """Notes all days from the first to the last one that was counted, or has something in `source`, of a workspace.

    Noon of each day in UTC is of another day each in every time zone. Two days more on either side: what happened on a
    day may fall there in another zone, since they are up to 26 hours apart.
    """
    return f"""
    insert into {notes} (workspace_id, {moment})
    select $1, day + interval '12 hours'
      from (select min(day) - 2 as first, max(day) + 2 as last
              from (select min(day) as day from {counted} where workspace_id = $1
                    union all select max(day) from {counted} where workspace_id = $1
                    union all select (min({moment}) at time zone 'UTC')::date from {source} where workspace_id = $1
                    union all select (max({moment}) at time zone 'UTC')::date from {source} where workspace_id = $1
                   ) known) d
     cross join lateral generate_series(d.first::timestamp at time zone 'UTC', d.last::timestamp at time zone 'UTC',
                                        interval '1 day') day
    """  # noqa: S608 - names of ours
