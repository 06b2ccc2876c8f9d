"""What was counted of visitors: by day and hour, by page, by where they come from and with what."""

from typing import Any

from resolvers.analytics.reader import Reader
from resolvers.analytics.span import Span

DIMENSIONS = ("source", "medium", "campaign", "device", "browser", "os", "country")

_DAYS = "select * from visitor_day where workspace_id = $1 and day >= $2 and day <= $3"
_HOURS = "select * from visitor_hour where workspace_id = $1 and day >= $2 and day <= $3"
# The pages with the most of something, of whole months and the days beside them: from the keys' indexes alone. Then all
# that is known of those few.
_PAGES = """
with best as materialized (
  select path, sum(amount)::bigint as amount
    from (select path, {by} as amount from visitor_day_page where workspace_id = $1 and day = any($2::date[])
          union all
          select path, {by} from visitor_month_page where workspace_id = $1 and month = any($3::date[])) p
   group by path having sum(amount) > 0 order by 2 desc, path limit $4)
select b.path, p.*
  from best b cross join lateral (
    select sum(views)::bigint as views, sum(visitors)::bigint as visitors, sum(entries)::bigint as entries,
           sum(exits)::bigint as exits, sum(bounces)::bigint as bounces, sum(seconds)::bigint as seconds
      from (select * from visitor_day_page d
             where d.workspace_id = $1 and d.day = any($2::date[]) and d.path = b.path
            union all
            select * from visitor_month_page m
             where m.workspace_id = $1 and m.month = any($3::date[]) and m.path = b.path) p) p
 order by b.amount desc, b.path
"""
_PAGES_BY = {by: _PAGES.format(by=by) for by in ("views", "entries", "exits")}
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
    return await reader.fetch(_PAGES_BY[by], span.days_beside_months(), span.whole_months(), limit)


async def values(reader: Reader, span: Span, dimension: str, limit: int) -> list[Any]:
    """The values of one of `DIMENSIONS` that most visitors came with."""
    return await reader.fetch(_VALUES, span.days(), dimension, limit)
