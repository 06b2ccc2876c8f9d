"""Notes that something is to be counted: they have its moment and no day.

So they stay right whatever the workspace's time zone becomes: who counts finds the day, by the zone as it is then.
"""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from resolvers.analytics.day import REST
from resolvers.context import Platform
from resolvers.visitor import day_of


class DueDay(NamedTuple):
    """A day of a workspace that is not counted as it is."""

    workspace_id: UUID
    day: date


def due_statement(notes: str, moment: str, counted: str) -> str:
    """Finds a moment of each day that has notes and does not rest; `counted` has the days.

    Of the moments only the quarters of an hour, at which every day there is begins. What PostgreSQL takes for the day
    only paces.
    """
    day = "(d.moment at time zone w.time_zone)::date"
    return f"""
    select d.workspace_id, w.time_zone, min(d.moment) as moment
      from (select distinct workspace_id, date_bin('15 minutes', {moment}, 'epoch') as moment from {notes}) d
      join workspace w on w.id = d.workspace_id
      left join {counted} v on v.workspace_id = d.workspace_id and v.day = {day}
     where v.counted_at is null or v.counted_at < now() - {REST} * v.counting_ms * interval '1 millisecond'
     group by d.workspace_id, w.time_zone, {day}
     limit $1
    """  # noqa: S608 - names and numbers of ours


async def find_due(platform: Platform, statement: str, limit: int) -> list[DueDay]:
    """The days that are to be counted now, by a statement of `due_statement`."""
    async with platform.database.system.acquire() as connection:
        rows = await connection.fetch(statement, limit)
    return sorted({DueDay(row["workspace_id"], day_of(row["moment"], row["time_zone"])) for row in rows})


def note_all_statement(notes: str, moment: str, counted: str) -> str:
    """Notes all days that were counted, of a pinned workspace.

    Noon of each day in UTC is of another day each in every time zone. Two days more on either side: what happened on a
    day may fall there in another zone, since they are up to 26 hours apart.
    """
    return f"""
    insert into {notes} (workspace_id, {moment})
    select $1, day + interval '12 hours'
      from (select min(day) - 2 as first, max(day) + 2 as last from {counted} where workspace_id = $1) d
     cross join lateral generate_series(d.first::timestamp at time zone 'UTC', d.last::timestamp at time zone 'UTC',
                                        interval '1 day') day
    """  # noqa: S608 - names of ours
