"""The operations that are registered for a storefront token."""

import asyncio
import hashlib
from typing import Any

import pytest

from core.ids import global_id, new_id
from resolvers.storefront_token import RegisteredDocuments, registered_document
from resolvers.storefront_token.operation import MAX_CACHED, MAX_REGISTERED
from tests.factories import Shop
from tests.people import audit_actions, becomes, codes

REGISTER = """
mutation ($id: ID!, $documents: [String!]!) {
  storefrontTokenOperationsRegister(id: $id, input: { documents: $documents }) {
    storefrontToken { id } operations { hash name } userErrors { code field message }
  }
}
"""
UNREGISTER = """
mutation ($id: ID!, $hashes: [String!]!) {
  storefrontTokenOperationsUnregister(id: $id, hashes: $hashes) {
    storefrontToken { id } hashes userErrors { code field message }
  }
}
"""
READ = """
query ($id: ID!, $after: String) {
  node(id: $id) {
    ... on StorefrontToken {
      operations(first: 2, after: $after) {
        totalCount nodes { id hash name document createdAt } pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
PRODUCTS = "query Products { products(first: 5) { nodes { title } } }"
PLACE = "mutation Place($input: OrderPlaceInput!) { orderPlace(input: $input) { orderToken } }"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def token_id(shop: Shop) -> str:
    return global_id("StorefrontToken", shop.storefront_token_id)


async def register(shop: Shop, *documents: str, **options: Any) -> dict[str, Any]:
    answer = await shop.admin(REGISTER, {"id": token_id(shop), "documents": list(documents)}, **options)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["storefrontTokenOperationsRegister"]
    return payload


async def unregister(shop: Shop, *hashes: str) -> dict[str, Any]:
    answer = await shop.admin(UNREGISTER, {"id": token_id(shop), "hashes": list(hashes)})
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["storefrontTokenOperationsUnregister"]
    return payload


async def stored(shop: Shop) -> list[str]:
    """The documents that are registered, in order."""
    return [row["document"] for row in await shop.sql("select document from persisted_operation order by id")]


async def found(shop: Shop, text: str) -> str | None:
    return await registered_document(shop.platform, shop.workspace_id, shop.storefront_token_id, sha256(text))


class TestRegister:
    """`storefrontTokenOperationsRegister`."""

    async def test_lets_documents_be_named_by_their_hashes(self, shop: Shop) -> None:
        payload = await register(shop, PRODUCTS, PLACE, "{ __typename }")

        assert payload == {
            "storefrontToken": {"id": token_id(shop)},
            "operations": [
                {"hash": sha256(PRODUCTS), "name": "Products"},
                {"hash": sha256(PLACE), "name": "Place"},
                {"hash": sha256("{ __typename }"), "name": None},
            ],
            "userErrors": [],
        }
        assert [await found(shop, text) for text in (PRODUCTS, PLACE, PRODUCTS + " ")] == [PRODUCTS, PLACE, None]
        assert await audit_actions(shop) == ["storefrontTokenOperationsRegister"]

    async def test_keeps_a_document_byte_for_byte(self, shop: Shop) -> None:
        text = '\ufeff \n query Cafe {\r\n\tproducts(filter: { search: "été 💡" }) { totalCount } } # fin\n\n'

        payload = await register(shop, text)

        assert payload["userErrors"] == []
        assert await found(shop, text) == text

    async def test_leaves_what_is_registered_as_it_is(self, shop: Shop) -> None:
        await register(shop, PRODUCTS)
        before = await shop.sql("select * from persisted_operation")

        payload = await register(shop, PLACE, PRODUCTS, PLACE)

        assert [each["name"] for each in payload["operations"]] == ["Place", "Products"]
        assert await stored(shop) == [PRODUCTS, PLACE]
        assert await shop.sql("select * from persisted_operation where document = $1", PRODUCTS) == before

    async def test_registers_once_what_several_builds_register_at_once(self, shop: Shop) -> None:
        payloads = await asyncio.gather(*(register(shop, PRODUCTS, PLACE) for _ in range(5)))

        assert [payload["userErrors"] for payload in payloads] == [[]] * 5
        assert sorted(await stored(shop)) == sorted([PRODUCTS, PLACE])

    async def test_answers_a_repeated_request_alike(self, shop: Shop) -> None:
        first = await register(shop, PRODUCTS, idempotency_key="build-1")
        await unregister(shop, sha256(PRODUCTS))

        again = await register(shop, PRODUCTS, idempotency_key="build-1")

        assert again == first
        assert await stored(shop) == []

    @pytest.mark.parametrize(
        "wrong",
        [
            "query {",
            "{ products { nodes { tilte } } }",
            "query ($first: Nothing) { products(first: $first) { totalCount } }",
            "subscription { events { sequence } }",
            "query A { __typename } query B { __typename }",
            "fragment A on Product { title }",
            "type Product { id: ID! }",
            "{ __typename } # \0",
            "{ a: " + "{ a " * 2_000 + "}" * 2_000 + "}",
            "{ __typename " * 1_000,
        ],
    )
    async def test_refuses_what_is_no_operation_of_the_schema(self, shop: Shop, wrong: str) -> None:
        payload = await register(shop, PRODUCTS, wrong)

        assert (payload["operations"], payload["storefrontToken"]) == (None, None)
        assert codes(payload) == [("INVALID", ["input", "documents", "1"])]
        assert await stored(shop) == []
        assert await audit_actions(shop) == []

    @pytest.mark.parametrize(
        ("documents", "expected"),
        [
            ([], [("TOO_FEW", ["input", "documents"])]),
            ([""], [("BLANK", ["input", "documents", "0"])]),
            (["{ __typename }"] * 201, [("TOO_MANY", ["input", "documents"])]),
            (["{ __typename }" + " " * 100_000], [("TOO_LONG", ["input", "documents", "0"])]),
            (["{ __typename }" + " " * 99_000] * 11, [("TOO_LONG", ["input", "documents"])]),
            (["{ __typename } #" + "é" * 60_000] * 9, [("TOO_LONG", ["input", "documents"])]),
        ],
    )
    async def test_refuses_too_little_and_too_much(self, shop: Shop, documents: list[str], expected: list[Any]) -> None:
        payload = await register(shop, *documents)

        assert (payload["operations"], codes(payload)) == (None, expected)
        assert await stored(shop) == []

    async def test_takes_as_much_as_is_promised(self, shop: Shop) -> None:
        documents = [f"query Q{number} {{ __typename }}".ljust(5_000) for number in range(200)]

        payload = await register(shop, *documents)

        assert payload["userErrors"] == []
        assert await stored(shop) == documents

    async def test_refuses_more_than_a_token_may_have(self, shop: Shop) -> None:
        await shop.sql(
            "insert into persisted_operation (workspace_id, id, storefront_token_id, hash, document) "
            "select $1, gen_random_uuid(), $2, encode(sha256(n::text::bytea), 'hex'), 'old' "
            "from generate_series(1, $3::int) n",
            shop.workspace_id,
            shop.storefront_token_id,
            MAX_REGISTERED - 1,
        )

        refused = await register(shop, PRODUCTS, PLACE)
        assert (refused["operations"], codes(refused)) == (None, [("TOO_MANY", ["input", "documents"])])
        assert set(await stored(shop)) == {"old"}

        assert (await register(shop, PRODUCTS))["userErrors"] == []


class TestUnregister:
    """`storefrontTokenOperationsUnregister`."""

    async def test_takes_documents_back(self, shop: Shop) -> None:
        await register(shop, PRODUCTS, PLACE)

        payload = await unregister(shop, sha256(PRODUCTS), sha256("never registered"))

        assert payload == {
            "storefrontToken": {"id": token_id(shop)},
            "hashes": [sha256(PRODUCTS)],
            "userErrors": [],
        }
        assert await stored(shop) == [PLACE]
        assert (await audit_actions(shop))[-1] == "storefrontTokenOperationsUnregister"

    @pytest.mark.parametrize(
        ("hashes", "expected"),
        [
            ([], [("TOO_FEW", ["hashes"])]),
            (["0" * 64] * 201, [("TOO_MANY", ["hashes"])]),
            (["0" * 64, "nonsense"], [("INVALID", ["hashes", "1"])]),
            (["A" * 64], [("INVALID", ["hashes", "0"])]),
            (["0" * 64 + "\n"], [("INVALID", ["hashes", "0"])]),
        ],
    )
    async def test_refuses_what_is_no_hash(self, shop: Shop, hashes: list[str], expected: list[Any]) -> None:
        await register(shop, PRODUCTS)

        payload = await unregister(shop, *hashes)

        assert (payload["hashes"], codes(payload)) == (None, expected)
        assert await stored(shop) == [PRODUCTS]


class TestOperations:
    """`StorefrontToken.operations`."""

    async def test_shows_what_is_registered_in_pages(self, shop: Shop) -> None:
        documents = [f"query Q{number} {{ __typename }}" for number in range(3)]
        await register(shop, *documents)

        first = (await shop.admin(READ, {"id": token_id(shop)}))["data"]["node"]["operations"]
        after = first["pageInfo"]["endCursor"]
        second = (await shop.admin(READ, {"id": token_id(shop), "after": after}))["data"]["node"]["operations"]

        shown = first["nodes"] + second["nodes"]
        assert all(each.pop("id") and each.pop("createdAt") for each in shown)
        assert shown == [
            {"hash": sha256(text), "name": f"Q{number}", "document": text} for number, text in enumerate(documents)
        ]
        assert (first["totalCount"], second["pageInfo"]["hasNextPage"]) == (3, False)


class TestRegisteredDocuments:
    """What the doors ask."""

    async def test_belong_to_their_token_and_workspace(self, shop: Shop, other_shop: Shop) -> None:
        await register(shop, PRODUCTS)
        platform, name = shop.platform, sha256(PRODUCTS)

        for workspace_id, owner in (
            (shop.workspace_id, new_id()),
            (shop.workspace_id, other_shop.storefront_token_id),
            (other_shop.workspace_id, shop.storefront_token_id),
            (other_shop.workspace_id, other_shop.storefront_token_id),
        ):
            assert await registered_document(platform, workspace_id, owner, name) is None
            assert await RegisteredDocuments(platform).get(workspace_id, owner, name) is None

    @pytest.mark.parametrize("name", ["", "nonsense", "\0" * 64, "A" * 64, "0" * 64 + "\n"])
    async def test_are_not_found_by_what_is_no_hash(self, shop: Shop, name: str) -> None:
        assert await RegisteredDocuments(shop.platform).get(shop.workspace_id, shop.storefront_token_id, name) is None

    async def test_are_found_as_soon_as_they_are_registered(self, shop: Shop) -> None:
        documents = RegisteredDocuments(shop.platform)
        asked = (shop.workspace_id, shop.storefront_token_id, sha256(PRODUCTS))
        assert await documents.get(*asked) is None

        await register(shop, PRODUCTS)

        assert await documents.get(*asked) == PRODUCTS

    async def test_are_remembered_until_they_are_unregistered(self, shop: Shop) -> None:
        documents = RegisteredDocuments(shop.platform)
        asked = (shop.workspace_id, shop.storefront_token_id, sha256(PRODUCTS))
        await register(shop, PRODUCTS)
        listening = asyncio.create_task(documents.run())
        try:
            assert await documents.get(*asked) == PRODUCTS
            await unregister(shop, sha256(PRODUCTS))

            async def remembered() -> int:
                return len(documents._found)

            await becomes(0, remembered)
            assert await documents.get(*asked) is None
        finally:
            listening.cancel()

    async def test_are_forgotten_after_seconds_without_a_doorbell(self, shop: Shop) -> None:
        documents = RegisteredDocuments(shop.platform)
        asked = (shop.workspace_id, shop.storefront_token_id, sha256(PRODUCTS))
        await register(shop, PRODUCTS)
        assert await documents.get(*asked) == PRODUCTS
        await shop.sql("delete from persisted_operation")
        assert await documents.get(*asked) == PRODUCTS, "no statement while it is remembered"

        async def ask() -> str | None:
            return await documents.get(*asked)

        await becomes(None, ask)

    async def test_are_remembered_in_a_bounded_number(self, shop: Shop) -> None:
        documents = RegisteredDocuments(shop.platform)
        for start in range(0, MAX_CACHED + 200, 200):
            texts = [f"query Q{start + number} {{ __typename }}" for number in range(200)]
            await register(shop, *texts)
            for text in texts:
                assert await documents.get(shop.workspace_id, shop.storefront_token_id, sha256(text)) == text

        assert len(documents._found) == MAX_CACHED
        assert documents._length == sum(len(text) for text, _ in documents._found.values())
