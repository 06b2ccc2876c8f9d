"""Counting orders: whatever day has an order that changed is counted anew from its orders, like visitors' days.

A note in `order_day_due` is committed together with its order.
"""

from datetime import UTC, date, datetime
from uuid import UUID

from core.connections import Connection
from core.database import pinned
from resolvers.analytics.day import COUNT_SECONDS, MAX_DAYS, ZoneChangedError, bounds, give_room, hold_bounds
from resolvers.analytics.note import ORDERS, DueDay, count_each, due_statement, find_due, note_all_statement
from resolvers.context import Platform

_DUE = due_statement("order_day_due", "placed_at", "order_day")
_LOCK = "select pg_try_advisory_xact_lock(hashtextextended('order_day ' || $1::text, 0))"
_TAKE = """
delete from order_day_due where workspace_id = $1 and placed_at >= $2 and placed_at < $3 returning email
"""
_CLEAR = "delete from order_hour where workspace_id = $1 and day = $2"
# `$2` is the day, from `$3` up to `$4`. One without any order has no row, unless it had one.
# Of products only what changed is written, and added to the month.
_COUNT = """
with placed as materialized (
  select id, date_bin('1 hour', placed_at, $3) as hour, total_amount, status <> 'CANCELLED' as counts
    from sales_order where workspace_id = $1 and placed_at >= $3 and placed_at < $4),
line as materialized (
  select l.order_id, l.product_id, sum(l.quantity) as quantity, sum(l.total_amount) as amount
    from placed p join order_line l on l.workspace_id = $1 and l.order_id = p.id
   where p.counts group by l.order_id, l.product_id),
units as (select order_id, sum(quantity) as quantity from line group by order_id),
hours as (
  insert into order_hour (workspace_id, day, hour, orders, units, revenue_amount)
  select $1, $2, p.hour, count(*), coalesce(sum(u.quantity), 0), sum(p.total_amount)
    from placed p left join units u on u.order_id = p.id where p.counts group by p.hour),
product as materialized (
  select product_id, count(*) as orders, sum(quantity) as quantity, sum(amount) as revenue_amount
    from line group by product_id),
product_changed as (
  merge into order_day_product t using product p on t.workspace_id = $1 and t.day = $2 and t.product_id = p.product_id
  when matched and (t.orders, t.quantity, t.revenue_amount) is distinct from (p.orders, p.quantity, p.revenue_amount)
    then update set orders = p.orders, quantity = p.quantity, revenue_amount = p.revenue_amount
  when not matched
    then insert (workspace_id, day, product_id, orders, quantity, revenue_amount)
         values ($1, $2, p.product_id, p.orders, p.quantity, p.revenue_amount)
  returning new.product_id as product_id, new.orders - coalesce(old.orders, 0) as orders,
            new.quantity - coalesce(old.quantity, 0) as quantity,
            new.revenue_amount - coalesce(old.revenue_amount, 0) as revenue_amount),
product_gone as (
  delete from order_day_product t
   where workspace_id = $1 and day = $2 and not exists (select from product p where p.product_id = t.product_id)
  returning product_id, -orders as orders, -quantity as quantity, -revenue_amount as revenue_amount),
products as (
  insert into order_month_product as m (workspace_id, month, product_id, orders, quantity, revenue_amount)
  select $1, date_trunc('month', $2::date)::date, c.*
    from (select * from product_changed union all select * from product_gone) c
  on conflict (workspace_id, month, product_id) do update
     set orders = m.orders + excluded.orders, quantity = m.quantity + excluded.quantity,
         revenue_amount = m.revenue_amount + excluded.revenue_amount)
insert into order_day as v (workspace_id, day, orders, units, revenue_amount, cancelled_orders, counting_ms)
select $1, $2, count(*) filter (where counts), coalesce((select sum(quantity) from line), 0),
       coalesce(sum(total_amount) filter (where counts), 0), count(*) filter (where not counts), 0
  from placed
having count(*) > 0 or exists (select from order_day where workspace_id = $1 and day = $2)
on conflict (workspace_id, day) do update
   set orders = excluded.orders, units = excluded.units, revenue_amount = excluded.revenue_amount,
       cancelled_orders = excluded.cancelled_orders
"""
_COUNT_CUSTOMERS = """
with total as materialized (
  select c.email, o.*
    from unnest($2::text[]) c(email) cross join lateral (
      select min(placed_at) as first, max(placed_at) as last, count(*) as orders, sum(total_amount) as spent
        from sales_order o where o.workspace_id = $1 and o.email = c.email and o.status <> 'CANCELLED') o),
gone as (
  delete from order_customer c using total t where c.workspace_id = $1 and c.email = t.email and t.orders = 0)
insert into order_customer as c (workspace_id, email, first_order_at, last_order_at, orders, spent_amount)
select $1, email, first, last, orders, spent from total where orders > 0
on conflict (workspace_id, email) do update
   set first_order_at = excluded.first_order_at, last_order_at = excluded.last_order_at, orders = excluded.orders,
       spent_amount = excluded.spent_amount
"""
_COUNT_MONTHS = """
with total as materialized (
  select c.email, m.month, o.*
    from unnest($2::text[]) c(email) cross join unnest($3::date[]) m(month) cross join lateral (
      select count(*) as orders, sum(total_amount) as spent
        from sales_order o
       where o.workspace_id = $1 and o.email = c.email and o.status <> 'CANCELLED'
         and o.placed_at >= m.month::timestamp at time zone 'UTC'
         and o.placed_at < (m.month + interval '1 month') at time zone 'UTC') o),
gone as (
  delete from order_customer_month c using total t
   where c.workspace_id = $1 and c.email = t.email and c.month = t.month and t.orders = 0)
insert into order_customer_month as c (workspace_id, email, month, orders, spent_amount)
select $1, email, month, orders, spent from total where orders > 0
on conflict (workspace_id, email, month) do update
   set orders = excluded.orders, spent_amount = excluded.spent_amount
"""
# All of the transaction, but for its commit.
_NOTE_COST = """
update order_day
   set counted_at = clock_timestamp(), counting_ms = 1000 * extract(epoch from clock_timestamp() - now())
 where workspace_id = $1 and day = $2
"""
NOTE = "insert into order_day_due (workspace_id, placed_at, email) values ($1, $2, $3)"
_NOTE_DAYS = note_all_statement("order_day_due", "placed_at", "order_day", "sales_order")
_NOTE_ORDERS = """
insert into order_day_due (workspace_id, placed_at, email)
select $1, placed_at, email from sales_order where workspace_id = $1
"""


async def due_order_days(platform: Platform, limit: int = MAX_DAYS) -> list[DueDay]:
    """The days that are to be counted now."""
    return await find_due(platform, _DUE, limit)


async def count_due_orders(platform: Platform) -> int:
    """Counts what is due; gives how many days that were."""
    return await count_each(platform, ORDERS, await due_order_days(platform), count_order_day)


async def count_order_day(platform: Platform, workspace_id: UUID, day: date) -> bool:
    """Counts a day from its orders, and whoever placed what changed.

    False where orders are being counted already, or the time zone changes meanwhile.
    """
    try:
        async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
            if not await connection.fetchval(_LOCK, str(workspace_id)):
                return False
            begin, end = await bounds(connection, workspace_id, day)
            await give_room(connection)
            notes = await connection.fetch(_TAKE, workspace_id, begin, end)
            await connection.execute(_CLEAR, workspace_id, day)
            await connection.execute(_COUNT, workspace_id, day, begin, end, timeout=COUNT_SECONDS)
            emails = sorted({row["email"] for row in notes} - {None})
            await _count_customers(connection, workspace_id, emails, begin, end)
            await connection.execute(_NOTE_COST, workspace_id, day)
            await hold_bounds(connection, workspace_id, day, (begin, end))
    except ZoneChangedError:
        return False
    return True


async def _count_customers(
    connection: Connection, workspace_id: UUID, emails: list[str], begin: datetime, end: datetime
) -> None:
    if emails:
        months = {moment.astimezone(UTC).date().replace(day=1) for moment in (begin, end)}
        await connection.execute(_COUNT_CUSTOMERS, workspace_id, emails, timeout=COUNT_SECONDS)
        await connection.execute(_COUNT_MONTHS, workspace_id, emails, sorted(months), timeout=COUNT_SECONDS)


async def recount_order_days(connection: Connection, workspace_id: UUID) -> None:
    """Has all days counted anew that were counted or have orders, by a connection that is pinned to the workspace.

    Customers are the same in every time zone.
    """
    await connection.execute(_NOTE_DAYS, workspace_id)


async def recount_orders(connection: Connection, workspace_id: UUID) -> None:
    """Has everything counted anew that there is of orders, by a connection that is pinned to the workspace."""
    await connection.execute(_NOTE_ORDERS, workspace_id)
