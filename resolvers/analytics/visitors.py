"""What was counted of visitors: by day and hour, by page, by where they come from and with what."""

from typing import Any

from resolvers.analytics.reader import Reader
from resolvers.analytics.span import Span

DIMENSIONS = ("source", "medium", "campaign", "device", "browser", "os", "country")

_DAYS = "select * from visitor_day where workspace_id = $1 and day >= $2 and day <= $3"
_HOURS = "select * from visitor_hour where workspace_id = $1 and day >= $2 and day <= $3"
# The pages with the most of something, as a span's months and days: from the keys' indexes alone. Then all that is
# known of those few.
_PAGES = """
with best as materialized (
  select path, sum(amount)::bigint as amount
    from (select path, {by} as amount from visitor_month_page where workspace_id = $1 and month = any($2::date[])
          union all
          select path, {by} from visitor_day_page where workspace_id = $1 and day = any($3::date[])
          union all
          select path, -{by} from visitor_day_page where workspace_id = $1 and day = any($4::date[])) p
   group by path having sum(amount) > 0 order by 2 desc, path limit $5)
select b.path, p.*
  from best b cross join lateral (
    select sum(f * views)::bigint as views, sum(f * visitors)::bigint as visitors, sum(f * entries)::bigint as entries,
           sum(f * exits)::bigint as exits, sum(f * bounces)::bigint as bounces, sum(f * seconds)::bigint as seconds
      from (select 1 as f, * from visitor_month_page m
             where m.workspace_id = $1 and m.month = any($2::date[]) and m.path = b.path
            union all
            select 1, * from visitor_day_page d
             where d.workspace_id = $1 and d.day = any($3::date[]) and d.path = b.path
            union all
            select -1, * from visitor_day_page t
             where t.workspace_id = $1 and t.day = any($4::date[]) and t.path = b.path) p) p
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
    return await reader.fetch(_PAGES_BY[by], *span.cover(), limit)


async def values(reader: Reader, span: Span, dimension: str, limit: int) -> list[Any]:
    """The values of one of `DIMENSIONS` that most visitors came with."""
    return await reader.fetch(_VALUES, span.days(), dimension, limit)
