"""What was counted of visitors: by day and hour, by page, by where they come from and with what."""

from typing import Any

from resolvers.analytics.reader import Reader
from resolvers.analytics.span import Span

DIMENSIONS = ("source", "medium", "campaign", "device", "browser", "os", "country")

_DAYS = "select * from visitor_day where workspace_id = $1 and day >= $2 and day <= $3"
_HOURS = "select * from visitor_hour where workspace_id = $1 and day >= $2 and day <= $3"
# Whole months, and the days beside them.
_PAGES = """
select path, sum(views)::bigint as views, sum(visitors)::bigint as visitors, sum(entries)::bigint as entries,
       sum(exits)::bigint as exits, sum(bounces)::bigint as bounces, sum(seconds)::bigint as seconds
  from (select path, views, visitors, entries, exits, bounces, seconds from visitor_day_page
         where workspace_id = $1 and day = any($2::date[])
        union all
        select path, views, visitors, entries, exits, bounces, seconds from visitor_month_page
         where workspace_id = $1 and month = any($3::date[])) p
 group by path having sum({by}) > 0 order by sum({by}) desc, path limit $4
"""
_VALUES = """
select value, sum(visitors)::bigint as visitors, sum(sessions)::bigint as sessions, sum(bounces)::bigint as bounces,
       sum(page_views)::bigint as page_views, sum(purchased)::bigint as conversions
  from visitor_day_dimension where workspace_id = $1 and day = any($2::date[]) and dimension = $3
 group by value order by sum(visitors) desc, value limit $4
"""


async def days(reader: Reader, span: Span) -> list[Any]:
    """The rows of `visitor_day`."""
    return await reader.fetch(_DAYS, span.first, span.last)


async def hours(reader: Reader, span: Span) -> list[Any]:
    """The rows of `visitor_hour`."""
    return await reader.fetch(_HOURS, span.first, span.last)


async def pages(reader: Reader, span: Span, limit: int, by: str) -> list[Any]:
    """The pages with the most `views`, `entries` or `exits`; none without any."""
    statement = {each: _PAGES.format(by=each) for each in ("views", "entries", "exits")}[by]
    return await reader.fetch(statement, span.days_beside_months(), span.whole_months(), limit)


async def values(reader: Reader, span: Span, dimension: str, limit: int) -> list[Any]:
    """The values of one of `DIMENSIONS` that most visitors came with."""
    return await reader.fetch(_VALUES, span.days(), dimension, limit)
