"""Queries by GET, and what browsers and CDNs may keep of their answers."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.factories import Shop

PRODUCTS = "query Products($first: Int) { products(first: $first) { nodes { title } } }"


async def get(shop: Shop, query: str = PRODUCTS, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    """A query as a shopper's browser sends it."""
    parts = {"query": query} | {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in more.items()
    }
    sent = {"X-Storefront-Token": shop.storefront_token} | (headers or {})
    return await shop.graphql.http.get(f"/graphql?{urlencode(parts)}", headers=sent)


def codes(response: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


class TestGet:
    """GET."""

    async def test_answers_a_query_with_its_variables(self, shop: Shop) -> None:
        await shop.product(title="Arc lamp")

        response = await get(shop, variables={"first": 5}, operationName="Products")

        assert response.status_code == 200
        assert response.json()["data"] == {"products": {"nodes": [{"title": "Arc lamp"}]}}

    @pytest.mark.parametrize(
        "operation",
        ['mutation { productDelete(id: "x") { deletedProductId } }', "subscription { orderEvents { type } }"],
    )
    async def test_changes_and_follows_nothing(self, shop: Shop, operation: str) -> None:
        key = {"Authorization": f"Bearer {shop.api_key}", "X-Storefront-Token": ""}
        response = await get(shop, operation, key)

        assert 400 <= response.status_code < 500
        assert codes(response) == ["BAD_USER_INPUT"]

    async def test_takes_no_secret(self, shop: Shop) -> None:
        response = await get(shop, '{ orderByToken(token: "vo_x") { id } }')

        assert response.status_code == 405
        assert codes(response) == ["BAD_USER_INPUT"]

    @pytest.mark.parametrize(
        "address",
        [
            "query=%7B__typename%7D&query=%7B__typename%7D",
            "query=%7B__typename%7D&variables=%7B",
            "query=%7B__typename%7D&variables=1",
            "query=%7B__typename%7D&extensions=%5B%5D",
            "query=%FF",
            "variables=%7B%7D",
            "",
            "query=" + "x" * 16_000,
        ],
    )
    async def test_refuses_what_is_malformed(self, shop: Shop, address: str) -> None:
        headers = {"X-Storefront-Token": shop.storefront_token, "Accept": "application/json"}
        response = await shop.graphql.http.get(f"/graphql?{address}", headers=headers)

        assert 400 <= response.status_code < 500, response.text

    async def test_cannot_be_forged_by_a_page_of_another_site(self, shop: Shop) -> None:
        """A page cannot add any of the headers that are asked for without the browser asking first."""
        response = await shop.graphql.http.get("/graphql?query=%7B__typename%7D", headers={"Accept": "*/*"})

        assert response.status_code == 400
        assert codes(response) == ["BAD_USER_INPUT"]
        for header in ("X-Requested-With", "Apollo-Require-Preflight"):
            response = await shop.graphql.http.get("/graphql?query=%7B__typename%7D", headers={header: "x"})
            assert response.json()["data"] == {"__typename": "Query"}


class TestEtag:
    """What is kept by others."""

    async def test_saves_what_is_known_already(self, shop: Shop) -> None:
        await shop.product(title="Arc lamp")
        first = await get(shop)
        etag = first.headers["etag"]
        assert "max-age=0" in first.headers["cache-control"]
        assert "x-storefront-token" in first.headers["vary"]

        for known in (etag, f'"other", {etag}', etag.removeprefix("W/"), "*"):
            again = await get(shop, headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag), known
        assert (await get(shop, headers={"If-None-Match": 'W/"other"'})).status_code == 200

    async def test_changes_with_the_answer(self, shop: Shop) -> None:
        first = await get(shop)
        await shop.product(title="Arc lamp")

        again = await get(shop, headers={"If-None-Match": first.headers["etag"]})

        assert again.status_code == 200
        assert again.headers["etag"] != first.headers["etag"]

    async def test_is_not_given_to_errors_or_to_who_sees_more(self, shop: Shop) -> None:
        key = {"Authorization": f"Bearer {shop.api_key}", "X-Storefront-Token": ""}
        for response in (
            await get(shop, headers=key),
            await get(shop, "{ orders { nodes { id } } }"),
            await get(shop, '{ products(after: "x") { nodes { id } } }'),
        ):
            assert "etag" not in response.headers
            assert response.headers["cache-control"] == "no-store"
