"""Which pages may use the API from a browser: CORS, and a storefront token's own origins."""

import pytest

from tests.factories import ORDER_PLACE, Shop

SHOP = "{ workspace { slug } }"
ONLY_OURS = """
  mutation ($id: ID!) {
    storefrontTokenUpdate(id: $id, input: { revision: 1, allowedOrigins: ["https://*.shop.example"] }) {
      userErrors { message }
    }
  }
"""


async def restrict(shop: Shop) -> None:
    tokens = await shop.admin("{ storefrontTokens { nodes { id } } }")
    (token,) = tokens["data"]["storefrontTokens"]["nodes"]
    answer = await shop.admin(ONLY_OURS, {"id": token["id"]})
    assert answer["data"]["storefrontTokenUpdate"]["userErrors"] == []


class TestPreflight:
    """What a browser asks before."""

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
        assert "x-sequence" in response.headers["access-control-expose-headers"]

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
    async def test_do_nothing(self, shop: Shop, content_type: str) -> None:
        response = await shop.graphql.http.post(
            "/graphql", content=b'{"query": "{ __typename }"}', headers={"Content-Type": content_type}
        )

        assert response.status_code == 415
