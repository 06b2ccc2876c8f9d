"""Customers: how many, which are new, who comes again, what they spent.

Who spent most in a range is found without adding up everybody: a lower bound of what the last of them spent comes from
those who spent most in any one month, or ever; nobody is looked at who cannot have reached it.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from resolvers.analytics.reader import Reader
from resolvers.analytics.span import Slot, Span, first_of_month, next_month

# Days of a range of which all orders are added up, which for so few costs less than looking for candidates.
FEW_DAYS = 7
# Calendar months of UTC that a range may touch to be looked for by month; for more, by all that customers ever spent.
FEW_MONTHS = 4
# How many of those who spent most are added up for the bound, as multiples of the limit.
_SEEDS = 4

_ADD_UP = """
select email, count(*) as orders, sum(total_amount)::bigint as spent
  from sales_order
 where workspace_id = $1 and placed_at >= $2 and placed_at < $3 and status <> 'CANCELLED'
 group by email order by sum(total_amount) desc, email limit $4
"""
# What the addresses of `{who}` spent in the range, which have an order in it.
_SPENT = """
select c.email, o.orders, o.spent
  from {who} c cross join lateral (
    select count(*) as orders, sum(total_amount)::bigint as spent
      from sales_order s
     where s.workspace_id = $1 and s.email = c.email and s.placed_at >= $2 and s.placed_at < $3
       and s.status <> 'CANCELLED') o
 where o.orders > 0
"""
# `least` is what the last of the found ones spent at least; 0 where there are fewer than are wanted. A month's `share`
# of it is reckoned beforehand: row-level security keeps a condition that divides from the index.
_LEAST = """
seed_spent as ({spent}),
least as materialized (
  select coalesce((select spent from seed_spent order by spent desc offset $4 - 1 limit 1), 0) as amount),
share as materialized (select amount / {months} as amount from least)
"""
_TOP = f"""
{_SPENT.format(who="candidate")} order by o.spent desc, c.email limit $4
"""
# Who spent at least the amount in these months spent a month's share of it in one of them.
_BY_MONTH = f"""
with seed as materialized (
  select distinct email
    from unnest($5::date[]) m(month) cross join lateral (
      select email from order_customer_month c where c.workspace_id = $1 and c.month = m.month
       order by spent_amount desc limit $4 * {_SEEDS}) c),
{_LEAST.format(spent=_SPENT.format(who="seed"), months="cardinality($5)")},
candidate as materialized (
  select h.email
    from (select distinct c.email from share cross join unnest($5::date[]) m(month) cross join lateral (
            select email from order_customer_month c
             where c.workspace_id = $1 and c.month = m.month and c.spent_amount >= share.amount) c) h
   where (select sum(spent_amount) from order_customer_month c
           where c.workspace_id = $1 and c.email = h.email and c.month = any($5)) >= (select amount from least))
{_TOP}
"""  # noqa: S608 - texts of ours
_BY_ALL = f"""
with seed as materialized (
  select email from order_customer where workspace_id = $1 order by spent_amount desc limit $4 * {_SEEDS}),
{_LEAST.format(spent=_SPENT.format(who="seed"), months="1")},
candidate as materialized (
  select c.email from least cross join lateral (
    select email from order_customer c where c.workspace_id = $1 and c.spent_amount >= least.amount) c)
{_TOP}
"""  # noqa: S608 - texts of ours


# Months of UTC that lie within the range, and its orders before and after them.
_COUNT = """
select (select count(*) from (
          select email from order_customer_month where workspace_id = $1 and month = any($4::date[])
          union
          select email from sales_order
           where workspace_id = $1 and status <> 'CANCELLED'
             and (placed_at >= $2 and placed_at < $5 or placed_at >= $6 and placed_at < $3)) c) as customers,
       (select count(*) from order_customer
         where workspace_id = $1 and first_order_at >= $2 and first_order_at < $3) as new
"""
_LIFETIME = """
select count(*) as customers, coalesce(sum(spent_amount), 0)::bigint as spent from order_customer
 where workspace_id = $1
"""
# `$2` are when the periods begin, and when the last one ends. Cohorts and periods are numbered from 1 on.
_COHORTS = """
select m.cohort, o.period, count(*) as customers, sum(o.orders)::bigint as orders, sum(o.spent)::bigint as spent
  from (select email, width_bucket(first_order_at, $2::timestamptz[]) as cohort
          from order_customer where workspace_id = $1 and first_order_at >= $3 and first_order_at < $4) m
  join (select email, width_bucket(placed_at, $2::timestamptz[]) as period, count(*) as orders,
               sum(total_amount) as spent
          from sales_order
         where workspace_id = $1 and placed_at >= $3 and placed_at < $4 and status <> 'CANCELLED'
         group by 1, 2) o on o.email = m.email
 group by m.cohort, o.period
"""


async def count(reader: Reader, span: Span) -> tuple[int, int]:
    """How many customers ordered in the span, and how many of these for the first time."""
    months = [month for month in _months(span) if span.begin <= _begin(month) and _begin(next_month(month)) <= span.end]
    end, begin = (_begin(months[0]), _begin(next_month(months[-1]))) if months else (span.end, span.end)
    (row,) = await reader.fetch(_COUNT, span.begin, span.end, months, end, begin)
    return row["customers"], row["new"]


async def lifetime(reader: Reader) -> tuple[int, int]:
    """How many customers there are, and what they ever spent."""
    (row,) = await reader.fetch(_LIFETIME)
    return row["customers"], row["spent"]


async def cohorts(reader: Reader, periods: Sequence[Slot]) -> list[Any]:
    """What the customers whose first order is of a `cohort`, a period by its number from 1 on, did in each `period`."""
    begins = [period.begin for period in periods]
    return await reader.fetch(_COHORTS, begins, begins[0], periods[-1].end)


async def top(reader: Reader, span: Span, limit: int) -> list[Any]:
    """Who spent most: `email`, `orders`, `spent`."""
    if span.length <= FEW_DAYS:
        return await reader.fetch(_ADD_UP, span.begin, span.end, limit)
    months = _months(span)
    if len(months) <= FEW_MONTHS:
        return await reader.fetch(_BY_MONTH, span.begin, span.end, limit, months)
    return await reader.fetch(_BY_ALL, span.begin, span.end, limit)


def _months(span: Span) -> list[date]:
    """The months of UTC that the span touches."""
    last = (span.end - timedelta(microseconds=1)).date()
    months = [first_of_month(span.begin.date())]
    while next_month(months[-1]) <= last:
        months.append(next_month(months[-1]))
    return months


def _begin(month: date) -> datetime:
    return datetime.combine(month, time(), UTC)
