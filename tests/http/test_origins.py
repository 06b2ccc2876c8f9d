"""Which pages may use the API from a browser: CORS, and a storefront token's own origins."""

import json
import os
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from benchmarks.server import Server, serving
from resolvers.context import Platform
from tests.client import GraphQL, LiveServer
from tests.factories import ORDER_PLACE, Shop
from tests.live.socket import connect
from tests.people import GOOD_PASSWORD, USER_REGISTER, new_email, system_sql

CLIENTS_SEND = {
    "apollo-require-preflight",
    "authorization",
    "content-type",
    "idempotency-key",
    "x-min-sequence",
    "x-preview-token",
    "x-request-id",
    "x-requested-with",
    "x-shopper-secret",
    "x-storefront-token",
    "x-workspace",
}
SHOP = "{ workspace { slug } }"
ONLY_OURS = """
  mutation ($id: ID!) {
    storefrontTokenUpdate(id: $id, input: { revision: 1, allowedOrigins: ["https://*.shop.example"] }) {
      userErrors { message }
    }
  }
"""


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A process that lets the pages of two origins in."""
    own = {"ALLOWED_ORIGINS": "https://shop.example, https://b.example/", "DATABASE_POOL_SIZE": "4"}
    with serving({**os.environ, **own}, tmp_path_factory.mktemp("origins") / "server.log") as process:
        await process.ready()
        yield process


async def restrict(shop: Shop) -> None:
    tokens = await shop.admin("{ storefrontTokens { nodes { id } } }")
    (token,) = tokens["data"]["storefrontTokens"]["nodes"]
    answer = await shop.admin(ONLY_OURS, {"id": token["id"]})
    assert answer["data"]["storefrontTokenUpdate"]["userErrors"] == []


class TestPreflight:
    """What a browser asks before."""

    @pytest.mark.parametrize("origin", ["https://a.shop.example", "http://localhost:3000", "null"])
    async def test_is_the_same_for_every_page(self, shop: Shop, origin: str) -> None:
        """Nobody is known yet: the token comes with the request itself."""
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}

        response = await shop.graphql.http.options("/graphql", headers=asked)

        assert (response.status_code, response.content) == (204, b"")
        assert response.headers["access-control-allow-origin"] == "*"
        assert set(response.headers["access-control-allow-methods"].split(", ")) == {"GET", "POST"}
        assert set(response.headers["access-control-allow-headers"].split(", ")) == CLIENTS_SEND
        # No cookies are used, so no page gets to send any.
        assert "access-control-allow-credentials" not in response.headers

    async def test_lets_the_headers_through_that_clients_send(self, shop: Shop) -> None:
        asked = {
            "Origin": "https://a.shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-storefront-token,idempotency-key,x-min-sequence",
        }
        response = await shop.graphql.http.options("/graphql", headers=asked)

        assert response.status_code == 204
        allowed = response.headers["access-control-allow-headers"].split(", ")
        assert set(asked["Access-Control-Request-Headers"].split(",")) <= set(allowed)
        assert response.headers["access-control-allow-origin"] == "*"


class TestOrigins:
    """A page's requests."""

    async def test_are_readable_by_pages_of_every_site_by_default(self, shop: Shop) -> None:
        headers = {"Origin": "https://a.shop.example"}
        response = await shop.graphql.response(SHOP, storefront_token=shop.storefront_token, headers=headers)

        assert response.headers["access-control-allow-origin"] in {"*", "https://a.shop.example"}
        assert set(response.headers["access-control-expose-headers"].split(", ")) == {
            "etag",
            "retry-after",
            "x-request-id",
            "x-sequence",
        }

    async def test_are_readable_when_they_are_refused(self, shop: Shop) -> None:
        """Or a page could not tell what is wrong with them."""
        headers = {"Origin": "https://a.shop.example", "Content-Type": "application/json"}
        for content in (b"{", b'{"query": "{ nothing }"}', b'{"query": "{ workspace { slug } }"}'):
            response = await shop.graphql.http.post("/graphql", content=content, headers=headers)

            assert "errors" in response.json()
            assert response.headers["access-control-allow-origin"] in {"*", "https://a.shop.example"}

    @pytest.mark.parametrize(
        ("origin", "allowed"),
        [
            ("https://fr.shop.example", True),
            ("https://shop.example", False),
            ("https://a.b.shop.example", False),
            ("https://.shop.example", False),
            ("http://fr.shop.example", False),
            ("https://fr.shop.example:8443", False),
            ("https://fr.shop.example.evil.example", False),
            ("https://evil-shop.example", False),
        ],
    )
    async def test_match_a_wildcard_by_one_label(self, shop: Shop, origin: str, allowed: bool) -> None:
        await restrict(shop)
        headers = {"Origin": origin}

        response = await shop.graphql.response(SHOP, storefront_token=shop.storefront_token, headers=headers)

        assert response.status_code == (200 if allowed else 403)
        assert ("access-control-allow-origin" in response.headers) is allowed

    async def test_do_not_get_what_is_kept_for_others(self, shop: Shop) -> None:
        await restrict(shop)
        await shop.shopper(SHOP)
        sent = {"X-Storefront-Token": shop.storefront_token, "Origin": "https://evil.example", "If-None-Match": "*"}

        response = await shop.graphql.http.get("/graphql", params={"query": SHOP}, headers=sent)

        assert response.status_code == 403
        assert "data" not in response.json()
        assert response.headers["cache-control"] == "no-store"

    async def test_are_held_to_the_tokens_own_list(self, shop: Shop) -> None:
        variant = await shop.variant()
        await restrict(shop)
        order = {"email": "s@example.com", "lines": [{"variantId": variant, "quantity": 1}]}

        for origin, status in (("https://a.shop.example", 200), ("https://evil.example", 403), ("null", 403)):
            response = await shop.graphql.response(
                ORDER_PLACE,
                {"input": order},
                storefront_token=shop.storefront_token,
                headers={"Origin": origin},
            )
            assert response.status_code == status, origin
            if status == 403:
                assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["FORBIDDEN"]
                assert "access-control-allow-origin" not in response.headers
        orders = await shop.admin("{ orders { totalCount } }")
        assert orders["data"]["orders"]["totalCount"] == 1

    async def test_of_servers_have_no_origin(self, shop: Shop) -> None:
        await restrict(shop)

        assert (await shop.shopper(SHOP))["data"] == {"workspace": {"slug": shop.slug}}


class TestForgedRequests:
    """What a page of another site can send without a preflight."""

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    )
    async def test_do_nothing(self, shop: Shop, platform: Platform, content_type: str) -> None:
        """Registering needs no credentials: of all that could be forged it would do the most."""
        email = new_email()
        request = {"query": USER_REGISTER, "variables": {"input": {"email": email, "password": GOOD_PASSWORD}}}
        content = json.dumps(request).encode()
        fields = {
            "operations": json.dumps(request),
            "map": "{}",
            **request,
            "variables": json.dumps(request["variables"]),
        }
        if content_type.startswith("application/x-www-form-urlencoded"):
            content = urlencode(fields).encode()

        response = await shop.graphql.http.post("/graphql", content=content, headers={"Content-Type": content_type})

        assert response.status_code == 415
        assert await system_sql(platform, "select 1 from app_user where email = $1", email) == []

    async def test_do_nothing_by_get(self, shop: Shop, platform: Platform) -> None:
        email = new_email()
        given = f'{{ email: "{email}", password: "{GOOD_PASSWORD}" }}'
        query = f"mutation {{ userRegister(input: {given}) {{ user {{ id }} }} }}"
        for headers in ({"Accept": "*/*"}, {"Accept": "*/*", "X-Requested-With": "x"}):
            response = await shop.graphql.http.get("/graphql", params={"query": query}, headers=headers)

            assert response.status_code in {400, 405}
        assert await system_sql(platform, "select 1 from app_user where email = $1", email) == []


class TestServersOrigins:
    """`ALLOWED_ORIGINS`."""

    @pytest.mark.parametrize(
        ("origin", "allowed"),
        [
            ("https://shop.example", True),
            ("https://b.example", True),
            ("https://a.shop.example", False),
            ("http://shop.example", False),
            ("null", False),
        ],
    )
    async def test_are_those_whose_pages_may_ask(self, shop: Shop, server: Server, origin: str, allowed: bool) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
            response = await GraphQL(http).response(
                SHOP, storefront_token=shop.storefront_token, headers={"Origin": origin}
            )

        assert response.status_code == (200 if allowed else 403)
        assert response.headers.get("access-control-allow-origin") == (origin if allowed else None)
        assert ("data" in response.json()) is allowed

    async def test_close_websockets_to_other_pages(self, shop: Shop, server: Server) -> None:
        there = LiveServer(server.port)
        async with connect(there, additional_headers={"Origin": "https://shop.example"}) as socket:
            await socket.init(storefrontToken=shop.storefront_token)
        with pytest.raises(InvalidStatus):
            async with connect(there, additional_headers={"Origin": "https://evil.example"}):
                pass
