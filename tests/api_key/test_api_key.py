"""API keys and storefront tokens: making, listing and revoking them."""

from datetime import timedelta
from typing import Any

import pytest

from core.access import SCOPES, Role
from core.clock import now
from core.crypto import pack_token, unpack_token
from core.ids import global_id, new_id
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Person, Shop, add_member
from tests.people import audit_actions, becomes, codes, error_codes

API_KEY_CREATE = """
mutation ($input: ApiKeyCreateInput!) {
  apiKeyCreate(input: $input) {
    apiKey { id name scopes expiresAt lastUsedAt revokedAt } secret userErrors { code field message }
  }
}
"""
API_KEY_REVOKE = """
mutation ($id: ID!) { apiKeyRevoke(id: $id) { apiKey { id revokedAt } userErrors { code field message } } }
"""
STOREFRONT_TOKEN_CREATE = """
mutation ($input: StorefrontTokenCreateInput!) {
  storefrontTokenCreate(input: $input) {
    storefrontToken { id name token hidesStock revokedAt } userErrors { code field message }
  }
}
"""
STOREFRONT_TOKEN_REVOKE = """
mutation ($id: ID!) {
  storefrontTokenRevoke(id: $id) { storefrontToken { id revokedAt } userErrors { code field message } }
}
"""
PRODUCTS = "{ products(first: 1) { totalCount } }"


async def create(shop: Shop, token: str | None = None, **given: Any) -> dict[str, Any]:
    """As the workspace's owner, unless another token is named."""
    given = {"name": "ERP", "scopes": ["PRODUCTS_READ"]} | given
    options: dict[str, Any] = {"token": token} if token else {"token": shop.owner_token, "workspace": shop.slug}
    answer = await shop.admin(API_KEY_CREATE, {"input": given}, **options)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["apiKeyCreate"]
    return payload


async def keys(shop: Shop) -> int:
    """How many keys there are besides the one that the tests use."""
    (row,) = await shop.sql("select count(*) - 1 from api_key")
    return int(row[0])


class TestApiKeyCreate:
    """`apiKeyCreate`."""

    async def test_makes_a_key_that_works(self, shop: Shop) -> None:
        payload = await create(shop, name=" ERP ", scopes=["PRODUCTS_WRITE", "PRODUCTS_READ", "PRODUCTS_READ"])

        assert payload["apiKey"].pop("id")
        assert payload["apiKey"] == {
            "name": "ERP",
            "scopes": ["PRODUCTS_READ", "PRODUCTS_WRITE"],
            "expiresAt": None,
            "lastUsedAt": None,
            "revokedAt": None,
        }
        assert payload["userErrors"] == []
        secret = payload["secret"]
        assert error_codes(await shop.graphql(PRODUCTS, token=secret)) == []
        assert error_codes(await shop.graphql("{ orders { totalCount } }", token=secret)) == ["FORBIDDEN"]
        assert await audit_actions(shop) == ["apiKeyCreate"]

    async def test_shows_the_secret_once(self, shop: Shop) -> None:
        secret = (await create(shop))["secret"]

        (row,) = await shop.sql("select string_agg(k::text, ' ') || (select a::text from audit_entry a) from api_key k")
        assert secret not in row[0]
        parts = unpack_token("vk_", secret)
        assert parts
        assert parts[2].hex() not in row[0]

    async def test_shows_the_same_secret_to_a_repeated_request(self, shop: Shop) -> None:
        options = {"token": shop.owner_token, "workspace": shop.slug, "idempotency_key": "once"}
        given = {"input": {"name": "ERP", "scopes": ["PRODUCTS_READ"]}}

        answers = [await shop.admin(API_KEY_CREATE, given, **options) for _ in range(2)]

        assert answers[0] == answers[1]
        assert await keys(shop) == 1
        (row,) = await shop.sql("select outcome from idempotency_key")
        assert answers[0]["data"]["apiKeyCreate"]["secret"] not in row["outcome"]

    async def test_stops_when_it_expires(self, shop: Shop) -> None:
        expires_at = now() + timedelta(seconds=1.5)
        secret = (await create(shop, expiresAt=expires_at.isoformat()))["secret"]
        assert error_codes(await shop.graphql(PRODUCTS, token=secret)) == []

        async def ask() -> list[str]:
            return error_codes(await shop.graphql(PRODUCTS, token=secret))

        await becomes(["UNAUTHENTICATED"], ask)

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"name": ""}, [("BLANK", ["input", "name"])]),
            ({"name": "x" * 201}, [("TOO_LONG", ["input", "name"])]),
            ({"scopes": []}, [("TOO_FEW", ["input", "scopes"])]),
            ({"scopes": ["PRODUCTS_READ"] * (len(SCOPES) + 1)}, [("TOO_MANY", ["input", "scopes"])]),
            ({"expiresAt": "2001-01-01T00:00:00Z"}, [("OUT_OF_RANGE", ["input", "expiresAt"])]),
        ],
    )
    async def test_refuses_what_is_wrong(self, shop: Shop, given: dict[str, Any], expected: list[Any]) -> None:
        payload = await create(shop, **given)

        assert (payload["apiKey"], payload["secret"], codes(payload)) == (None, None, expected)
        assert await keys(shop) == 0

    async def test_gives_no_scope_that_the_caller_lacks(self, shop: Shop) -> None:
        await shop.sql("update api_key set scopes = $1", ["api_keys:write", "api_keys:read", "products:read"])

        payload = await create(shop, shop.api_key, scopes=["PRODUCTS_READ", "ORDERS_READ", "API_KEYS_READ"])

        assert (payload["apiKey"], codes(payload)) == (None, [("FORBIDDEN_SCOPE", ["input", "scopes", "1"])])
        assert await keys(shop) == 0
        assert await audit_actions(shop) == []

    async def test_needs_the_scope(self, shop: Shop, platform: Platform, graphql: GraphQL, new_user: Any) -> None:
        staff: Person = await new_user()
        await add_member(platform, shop.workspace_id, staff, Role.STAFF)
        for document, given in (
            (API_KEY_CREATE, {"name": "ERP", "scopes": ["PRODUCTS_READ"]}),
            (STOREFRONT_TOKEN_CREATE, {"name": "site"}),
        ):
            for options in ({"token": staff.token}, {"storefront_token": shop.storefront_token}):
                answer = await graphql(document, {"input": given}, workspace=shop.slug, **options)
                assert error_codes(answer) == ["FORBIDDEN"]

        assert await keys(shop) == 0
        assert await audit_actions(shop) == []


class TestApiKeyRevoke:
    """`apiKeyRevoke`."""

    async def test_shuts_the_server_out(self, shop: Shop) -> None:
        payload = await create(shop)
        secret, key_id = payload["secret"], payload["apiKey"]["id"]
        assert error_codes(await shop.graphql(PRODUCTS, token=secret)) == []

        for _ in range(2):
            answer = (await shop.admin(API_KEY_REVOKE, {"id": key_id}))["data"]["apiKeyRevoke"]
            assert answer["userErrors"] == []
            assert answer["apiKey"]["revokedAt"]

        async def ask() -> list[str]:
            return error_codes(await shop.graphql(PRODUCTS, token=secret))

        await becomes(["UNAUTHENTICATED"], ask)
        assert await audit_actions(shop) == ["apiKeyCreate", "apiKeyRevoke"]

    async def test_is_refused_within_5_seconds_without_redis(self, shop: Shop) -> None:
        """Nobody rings here: the caller is forgotten by time alone."""
        secret = (await create(shop))["secret"]
        assert error_codes(await shop.graphql(PRODUCTS, token=secret)) == []
        await shop.sql("update api_key set revoked_at = now() where name = 'ERP'")

        async def ask() -> list[str]:
            return error_codes(await shop.graphql(PRODUCTS, token=secret))

        await becomes(["UNAUTHENTICATED"], ask)

    async def test_does_not_find_those_of_others(self, shop: Shop, other_shop: Shop) -> None:
        for document, type_name, foreign in (
            (API_KEY_REVOKE, "ApiKey", other_shop.api_key_id),
            (STOREFRONT_TOKEN_REVOKE, "StorefrontToken", other_shop.storefront_token_id),
        ):
            for row_id in (global_id(type_name, foreign), global_id(type_name, new_id()), global_id("User", foreign)):
                answer = await shop.admin(document, {"id": row_id})
                (payload,) = answer["data"].values()
                assert codes(payload) == [("NOT_FOUND", ["id"])]

        assert error_codes(await other_shop.admin(PRODUCTS)) == []
        (row,) = await other_shop.sql(
            "select (select revoked_at from api_key), (select revoked_at from storefront_token)"
        )
        assert tuple(row) == (None, None)


class TestApiKeys:
    """`apiKeys`."""

    async def test_lists_keys_with_when_they_were_used(self, shop: Shop) -> None:
        made = await create(shop)
        await shop.graphql(PRODUCTS, token=made["secret"])
        gone = await create(shop, name="Old")
        await shop.admin(API_KEY_REVOKE, {"id": gone["apiKey"]["id"]})
        document = """{ apiKeys(filter: {isRevoked: false}, sort: {field: CREATED_AT, direction: DESC}) {
          totalCount nodes { id name scopes lastUsedAt }
        } }"""

        found = (await shop.admin(document))["data"]["apiKeys"]

        assert found["totalCount"] == 2
        newest, tests = found["nodes"]
        assert newest.pop("lastUsedAt")
        assert newest == {"id": made["apiKey"]["id"], "name": "ERP", "scopes": ["PRODUCTS_READ"]}
        assert tests["scopes"] == [scope.replace(":", "_").upper() for scope in SCOPES]


class TestApiKey:
    """A key as it is sent."""

    async def test_is_refused_where_it_was_changed(self, shop: Shop, other_shop: Shop) -> None:
        parts = unpack_token("vk_", shop.api_key)
        assert parts
        workspace_id, key_id, secret = parts

        for key in (
            "vk_",
            shop.api_key[:-1],
            pack_token("vk_", workspace_id, key_id, bytes(24)),
            pack_token("vk_", other_shop.workspace_id, key_id, secret),
            pack_token("vk_", workspace_id, other_shop.api_key_id, secret),
            shop.storefront_token,
        ):
            assert error_codes(await shop.graphql(PRODUCTS, token=key)) == ["UNAUTHENTICATED"]


class TestStorefrontTokens:
    """`storefrontTokenCreate`, `storefrontTokenRevoke`, `storefrontTokens`."""

    async def create(self, shop: Shop, **given: Any) -> dict[str, Any]:
        answer = await shop.admin(STOREFRONT_TOKEN_CREATE, {"input": given})
        payload: dict[str, Any] = answer["data"]["storefrontTokenCreate"]
        return payload

    async def test_makes_a_token_that_works(self, shop: Shop) -> None:
        await shop.product(quantity=7)
        document = "{ products { nodes { variants { nodes { quantityAvailable } } } } }"
        for hides, seen in ((None, 7), (True, None)):
            payload = await self.create(shop, name="site", hidesStock=hides)
            assert payload["userErrors"] == []
            assert payload["storefrontToken"]["hidesStock"] is bool(hides)
            answer = await shop.graphql(document, storefront_token=payload["storefrontToken"]["token"])
            (product,) = answer["data"]["products"]["nodes"]
            assert product["variants"]["nodes"] == [{"quantityAvailable": seen}]

        assert (await audit_actions(shop))[-2:] == ["storefrontTokenCreate"] * 2

    async def test_refuses_a_blank_name(self, shop: Shop) -> None:
        payload = await self.create(shop, name=" ")

        assert (payload["storefrontToken"], codes(payload)) == (None, [("BLANK", ["input", "name"])])
        assert await audit_actions(shop) == []

    async def test_shuts_shoppers_out_when_revoked(self, shop: Shop) -> None:
        assert error_codes(await shop.shopper(PRODUCTS)) == []
        token_id = global_id("StorefrontToken", shop.storefront_token_id)

        answer = await shop.admin(STOREFRONT_TOKEN_REVOKE, {"id": token_id})

        assert answer["data"]["storefrontTokenRevoke"]["storefrontToken"]["revokedAt"]

        async def ask() -> list[str]:
            return error_codes(await shop.shopper(PRODUCTS))

        await becomes(["UNAUTHENTICATED"], ask)
        assert await audit_actions(shop) == ["storefrontTokenRevoke"]

    async def test_shows_tokens_again(self, shop: Shop) -> None:
        answer = await shop.admin("{ storefrontTokens(filter: {isRevoked: false}) { nodes { name token } } }")

        assert answer["data"]["storefrontTokens"]["nodes"] == [{"name": "tests", "token": shop.storefront_token}]
