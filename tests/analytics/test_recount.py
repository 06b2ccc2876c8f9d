"""Counting everything anew, on demand."""

import random
from datetime import timedelta

import pytest

from core.clock import now
from resolvers.context import Platform
from tasks import recount
from tests.analytics import test_count, test_count_orders
from tests.analytics.history import product_ids, random_events, store
from tests.analytics.orders import count_orders, items, random_sales, sell
from tests.analytics.plain import day_of
from tests.factories import Shop


class TestRecount:
    """`python -m tasks.recount`."""

    @pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
    async def test_brings_back_what_was_lost(self, shop: Shop, zone: str) -> None:
        await test_count.set_zone(shop, zone)
        chance = random.Random(zone)
        begin = now() - timedelta(days=3)
        events = random_events(chance, begin, timedelta(days=3), 100, await product_ids(shop, 2))
        sales = random_sales(chance, await items(shop, 2), now() - timedelta(days=40), timedelta(days=40), 20)
        await store(shop, events)
        await sell(shop, sales)
        for table in ("visitor_day_due", "order_day_due"):
            await shop.sql(f"delete from {table}")

        assert await recount.run(shop.platform.settings, [shop.slug]) == []
        await test_count.count(shop)
        await count_orders(shop)

        for day in {day_of(event, zone) for event in events}:
            await test_count.assert_right(shop, events, day, zone)
        await test_count_orders.assert_right(shop, sales, zone)

    async def test_corrects_what_is_wrong(self, shop: Shop) -> None:
        """Also days that have nothing."""
        await shop.order(await shop.variant())
        await count_orders(shop)
        before = await test_count_orders.everything(shop)
        await shop.sql("update order_day set orders = 7")
        await shop.sql("delete from order_hour")
        await shop.sql(
            "insert into order_day (workspace_id, day, orders, units, revenue_amount, cancelled_orders, counting_ms) "
            "values ($1, '2026-01-01', 1, 1, 1, 1, 0)",
            shop.workspace_id,
        )

        assert await recount.run(shop.platform.settings, [shop.slug]) == []
        await count_orders(shop)

        assert await test_count_orders.everything(shop) == before

    async def test_names_workspaces_that_there_are_not(self, platform: Platform) -> None:
        assert await recount.run(platform.settings, ["nobody-s-shop"]) == ["nobody-s-shop"]
