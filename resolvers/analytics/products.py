"""Products: what was sold of them, how often they were looked at, and how long they will last."""

from collections.abc import Sequence
from enum import Enum
from typing import Any
from uuid import UUID

from resolvers.analytics.reader import Reader
from resolvers.analytics.span import Span

# What was sold of each product, as a span's months and days: from the keys' indexes alone.
_SOLD = """
select product_id, sum(quantity)::bigint as quantity, sum(revenue_amount)::bigint as revenue_amount
  from (select product_id, quantity, revenue_amount from order_month_product
         where workspace_id = $1 and month = any($2::date[])
        union all
        select product_id, quantity, revenue_amount from order_day_product
         where workspace_id = $1 and day = any($3::date[])
        union all
        select product_id, -quantity, -revenue_amount from order_day_product
         where workspace_id = $1 and day = any($4::date[])) d
 group by product_id having sum(quantity) > 0
"""
# In how many orders those of a list are. A product's row stays when it is deleted.
_WITH_ORDERS = """
select s.*, p.title,
       (select coalesce(sum(orders), 0)::bigint
          from (select orders from order_month_product m
                 where m.workspace_id = $1 and m.month = any($2::date[]) and m.product_id = s.product_id
                union all
                select orders from order_day_product d
                 where d.workspace_id = $1 and d.day = any($3::date[]) and d.product_id = s.product_id
                union all
                select -orders from order_day_product t
                 where t.workspace_id = $1 and t.day = any($4::date[]) and t.product_id = s.product_id) o) as orders
  from s join product p on p.workspace_id = $1 and p.id = s.product_id
"""
_BEST_SOLD = f"""
with s as materialized ({_SOLD} order by {{order}} limit $5) {_WITH_ORDERS} order by {{order}}
"""
_MOST_VIEWED = f"""
with v as materialized (
  select product_id, sum(views) as views from visitor_day_product
   where workspace_id = $1 and day = any($6::date[])
   group by product_id having sum(views) > 0 order by sum(views) desc, product_id limit $5),
s as materialized (
  select v.product_id, v.views, coalesce(sold.quantity, 0) as quantity,
         coalesce(sold.revenue_amount, 0) as revenue_amount
    from v left join ({_SOLD}) sold on sold.product_id = v.product_id)
{_WITH_ORDERS} order by s.views desc, s.product_id
"""  # noqa: S608 - texts of ours
_VIEWS = """
select product_id, sum(views)::bigint as views, sum(sessions)::bigint as sessions, sum(carts)::bigint as carts
  from visitor_day_product where workspace_id = $1 and day = any($2::date[]) and product_id = any($3::uuid[])
 group by product_id
"""
_INVENTORY = """
select count(*) as variants, count(*) filter (where v.quantity_available = 0) as out_of_stock,
       coalesce(sum(v.quantity_available), 0)::bigint as units,
       coalesce(sum(v.quantity_available * v.price_amount), 0)::bigint as amount
  from product_variant v join product p on p.workspace_id = $1 and p.id = v.product_id
 where v.workspace_id = $1 and v.deleted_at is null and p.deleted_at is null
"""
# Of products that are there and were sold in the range, the ones that last for the fewest days first.
_STOCK = f"""
select s.product_id, p.title, s.quantity, v.available
  from ({_SOLD}) s
  join product p on p.workspace_id = $1 and p.id = s.product_id and p.deleted_at is null
 cross join lateral (
    select coalesce(sum(quantity_available), 0)::bigint as available from product_variant v
     where v.workspace_id = $1 and v.product_id = s.product_id and v.deleted_at is null) v
 order by v.available::double precision / s.quantity, s.quantity desc, s.product_id limit $5
"""  # noqa: S608 - texts of ours


class Best(Enum):
    """By what products are the first of a list."""

    REVENUE = "REVENUE"
    QUANTITY = "QUANTITY"
    VIEWS = "VIEWS"


_BY = {
    Best.REVENUE: _BEST_SOLD.format(order="revenue_amount desc, quantity desc, product_id"),
    Best.QUANTITY: _BEST_SOLD.format(order="quantity desc, revenue_amount desc, product_id"),
    Best.VIEWS: _MOST_VIEWED,
}


async def top(reader: Reader, span: Span, limit: int, by: Best) -> list[Any]:
    """The products with the most revenue, units or views, and what was sold of them."""
    days = [span.days()] if by is Best.VIEWS else []
    return await reader.fetch(_BY[by], *span.cover(), limit, *days)


async def views(reader: Reader, span: Span, product_ids: Sequence[UUID]) -> dict[UUID, Any]:
    """How often products were viewed, in how many sessions, and put into carts; those that never were left out."""
    return {row["product_id"]: row for row in await reader.fetch(_VIEWS, span.days(), product_ids)}


async def inventory(reader: Reader) -> Any:
    """What is in stock now."""
    (row,) = await reader.fetch(_INVENTORY)
    return row


async def stock(reader: Reader, span: Span, limit: int) -> list[Any]:
    """The products that will be sold out first if they go on selling as in the span."""
    return await reader.fetch(_STOCK, *span.cover(), limit)
