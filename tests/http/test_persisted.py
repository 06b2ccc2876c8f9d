"""Operations that are named by their hash."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from core.persisted import document_hash
from resolvers.context import Platform
from tests.factories import ORDER_PLACE, Shop

SHOP = "{ workspace { slug } }"


def named(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": document_hash(text)}}


async def post(shop: Shop, headers: dict[str, str] | None = None, **payload: Any) -> httpx.Response:
    sent = {"X-Storefront-Token": shop.storefront_token} if headers is None else headers
    return await shop.graphql.http.post("/graphql", json=payload, headers=sent)


def codes(response: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json().get("errors", ())]


class TestAutomatic:
    """Apollo's protocol of automatically persisted queries."""

    async def test_is_asked_for_whole_once_and_then_by_its_hash(self, shop: Shop) -> None:
        text = f"{SHOP} # {shop.slug}"
        unknown = await post(shop, extensions=named(text))
        assert codes(unknown) == ["PERSISTED_QUERY_NOT_FOUND"]
        assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"

        assert codes(await post(shop, query=text, extensions=named(text))) == []

        assert (await post(shop, extensions=named(text))).json()["data"] == {"workspace": {"slug": shop.slug}}
        address = urlencode({"extensions": json.dumps(named(text))})
        by_get = await shop.graphql.http.get(
            f"/graphql?{address}", headers={"X-Storefront-Token": shop.storefront_token}
        )
        assert by_get.json()["data"] == {"workspace": {"slug": shop.slug}}

    async def test_is_held_to_its_hash(self, shop: Shop) -> None:
        assert codes(await post(shop, query=SHOP, extensions=named("{ __typename }"))) == ["BAD_USER_INPUT"]

    @pytest.mark.parametrize("given", [1, "x", {}, {"version": 2, "sha256Hash": "0" * 64}, {"version": 1}])
    async def test_is_of_the_one_version(self, shop: Shop, given: Any) -> None:
        assert codes(await post(shop, extensions={"persistedQuery": given})) == ["BAD_USER_INPUT"]

    @pytest.mark.parametrize(
        "text",
        [
            'mutation Delete { productDelete(id: "x") { deletedProductId } }',
            '{ orderByToken(token: "vo_secret") { id } }',
        ],
        ids=["a mutation", "a secret"],
    )
    async def test_stores_nothing_that_may_hold_a_secret(self, shop: Shop, platform: Platform, text: str) -> None:
        await post(shop, query=text, extensions=named(text))

        assert codes(await post(shop, extensions=named(text))) == ["PERSISTED_QUERY_NOT_FOUND"]
        assert await platform.redis.get(f"vitrine:apq:{document_hash(text)}") is None

    async def test_stores_nothing_for_strangers(self, shop: Shop) -> None:
        text = f"{{ __typename }} # {shop.slug}"
        assert codes(await post(shop, {}, query=text, extensions=named(text))) == []

        assert codes(await post(shop, {}, extensions=named(text))) == ["PERSISTED_QUERY_NOT_FOUND"]


class TestRegistered:
    """A storefront token that takes registered operations only."""

    @pytest.fixture
    async def registered(self, shop: Shop) -> list[str]:
        """The documents that the shop's token takes."""
        documents = [SHOP, ORDER_PLACE]
        (token,) = (await shop.admin("{ storefrontTokens { nodes { id } } }"))["data"]["storefrontTokens"]["nodes"]
        register = """
          mutation ($id: ID!, $documents: [String!]!) {
            storefrontTokenOperationsRegister(id: $id, input: { documents: $documents }) { userErrors { message } }
          }
        """
        answer = await shop.admin(register, {"id": token["id"], "documents": documents})
        assert answer["data"]["storefrontTokenOperationsRegister"]["userErrors"] == []
        only = """
          mutation ($id: ID!) {
            storefrontTokenUpdate(id: $id, input: { revision: 1, registeredOperationsOnly: true }) {
              userErrors { message }
            }
          }
        """
        assert "errors" not in await shop.admin(only, {"id": token["id"]})
        return documents

    async def test_takes_them_by_hash_and_by_text(self, shop: Shop, registered: list[str]) -> None:
        for payload in ({"extensions": named(registered[0])}, {"query": registered[0]}):
            assert (await post(shop, **payload)).json()["data"] == {"workspace": {"slug": shop.slug}}

    async def test_takes_a_registered_change(self, shop: Shop, registered: list[str]) -> None:
        order = {"email": "s@example.com", "lines": [{"variantId": await shop.variant(), "quantity": 1}]}
        response = await post(shop, extensions=named(registered[1]), variables={"input": order})

        assert response.json()["data"]["orderPlace"]["userErrors"] == []

    async def test_takes_nothing_else(self, shop: Shop, registered: list[str]) -> None:
        text = "{ __typename }"
        for payload in ({"query": text}, {"query": text, "extensions": named(text)}, {"extensions": named(text)}):
            assert codes(await post(shop, **payload)) == ["FORBIDDEN"]
