"""What is in each table: the same that GraphQL shows and the tables hold."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.ids import global_id, uuid_in
from core.money import format_minor
from models.base import Base
from resolvers.export import TABLES
from tests.export.exporting import add_events, download, exported, link, read
from tests.export.test_cells import HARMLESS, HOSTILE, unescaped
from tests.factories import Shop, make_site
from tests.tenancy.world import filled_shop

CANCEL = """
mutation ($id: ID!, $reason: String) {
  orderCancel(id: $id, input: { reason: $reason }) { order { id } userErrors { code } }
}
"""
ORDERS = """
{
  orders(first: 20, sort: { field: PLACED_AT }) {
    nodes {
      id number status email placedAt updatedAt cancelledAt cancelReason note
      total { amount currencyCode }
      shippingAddress { name line1 line2 city region postalCode countryCode phone }
      lines(first: 20) {
        nodes {
          id title variantTitle sku quantity
          unitPrice { amount currencyCode } total { amount currencyCode }
          product { id } variant { id }
        }
      }
    }
  }
}
"""
PRODUCTS = """
{
  products(first: 20, sort: { field: CREATED_AT }) {
    nodes {
      id title slug status description createdAt updatedAt
      priceRange { minVariantPrice { amount } maxVariantPrice { amount } }
      variants(first: 20) {
        nodes { id sku title price { amount currencyCode } quantityAvailable createdAt updatedAt }
      }
    }
  }
}
"""
ADDRESS = {
    "name": "=Ada",
    "line1": "1, Lamp Street",
    "line2": "",
    "city": "'s-Hertogenbosch",
    "region": "",
    "postalCode": "5211",
    "countryCode": "NL",
    "phone": "+31 73 1234",
}
ORDER_PLACE = """
mutation ($input: OrderPlaceInput!) { orderPlace(input: $input) { order { id } userErrors { code message } } }
"""

DOCUMENTED = Path("docs/exports.md").read_text()
# Beside tests that end all exports.
pytestmark = pytest.mark.xdist_group("exports")


async def buy(shop: Shop, email: str, *lines: tuple[str, int], **more: Any) -> str:
    given = {"email": email, "lines": [{"variantId": variant, "quantity": n} for variant, n in lines], **more}
    answer = await shop.shopper(ORDER_PLACE, {"input": given})
    assert answer["data"]["orderPlace"]["userErrors"] == [], answer
    return str(answer["data"]["orderPlace"]["order"]["id"])


async def move(shop: Shop, order_id: str, moment: str) -> None:
    """Has the order placed at another moment."""
    moved = "update sales_order set placed_at = $2 where id = $1"
    await shop.sql(moved, uuid_in(order_id, "Order"), datetime.fromisoformat(moment))


def text(value: Any) -> str:
    """How GraphQL's value stands in a cell, once it is read back."""
    return "" if value is None else str(value)


def undone(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name: unescaped(cell) for name, cell in row.items()} for row in rows]


class TestOrders:
    """ORDERS and ORDER_LINES."""

    async def test_are_those_of_graphql(self, shop: Shop) -> None:
        first, second = await shop.variant(title="=Lamp, tall"), await shop.variant(price="0.05")
        await buy(shop, "ada@example.com", (first, 2), (second, 3), shippingAddress=ADDRESS, note='-"Mind\r\nthe dog"')
        await buy(shop, "ben@example.com", (second, 1))
        cancelled = await buy(shop, "ada@example.com", (second, 1))
        await shop.admin(CANCEL, {"id": cancelled, "reason": "@home nobody"})
        nodes = (await shop.admin(ORDERS))["data"]["orders"]["nodes"]

        orders = undone(await exported(shop, "ORDERS"))
        lines = undone(await exported(shop, "ORDER_LINES"))

        assert orders == [
            {
                "id": node["id"],
                "number": text(node["number"]),
                "status": node["status"],
                "placed_at": node["placedAt"],
                "placed_day": node["placedAt"][:10],
                "email": node["email"],
                "currency": "EUR",
                "total": node["total"]["amount"],
                "units": text(sum(line["quantity"] for line in node["lines"]["nodes"])),
                **{
                    f"shipping_{name}": text((node["shippingAddress"] or {}).get(key))
                    for name, key in {
                        **{each: each for each in ("name", "line1", "line2", "city", "region")},
                        "postal_code": "postalCode",
                        "country_code": "countryCode",
                        "phone": "phone",
                    }.items()
                },
                "note": node["note"],
                "cancelled_at": text(node["cancelledAt"]),
                "cancel_reason": text(node["cancelReason"]),
                "updated_at": node["updatedAt"],
            }
            for node in nodes
        ]
        assert lines == [
            {
                "id": line["id"],
                "order_id": node["id"],
                "order_number": text(node["number"]),
                "order_status": node["status"],
                "placed_at": node["placedAt"],
                "placed_day": node["placedAt"][:10],
                "product_id": line["product"]["id"],
                "variant_id": line["variant"]["id"],
                "title": line["title"],
                "variant_title": line["variantTitle"],
                "sku": line["sku"],
                "quantity": text(line["quantity"]),
                "currency": "EUR",
                "unit_price": line["unitPrice"]["amount"],
                "total": line["total"]["amount"],
            }
            for node in nodes
            for line in node["lines"]["nodes"]
        ]
        assert len(orders) == 3
        assert len(lines) == 4

    @pytest.mark.parametrize(
        ("zone", "inside", "outside"),
        [
            (
                "UTC",
                ["2026-03-29T00:00:00Z", "2026-03-30T23:59:59.999Z"],
                ["2026-03-28T23:59:59Z", "2026-03-31T00:00:00Z"],
            ),
            # A day of 23 hours: it begins an hour before UTC's, and the one after it ends two hours before.
            (
                "Europe/Berlin",
                ["2026-03-28T23:00:00Z", "2026-03-30T21:59:59Z"],
                ["2026-03-28T22:59:59Z", "2026-03-30T22:00:00Z"],
            ),
            ("Asia/Kathmandu", ["2026-03-28T18:15:00Z", "2026-03-30T18:14:59Z"], ["2026-03-30T18:15:00Z"]),
        ],
    )
    async def test_are_of_the_days_of_the_workspace(
        self, shop: Shop, zone: str, inside: list[str], outside: list[str]
    ) -> None:
        variant = await shop.variant(quantity=100)
        moments = [*inside, *outside]
        for moment in moments:
            await move(shop, await buy(shop, "ada@example.com", (variant, 1)), moment)
        await shop.sql("update workspace set time_zone = $1", zone)
        days = {"from": "2026-03-29", "to": "2026-03-30"}

        for table in ("ORDERS", "ORDER_LINES"):
            rows = await exported(shop, table, range=days)
            assert sorted(datetime.fromisoformat(row["placed_at"]) for row in rows) == sorted(
                datetime.fromisoformat(moment) for moment in inside
            )
            assert {row["placed_day"] for row in rows} == {"2026-03-29", "2026-03-30"}
        (customer,) = await exported(shop, "CUSTOMERS", range=days)
        assert customer["orders"] == str(len(inside))
        assert len(await exported(shop, "ORDERS")) == len(moments)

    @pytest.mark.parametrize("currency", ["XAF", "EUR", "TND"])
    async def test_have_the_decimals_of_their_currency(self, new_shop: Any, currency: str) -> None:
        shop = await new_shop(currency_code=currency)
        price = format_minor(1250, currency)
        await buy(shop, "ada@example.com", (await shop.variant(price=price), 2))

        (order,), (line,) = await exported(shop, "ORDERS"), await exported(shop, "ORDER_LINES")

        assert (order["total"], order["currency"]) == (format_minor(2500, currency), currency)
        assert (line["unit_price"], line["currency"]) == (price, currency)


class TestProducts:
    """PRODUCTS and PRODUCT_VARIANTS."""

    async def test_are_those_of_graphql(self, shop: Shop) -> None:
        for title in ("Brass", "+Tin"):
            prices = [
                {
                    "sku": f"{title}-{n}",
                    "title": f"={n}",
                    "price": {"amount": price, "currencyCode": "EUR"},
                    "quantity": n,
                }
                for n, price in enumerate(["1.00", "20.50"])
            ]
            await shop.product(title=title, description=f"{title}\nlamp", variants=prices)
        await shop.product(status="DRAFT")
        gone = await shop.product()
        await shop.admin("mutation ($id: ID!) { productDelete(id: $id) { deletedProductId } }", {"id": gone["id"]})
        nodes = (await shop.admin(PRODUCTS))["data"]["products"]["nodes"]
        stock = {node["id"]: sum(v["quantityAvailable"] > 0 for v in node["variants"]["nodes"]) for node in nodes}

        products = undone(await exported(shop, "PRODUCTS"))
        variants = undone(await exported(shop, "PRODUCT_VARIANTS"))

        assert products == [
            {
                "id": node["id"],
                "title": node["title"],
                "slug": node["slug"],
                "status": node["status"],
                "description": node["description"],
                "currency": "EUR",
                "min_price": node["priceRange"]["minVariantPrice"]["amount"],
                "max_price": node["priceRange"]["maxVariantPrice"]["amount"],
                "variants_in_stock": text(stock[node["id"]]),
                "created_at": node["createdAt"],
                "updated_at": node["updatedAt"],
            }
            for node in nodes
        ]
        assert variants == [
            {
                "id": variant["id"],
                "product_id": node["id"],
                "product_title": node["title"],
                "product_status": node["status"],
                "sku": variant["sku"],
                "title": variant["title"],
                "currency": "EUR",
                "price": variant["price"]["amount"],
                "quantity_available": text(variant["quantityAvailable"]),
                "created_at": variant["createdAt"],
                "updated_at": variant["updatedAt"],
            }
            for node in nodes
            for variant in node["variants"]["nodes"]
        ]
        assert len(products) == 3

    @pytest.mark.parametrize("title", [each for each in (*HOSTILE, *HARMLESS) if each.strip()])
    async def test_come_back_whatever_they_are_called(self, shop: Shop, title: str) -> None:
        product = await shop.product()
        await shop.sql("update product set title = $2 where id = $1", uuid_in(product["id"], "Product"), title)

        (row,) = await exported(shop, "PRODUCTS")

        assert unescaped(row["title"]) == title
        assert row["title"][0] not in set("=+-@\t\r\n")


class TestCustomers:
    """CUSTOMERS."""

    async def test_are_counted_by_their_orders(self, shop: Shop) -> None:
        variant = await shop.variant(price="2.50", quantity=100)
        for moment, email, units, is_cancelled in (
            ("2026-01-05T10:00:00Z", "ada@example.com", 1, True),
            ("2026-01-06T10:00:00Z", "ada@example.com", 2, False),
            ("2026-02-07T10:00:00Z", "ada@example.com", 3, False),
            ("2026-02-08T10:00:00Z", "ben@example.com", 1, True),
        ):
            order = await buy(shop, email, (variant, units))
            if is_cancelled:
                await shop.admin(CANCEL, {"id": order})
            await move(shop, order, moment)

        everybody = await exported(shop, "CUSTOMERS")
        of_january = await exported(shop, "CUSTOMERS", range={"from": "2026-01-01", "to": "2026-01-31"})

        names = ("email", "orders", "currency", "spent", "first_order_at", "last_order_at", "cancelled_orders")
        assert [tuple(row[name] for name in names) for row in everybody] == [
            ("ada@example.com", "2", "EUR", "12.50", "2026-01-06T10:00:00Z", "2026-02-07T10:00:00Z", "1"),
            ("ben@example.com", "0", "EUR", "0.00", "", "", "1"),
        ]
        assert [tuple(row[name] for name in names) for row in of_january] == [
            ("ada@example.com", "1", "EUR", "5.00", "2026-01-06T10:00:00Z", "2026-01-06T10:00:00Z", "1"),
        ]


STORED = {
    "ORDER_DAYS": "select * from order_day order by day",
    "ORDER_HOURS": "select * from order_hour order by day, hour",
    "ORDER_PRODUCTS": "select * from order_day_product order by day, product_id",
    "VISITOR_EVENTS": "select * from visitor_event order by occurred_at, id",
    "VISITOR_DAYS": "select * from visitor_day order by day",
    "VISITOR_HOURS": "select * from visitor_hour order by day, hour",
    "VISITOR_PAGES": "select * from visitor_day_page order by day, path",
    "VISITOR_PRODUCTS": "select * from visitor_day_product order by day, product_id",
    "VISITOR_DIMENSIONS": "select * from visitor_day_dimension order by day, dimension, value",
}
DAY_ROWS = """
with days as (select generate_series(0, 3) n),
day as (
  insert into visitor_day (workspace_id, day, visitors, sessions, bounces, page_views, events, bot_events, seconds,
                           viewed, carted, checked_out, purchased, counted_at, counting_ms)
  select $1, '2026-03-01'::date + n, 10 + n, 12, 3, 40, 50, 2, 600, 9, 7, 5, 4, now() + interval '1 day', 1 from days),
hour as (
  insert into visitor_hour (workspace_id, day, hour, visitors, sessions, page_views, events, bot_events)
  select $1, '2026-03-01'::date + n, '2026-03-01T07:00:00Z'::timestamptz + n * interval '1 day', 1, 2, 3, 4, 5
    from days),
order_day as (
  insert into order_day (workspace_id, day, orders, units, revenue_amount, cancelled_orders, counted_at, counting_ms)
  select $1, '2026-03-01'::date + n, 3, 5, 1250 + n, 1, now() + interval '1 day', 1 from days),
order_hour as (
  insert into order_hour (workspace_id, day, hour, orders, units, revenue_amount)
  select $1, '2026-03-01'::date + n, '2026-03-01T07:00:00Z'::timestamptz + n * interval '1 day', 3, 5, 1250 + n
    from days),
product as (
  insert into order_day_product (workspace_id, day, product_id, orders, quantity, revenue_amount)
  select $1, '2026-03-01'::date + n, product, 3, 5, 1250 + n
    from days, unnest(array['00000000-0000-0000-0000-000000000007', '00000000-0000-0000-0000-000000000008']::uuid[])
         product),
seen as (
  insert into visitor_day_product (workspace_id, day, product_id, views, sessions, carts)
  select $1, '2026-03-01'::date + n, product, 3, 2, 1
    from days, unnest(array['00000000-0000-0000-0000-000000000007', '00000000-0000-0000-0000-000000000008']::uuid[])
         product),
page as (
  insert into visitor_day_page (workspace_id, day, path, views, visitors, entries, exits, bounces, seconds)
  select $1, '2026-03-01'::date + n, path, 9, 8, 7, 6, 5, 4 from days, unnest(array['/', '/"lamps",=1']) path)
insert into visitor_day_dimension (workspace_id, day, dimension, value, visitors, sessions, bounces, page_views,
                                   purchased)
select $1, '2026-03-01'::date + n, dimension, '=' || dimension, 5, 4, 3, 2, 1
  from days, unnest(array['source', 'medium', 'campaign', 'device', 'browser', 'os', 'country']) dimension
"""


def cell(value: Any) -> str:
    """A stored value, as it stands in a cell once that is read back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


class TestVisitors:
    """What is known of visitors."""

    def test_are_all_that_is_counted_by_day(self) -> None:
        counted = {name for name, table in Base.metadata.tables.items() if {"workspace_id", "day"} <= {*table.c.keys()}}

        exported_from = {table.rows.split()[0] for table in TABLES.values()}
        assert len(counted) > 5
        assert counted - exported_from == set()

    @pytest.mark.parametrize("table", [name for name in STORED if name != "VISITOR_EVENTS"])
    async def test_counted_is_what_is_stored(self, shop: Shop, table: str) -> None:
        await shop.sql(DAY_ROWS, shop.workspace_id)
        stored = await shop.sql(STORED[table])
        names = [column.name for column in TABLES[table].columns]

        def shown(row: Any) -> dict[str, str]:
            known = dict(row) | {"currency": "EUR", "title": None}
            if "revenue_amount" in known:
                known["revenue"] = format_minor(known["revenue_amount"], "EUR")
            if "product_id" in known:
                known["product_id"] = global_id("Product", known["product_id"])
            return {name: cell(known[name]) for name in names}

        everything = undone(await exported(shop, table))
        two_days = undone(await exported(shop, table, range={"from": "2026-03-02", "to": "2026-03-03"}))

        assert everything == [shown(row) for row in stored]
        between = [row for row in stored if date(2026, 3, 2) <= row["day"] <= date(2026, 3, 3)]
        assert two_days == [shown(row) for row in between]
        # All that is counted is there but for how it was counted.
        assert set(stored[0].keys()) - set(names) <= {"workspace_id", "counted_at", "counting_ms", "revenue_amount"}
        assert len(everything) == 2 * len(two_days) > 0

    async def test_events_are_what_is_stored(self, shop: Shop) -> None:
        insert = """
        insert into visitor_event (workspace_id, occurred_at, id, name, session_id, visitor_id, host, path, title,
                                   referrer, source, medium, campaign, device, browser, os, country, is_bot, sequence,
                                   properties)
        select $1, now() - n * interval '1 hour', uuidv7(), 'page_view', uuidv7(), uuidv7(), 'shop.example', '/=1',
               '=cmd', '', '@direct', '-', '+', 'desktop', 'Firefox', 'Linux', '', n = 2, nullif(n, 2),
               case n when 1 then '{"a": "=1, \\"2\\""}'::jsonb end
          from generate_series(1, 3) n
        """
        await shop.sql(insert, shop.workspace_id)
        await shop.sql("update workspace set time_zone = 'Pacific/Kiritimati'")
        stored = await shop.sql(
            "select *, (occurred_at at time zone 'Pacific/Kiritimati')::date as day from visitor_event "
            "order by occurred_at, id"
        )
        names = [column.name for column in TABLES["VISITOR_EVENTS"].columns]

        rows = undone(await exported(shop, "VISITOR_EVENTS"))

        assert rows == [{name: cell(row[name]) for name in names} for row in stored]
        assert set(stored[0].keys()) - set(names) == {"workspace_id"}
        assert [row["is_bot"] for row in rows].count("true") == 1

    async def test_events_are_of_days_that_postgresql_need_not_know(self, shop: Shop, new_zone: str) -> None:
        await add_events(shop, 1)
        await shop.sql("update workspace set time_zone = $1", new_zone)

        (row,) = await exported(shop, "VISITOR_EVENTS")

        day = datetime.fromisoformat(row["occurred_at"]).astimezone(ZoneInfo(new_zone)).date()
        assert row["day"] == day.isoformat()

    async def test_events_are_those_of_a_site(self, shop: Shop) -> None:
        site = (await make_site(shop))["id"]
        await add_events(shop, 2)
        await add_events(shop, 1, uuid_in(site, "Site"))

        rows = await exported(shop, "VISITOR_EVENTS", siteId=site)

        assert [row["site_id"] for row in rows] == [site]
        assert len(await exported(shop, "VISITOR_EVENTS")) == 3

    async def test_are_of_the_last_days(self, shop: Shop) -> None:
        today = datetime.now(UTC).date()
        rows = """
        insert into visitor_day_page (workspace_id, day, path, views, visitors, entries, exits, bounces, seconds)
        select $1, $2::date - n, '/', 1, 1, 1, 1, 1, 1 from generate_series(0, 9) n
        """
        await shop.sql(rows, shop.workspace_id, today)

        found = await exported(shop, "VISITOR_PAGES", range={"days": 7})

        # It may have become tomorrow meanwhile.
        last = date.fromisoformat(found[-1]["day"])
        first = min(today, datetime.now(UTC).date()) - timedelta(days=6)
        assert [row["day"] for row in found] == [str(first + timedelta(days=n)) for n in range((last - first).days + 1)]
        assert len(found) in {6, 7}


class TestEveryTable:
    """What holds for all of them."""

    @pytest.mark.parametrize("table", TABLES)
    async def test_has_the_columns_that_are_documented(self, shop: Shop, table: str) -> None:
        answer = await download(shop, await link(shop, table))
        header = answer.content.decode("utf-8-sig").split("\r\n")[0]

        documented = f"| `{table}` | `{TABLES[table].scope}` | `{header.replace(',', '`, `')}` |"
        assert documented in DOCUMENTED

    @pytest.mark.parametrize("table", TABLES)
    async def test_has_a_header_even_where_it_is_empty(self, shop: Shop, table: str) -> None:
        answer = await download(shop, await link(shop, table))

        assert answer.content.startswith(b"\xef\xbb\xbf")
        assert read(answer.content) == []
        assert answer.content.endswith(b"\r\n")

    @pytest.mark.parametrize("table", TABLES)
    async def test_shows_nothing_of_another_workspace(self, shop: Shop, other_shop: Shop, table: str) -> None:
        await filled_shop(shop.graphql, other_shop)

        assert await exported(shop, table) == []
        assert len(await exported(other_shop, table)) >= 1
