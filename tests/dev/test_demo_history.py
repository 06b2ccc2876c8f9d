"""What happened in the demo shops."""

from core.access import SCOPES, Caller, CallerKind
from core.clock import now
from core.ids import new_id
from dev.demo.catalog import SHOPS
from dev.demo.seed import ORDERS, add_orders, shopper
from dev.demo.visits import VISITS, add_visits
from resolvers.context import Context
from tests.analytics.orders import count_orders
from tests.factories import Shop


class TestAddOrders:
    """`add_orders`."""

    async def test_is_counted_on_the_days_that_orders_are_dated_back_to(self, shop: Shop) -> None:
        for _ in range(3):
            await shop.variant(quantity=1_000)
        caller = Caller(CallerKind.API_KEY, id=new_id(), workspace_id=shop.workspace_id, scopes=frozenset(SCOPES))
        member = Context(shop.platform, caller)

        await add_orders(member, await shopper(shop.platform, shop.storefront_token), shop.workspace_id, SHOPS[0])
        await count_orders(shop)

        placed = await shop.sql(
            """
            select (placed_at at time zone 'UTC')::date as day, count(*) filter (where status <> 'CANCELLED') as orders,
                   count(*) filter (where status = 'CANCELLED') as cancelled_orders
              from sales_order group by 1 order by 1
            """
        )
        counted = await shop.sql(
            "select day, orders, cancelled_orders from order_day where orders + cancelled_orders > 0 order by day"
        )
        assert [tuple(row) for row in counted] == [tuple(row) for row in placed]
        assert sum(row["orders"] + row["cancelled_orders"] for row in counted) == ORDERS
        assert min(row["day"] for row in counted) < now().date()


class TestAddVisits:
    """`add_visits`."""

    async def test_is_of_people_who_came_from_somewhere_and_went_on(self, shop: Shop) -> None:
        product = await shop.product()
        visitor = await shopper(shop.platform, shop.storefront_token)

        for _ in range(2):
            await add_visits(visitor, shop.workspace_id, SHOPS[0])

        (row,) = await shop.sql(
            """
            select count(distinct session_id) as sessions, bool_or(is_bot) as has_bots,
                   count(distinct source) as sources, count(distinct name) as names,
                   array_agg(distinct properties->>'productId') filter (where name = 'product_view') as products
              from visitor_event
            """
        )
        assert tuple(row) == (VISITS, False, 4, 6, [product["id"]])
