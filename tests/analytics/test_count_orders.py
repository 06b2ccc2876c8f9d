"""Counting orders: each figure is the one that plain loops come to."""

import asyncio
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from core.clock import now
from core.database import pinned
from core.ids import new_id, uuid_in
from resolvers.analytics.count_orders import (
    count_due_orders,
    count_order_day,
    due_order_days,
    recount_orders,
)
from tests.analytics.orders import (
    Sale,
    cancel,
    count_orders,
    customer_months,
    customers,
    day_of,
    days_ago,
    items,
    order_day,
    order_hours,
    order_products,
    random_sales,
    sell,
)
from tests.analytics.test_count import DAYS, WORKSPACE_UPDATE, held, set_zone
from tests.factories import Shop

KEYS = {
    "order_day": ("day",),
    "order_hour": ("day", "hour"),
    "order_day_product": ("day", "product_id"),
    "order_month_product": ("month", "product_id"),
    "order_customer": ("email",),
    "order_customer_month": ("email", "month"),
}
_NO_FIGURES = {"workspace_id", "counted_at", "counting_ms"}
CANCEL = "mutation ($id: ID!) { orderCancel(id: $id) { userErrors { code message } } }"


async def figures(shop: Shop, table: str) -> dict[Any, dict[str, Any]]:
    """The rows of the shop, by what tells them apart; those of months and days that are all zero left out."""
    keys = KEYS[table]
    found = {}
    for row in await shop.sql(f"select * from {table}"):
        key = tuple(row[name] for name in keys)
        values = {name: value for name, value in row.items() if name not in _NO_FIGURES and name not in keys}
        if any(values.values()):
            found[key[0] if len(key) == 1 else key] = values
    return found


async def everything(shop: Shop) -> list[Any]:
    return [await figures(shop, table) for table in KEYS]


async def assert_right(shop: Shop, sales: list[Sale], zone: str) -> None:
    """All that was counted is what the sales come to."""
    days = {day_of(sale, zone) for sale in sales}
    months = {day.replace(day=1) for day in days}
    assert await figures(shop, "order_day") == {day: order_day(sales, day, zone) for day in days}
    assert await figures(shop, "order_hour") == {
        (day, hour): values for day in days for hour, values in order_hours(sales, day, zone).items()
    }
    assert await figures(shop, "order_day_product") == {
        (day, product): values
        for day in days
        for product, values in order_products(sale for sale in sales if day_of(sale, zone) == day).items()
    }
    assert await figures(shop, "order_month_product") == {
        (month, product): values
        for month in months
        for product, values in order_products(
            sale for sale in sales if day_of(sale, zone).replace(day=1) == month
        ).items()
    }
    assert await figures(shop, "order_customer") == customers(sales)
    assert await figures(shop, "order_customer_month") == customer_months(sales)


class TestCountOrderDay:
    """`count_order_day`."""

    @pytest.mark.parametrize(("zone", "day"), DAYS, ids=str)
    async def test_comes_to_what_plain_loops_come_to(self, shop: Shop, zone: str, day: date) -> None:
        await set_zone(shop, zone)
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
        sales = random_sales(random.Random(f"{zone} {day}"), await items(shop, 3), begin, timedelta(days=3), 60)
        await sell(shop, sales)

        await count_orders(shop)

        assert {day - timedelta(days=1), day, day + timedelta(days=1)} <= {day_of(sale, zone) for sale in sales}
        await assert_right(shop, sales, zone)

    @pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
    async def test_puts_customers_into_months_of_utc(self, shop: Shop, zone: str) -> None:
        """Also those of a day that is of two of them."""
        await set_zone(shop, zone)
        (item,) = await items(shop, 1)
        edge = datetime(2026, 10, 1, tzinfo=UTC)
        sales = [
            Sale(new_id(), f"{number}@example.com", edge + timedelta(seconds=seconds), ((item, 1, 5),))
            for number, seconds in enumerate((-1, 0, 1))
        ]
        await sell(shop, sales)

        await count_orders(shop)

        await assert_right(shop, sales, zone)

    @pytest.mark.parametrize("seed", range(8))
    async def test_takes_cancelled_orders_out_of_the_day_of_their_placing(self, shop: Shop, seed: int) -> None:
        chance = random.Random(seed)
        zone = chance.choice([zone for zone, _ in DAYS])
        await set_zone(shop, zone)
        sales = random_sales(chance, await items(shop, 2), days_ago(45), timedelta(days=45), 25)
        await sell(shop, sales)
        await count_orders(shop)
        before = await everything(shop)

        sales = [
            await cancel(shop, sale) if not sale.is_cancelled and chance.random() < 0.5 else sale for sale in sales
        ]
        assert await everything(shop) == before
        await count_orders(shop)

        await assert_right(shop, sales, zone)
        assert await everything(shop) != before

    async def test_does_not_change_anything_when_it_is_done_twice(self, shop: Shop) -> None:
        sales = random_sales(random.Random(1), await items(shop, 2), days_ago(3), timedelta(days=3), 20)
        await sell(shop, sales)
        await count_orders(shop)
        before = await everything(shop)

        for day in {day_of(sale, "UTC") for sale in sales}:
            await count_order_day(shop.platform, shop.workspace_id, day)

        assert await everything(shop) == before

    async def test_counts_anew_what_was_lost(self, shop: Shop) -> None:
        sales = random_sales(random.Random(2), await items(shop, 2), days_ago(3), timedelta(days=3), 20)
        await sell(shop, sales)
        await count_orders(shop)
        for table in KEYS:
            await shop.sql(f"delete from {table}")

        async with shop.platform.database.app.acquire() as connection, pinned(connection, shop.workspace_id):
            await recount_orders(connection, shop.workspace_id)
        await count_orders(shop)

        await assert_right(shop, sales, "UTC")

    async def test_leaves_the_notes_of_other_days(self, shop: Shop) -> None:
        (item,) = await items(shop, 1)
        midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
        moments = [midnight, midnight + timedelta(hours=23), midnight + timedelta(days=1)]
        await sell(shop, [Sale(new_id(), "ada@example.com", moment, ((item, 1, 5),)) for moment in moments])

        await count_order_day(shop.platform, shop.workspace_id, midnight.date())

        rows = await shop.sql("select placed_at from order_day_due")
        assert [row["placed_at"] for row in rows] == moments[2:]
        assert [tuple(row) for row in await shop.sql("select day, orders from order_day")] == [(midnight.date(), 2)]

    async def test_gives_way_to_who_counts_orders(self, shop: Shop) -> None:
        """Both add what changed to the same months and customers."""
        await shop.order(await shop.variant())
        lock = f"select pg_advisory_xact_lock(hashtextextended('order_day {shop.workspace_id}', 0))"

        async with held(shop, lock, "rollback"):
            assert not await count_order_day(shop.platform, shop.workspace_id, now().date())

        assert await shop.sql("select from order_day") == []
        assert len(await shop.sql("select from order_day_due")) == 1

    async def test_counts_orders_as_they_are_placed_and_cancelled(self, shop: Shop) -> None:
        variant = await shop.variant(quantity=100)
        placed = [(await shop.order(variant))["order"] for _ in range(3)]
        await count_orders(shop)
        (row,) = await shop.sql("select orders, units, revenue_amount, cancelled_orders from order_day")
        (cost,) = {order["total"]["amount"] for order in placed}
        assert (row["orders"], row["cancelled_orders"]) == (3, 0)
        assert row["revenue_amount"] == 3 * round(float(cost) * 100)

        answer = await shop.admin(CANCEL, {"id": placed[0]["id"]})
        assert answer["data"]["orderCancel"]["userErrors"] == []
        await count_orders(shop)

        (after,) = await shop.sql("select orders, units, revenue_amount, cancelled_orders from order_day")
        assert (after["orders"], after["cancelled_orders"]) == (2, 1)
        assert after["revenue_amount"] * 3 == row["revenue_amount"] * 2
        assert [row["orders"] for row in await shop.sql("select orders from order_customer")] == [2]
        assert await shop.sql("select from order_day_due") == []

    async def test_counts_every_order_that_comes_while_it_counts(self, shop: Shop) -> None:
        """Whoever takes a note must see its order, and what comes later must leave a note."""
        variant = await shop.variant(quantity=1_000)
        over = asyncio.Event()

        async def go_on_counting() -> None:
            while not over.is_set():
                await count_order_day(shop.platform, shop.workspace_id, now().date())

        async with asyncio.TaskGroup() as group:
            counting = [group.create_task(go_on_counting()) for _ in range(2)]
            for _ in range(10):
                placed = await asyncio.gather(*(shop.order(variant) for _ in range(4)))
                assert [each["userErrors"] for each in placed] == [[]] * 4
            over.set()
        assert all(task.done() for task in counting)
        await count_orders(shop)

        rows = await shop.sql("select orders from order_day")
        assert sum(row["orders"] for row in rows) == 40


class TestDueOrderDays:
    """Which days are counted, and when."""

    async def test_are_those_with_orders_that_changed(self, shop: Shop, no_other_worker: None) -> None:
        await shop.order(await shop.variant())
        due = [each for each in await due_order_days(shop.platform, 10_000) if each.workspace_id == shop.workspace_id]

        assert await count_due_orders(shop.platform) >= len(due) == 1

        assert await shop.sql("select from order_day_due") == []
        (row,) = await shop.sql("select day, orders from order_day")
        assert tuple(row) == (due[0].day, 1)

    async def test_rest_for_as_long_as_counting_them_cost(self, shop: Shop) -> None:
        variant = await shop.variant()
        await shop.order(variant)
        await count_orders(shop)
        await shop.order(variant)

        async def is_due() -> bool:
            found = await due_order_days(shop.platform, 10_000)
            return shop.workspace_id in {each.workspace_id for each in found}

        await shop.sql("update order_day set counting_ms = 10_000, counted_at = now() - interval '199 seconds'")
        assert not await is_due()
        await shop.sql("update order_day set counted_at = now() - interval '201 seconds'")
        assert await is_due()


class TestTimeZone:
    """`Workspace.timeZone`."""

    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"])
    async def test_has_the_days_counted_by_it(self, shop: Shop, zone: str) -> None:
        sales = random_sales(random.Random(zone), await items(shop, 2), days_ago(40), timedelta(days=40), 30)
        await sell(shop, sales)
        await count_orders(shop)

        answer = await shop.admin(WORKSPACE_UPDATE, {"zone": zone})
        await count_orders(shop)

        assert answer["data"]["workspaceUpdate"]["workspace"] == {"timeZone": zone}
        await assert_right(shop, sales, zone)
        days = {row["day"] for row in await shop.sql("select day from order_day")}
        assert days == {day_of(sale, each) for sale in sales for each in ("UTC", zone)}

    async def test_may_be_about_to_change_while_a_day_is_counted(self, shop: Shop) -> None:
        sales = random_sales(random.Random(3), await items(shop, 2), days_ago(2), timedelta(days=2), 20)
        await sell(shop, sales)

        async with held(shop, "update workspace set time_zone = 'Pacific/Kiritimati'", "commit"):
            for day in {day_of(sale, "UTC") for sale in sales}:
                assert not await count_order_day(shop.platform, shop.workspace_id, day)
        await count_orders(shop)

        await assert_right(shop, sales, "Pacific/Kiritimati")


class TestCustomers:
    """Who they are."""

    async def test_are_told_apart_by_their_addresses(self, shop: Shop) -> None:
        variant = await shop.variant(quantity=10)
        first, again = [(await shop.order(variant))["order"] for _ in range(2)]
        await count_orders(shop)

        (row,) = await shop.sql("select * from order_customer")
        assert row["email"] == "shopper@example.com"
        assert row["orders"] == 2
        placed = await shop.sql("select placed_at from sales_order order by placed_at")
        assert [row["first_order_at"], row["last_order_at"]] == [each["placed_at"] for each in placed]
        assert {uuid_in(each["id"], "Order") for each in (first, again)}

    async def test_are_gone_with_their_last_order(self, shop: Shop) -> None:
        order = (await shop.order(await shop.variant()))["order"]
        await count_orders(shop)
        await shop.admin(CANCEL, {"id": order["id"]})
        await count_orders(shop)

        assert await shop.sql("select from order_customer") == []
        assert await shop.sql("select from order_customer_month") == []
