"""`analytics`: every figure is the one that plain loops over all that happened come to."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.access import Caller, CallerKind
from core.clock import now
from core.ids import global_id, new_id, uuid_in
from resolvers.analytics.reader import reading
from resolvers.context import ANALYSES_AT_ONCE, Context
from tests.analytics import plain_dashboard as slow
from tests.analytics.history import make_weeks, random_events, store
from tests.analytics.orders import Sale, cancel, count_orders, days_ago, items, random_sales, sell
from tests.analytics.plain_dashboard import History
from tests.analytics.test_count import DAYS, count, set_zone
from tests.analytics.test_count_orders import CANCEL
from tests.factories import Shop
from tests.operations import ADMIN
from tests.people import error_codes
from tests.tenancy.world import key_with

EVERYTHING = """
query ($range: AnalyticsRange!, $interval: AnalyticsInterval!, $cohorts: CohortInterval!, $limit: Int!) {
  analytics(range: $range) {
    from to visitors sessions pageViews events botEvents bounceRate conversionRate averageSessionSeconds
    averagePageSeconds orders cancelledOrders unitsSold
    revenue { amount currencyCode } averageOrderValue { amount currencyCode }
    series(interval: $interval) {
      from to day visitors sessions pageViews orders unitsSold revenue { amount currencyCode }
    }
    topPages(limit: $limit) { ...Page } entryPages(limit: $limit) { ...Page } exitPages(limit: $limit) { ...Page }
    topProducts(limit: $limit) {
      productId title product { id title } orders quantity revenue { amount currencyCode }
      views viewingSessions addedToCart conversionRate
    }
    topCustomers(limit: $limit) { email orders spent { amount currencyCode } }
    sources(limit: $limit) { source visitors sessions pageViews conversions bounceRate conversionRate }
    mediums(limit: $limit) { medium visitors sessions pageViews conversions bounceRate conversionRate }
    campaigns(limit: $limit) { campaign visitors sessions pageViews conversions bounceRate conversionRate }
    devices(limit: $limit) { device visitors sessions pageViews conversions bounceRate conversionRate }
    browsers(limit: $limit) { browser visitors sessions pageViews conversions bounceRate conversionRate }
    operatingSystems(limit: $limit) {
      operatingSystem visitors sessions pageViews conversions bounceRate conversionRate
    }
    countries(limit: $limit) { countryCode visitors sessions pageViews conversions bounceRate conversionRate }
    funnel { step sessions }
    byQuantity: topProducts(limit: $limit, sort: QUANTITY) { productId quantity }
    byViews: topProducts(limit: $limit, sort: VIEWS) {
      productId title product { id title } orders quantity revenue { amount currencyCode }
      views viewingSessions addedToCart conversionRate
    }
    customers { total new returning }
    customerLifetime { customers averageSpent { amount currencyCode } }
    cohorts(interval: $cohorts) {
      from customers periods { number customers retention orders revenue { amount currencyCode } }
    }
    stock(limit: $limit) { productId title product { id title } available quantity turnover daysLeft }
    growth {
      visitors sessions pageViews orders unitsSold revenue averageOrderValue conversionRate bounceRate
    }
    previous { visitors orders topPages(limit: $limit) { path views } previous { revenue { amount currencyCode } } }
  }
}
fragment Page on PageFigures { path views visitors entries exits bounces bounceRate averageSeconds }
"""
TOTALS = "query ($range: AnalyticsRange!) { analytics(range: $range) { from to visitors orders } }"
SEVERAL = [("UTC", date(2026, 10, 25)), *DAYS[1:5], ("Pacific/Kiritimati", date(2026, 10, 25)), DAYS[7]]


async def history(shop: Shop, zone: str, day: date, seed: str) -> History:
    """Events of some days about the day, orders of three months about it, a quarter of them cancelled later."""
    await set_zone(shop, zone)
    chance = random.Random(seed)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    products = await items(shop, 4)
    await make_weeks(shop, day - timedelta(days=7), day + timedelta(days=7))
    events = random_events(
        chance, midnight - timedelta(days=4), timedelta(days=8), 160, [each.product_id for each in products]
    )
    sales = random_sales(chance, products, midnight - timedelta(days=70), timedelta(days=100), 60)
    await sell(shop, sales)
    await count_orders(shop)
    chance.shuffle(events)
    for part in (events[:80], events[80:], events[:20]):
        await store(shop, part)
        await count(shop)
    sales = [await cancel(shop, sale) if not sale.is_cancelled and chance.random() < 0.25 else sale for sale in sales]
    await count_orders(shop)
    titles = {row["id"]: row["title"] for row in await shop.sql("select id, title from product")}
    return History(zone, events, sales, titles)


def plain_answer(known: History, first: date, last: date, interval: str, limit: int) -> dict[str, Any]:
    length = timedelta(days=(last - first).days + 1)
    before = slow.totals(known, first - length, last - length)
    return slow.totals(known, first, last) | {
        "series": slow.series(known, first, last, interval),
        "topPages": slow.pages(known, first, last, "views", limit),
        "entryPages": slow.pages(known, first, last, "entries", limit),
        "exitPages": slow.pages(known, first, last, "exits", limit),
        "topProducts": slow.products(known, first, last, limit),
        "byQuantity": [
            {"productId": each["productId"], "quantity": each["quantity"]}
            for each in slow.products(known, first, last, limit, "QUANTITY")
        ],
        "byViews": slow.products(known, first, last, limit, "VIEWS"),
        "topCustomers": slow.customers(known, first, last, limit),
        "customers": slow.customer_totals(known, first, last),
        "customerLifetime": slow.lifetime(known),
        "cohorts": slow.cohorts(known, first, last, cohorts_by(interval)),
        "stock": slow.stock(known, first, last, limit, dict.fromkeys(known.titles, 10)),
        **{name: slow.values(known, first, last, name, limit) for name in slow.LISTS},
        "growth": slow.growth(known, first, last),
        "previous": {
            "visitors": before["visitors"],
            "orders": before["orders"],
            "topPages": [
                {"path": page["path"], "views": page["views"]}
                for page in slow.pages(known, first - length, last - length, "views", limit)
            ],
            "previous": {"revenue": slow.totals(known, first - 2 * length, last - 2 * length)["revenue"]},
        },
    }


def ranges(chance: random.Random, day: date) -> Sequence[tuple[date, date, str, int]]:
    """Ranges about the day: hours of it, days and weeks, and months that are whole, torn and many."""
    few = [
        (day - timedelta(days=chance.randint(0, 3)), day + timedelta(days=chance.randint(0, 3)), interval)
        for interval in ("HOUR", "DAY", "WEEK")
    ]
    month = day.replace(day=1)
    many = [
        (month, (month + timedelta(days=31)).replace(day=1) - timedelta(days=1), "DAY"),
        (day - timedelta(days=chance.randint(40, 70)), day + timedelta(days=chance.randint(8, 30)), "WEEK"),
        (day - timedelta(days=chance.randint(120, 400)), day + timedelta(days=chance.randint(8, 30)), "MONTH"),
    ]
    return [(first, last, interval, chance.choice([1, 2, 5, 100])) for first, last, interval in (*few, *many)]


def cohorts_by(interval: str) -> str:
    return "MONTH" if interval == "MONTH" else "WEEK"


async def ask_everything(shop: Shop, given: dict[str, Any], interval: str, limit: int) -> Any:
    return await ask(shop, EVERYTHING, given, interval=interval, cohorts=cohorts_by(interval), limit=limit)


async def ask(shop: Shop, document: str, given: dict[str, Any], **more: Any) -> Any:
    answer = await shop.admin(document, {"range": given, **more})
    assert "errors" not in answer, answer
    return answer["data"]["analytics"]


class TestAnalytics:
    """`analytics`."""

    @pytest.mark.parametrize(("zone", "day"), SEVERAL, ids=str)
    async def test_comes_to_what_plain_loops_come_to(self, shop: Shop, zone: str, day: date) -> None:
        known = await history(shop, zone, day, f"{zone} {day}")

        for first, last, interval, limit in ranges(random.Random(zone), day):
            given = {"from": first.isoformat(), "to": last.isoformat()}
            found = await ask_everything(shop, given, interval, limit)

            expected = plain_answer(known, first, last, interval, limit)
            for name, value in expected.items():
                assert found[name] == (pytest.approx(value) if name == "growth" else value), (name, given)
            assert set(found) == set(expected)

    async def test_answers_the_operation_of_dashboards(self, shop: Shop) -> None:
        zone = "Africa/Douala"
        known = await history(shop, zone, now().date() - timedelta(days=1), "dashboard")
        today = now().astimezone(ZoneInfo(zone)).date()
        first = today - timedelta(days=29)

        answer = await shop.admin(ADMIN, {"range": {"days": 30}}, operation="Dashboard")

        totals = slow.totals(known, first, today)
        names = ("visitors", "sessions", "pageViews", "orders", "revenue", "averageOrderValue", "conversionRate")
        points = ("from", "visitors", "sessions", "pageViews", "orders", "revenue")
        assert answer == {
            "data": {
                "analytics": {name: totals[name] for name in (*names, "funnel")}
                | {
                    "series": [
                        {name: point[name] for name in points} for point in slow.series(known, first, today, "DAY")
                    ],
                    "topPages": [
                        {name: page[name] for name in ("path", "views", "visitors")}
                        for page in slow.pages(known, first, today, "views", 10)
                    ],
                    "topProducts": [
                        {name: each[name] for name in ("product", "quantity", "revenue")}
                        for each in slow.products(known, first, today, 5)
                    ],
                    "topCustomers": slow.customers(known, first, today, 5),
                    "sources": [
                        {name: each[name] for name in ("source", "visitors")}
                        for each in slow.values(known, first, today, "sources", 10)
                    ],
                }
            }
        }

    async def test_rounds_half_a_cent_up(self, shop: Shop) -> None:
        (item,) = await items(shop, 1)
        await sell(shop, [Sale(new_id(), f"{cents}@example.com", now(), ((item, 1, cents),)) for cents in (5, 0)])
        await count_orders(shop)

        document = """{
          analytics(range: { days: 2 }) { averageOrderValue { amount } customerLifetime { averageSpent { amount } } }
        }"""

        answer = await shop.admin(document)

        assert answer["data"]["analytics"] == {
            "averageOrderValue": {"amount": "0.03"},
            "customerLifetime": {"averageSpent": {"amount": "0.03"}},
        }

    async def test_of_a_new_workspace_is_nothing(self, shop: Shop) -> None:
        found = await ask_everything(shop, {"days": 2}, "DAY", 10)

        first = now().date() - timedelta(days=1)
        expected = plain_answer(History("UTC", [], [], {}), first, now().date(), "DAY", 10)
        assert found == expected
        assert found["averageOrderValue"] is found["conversionRate"] is found["growth"]["orders"] is None

    async def test_shows_nothing_of_another_workspace(self, shop: Shop, other_shop: Shop) -> None:
        await history(other_shop, "UTC", now().date() - timedelta(days=1), "others")
        before = await ask_everything(other_shop, {"days": 7}, "HOUR", 10)

        found = await ask_everything(shop, {"days": 7}, "HOUR", 10)

        first = now().date() - timedelta(days=6)
        assert found == plain_answer(History("UTC", [], [], {}), first, now().date(), "HOUR", 10)
        assert before["visitors"] > 0 < before["orders"]

    async def test_computes_the_same_field_once_whatever_it_is_called(self, shop: Shop) -> None:
        await history(shop, "UTC", now().date() - timedelta(days=1), "aliases")
        document = """
          query ($range: AnalyticsRange!) {
            a: analytics(range: $range) {
              one: topPages(limit: 1) { p: path __typename }
              two: topPages(limit: 2) { path }
              again: topPages(limit: 2) { views }
              topProducts(limit: 2) { product { slug } same: product { slug variants(first: 1) { totalCount } } }
            }
            b: analytics(range: { days: 1 }) { from }
          }
        """

        found = (await shop.admin(document, {"range": {"days": 30}}))["data"]

        assert [page["p"] for page in found["a"]["one"]] == [page["path"] for page in found["a"]["two"]][:1]
        assert found["a"]["one"][0]["__typename"] == "PageFigures"
        assert [len(each) for each in (found["a"]["two"], found["a"]["again"])] == [2, 2]
        for each in found["a"]["topProducts"]:
            assert each["same"] == each["product"] | {"variants": {"totalCount": 1}}
        assert found["b"] == {"from": now().date().isoformat()}


class TestCustomers:
    """`customers`."""

    async def test_are_never_fewer_than_none(self, shop: Shop) -> None:
        """An order was cancelled, and that is not counted yet."""
        order = (await shop.order(await shop.variant()))["order"]
        await count_orders(shop)
        document = "{ analytics(range: { days: 2 }) { customers { total new returning } } }"
        before = await shop.admin(document)

        answer = await shop.admin(CANCEL, {"id": order["id"]})
        after = await shop.admin(document)

        assert answer["data"]["orderCancel"]["userErrors"] == []
        assert before["data"]["analytics"]["customers"] == {"total": 1, "new": 1, "returning": 0}
        assert after["data"]["analytics"]["customers"] == {"total": 0, "new": 0, "returning": 0}


class TestReading:
    """How many read at once."""

    async def test_leaves_connections_to_others(self, shop: Shop) -> None:
        context = Context(shop.platform, Caller(CallerKind.API_KEY, workspace_id=shop.workspace_id))
        async with AsyncExitStack() as stack:
            for _ in range(ANALYSES_AT_ONCE):
                await stack.enter_async_context(reading(context))

            refused, others = await asyncio.gather(
                shop.admin(TOTALS, {"range": {"days": 1}}), shop.admin("{ workspace { slug } }")
            )

        assert error_codes(refused) == ["THROTTLED"]
        assert others == {"data": {"workspace": {"slug": shop.slug}}}
        assert "errors" not in await shop.admin(TOTALS, {"range": {"days": 1}})


class TestStock:
    """`inventory` and `stock`."""

    async def test_is_what_is_there_now(self, shop: Shop) -> None:
        await shop.product(quantity=3, price="2.50")
        await shop.product(quantity=0)
        gone = await shop.product(quantity=100)
        await shop.sql("update product set deleted_at = now() where slug = $1", gone["slug"])
        document = """{
          analytics(range: { days: 1 }) { inventory { variants outOfStock units value { amount currencyCode } } }
        }"""

        answer = await shop.admin(document)

        assert answer["data"]["analytics"]["inventory"] == {
            "variants": 2,
            "outOfStock": 1,
            "units": 3,
            "value": {"amount": "7.50", "currencyCode": "EUR"},
        }

    async def test_lasts_as_long_as_it_is_sold_as_before(self, shop: Shop) -> None:
        slow_seller, fast_seller = await shop.variant(quantity=3), await shop.variant(quantity=100)
        await shop.order(slow_seller, quantity=2)
        await shop.order(fast_seller, quantity=8)
        await shop.variant(quantity=5)
        await count_orders(shop)

        answer = await shop.admin(
            "{ analytics(range: { days: 4 }) { stock { available quantity turnover daysLeft } } }"
        )

        assert answer["data"]["analytics"]["stock"] == [
            {"available": 1, "quantity": 2, "turnover": 2 / 2, "daysLeft": 2.0},
            {"available": 92, "quantity": 8, "turnover": 8 / 96, "daysLeft": 46.0},
        ]

    async def test_leaves_out_what_was_deleted(self, shop: Shop) -> None:
        variant, product = await shop.variant(quantity=9), await shop.variant(quantity=9)
        for each in (variant, product):
            await shop.order(each)
        await count_orders(shop)
        await shop.sql(
            "update product_variant set deleted_at = now() where id = $1", uuid_in(variant, "ProductVariant")
        )
        await shop.sql(
            "update product set deleted_at = now() where id = (select product_id from product_variant where id = $1)",
            uuid_in(product, "ProductVariant"),
        )
        document = """{
          analytics(range: { days: 4 }) {
            stock { available quantity daysLeft } inventory { variants outOfStock units }
          }
        }"""

        answer = await shop.admin(document)

        assert answer["data"]["analytics"] == {
            "stock": [{"available": 0, "quantity": 1, "daysLeft": 0.0}],
            "inventory": {"variants": 0, "outOfStock": 0, "units": 0},
        }

    async def test_is_null_for_who_may_not_see_it(self, shop: Shop) -> None:
        document = "{ analytics(range: { days: 1 }) { orders stock { available } inventory { units } } }"

        answer = await shop.admin(document, token=await key_with(shop, "analytics:read"))

        assert answer["data"] == {"analytics": {"orders": 0, "stock": None, "inventory": None}}
        assert [error["path"] for error in answer["errors"]] == [["analytics", "stock"], ["analytics", "inventory"]]


class TestRange:
    """`AnalyticsRange`, and what else has bounds."""

    async def test_of_days_ends_today(self, shop: Shop) -> None:
        await set_zone(shop, "Pacific/Kiritimati")
        today = now().astimezone(ZoneInfo("Pacific/Kiritimati")).date()

        found = await ask(shop, TOTALS, {"days": 30})

        assert (found["from"], found["to"]) == ((today - timedelta(days=29)).isoformat(), today.isoformat())

    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"days": 0},
            {"days": -1},
            {"days": 1_097},
            {"days": 30, "from": "2026-01-01"},
            {"days": 30, "from": "2026-01-01", "to": "2026-01-31"},
            {"from": "2026-01-01"},
            {"to": "2026-01-01"},
            {"from": "2026-01-02", "to": "2026-01-01"},
            {"from": "2023-01-01", "to": "2026-01-01"},
            {"from": "1999-12-31", "to": "2000-01-01"},
            {"from": "2199-12-31", "to": "2200-01-01"},
            {"from": "2026-02-29", "to": "2026-03-01"},
            {"from": "2026-1-1", "to": "2026-03-01"},
            {"from": "2026-01-01T00:00:00Z", "to": "2026-03-01"},
        ],
        ids=str,
    )
    async def test_is_refused_out_of_its_bounds(self, shop: Shop, given: dict[str, Any]) -> None:
        answer = await shop.admin(TOTALS, {"range": given})

        assert error_codes(answer) == ["BAD_USER_INPUT"]
        assert answer.get("data") is None

    @pytest.mark.parametrize(
        ("first", "last"), [("2026-01-01", "2026-01-01"), ("2024-01-01", "2026-12-31"), ("2000-01-01", "2000-12-31")]
    )
    async def test_may_be_up_to_them(self, shop: Shop, first: str, last: str) -> None:
        found = await ask(shop, TOTALS, {"from": first, "to": last})

        assert (found["from"], found["to"]) == (first, last)

    @pytest.mark.parametrize("limit", [0, -1, 101, 2**31 - 1])
    @pytest.mark.parametrize("name", ["topPages", "topProducts { quantity }", "topCustomers", "sources", "countries"])
    async def test_of_lists_is_bounded(self, shop: Shop, name: str, limit: int) -> None:
        field = name.partition(" ")[0]
        document = f"{{ analytics(range: {{ days: 1 }}) {{ {field}(limit: {limit}) {{ __typename }} }} }}"

        assert error_codes(await shop.admin(document)) == ["BAD_USER_INPUT"]

    async def test_of_cohorts_by_week_is_short(self, shop: Shop) -> None:
        document = "{ analytics(range: { days: %s }) { cohorts(interval: %s) { customers } } }"

        assert error_codes(await shop.admin(document % (372, "WEEK"))) == ["BAD_USER_INPUT"]
        for days, interval, number in ((371, "WEEK", 53), (1_096, "MONTH", 36)):
            found = (await shop.admin(document % (days, interval)))["data"]["analytics"]["cohorts"]
            assert number <= len(found) <= number + 1

    async def test_by_hours_is_short(self, shop: Shop) -> None:
        document = "{ analytics(range: { days: %s }) { series(interval: HOUR) { visitors } } }"

        assert error_codes(await shop.admin(document % 32)) == ["BAD_USER_INPUT"]
        points = (await shop.admin(document % 31))["data"]["analytics"]["series"]
        assert len(points) == 31 * 24


class TestScopes:
    """Who sees what."""

    async def test_shows_addresses_only_to_who_may_see_orders(self, shop: Shop) -> None:
        sales = random_sales(random.Random(1), await items(shop, 1), days_ago(3), timedelta(days=2), 9)
        await sell(shop, sales)
        await count_orders(shop)
        document = "{ analytics(range: { days: 9 }) { topCustomers(limit: 2) { who: email orders } orders } }"

        answer = await shop.admin(document, token=await key_with(shop, "analytics:read"))

        shown = answer["data"]["analytics"]
        assert [customer["who"] for customer in shown["topCustomers"]] == [None, None]
        assert min(customer["orders"] for customer in shown["topCustomers"]) > 0 < shown["orders"]
        assert [error["path"] for error in answer["errors"]] == [
            ["analytics", "topCustomers", index, "who"] for index in (0, 1)
        ]
        assert {error["extensions"]["scope"] for error in answer["errors"]} == {"orders:read"}

    async def test_shows_products_that_are_not_for_everybody_only_to_who_may_see_them(self, shop: Shop) -> None:
        sold = await items(shop, 2)
        sales = random_sales(random.Random(1), sold, days_ago(3), timedelta(days=2), 9)
        await sell(shop, sales)
        await count_orders(shop)
        await shop.sql("update product set status = 'DRAFT' where id = $1", sold[0].product_id)
        await shop.sql("update product set deleted_at = now() where id = $1", sold[1].product_id)
        document = "{ analytics(range: { days: 9 }) { topProducts { productId title product { id revision } } } }"
        ids = [global_id("Product", each.product_id) for each in sold]

        few = await shop.admin(document, token=await key_with(shop, "analytics:read"))
        more = await shop.admin(document, token=await key_with(shop, "analytics:read", "products:read"))

        shown = few["data"]["analytics"]["topProducts"]
        assert {each["productId"] for each in shown} == set(ids)
        assert all(each["title"].startswith("Lamp") and each["product"] is None for each in shown)
        products = {each["productId"]: each["product"] for each in more["data"]["analytics"]["topProducts"]}
        assert products == {ids[0]: {"id": ids[0], "revision": 1}, ids[1]: None}
        assert "errors" not in few
