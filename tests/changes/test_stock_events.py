"""Orders and cancellations tell where something is sold out, or back."""

import asyncio

import pytest

from tests.changes.feed import latest, page
from tests.factories import ORDER_PLACE, Shop
from tests.schema.test_one_statement import open_all_connections, recorded

MONEY = {"amount": "5.00", "currencyCode": "EUR"}
CANCEL = "mutation ($id: ID!) { orderCancel(id: $id) { order { id } userErrors { code } } }"
AVAILABLE = "query ($id: ID!) { product(id: $id) { availableForSale variants { nodes { availableForSale } } } }"


async def events_since(shop: Shop, cursor: str | None) -> list[tuple[str, str]]:
    found = await page(shop, cursor)
    return [(edge["node"]["type"], edge["node"]["entityId"]) for edge in found["edges"]]


class TestStockEvents:
    """`product.updated` where an order changes what can be bought."""

    async def test_an_order_tells_of_the_product_that_it_sells_out(self, shop: Shop) -> None:
        product = await shop.product(quantity=2)
        begin = await latest(shop)
        orders = [(await shop.order(product["variants"]["nodes"][0]["id"]))["order"]["id"] for _ in range(2)]

        assert await events_since(shop, begin) == [
            ("ORDER_CREATED", orders[0]),
            ("ORDER_CREATED", orders[1]),
            ("PRODUCT_UPDATED", product["id"]),
        ]

    async def test_a_cancellation_tells_of_the_product_that_is_back(self, shop: Shop) -> None:
        product = await shop.product(quantity=1)
        order = (await shop.order(product["variants"]["nodes"][0]["id"]))["order"]["id"]
        begin = await latest(shop)
        await shop.admin(CANCEL, {"id": order})

        assert await events_since(shop, begin) == [("ORDER_UPDATED", order), ("PRODUCT_UPDATED", product["id"])]

    async def test_a_cancellation_that_brings_nothing_back_on_sale_tells_nothing(self, shop: Shop) -> None:
        product = await shop.product(quantity=2)
        order = (await shop.order(product["variants"]["nodes"][0]["id"]))["order"]["id"]
        begin = await latest(shop)
        await shop.admin(CANCEL, {"id": order})

        assert await events_since(shop, begin) == [("ORDER_UPDATED", order)]

    async def test_one_order_tells_of_each_product_once(self, shop: Shop) -> None:
        products = [
            await shop.product(variants=[{"sku": f"{n}{k}", "price": MONEY, "quantity": 1} for k in range(2)])
            for n in range(3)
        ]
        begin = await latest(shop)
        lines = [
            {"variantId": variant["id"], "quantity": 1}
            for product in products
            for variant in product["variants"]["nodes"]
        ]
        answer = await shop.shopper(ORDER_PLACE, {"input": {"email": "a@example.com", "lines": lines}})

        found = await events_since(shop, begin)
        assert found[0] == ("ORDER_CREATED", answer["data"]["orderPlace"]["order"]["id"])
        assert sorted(found[1:]) == sorted(("PRODUCT_UPDATED", product["id"]) for product in products)

    async def test_a_refused_order_tells_nothing(self, shop: Shop) -> None:
        variants = [{"sku": sku, "price": MONEY, "quantity": quantity} for sku, quantity in (("A", 1), ("B", 0))]
        product = await shop.product(variants=variants)
        begin = await latest(shop)
        lines = [{"variantId": variant["id"], "quantity": 1} for variant in product["variants"]["nodes"]]
        await shop.shopper(ORDER_PLACE, {"input": {"email": "a@example.com", "lines": lines}})

        assert await events_since(shop, begin) == []

    async def test_of_many_buyers_one_sells_it_out(self, shop: Shop) -> None:
        product = await shop.product(quantity=5)
        begin = await latest(shop)
        await asyncio.gather(*(shop.order(product["variants"]["nodes"][0]["id"]) for _ in range(12)))

        kinds = [kind for kind, _ in await events_since(shop, begin)]

        assert kinds == ["ORDER_CREATED"] * 5 + ["PRODUCT_UPDATED"]

    async def test_shoppers_see_it_at_once_and_in_their_feed(self, shop: Shop) -> None:
        """What is kept of the product for seconds is dropped, although it was an order that changed it."""
        product = await shop.product(quantity=1)
        begin = await latest(shop)
        before = await shop.shopper(AVAILABLE, {"id": product["id"]})
        await shop.order(product["variants"]["nodes"][0]["id"])
        after = await shop.shopper(AVAILABLE, {"id": product["id"]})

        assert before["data"]["product"]["availableForSale"] is True
        assert after["data"]["product"] == {
            "availableForSale": False,
            "variants": {"nodes": [{"availableForSale": False}]},
        }
        (told,) = (await page(shop, begin, by_shopper=True))["nodes"]
        assert told["type"] == "PRODUCT_UPDATED"

    @pytest.mark.xdist_group("all_connections")
    async def test_costs_other_orders_no_statement(self, shop: Shop) -> None:
        """Selling out costs one, which counts what is in stock; telling of it none."""
        await open_all_connections(shop.platform)
        variant = await shop.variant(quantity=3)
        await shop.order(variant)
        with recorded(shop.platform) as others:
            await shop.order(variant)
        with recorded(shop.platform) as selling_out:
            await shop.order(variant)

        assert sum("set quantity_available" in each or "insert into" in each for each in others) == 2, others
        assert len(selling_out) == len(others) + 1
