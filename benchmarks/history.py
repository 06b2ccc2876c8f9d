"""A year of a large shop to ask about, and small shops beside it; written past the application, in bulk.

Pages and products are looked at and bought as they are in life: few of them very often. So it is with customers.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from core.connections import Connection
from core.ids import new_id
from resolvers.analytics.count import count_day
from resolvers.analytics.count_orders import count_order_day
from resolvers.context import Platform

DAYS = 365
EVENTS = 10_000_000
ORDERS = 1_000_000
PRODUCTS = 2_000
CUSTOMERS = 150_000
_EVENTS_A_SESSION = 7
_SECONDS_APART = (DAYS - 1) * 86_400 / ORDERS
# Of a shop beside: days, and rows of each kind a day.
SMALL_DAYS = 90

# A session has seven events, begins at any second, and lasts some minutes. `$3` numbers its first session.
_DAY_OF_EVENTS = f"""
insert into visitor_event (workspace_id, occurred_at, id, name, session_id, visitor_id, sequence, host, path, title,
                           referrer, source, medium, campaign, device, browser, os, country, is_bot, properties)
select $1, s.begin + k * interval '20 seconds', gen_random_uuid(),
       (array['page_view', 'page_view', 'page_leave', 'product_view', 'page_view', 'page_leave',
              (array['add_to_cart', 'checkout_initiated', 'purchase', 'click', 'click', 'click'])[1 + s.n % 6]])[k + 1],
       md5('s' || s.n)::uuid, md5('v' || s.n * 9 / 10)::uuid, k, 'shop.example',
       case when k = 0 then '/' else '/products/p-' || r.product end, '', '',
       (array['direct', 'direct', 'google', 'newsletter', 'instagram', 'partner-' || s.n % 40])[1 + s.n % 6],
       (array['', '', 'email'])[1 + s.n % 3], (array['', '', 'campaign-' || s.n % 25])[1 + s.n % 3],
       (array['desktop', 'mobile', 'mobile', 'tablet'])[1 + s.n % 4],
       (array['Chrome', 'Safari', 'Firefox', 'Edge'])[1 + s.n % 4], (array['Windows', 'iOS', 'Android'])[1 + s.n % 3],
       (array['FR', 'CM', 'DE', 'US', 'NG', ''])[1 + s.n % 6], s.n % 20 = 0,
       case k when 2 then '{{"seconds": 31}}'::jsonb when 5 then '{{"seconds": 12}}' end
  from (select n, $2::date::timestamp at time zone 'UTC' + random() * interval '86000 seconds' as begin
          from generate_series($3::bigint, $3::bigint + $4::bigint - 1) n) s,
       generate_series(0, {_EVENTS_A_SESSION - 1}) k,
       lateral (select (power(random(), 3) * {PRODUCTS})::int as product where s.n is not null and k is not null) r
"""
_ITEMS = """
create temporary table item as
select p.id as product_id, v.id as variant_id, v.price_amount, row_number() over (order by p.id) - 1 as n
  from product p join product_variant v on v.workspace_id = p.workspace_id and v.product_id = p.id
 where p.workspace_id = $1 and v.position = 0
"""
# Orders come one after the other, a third of them of one, two and three lines.
_SALES = f"""
create temporary table sale as
select o.*, i.product_id, i.variant_id, i.price_amount, 1 + (random() * 2)::int as quantity, l as position
  from (select n, uuidv7() as id, now() - ({ORDERS} - n) * interval '{_SECONDS_APART:.4f} seconds' as placed_at,
               'customer-' || (power(random(), 2) * {CUSTOMERS})::int || '@example.com' as email,
               case when n % 33 = 0 then 'CANCELLED' else 'PLACED' end as status
          from generate_series(1, {ORDERS}) n) o,
       generate_series(1, 3) l,
       lateral (select (power(random(), 3) * (select count(*) - 1 from item))::int as number where l <= 1 + o.n % 3) r
  join item i on i.n = r.number
"""
_ORDERS = (
    """insert into sales_order (workspace_id, id, number, status, email, currency_code, total_amount, secret_hash,
                                placed_at)
       select $1, id, n, status, email, 'EUR', sum(quantity * price_amount), '', placed_at
         from sale group by n, id, status, email, placed_at order by n""",
    """insert into order_line (workspace_id, id, order_id, variant_id, product_id, position, title, variant_title, sku,
                               quantity, unit_price_amount, total_amount, currency_code)
       select $1, uuidv7(), id, variant_id, product_id, position, 'Lamp', '', '', quantity, price_amount,
              quantity * price_amount, 'EUR'
         from sale order by n, position""",
    # What counting the days would make of the notes of so many orders, one customer after the other.
    """insert into order_customer
       select workspace_id, email, min(placed_at), max(placed_at), count(*), sum(total_amount)
         from sales_order where workspace_id = $1 and status <> 'CANCELLED' group by workspace_id, email""",
    """insert into order_customer_month (workspace_id, email, month, orders, spent_amount)
       select workspace_id, email, date_trunc('month', placed_at at time zone 'UTC')::date, count(*), sum(total_amount)
         from sales_order where workspace_id = $1 and status <> 'CANCELLED' group by 1, 2, 3""",
)
_SMALL = (
    f"""insert into visitor_day (workspace_id, day, visitors, sessions, bounces, page_views, events, bot_events,
                                 seconds, viewed, carted, checked_out, purchased, counting_ms)
        select w, current_date - d, 40, 50, 10, 120, 300, 5, 900, 30, 10, 5, 2, 1
          from unnest($1::uuid[]) w, generate_series(0, {SMALL_DAYS}) d""",
    f"""insert into visitor_day_page (workspace_id, day, path, views, visitors, entries, exits, bounces, seconds)
        select w, current_date - d, '/products/p-' || n, 6, 5, 2, 2, 1, 40
          from generate_series(0, {SMALL_DAYS}) d, unnest($1::uuid[]) w, generate_series(1, 20) n""",
    f"""insert into visitor_day_dimension (workspace_id, day, dimension, value, visitors, sessions, bounces, page_views,
                                           purchased)
        select w, current_date - d, k, 'value-' || n, 5, 6, 1, 14, 1
          from generate_series(0, {SMALL_DAYS}) d, unnest($1::uuid[]) w, generate_series(1, 5) n,
               unnest(array['source', 'device', 'browser']) k""",
    f"""insert into order_day (workspace_id, day, orders, units, revenue_amount, cancelled_orders, counting_ms)
        select w, current_date - d, 5, 8, 40000, 0, 1
          from unnest($1::uuid[]) w, generate_series(0, {SMALL_DAYS}) d""",
    f"""insert into order_day_product (workspace_id, day, product_id, orders, quantity, revenue_amount)
        select w, current_date - d, md5('p' || n)::uuid, 1, 1, 5000
          from generate_series(0, {SMALL_DAYS}) d, unnest($1::uuid[]) w, generate_series(1, 8) n""",
    """insert into order_customer (workspace_id, email, first_order_at, last_order_at, orders, spent_amount)
       select w, 'customer-' || n || '@example.com', now() - interval '80 days', now(), 2, 10000 + n
         from unnest($1::uuid[]) w, generate_series(1, 200) n""",
    """insert into order_customer_month (workspace_id, email, month, orders, spent_amount)
       select w, 'customer-' || n || '@example.com', date_trunc('month', current_date - 31 * m), 1, 5000 + n
         from unnest($1::uuid[]) w, generate_series(1, 200) n, generate_series(0, 2) m""",
)


async def add_history(connection: Connection, workspace_id: UUID) -> None:
    """A year of events and orders up to now, as a superuser; days are not counted yet."""
    first, last = days()[0], days()[-1]
    await connection.execute("select make_visitor_event_partitions($1, $2)", first, last)
    # Foreign keys are right by how the rows are made.
    await connection.execute("set session_replication_role = replica")
    sessions = EVENTS // DAYS // _EVENTS_A_SESSION + 1
    for number, day in enumerate(days()):
        await connection.execute(_DAY_OF_EVENTS, workspace_id, day, number * sessions, sessions, timeout=600)
    await connection.execute(_ITEMS.replace("$1", f"'{workspace_id}'"), timeout=600)
    await connection.execute(_SALES, timeout=600)
    for statement in _ORDERS:
        await connection.execute(statement, workspace_id, timeout=600)
    await connection.execute("drop table sale, item; set session_replication_role = origin")


async def count_history(platform: Platform, workspace_id: UUID) -> None:
    """Counts all days of visitors and orders, as the worker does; customers are counted already."""
    for day in days():
        await count_day(platform, workspace_id, day)
        await count_order_day(platform, workspace_id, day)


async def add_small_histories(connection: Connection, count: int) -> None:
    """That many workspaces beside, with what was counted of them."""
    ids = [new_id() for _ in range(count)]
    await connection.execute(
        "insert into workspace (id, slug, name, currency_code) "
        "select id, 's-' || replace(id::text, '-', ''), 'Small', 'EUR' from unnest($1::uuid[]) id",
        ids,
    )
    for statement in _SMALL:
        await connection.execute(statement, ids, timeout=600)


def days() -> list[date]:
    """The days of the history, today the last."""
    today = datetime.now(UTC).date()
    return [today - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
