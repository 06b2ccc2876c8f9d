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

    async def test_leaves_what_a_mutation_would_change_as_it_is(self, shop: Shop) -> None:
        product = await shop.product()
        delete = f'mutation {{ productDelete(id: "{product["id"]}") {{ deletedProductId }} }}'
        key = {"Authorization": f"Bearer {shop.api_key}", "X-Storefront-Token": ""}

        response = await get(shop, delete, key)

        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert (await shop.admin("{ products { totalCount } }"))["data"] == {"products": {"totalCount": 1}}

    async def test_takes_no_secret(self, shop: Shop) -> None:
        """Not in a variable either, nor beside what is no secret."""
        for query, variables in (
            ('{ orderByToken(token: "vo_x") { id } }', {}),
            ("query ($token: String!) { workspace { slug } orderByToken(token: $token) { id } }", {"token": "vo_x"}),
        ):
            response = await get(shop, query, variables=variables)

            assert (response.status_code, response.headers["allow"]) == (405, "POST")
            assert codes(response) == ["BAD_USER_INPUT"]
            assert "vo_x" not in response.text

    async def test_runs_the_operation_that_is_named(self, shop: Shop) -> None:
        both = "query A { a: __typename } query B { b: __typename }"

        assert (await get(shop, both, operationName="B")).json()["data"] == {"b": "Query"}
        assert codes(await get(shop, both)) == ["BAD_USER_INPUT"]
        assert codes(await get(shop, both, operationName="C")) == ["BAD_USER_INPUT"]

    @pytest.mark.parametrize(
        "parameter", ["query=%7B__typename%7D", "variables=%7B%7D", "operationName=A", "extensions=%7B%7D", "x=1"]
    )
    async def test_takes_no_parameter_twice(self, shop: Shop, parameter: str) -> None:
        """Who stands between may read the one and we the other."""
        address = f"/graphql?query=query+A%7B__typename%7D&{parameter}"
        headers = {"X-Storefront-Token": shop.storefront_token}

        response = await shop.graphql.http.get(f"{address}&{parameter}", headers=headers)

        assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])

    async def test_answers_as_post_does(self, shop: Shop) -> None:
        await shop.product()

        by_post = await shop.graphql.response(PRODUCTS, {"first": 5}, storefront_token=shop.storefront_token)

        assert (await get(shop, variables={"first": 5})).content == by_post.content

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

        assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])

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

    async def test_is_sent_with_all_that_a_cache_must_know(self, shop: Shop) -> None:
        """With 304 as with 200; and nothing of a body with 304."""
        first = await get(shop)
        again = await get(shop, headers={"If-None-Match": first.headers["etag"], "Accept-Encoding": "gzip"})

        assert [each.status_code for each in (first, again)] == [200, 304]
        for response in (first, again):
            assert response.headers["cache-control"] == "public, max-age=0, s-maxage=2, must-revalidate"
            assert set(response.headers["vary"].split(", ")) == {
                "accept",
                "accept-encoding",
                "authorization",
                "origin",
                "x-min-sequence",
                "x-preview-token",
                "x-storefront-token",
                "x-workspace",
            }
            assert response.headers["x-sequence"].isdigit()
        assert not {"content-encoding", "content-length"} & set(again.headers)

    async def test_is_one_for_all_encodings(self, shop: Shop) -> None:
        await shop.product(description="A lamp. " * 500)
        query = "{ products { nodes { description } } }"

        plain = await get(shop, query, {"Accept-Encoding": "identity"})
        compressed = await get(shop, query, {"Accept-Encoding": "gzip"})

        assert (compressed.headers["content-encoding"], compressed.content) == ("gzip", plain.content)
        assert compressed.headers["etag"] == plain.headers["etag"]
        assert plain.headers["etag"].startswith('W/"')

    @pytest.mark.parametrize("change", ["W/{}", "{}x", "x{}", ""])
    async def test_must_be_the_very_same(self, shop: Shop, change: str) -> None:
        opaque = (await get(shop)).headers["etag"].removeprefix('W/"').removesuffix('"')

        response = await get(shop, headers={"If-None-Match": f'"{change.format(opaque)}"'})

        assert response.status_code == 200

    async def test_means_nothing_by_post(self, shop: Shop) -> None:
        etag = (await get(shop)).headers["etag"]
        headers = {"If-None-Match": etag}

        response = await shop.graphql.response(PRODUCTS, storefront_token=shop.storefront_token, headers=headers)

        assert response.status_code == 200
        assert "etag" not in response.headers

    async def test_changes_with_the_answer(self, shop: Shop) -> None:
        first = await get(shop)
        await shop.product(title="Arc lamp")

        again = await get(shop, headers={"If-None-Match": first.headers["etag"]})

        assert again.status_code == 200
        assert again.headers["etag"] != first.headers["etag"]

    async def test_is_not_given_to_errors_or_to_who_sees_more(self, shop: Shop) -> None:
        key = {"Authorization": f"Bearer {shop.api_key}", "X-Storefront-Token": ""}
        user = {"Authorization": f"Bearer {shop.owner_token}", "X-Workspace": shop.slug, "X-Storefront-Token": ""}
        for response in (
            await get(shop, headers=key),
            await get(shop, headers=user),
            await get(shop, headers={"X-Storefront-Token": "vs_unknown"}),
            await get(shop, '{ products { nodes { id } } node(id: "Order_01a1fce4e8387520bd9b8c20e812c660") { id } }'),
            await get(shop, "{ orders { nodes { id } } }"),
            await get(shop, '{ products(after: "x") { nodes { id } } }'),
        ):
            assert "etag" not in response.headers
            assert response.headers["cache-control"] == "no-store"
