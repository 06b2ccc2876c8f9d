"""What all shoppers of a storefront share is kept for two seconds at most, and dropped when it changes."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx
import pytest

from core.ids import global_id, new_id
from tests.factories import Shop
from tests.people import becomes

TITLES = "{ products { nodes { title } } }"


async def rename(shop: Shop, product_id: str, title: str) -> None:
    """Behind the server's back: nobody is told."""
    await shop.sql(f"update product set title = '{title}' where id = '{product_id.removeprefix('Product_')}'")


async def seen(shop: Shop, **headers: str) -> list[str]:
    """The titles that a shopper sees."""
    answer = await shop.shopper(TITLES, headers=headers)
    return [node["title"] for node in answer["data"]["products"]["nodes"]]


async def is_kept(shop: Shop, product_id: str, ask: Callable[[], Awaitable[list[str]]]) -> bool:
    """Whether what is asked comes from what shoppers were answered before.

    A busy machine may take the two seconds that an answer is kept: then it does not, this time.
    """
    before = await seen(shop)
    await rename(shop, product_id, new_id().hex)
    return await ask() == before


async def counts(shop: Shop) -> dict[str, float]:
    text = (await shop.graphql.http.get("/metrics")).text
    found = re.findall(r'^vitrine_storefront_cache_total\{result="(\w+)"\} ([\d.e+]+)$', text, re.MULTILINE)
    return {name: float(count) for name, count in found}


class TestStorefrontCache:
    """The cache, as shoppers meet it."""

    async def test_keeps_an_answer_for_a_moment_and_no_longer(self, shop: Shop) -> None:
        """How long exactly is held with a clock that stands still, in tests/core."""
        product = await shop.product(title="Old")

        await becomes(expected=True, ask=partial(is_kept, shop, product["id"], partial(seen, shop)))
        await rename(shop, product["id"], "New")

        await becomes(["New"], partial(seen, shop))

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
        people: list[dict[str, Any]] = [{"token": shop.api_key}, {"token": shop.owner_token, "workspace": shop.slug}]
        assert await seen(shop) == ["Old"]
        before = [await shop.graphql.response(TITLES, **each) for each in people]
        await rename(shop, product["id"], "New")
        after = [await shop.graphql.response(TITLES, **each) for each in people]

        assert [each.json()["data"]["products"]["nodes"] for each in before] == [[{"title": "Old"}]] * 2
        assert [each.json()["data"]["products"]["nodes"] for each in after] == [[{"title": "New"}]] * 2
        assert not any("x-sequence" in each.headers for each in before + after)

    async def test_is_one_for_get_and_post(self, shop: Shop) -> None:
        product = await shop.product(title="Old")

        async def by_get() -> list[str]:
            headers = {"X-Storefront-Token": shop.storefront_token}
            answer = await shop.graphql.http.get("/graphql", params={"query": TITLES}, headers=headers)
            return [node["title"] for node in answer.json()["data"]["products"]["nodes"]]

        await becomes(expected=True, ask=partial(is_kept, shop, product["id"], by_get))

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
        """One of only published fields: a shopper may not see orders, by their ids neither."""
        document = f'{{ products {{ nodes {{ title }} }} node(id: "{global_id("Order", new_id())}") {{ id }} }}'
        product = await shop.product(title="Old")
        before = await shop.shopper(document)
        await rename(shop, product["id"], "New")

        answer = await shop.shopper(document)

        assert [error["extensions"]["code"] for error in before["errors"]] == ["FORBIDDEN"]
        assert before["data"]["products"]["nodes"] == [{"title": "Old"}]
        assert answer["data"]["products"]["nodes"] == [{"title": "New"}]

    async def test_keeps_no_answer_that_is_not_all_published(self, shop: Shop) -> None:
        product = await shop.product(title="Old")
        document = f'{{ products {{ nodes {{ title }} }} nodes(ids: ["{product["id"]}"]) {{ id }} }}'
        await shop.shopper(document)
        await rename(shop, product["id"], "New")

        assert (await shop.shopper(document))["data"]["products"]["nodes"] == [{"title": "New"}]

    async def test_is_closed_to_a_token_that_was_revoked(self, shop: Shop) -> None:
        await shop.product(title="Lamp")
        create = 'mutation { storefrontTokenCreate(input: { name: "gone" }) { storefrontToken { id token } } }'
        made = (await shop.admin(create))["data"]["storefrontTokenCreate"]["storefrontToken"]
        assert await seen(shop) == ["Lamp"]
        revoke = "mutation ($id: ID!) { storefrontTokenRevoke(id: $id) { userErrors { code } } }"
        await shop.admin(revoke, {"id": made["id"]})

        answer = await shop.graphql(TITLES, storefront_token=made["token"])

        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]

    async def test_answers_each_operation_and_its_variables(self, shop: Shop) -> None:
        await shop.product(title="A")
        await shop.product(title="B")
        document = """
          query Titles($first: Int) { products(first: $first, sort: { field: TITLE }) { nodes { title } } }
          query Slugs { workspace { slug } }
        """
        for _ in range(2):
            for first, titles in ((1, ["A"]), (2, ["A", "B"])):
                answer = await shop.shopper(document, {"first": first}, operation="Titles")
                assert [node["title"] for node in answer["data"]["products"]["nodes"]] == titles
            answer = await shop.shopper(document, operation="Slugs")
            assert answer["data"] == {"workspace": {"slug": shop.slug}}

    async def test_counts_what_it_answers(self, shop: Shop) -> None:
        before = await counts(shop)
        await seen(shop)
        await seen(shop)
        await seen(shop)
        await shop.admin(TITLES)
        after = await counts(shop)

        # What took two seconds to ask is read once more.
        misses = after["miss"] - before["miss"]
        assert misses in {1, 2}
        assert after["hit"] - before["hit"] == 3 - misses


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

    async def test_tells_the_number_that_a_change_made(self, shop: Shop) -> None:
        """Every change that shoppers see raises it; reading does not."""
        first = await self.response(shop)
        again = await self.response(shop)
        await shop.product()
        after = await self.response(shop)

        sequences = [int(each.headers["x-sequence"]) for each in (first, again, after)]
        assert sequences[0] == sequences[1] < sequences[2]

    async def test_is_of_no_meaning_to_who_manages(self, shop: Shop) -> None:
        response = await shop.graphql.response(TITLES, token=shop.api_key, headers={"X-Min-Sequence": "1"})

        assert response.json()["data"] == {"products": {"nodes": []}}

    @pytest.mark.parametrize("given", ["-1", "x", "1.5", "9" * 30, "²", "1, 2", "0x1", "1e3"])
    async def test_must_be_a_number(self, shop: Shop, given: str) -> None:
        sent = {b"X-Min-Sequence": given.encode()}
        response = await shop.graphql.http.post(
            "/graphql",
            json={"query": TITLES},
            headers={b"X-Storefront-Token": shop.storefront_token.encode(), **sent},
        )

        assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["BAD_USER_INPUT"]
