"""What a storefront token says of its site: where its pages are, and what they may send."""

from typing import Any

import pytest

from core.access import Caller
from core.ids import global_id
from core.pubsub import revoked_channel
from resolvers.authentication import Authenticator, Credentials, new_throttle
from tests.factories import Shop
from tests.people import audit_actions, becomes, codes

FIELDS = "id name token hidesStock allowedOrigins registeredOperationsOnly revision"
CREATE = f"""
mutation ($input: StorefrontTokenCreateInput!) {{
  storefrontTokenCreate(input: $input) {{ storefrontToken {{ {FIELDS} }} userErrors {{ code field message }} }}
}}
"""
UPDATE = f"""
mutation ($id: ID!, $input: StorefrontTokenUpdateInput!) {{
  storefrontTokenUpdate(id: $id, input: $input) {{ storefrontToken {{ {FIELDS} }} userErrors {{ code field message }} }}
}}
"""
READ = f"{{ storefrontTokens {{ nodes {{ {FIELDS} }} }} }}"


def token_id(shop: Shop) -> str:
    return global_id("StorefrontToken", shop.storefront_token_id)


async def create(shop: Shop, **given: Any) -> dict[str, Any]:
    answer = await shop.admin(CREATE, {"input": {"name": "Site"} | given})
    payload: dict[str, Any] = answer["data"]["storefrontTokenCreate"]
    return payload


async def update(shop: Shop, **given: Any) -> dict[str, Any]:
    """The payload of a change of the shop's own token, at its first revision unless another is named."""
    answer = await shop.admin(UPDATE, {"id": token_id(shop), "input": {"revision": 1} | given})
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["storefrontTokenUpdate"]
    return payload


async def read(shop: Shop) -> dict[str, Any]:
    (token,) = (await shop.admin(READ))["data"]["storefrontTokens"]["nodes"]
    found: dict[str, Any] = token
    return found


async def shopper(shop: Shop) -> Caller:
    """The caller that a process makes of the shop's token."""
    return await Authenticator(shop.platform, new_throttle(shop.platform)).identify(
        Credentials(storefront_token=shop.storefront_token), ""
    )


class TestStorefrontTokenCreate:
    """`storefrontTokenCreate`."""

    async def test_lets_every_page_send_everything_by_default(self, shop: Shop) -> None:
        token = (await create(shop))["storefrontToken"]

        assert (token["allowedOrigins"], token["registeredOperationsOnly"], token["revision"]) == ([], False, 1)

    async def test_takes_the_rules_of_the_site(self, shop: Shop) -> None:
        payload = await create(
            shop, allowedOrigins=["HTTPS://Shop.example/", "http://localhost:3000"], registeredOperationsOnly=True
        )

        assert payload["userErrors"] == []
        assert payload["storefrontToken"]["allowedOrigins"] == ["https://shop.example", "http://localhost:3000"]
        assert payload["storefrontToken"]["registeredOperationsOnly"] is True

    async def test_refuses_what_is_no_origin(self, shop: Shop) -> None:
        payload = await create(shop, allowedOrigins=["https://shop.example", "shop.example"])

        assert (payload["storefrontToken"], codes(payload)) == (None, [("INVALID", ["input", "allowedOrigins", "1"])])
        assert len((await shop.admin(READ))["data"]["storefrontTokens"]["nodes"]) == 1


class TestStorefrontTokenUpdate:
    """`storefrontTokenUpdate`."""

    async def test_changes_what_is_named(self, shop: Shop) -> None:
        payload = await update(
            shop,
            name=" Lamps ",
            hidesStock=True,
            allowedOrigins=["https://Lamps.example:443", "https://lamps.example", "https://*.lamps.example"],
            registeredOperationsOnly=True,
        )

        assert payload["userErrors"] == []
        assert payload["storefrontToken"] == await read(shop)
        assert payload["storefrontToken"] == {
            "id": token_id(shop),
            "name": "Lamps",
            "token": shop.storefront_token,
            "hidesStock": True,
            "allowedOrigins": ["https://lamps.example", "https://*.lamps.example"],
            "registeredOperationsOnly": True,
            "revision": 2,
        }
        assert await audit_actions(shop) == ["storefrontTokenUpdate"]

    async def test_leaves_what_is_not_named(self, shop: Shop) -> None:
        await update(shop, hidesStock=True, allowedOrigins=["https://lamps.example"], registeredOperationsOnly=True)
        before = await read(shop)

        await update(shop, revision=2, name="Lamps")

        assert await read(shop) == before | {"name": "Lamps", "revision": 3}

    async def test_takes_every_rule_back(self, shop: Shop) -> None:
        before = await read(shop)
        await update(shop, hidesStock=True, allowedOrigins=["https://lamps.example"], registeredOperationsOnly=True)

        await update(shop, revision=2, hidesStock=False, allowedOrigins=[], registeredOperationsOnly=False)

        assert await read(shop) == before | {"revision": 3}

    async def test_refuses_a_stale_revision(self, shop: Shop) -> None:
        await update(shop, name="First")

        payload = await update(shop, name="Second")

        assert (payload["storefrontToken"], codes(payload)) == (None, [("CONFLICT", ["input", "revision"])])
        assert (await read(shop))["name"] == "First"
        assert await audit_actions(shop) == ["storefrontTokenUpdate"]

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"name": " "}, [("BLANK", ["input", "name"])]),
            ({"allowedOrigins": ["https://lamps.example/shop"]}, [("INVALID", ["input", "allowedOrigins", "0"])]),
            ({"allowedOrigins": ["https://*.example"]}, [("INVALID", ["input", "allowedOrigins", "0"])]),
            ({"allowedOrigins": ["\0"]}, [("INVALID", ["input", "allowedOrigins", "0"])]),
            (
                {"allowedOrigins": [f"https://shop-{number}.example" for number in range(51)]},
                [("TOO_MANY", ["input", "allowedOrigins"])],
            ),
        ],
    )
    async def test_refuses_what_is_wrong(self, shop: Shop, given: dict[str, Any], expected: list[Any]) -> None:
        before = await read(shop)

        payload = await update(shop, **given)

        assert (payload["storefrontToken"], codes(payload)) == (None, expected)
        assert await read(shop) == before
        assert await audit_actions(shop) == []

    async def test_reaches_shoppers_who_are_remembered(self, shop: Shop) -> None:
        await shop.product(quantity=7)
        document = "{ products { nodes { variants { nodes { quantityAvailable } } } } }"

        async def seen() -> Any:
            (product,) = (await shop.shopper(document))["data"]["products"]["nodes"]
            return product["variants"]["nodes"][0]["quantityAvailable"]

        assert await seen() == 7
        await update(shop, hidesStock=True)

        await becomes(None, seen)

    async def test_tells_every_process_at_once(self, shop: Shop) -> None:
        async with shop.platform.redis.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(revoked_channel(shop.storefront_token_id))
            await pubsub.get_message(timeout=5)

            await update(shop, name="Lamps")

            assert await pubsub.get_message(timeout=5) is not None

    async def test_is_known_of_the_caller(self, shop: Shop) -> None:
        before = await shopper(shop)
        await update(shop, allowedOrigins=["https://*.lamps.example"], registeredOperationsOnly=True)
        after = await shopper(shop)

        assert (before.allowed_origins, before.registered_only) == ((), False)
        assert (after.allowed_origins, after.registered_only) == (("https://*.lamps.example",), True)
        assert after.may_come_from("https://fr.lamps.example")
        assert not after.may_come_from("https://evil.example")
