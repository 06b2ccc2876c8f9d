"""Webhook endpoints: adding, changing, deleting them, and their secrets."""

import base64
from typing import Any

import pytest

from core.crypto import decrypt
from core.ids import uuid_in
from tests.factories import Shop
from tests.operations import ADMIN
from tests.people import audit_actions, codes

FIELDS = """
  id url description eventTypes isActive disabledReason disabledAt failingSince previousSecretExpiresAt revision
  createdAt updatedAt
"""
UPDATE = f"""
mutation ($id: ID!, $input: WebhookEndpointUpdateInput!) {{
  webhookEndpointUpdate(id: $id, input: $input) {{ webhookEndpoint {{ {FIELDS} }} userErrors {{ code field message }} }}
}}
"""
DELETE = """
mutation ($id: ID!) {
  webhookEndpointDelete(id: $id) { deletedWebhookEndpointId userErrors { code field message } }
}
"""
ROTATE = f"""
mutation ($id: ID!, $input: WebhookEndpointSecretRotateInput) {{
  webhookEndpointSecretRotate(id: $id, input: $input) {{
    webhookEndpoint {{ {FIELDS} }} secret userErrors {{ code field message }}
  }}
}}
"""
READ = f"{{ webhookEndpoints {{ nodes {{ {FIELDS} }} }} }}"
URL = "https://receiver.example/hook"


async def create(shop: Shop, idempotency_key: str | None = None, **given: Any) -> dict[str, Any]:
    """The payload of the mutation as clients send it."""
    answer = await shop.admin(
        ADMIN,
        {"input": {"url": URL} | given},
        operation="WebhookEndpointCreate",
        idempotency_key=idempotency_key,
    )
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["webhookEndpointCreate"]
    return payload


async def created(shop: Shop, **given: Any) -> str:
    """The id of a new endpoint."""
    payload = await create(shop, **given)
    assert payload["userErrors"] == [], payload
    found: str = payload["webhookEndpoint"]["id"]
    return found


async def send(shop: Shop, document: str, name: str, **variables: Any) -> dict[str, Any]:
    """The payload of a mutation."""
    answer = await shop.admin(document, variables)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"][name]
    return payload


async def update(shop: Shop, endpoint_id: str, **given: Any) -> dict[str, Any]:
    return await send(shop, UPDATE, "webhookEndpointUpdate", id=endpoint_id, input={"revision": 1} | given)


async def read(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await shop.admin(READ))["data"]["webhookEndpoints"]["nodes"]
    return found


async def stored(shop: Shop, endpoint_id: str) -> Any:
    (row,) = await shop.sql("select * from webhook_endpoint where id = $1", uuid_in(endpoint_id, "WebhookEndpoint"))
    return row


def opened(shop: Shop, row: Any, column: str = "secret") -> str | None:
    """A secret as it is stored, opened with the key that sending uses."""
    return decrypt(row[column], shop.platform.settings.secret_key.get_secret_value(), bound_to=str(row["id"]))


class TestWebhookEndpointCreate:
    """`webhookEndpointCreate`."""

    async def test_answers_what_clients_ask_for(self, shop: Shop) -> None:
        payload = await create(shop, eventTypes=["ORDER_CREATED", "PRODUCT_CREATED", "ORDER_CREATED"])

        endpoint = payload["webhookEndpoint"]
        assert payload == {
            "webhookEndpoint": {
                "id": endpoint["id"],
                "url": URL,
                "eventTypes": ["PRODUCT_CREATED", "ORDER_CREATED"],
                "isActive": True,
            },
            "secret": payload["secret"],
            "userErrors": [],
        }
        assert await audit_actions(shop) == ["webhookEndpointCreate"]

    @pytest.mark.parametrize("given", [{}, {"eventTypes": None}, {"eventTypes": []}])
    async def test_tells_of_everything_where_no_type_is_named(self, shop: Shop, given: dict[str, Any]) -> None:
        endpoint = (await create(shop, **given))["webhookEndpoint"]

        assert endpoint["eventTypes"] is None
        assert (await stored(shop, endpoint["id"]))["event_types"] is None

    async def test_shows_a_secret_that_sending_finds_again(self, shop: Shop) -> None:
        payload = await create(shop)

        row = await stored(shop, payload["webhookEndpoint"]["id"])
        assert opened(shop, row) == payload["secret"]
        assert len(base64.b64decode(payload["secret"].removeprefix("whsec_"), validate=True)) >= 24

    async def test_makes_a_secret_for_each(self, shop: Shop) -> None:
        first, second = await create(shop), await create(shop)

        assert first["secret"] != second["secret"]

    async def test_makes_one_that_is_switched_off(self, shop: Shop) -> None:
        endpoint_id = await created(shop, isActive=False, description=" Staging ")

        (endpoint,) = await read(shop)
        assert endpoint == endpoint | {
            "id": endpoint_id,
            "description": "Staging",
            "isActive": False,
            "disabledReason": "BY_HAND",
            "disabledAt": endpoint["createdAt"],
            "revision": 1,
        }

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "receiver.example",
            "ftp://receiver.example/",
            "https://",
            "https://user:word@receiver.example/",
            "nonsense",
        ],
    )
    async def test_refuses_what_nothing_is_sent_to(self, shop: Shop, url: str) -> None:
        payload = await create(shop, url=url)

        assert [field for _, field in codes(payload)] == [["input", "url"]]
        assert (payload["webhookEndpoint"], payload["secret"]) == (None, None)
        assert await shop.sql("select from webhook_endpoint union all select from webhook_relay") == []
        assert await audit_actions(shop) == []

    async def test_begins_with_the_next_event(self, shop: Shop) -> None:
        await shop.product()
        before = await shop.sql("select sequence from workspace_counter")

        row = await stored(shop, await created(shop))

        assert row["since_sequence"] == before[0]["sequence"] > 0
        assert [each["sequence"] for each in await shop.sql("select sequence from webhook_relay")] == [
            row["since_sequence"]
        ]

    @pytest.mark.usefixtures("no_other_worker")
    async def test_leaves_the_relay_where_it_is(self, shop: Shop) -> None:
        await created(shop)
        await shop.product()

        row = await stored(shop, await created(shop))

        assert row["since_sequence"] > 0
        assert [each["sequence"] for each in await shop.sql("select sequence from webhook_relay")] == [0]
