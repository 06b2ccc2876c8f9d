"""Counting days: whatever day has new events is counted anew from all of them, so that counting twice changes nothing.

A note in `visitor_day_due` is committed together with its events. Who counts takes the day's notes first and reads the
events after that, so it sees the events of every note it took; a note that comes later has the day counted again. One
at a time counts days of a month, by a lock: an older count never comes after a newer one.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from core.clock import now
from core.connections import Connection
from core.database import pinned
from resolvers.analytics.day import COUNT_SECONDS, MAX_DAYS, ZoneChangedError, bounds, give_room, hold_bounds
from resolvers.analytics.note import VISITORS, DueDay, count_each, due_statement, find_due, note_all_statement
from resolvers.context import Platform

MAX_SECONDS_ON_PAGE = 3_600

_DUE = due_statement("visitor_day_due", "occurred_at", "visitor_day")
# Of all of the month's days, since each writes its month.
_LOCK = "select pg_try_advisory_xact_lock(hashtextextended('visitor_month ' || $1::text, 0))"
_TAKE = "delete from visitor_day_due where workspace_id = $1 and occurred_at >= $2 and occurred_at < $3"
_CLEAR = tuple(
    f"delete from {table} where workspace_id = $1 and day = $2"  # noqa: S608 - names of ours
    for table in ("visitor_hour", "visitor_day_product", "visitor_day_dimension")
)
# `$2` is the day, from `$3` up to `$4`. One without any event has no row, unless it had one.
# Sessions are put in order once: `n` counts their events, `m` those of the same
# name, `m_left` the same from behind. Of pages only what changed is written, and added to the month.
_COUNT = f"""
with event as materialized (
  select occurred_at, id, sequence, name, session_id, visitor_id, path, source, medium, campaign, device, browser, os,
         country, is_bot,
         case when name = 'page_leave' and jsonb_typeof(properties->'seconds') = 'number'
              then round(least(greatest((properties->>'seconds')::numeric, 0), {MAX_SECONDS_ON_PAGE})) else 0
         end as seconds,
         case when name in ('product_view', 'add_to_cart') and properties->>'productId' ~ '^Product_[0-9a-f]{{32}}$'
              then substr(properties->>'productId', 9)::uuid end as product_id
    from visitor_event where workspace_id = $1 and occurred_at >= $3 and occurred_at < $4),
person as not materialized (select * from event where not is_bot),
placed as (
  select *, row_number() over (partition by session_id order by occurred_at, sequence nulls first, id) as n,
         row_number() over (partition by session_id, name order by occurred_at, sequence nulls first, id) as m,
         row_number() over (partition by session_id, name
                            order by occurred_at desc, sequence desc nulls last, id desc) as m_left
    from person),
visit as materialized (
  select session_id, min(occurred_at) as began_at, (array_agg(visitor_id) filter (where n = 1))[1] as visitor_id,
         max(source) filter (where n = 1) as source, max(medium) filter (where n = 1) as medium,
         max(campaign) filter (where n = 1) as campaign, max(device) filter (where n = 1) as device,
         max(browser) filter (where n = 1) as browser, max(os) filter (where n = 1) as os,
         max(country) filter (where n = 1) as country,
         max(path) filter (where name = 'page_view' and m = 1) as entry,
         max(path) filter (where name = 'page_view' and m_left = 1) as exit,
         count(*) filter (where name = 'page_view') as page_views,
         count(*) filter (where name = 'page_view') = 1
           and bool_and(name in ('page_view', 'page_leave')) as is_bounce,
         max(case name when 'purchase' then 4 when 'checkout_initiated' then 3 when 'add_to_cart' then 2
                       when 'product_view' then 1 else 0 end) as reached
    from placed group by session_id),
hours as (
  insert into visitor_hour (workspace_id, day, hour, visitors, sessions, page_views, events, bot_events)
  select $1, $2, hour, sum(visitors), sum(sessions), sum(page_views), sum(events), sum(bot_events)
    from (select date_bin('1 hour', occurred_at, $3) as hour,
                 count(distinct visitor_id) filter (where not is_bot) as visitors, 0 as sessions,
                 count(*) filter (where not is_bot and name = 'page_view') as page_views,
                 count(*) filter (where not is_bot) as events, count(*) filter (where is_bot) as bot_events
            from event group by 1
          union all
          select date_bin('1 hour', began_at, $3), 0, count(*), 0, 0, 0 from visit group by 1) of_hour
   group by hour),
page as materialized (
  select path, sum(views) as views, sum(visitors) as visitors, sum(entries) as entries, sum(exits) as exits,
         sum(bounces) as bounces, sum(seconds) as seconds
    from (select path, count(*) filter (where name = 'page_view') as views,
                 count(distinct visitor_id) filter (where name = 'page_view') as visitors,
                 0 as entries, 0 as exits, 0 as bounces, sum(seconds) as seconds
            from person where name in ('page_view', 'page_leave') group by path
          union all
          select entry, 0, 0, count(*), 0, count(*) filter (where is_bounce), 0
            from visit where entry is not null group by entry
          union all
          select exit, 0, 0, 0, count(*), 0, 0 from visit where exit is not null group by exit) of_page
   group by path),
page_changed as (
  merge into visitor_day_page t using page p on t.workspace_id = $1 and t.day = $2 and t.path = p.path
  when matched and (t.views, t.visitors, t.entries, t.exits, t.bounces, t.seconds)
                   is distinct from (p.views, p.visitors, p.entries, p.exits, p.bounces, p.seconds)
    then update set views = p.views, visitors = p.visitors, entries = p.entries, exits = p.exits,
                    bounces = p.bounces, seconds = p.seconds
  when not matched
    then insert (workspace_id, day, path, views, visitors, entries, exits, bounces, seconds)
         values ($1, $2, p.path, p.views, p.visitors, p.entries, p.exits, p.bounces, p.seconds)
  returning new.path as path, new.views - coalesce(old.views, 0) as views,
            new.visitors - coalesce(old.visitors, 0) as visitors, new.entries - coalesce(old.entries, 0) as entries,
            new.exits - coalesce(old.exits, 0) as exits, new.bounces - coalesce(old.bounces, 0) as bounces,
            new.seconds - coalesce(old.seconds, 0) as seconds),
page_gone as (
  delete from visitor_day_page t
   where workspace_id = $1 and day = $2 and not exists (select from page p where p.path = t.path)
  returning path, -views as views, -visitors as visitors, -entries as entries, -exits as exits, -bounces as bounces,
            -seconds as seconds),
pages as (
  insert into visitor_month_page as m (workspace_id, month, path, views, visitors, entries, exits, bounces, seconds)
  select $1, date_trunc('month', $2::date)::date, c.*
    from (select * from page_changed union all select * from page_gone) c
  on conflict (workspace_id, month, path) do update
     set views = m.views + excluded.views, visitors = m.visitors + excluded.visitors,
         entries = m.entries + excluded.entries, exits = m.exits + excluded.exits,
         bounces = m.bounces + excluded.bounces, seconds = m.seconds + excluded.seconds),
products as (
  insert into visitor_day_product (workspace_id, day, product_id, views, sessions, carts)
  select $1, $2, product_id, count(*) filter (where name = 'product_view'),
         count(distinct session_id) filter (where name = 'product_view'), count(*) filter (where name = 'add_to_cart')
    from person e where exists (select from product p where p.workspace_id = $1 and p.id = e.product_id)
   group by product_id),
dimensions as (
  insert into visitor_day_dimension (workspace_id, day, dimension, value, visitors, sessions, bounces, page_views,
                                     purchased)
  select $1, $2, dimension, value, count(distinct visitor_id), count(*), count(*) filter (where is_bounce),
         sum(page_views), count(*) filter (where reached = 4)
    from visit cross join lateral (
      values ('source', source), ('medium', medium), ('campaign', campaign), ('device', device), ('browser', browser),
             ('os', os), ('country', country)) d(dimension, value)
   where value <> '' group by dimension, value)
insert into visitor_day as v (workspace_id, day, visitors, sessions, bounces, page_views, events, bot_events, seconds,
                              viewed, carted, checked_out, purchased, counted_at, counting_ms)
select $1, $2, e.visitors, s.sessions, s.bounces, e.page_views, e.events, e.bot_events, e.seconds, s.viewed, s.carted,
       s.checked_out, s.purchased, clock_timestamp(), 0
  from (select count(distinct visitor_id) filter (where not is_bot) as visitors,
               count(*) filter (where not is_bot and name = 'page_view') as page_views,
               count(*) filter (where not is_bot) as events, count(*) filter (where is_bot) as bot_events,
               coalesce(sum(seconds) filter (where not is_bot), 0) as seconds from event) e
 cross join (
    select count(*) as sessions, count(*) filter (where is_bounce) as bounces,
           count(*) filter (where reached >= 1) as viewed, count(*) filter (where reached >= 2) as carted,
           count(*) filter (where reached >= 3) as checked_out, count(*) filter (where reached >= 4) as purchased
      from visit) s
 where e.events + e.bot_events > 0 or exists (select from visitor_day where workspace_id = $1 and day = $2)
on conflict (workspace_id, day) do update
   set visitors = excluded.visitors, sessions = excluded.sessions, bounces = excluded.bounces,
       page_views = excluded.page_views, events = excluded.events, bot_events = excluded.bot_events,
       seconds = excluded.seconds, viewed = excluded.viewed, carted = excluded.carted,
       checked_out = excluded.checked_out, purchased = excluded.purchased, counted_at = excluded.counted_at,
       counting_ms = excluded.counting_ms
"""  # noqa: S608 - numbers of ours
# All of the transaction, but for its commit.
_NOTE_COST = """
update visitor_day
   set counted_at = clock_timestamp(), counting_ms = 1000 * extract(epoch from clock_timestamp() - now())
 where workspace_id = $1 and day = $2
"""
_NOTE = "insert into visitor_day_due (workspace_id, occurred_at) select $1, unnest($2::timestamptz[])"
_NOTE_ALL = note_all_statement("visitor_day_due", "occurred_at", "visitor_day", "visitor_event")


async def due_days(platform: Platform, limit: int = MAX_DAYS) -> list[DueDay]:
    """The days that are to be counted now."""
    return await find_due(platform, _DUE, limit)


async def count_due_days(platform: Platform) -> int:
    """Counts what is due; gives how many days that were."""
    return await count_each(platform, VISITORS, await due_days(platform), count_day)


async def count_day(platform: Platform, workspace_id: UUID, day: date) -> bool:
    """Counts a day from its events; False where somebody else is counting it, or the time zone changes meanwhile.

    A day of which events may have been deleted for their age keeps what was counted of it.
    """
    try:
        async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
            if not await connection.fetchval(_LOCK, f"{workspace_id} {day:%Y-%m}"):
                return False
            begin, end = await bounds(connection, workspace_id, day)
            await connection.execute(_TAKE, workspace_id, begin, end)
            if day >= first_whole_day(platform):
                await _count(connection, workspace_id, day, begin, end)
            await hold_bounds(connection, workspace_id, day, (begin, end))
    except ZoneChangedError:
        return False
    return True


async def _count(connection: Connection, workspace_id: UUID, day: date, begin: datetime, end: datetime) -> None:
    await give_room(connection)
    for statement in _CLEAR:
        await connection.execute(statement, workspace_id, day)
    await connection.execute(_COUNT, workspace_id, day, begin, end, timeout=COUNT_SECONDS)
    await connection.execute(_NOTE_COST, workspace_id, day)


def first_whole_day(platform: Platform) -> date:
    """The first day of which no event was deleted for its age, whatever the time zone."""
    return now().astimezone(UTC).date() - timedelta(days=platform.settings.visitor_event_days - 2)


async def recount_days(connection: Connection, workspace_id: UUID, moments: Iterable[datetime]) -> None:
    """Has the days of these moments counted anew, by a connection that is pinned to the workspace."""
    await connection.execute(_NOTE, workspace_id, list(moments))


async def recount_all_days(connection: Connection, workspace_id: UUID) -> None:
    """Has all days counted anew that were counted or have events, by a connection that is pinned to the workspace."""
    await connection.execute(_NOTE_ALL, workspace_id)
