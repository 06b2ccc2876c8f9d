"""What was counted of orders, by day and hour, and of what they sold."""

from typing import Any

from resolvers.analytics.reader import Reader
from resolvers.analytics.span import Span

_DAYS = "select * from order_day where workspace_id = $1 and day >= $2 and day <= $3"
_HOURS = "select * from order_hour where workspace_id = $1 and day >= $2 and day <= $3"
# Whole months, and the days beside them. A product's row stays when it is deleted.
_PRODUCTS = """
select f.*, p.title
  from (select product_id, sum(orders)::bigint as orders, sum(quantity)::bigint as quantity,
               sum(revenue_amount)::bigint as revenue_amount
          from (select product_id, orders, quantity, revenue_amount from order_day_product
                 where workspace_id = $1 and day = any($2::date[])
                union all
                select product_id, orders, quantity, revenue_amount from order_month_product
                 where workspace_id = $1 and month = any($3::date[])) d
         group by product_id having sum(orders) > 0
         order by sum(revenue_amount) desc, sum(quantity) desc, product_id limit $4) f
  join product p on p.workspace_id = $1 and p.id = f.product_id
 order by f.revenue_amount desc, f.quantity desc, f.product_id
"""


async def days(reader: Reader, span: Span) -> list[Any]:
    """The rows of `order_day`."""
    return await reader.fetch(_DAYS, span.first, span.last)


async def hours(reader: Reader, span: Span) -> list[Any]:
    """The rows of `order_hour`."""
    return await reader.fetch(_HOURS, span.first, span.last)


async def products(reader: Reader, span: Span, limit: int) -> list[Any]:
    """The products with the most revenue."""
    return await reader.fetch(_PRODUCTS, span.days_beside_months(), span.whole_months(), limit)
