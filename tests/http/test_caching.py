"""What all shoppers of a storefront share is kept for two seconds at most, and dropped when it changes."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from tests.factories import Shop

TITLES = "{ products { nodes { title } } }"


async def rename(shop: Shop, product_id: str, title: str) -> None:
    """Behind the server's back: nobody is told."""
    await shop.sql(f"update product set title = '{title}' where id = '{product_id.removeprefix('Product_')}'")


async def seen(shop: Shop, **headers: str) -> list[str]:
    """The titles that a shopper sees."""
    answer = await shop.shopper(TITLES, headers=headers)
    return [node["title"] for node in answer["data"]["products"]["nodes"]]


async def counts(shop: Shop) -> dict[str, float]:
    text = (await shop.graphql.http.get("/metrics")).text
    found = re.findall(r'^vitrine_storefront_cache_total\{result="(\w+)"\} ([\d.e+]+)$', text, re.MULTILINE)
    return {name: float(count) for name, count in found}


class TestStorefrontCache:
    """The cache, as shoppers meet it."""

    async def test_keeps_an_answer_for_two_seconds_at_most(self, shop: Shop) -> None:
        product = await shop.product(title="Old")
        assert await seen(shop) == ["Old"]
        await rename(shop, product["id"], "New")

        assert await seen(shop) == ["Old"]
        await asyncio.sleep(2.05)
        assert await seen(shop) == ["New"]

    async def test_drops_it_with_the_change(self, shop: Shop) -> None:
        product = await shop.product(title="Old")
        assert await seen(shop) == ["Old"]
        await shop.admin(
            'mutation ($id: ID!) { productUpdate(id: $id, input: { revision: 1, title: "New" }) { product { id } } }',
            {"id": product["id"]},
        )

        assert await seen(shop) == ["New"]

    async def test_keeps_nothing_for_who_manages(self, shop: Shop) -> None:
        product = await shop.product(title="Old")
        assert (await shop.admin(TITLES))["data"]["products"]["nodes"] == [{"title": "Old"}]
        await rename(shop, product["id"], "New")

        assert (await shop.admin(TITLES))["data"]["products"]["nodes"] == [{"title": "New"}]

    async def test_shares_nothing_between_workspaces(self, shop: Shop, other_shop: Shop) -> None:
        await shop.product(title="Mine")
        await other_shop.product(title="Theirs")

        assert [await seen(each) for each in (shop, other_shop, shop)] == [["Mine"], ["Theirs"], ["Mine"]]

    async def test_shares_nothing_with_a_site_that_hides_its_stock(self, shop: Shop) -> None:
        await shop.product(quantity=7)
        stock = "{ products { nodes { variants { nodes { quantityAvailable } } } } }"
        create = """
          mutation { storefrontTokenCreate(input: { name: "hides", hidesStock: true }) { storefrontToken { token } } }
        """
        hiding = (await shop.admin(create))["data"]["storefrontTokenCreate"]["storefrontToken"]["token"]

        def quantity(answer: dict[str, Any]) -> Any:
            return answer["data"]["products"]["nodes"][0]["variants"]["nodes"][0]["quantityAvailable"]

        assert quantity(await shop.shopper(stock)) == 7
        assert quantity(await shop.graphql(stock, storefront_token=hiding)) is None
        assert quantity(await shop.shopper(stock)) == 7

    async def test_keeps_no_answer_with_an_error(self, shop: Shop) -> None:
        document = "{ products { nodes { title } } orders { nodes { id } } }"
        product = await shop.product(title="Old")
        await shop.shopper(document)
        await rename(shop, product["id"], "New")

        answer = await shop.shopper('{ products { nodes { title } } node(id: "Order_0") { id } }')
        assert answer["data"]["products"]["nodes"] == [{"title": "New"}]

    async def test_counts_what_it_answers(self, shop: Shop) -> None:
        before = await counts(shop)
        await seen(shop)
        await seen(shop)
        after = await counts(shop)

        assert after["miss"] > before["miss"]
        assert after["hit"] > before["hit"]


class TestMinSequence:
    """`X-Min-Sequence`."""

    async def response(self, shop: Shop, **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await shop.graphql.response(TITLES, storefront_token=shop.storefront_token, headers=sent)

    async def test_reads_anew_what_is_older(self, shop: Shop) -> None:
        product = await shop.product(title="Old")
        first = await self.response(shop)
        sequence = int(first.headers["x-sequence"])
        assert sequence > 0
        await rename(shop, product["id"], "New")

        assert "Old" in (await self.response(shop, X_Min_Sequence=str(sequence))).text
        assert "New" in (await self.response(shop, X_Min_Sequence=str(sequence + 1))).text

    @pytest.mark.parametrize("given", ["-1", "x", "1.5", "9" * 30, "²"])
    async def test_must_be_a_number(self, shop: Shop, given: str) -> None:
        sent = {b"X-Min-Sequence": given.encode()}
        response = await shop.graphql.http.post(
            "/graphql",
            json={"query": TITLES},
            headers={b"X-Storefront-Token": shop.storefront_token.encode(), **sent},
        )

        assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["BAD_USER_INPUT"]
