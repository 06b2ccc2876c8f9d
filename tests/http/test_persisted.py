"""Operations that are named by their hash."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from core.persisted import document_hash
from resolvers.context import Platform
from tests.client import LiveServer
from tests.factories import ORDER_PLACE, Shop
from tests.live.socket import Socket, connect

SHOP = "{ workspace { slug } }"


def named(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": document_hash(text)}}


async def post(shop: Shop, headers: dict[str, str] | None = None, **payload: Any) -> httpx.Response:
    sent = {"X-Storefront-Token": shop.storefront_token} if headers is None else headers
    return await shop.graphql.http.post("/graphql", json=payload, headers=sent)


async def operate(socket: Socket, **payload: Any) -> dict[str, Any]:
    """The one answer to an operation through a websocket."""
    await socket.send({"id": "1", "type": "subscribe", "payload": payload})
    answer = await socket.receive()
    if answer["type"] == "next":
        assert await socket.receive() == {"id": "1", "type": "complete"}
    return answer


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

    async def test_needs_no_header_by_get(self, shop: Shop) -> None:
        """Nobody's page can make up what is stored, and it only reads."""
        text = f"{{ __typename }} # {shop.slug}"
        await post(shop, query=text, extensions=named(text))
        by_hash = {"extensions": json.dumps(named(text))}

        response = await shop.graphql.http.get("/graphql", params=by_hash)
        forged = await shop.graphql.http.get("/graphql", params={"query": text, **by_hash})

        assert response.json()["data"] == {"__typename": "Query"}
        assert (forged.status_code, codes(forged)) == (400, ["BAD_USER_INPUT"])

    async def test_is_executed_with_the_rights_of_who_names_it(self, shop: Shop, other_shop: Shop) -> None:
        text = f"{{ workspace {{ slug }} orders {{ totalCount }} }} # {shop.slug}"
        await post(shop, {"Authorization": f"Bearer {shop.api_key}"}, query=text, extensions=named(text))

        theirs = await post(shop, {"Authorization": f"Bearer {other_shop.api_key}"}, extensions=named(text))
        shoppers = await post(shop, extensions=named(text))

        assert theirs.json()["data"] == {"workspace": {"slug": other_shop.slug}, "orders": {"totalCount": 0}}
        assert codes(shoppers) == ["FORBIDDEN"]

    async def test_is_kept_as_an_answer_whether_named_or_sent(self, shop: Shop) -> None:
        text = f"{{ products {{ nodes {{ title }} }} }} # {shop.slug}"
        product = await shop.product(title="Old")
        whole = await post(shop, query=text, extensions=named(text))
        await shop.sql(f"update product set title = 'New' where id = '{product['id'].removeprefix('Product_')}'")

        by_hash = await post(shop, extensions=named(text))

        assert "Old" in whole.text
        assert by_hash.content == whole.content

    async def test_is_held_to_its_hash(self, shop: Shop) -> None:
        """Or anybody could put another text under a hash that others name."""
        text = f"{{ __typename }} # {shop.slug}"

        assert codes(await post(shop, query=SHOP, extensions=named(text))) == ["BAD_USER_INPUT"]
        assert codes(await post(shop, extensions=named(text))) == ["PERSISTED_QUERY_NOT_FOUND"]

    async def test_changes_nothing_under_another_hash(self, shop: Shop) -> None:
        variables = {"input": {"email": "s@example.com", "lines": [{"variantId": await shop.variant(), "quantity": 1}]}}

        response = await post(shop, query=ORDER_PLACE, variables=variables, extensions=named(SHOP))

        assert codes(response) == ["BAD_USER_INPUT"]
        assert (await shop.admin("{ orders { totalCount } }"))["data"] == {"orders": {"totalCount": 0}}

    async def test_is_stored_only_if_it_is_valid(self, shop: Shop) -> None:
        text = f"{{ nothing }} # {shop.slug}"

        assert codes(await post(shop, query=text, extensions=named(text))) == ["BAD_USER_INPUT"]
        assert codes(await post(shop, extensions=named(text))) == ["PERSISTED_QUERY_NOT_FOUND"]

    async def test_works_through_a_websocket(self, shop: Shop, live_server: LiveServer) -> None:
        text = f"{SHOP} # {shop.slug}"
        async with connect(live_server) as socket:
            await socket.init(storefrontToken=shop.storefront_token)

            unknown = await operate(socket, extensions=named(text))
            whole = await operate(socket, query=text, extensions=named(text))
            by_hash = await operate(socket, extensions=named(text))

        assert [error["message"] for error in unknown["payload"]] == ["PersistedQueryNotFound"]
        assert whole["payload"]["data"] == by_hash["payload"]["data"] == {"workspace": {"slug": shop.slug}}

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

    async def test_takes_a_registered_change_by_post_only(self, shop: Shop, registered: list[str]) -> None:
        order = {"email": "s@example.com", "lines": [{"variantId": await shop.variant(), "quantity": 1}]}
        asked = {"extensions": json.dumps(named(registered[1])), "variables": json.dumps({"input": order})}
        headers = {"X-Storefront-Token": shop.storefront_token}

        response = await shop.graphql.http.get("/graphql", params=asked, headers=headers)

        assert response.status_code == 405
        assert (await shop.admin("{ orders { totalCount } }"))["data"] == {"orders": {"totalCount": 0}}

    async def test_takes_nothing_else_through_a_websocket(
        self, shop: Shop, registered: list[str], live_server: LiveServer
    ) -> None:
        other = "{ __typename }"
        async with connect(live_server) as socket:
            await socket.init(storefrontToken=shop.storefront_token)

            taken = [await operate(socket, extensions=named(registered[0])), await operate(socket, query=registered[0])]
            refused = [await operate(socket, extensions=named(other)), await operate(socket, query=other)]

        assert [each["payload"]["data"] for each in taken] == [{"workspace": {"slug": shop.slug}}] * 2
        assert [each["payload"][0]["extensions"]["code"] for each in refused] == ["FORBIDDEN"] * 2

    async def test_takes_nothing_that_others_stored(self, shop: Shop, registered: list[str], other_shop: Shop) -> None:
        text = f"{SHOP} # {other_shop.slug}"
        assert codes(await post(other_shop, query=text, extensions=named(text))) == []
        assert codes(await post(other_shop, extensions=named(text))) == []

        assert codes(await post(shop, extensions=named(text))) == ["FORBIDDEN"]

    async def test_are_of_their_token_alone(self, shop: Shop, registered: list[str], other_shop: Shop) -> None:
        """`registered` is of a change, which nobody else's hash names."""
        assert codes(await post(other_shop, extensions=named(registered[1]))) == ["PERSISTED_QUERY_NOT_FOUND"]

    async def test_takes_nothing_else(self, shop: Shop, registered: list[str]) -> None:
        text = "{ __typename }"
        for payload in ({"query": text}, {"query": text, "extensions": named(text)}, {"extensions": named(text)}):
            assert codes(await post(shop, **payload)) == ["FORBIDDEN"]
