"""Webhooks as merchants use them: the documents, and what sends them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from core.ids import uuid_in
from core.pubsub import deliveries_channel
from tests.factories import Shop
from tests.operations import ADMIN

URL = "https://receiver.example/hook"
FIELDS = """
  id url description eventTypes isActive disabledReason disabledAt failingSince previousSecretExpiresAt revision
  createdAt updatedAt
"""
DELIVERY_FIELDS = """
  id eventType eventId sequence endpointId status nextAttemptAt attemptCount createdAt finishedAt payload
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
PING = f"""
mutation ($id: ID!) {{
  webhookEndpointPing(id: $id) {{ webhookDelivery {{ {DELIVERY_FIELDS} }} userErrors {{ code field message }} }}
}}
"""
REPLAY_EVENTS = """
mutation ($id: ID!, $input: WebhookEventsReplayInput!) {
  webhookEventsReplay(id: $id, input: $input) { replayedCount userErrors { code field message } }
}
"""
READ = f"{{ webhookEndpoints {{ nodes {{ {FIELDS} }} }} }}"


async def send(shop: Shop, document: str, name: str, **variables: Any) -> dict[str, Any]:
    """The payload of a mutation."""
    answer = await shop.admin(document, variables)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"][name]
    return payload


async def create(shop: Shop, idempotency_key: str | None = None, **given: Any) -> dict[str, Any]:
    """The payload of a new endpoint, asked for as clients do."""
    answer = await shop.admin(
        ADMIN, {"input": {"url": URL} | given}, operation="WebhookEndpointCreate", idempotency_key=idempotency_key
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


async def update(shop: Shop, endpoint_id: str, **given: Any) -> dict[str, Any]:
    """The payload of a change, at the first revision unless another is named."""
    return await send(shop, UPDATE, "webhookEndpointUpdate", id=endpoint_id, input={"revision": 1} | given)


async def replay(shop: Shop, delivery_id: str) -> dict[str, Any]:
    """The payload of a replay, asked for as clients do."""
    answer = await shop.admin(ADMIN, {"id": delivery_id}, operation="WebhookDeliveryReplay")
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["webhookDeliveryReplay"]
    return payload


async def replay_events(shop: Shop, endpoint_id: str, **given: Any) -> dict[str, Any]:
    return await send(shop, REPLAY_EVENTS, "webhookEventsReplay", id=endpoint_id, input=given)


async def read(shop: Shop) -> list[dict[str, Any]]:
    """All endpoints."""
    found: list[dict[str, Any]] = (await shop.admin(READ))["data"]["webhookEndpoints"]["nodes"]
    return found


def uuid_of(endpoint_id: str) -> UUID:
    found = uuid_in(endpoint_id, "WebhookEndpoint")
    assert found, endpoint_id
    return found


@asynccontextmanager
async def heard_deliveries(shop: Shop) -> AsyncIterator[list[str]]:
    """The doorbells that workers hear of the shop's deliveries; after the block the first of them is there, if any."""
    heard: list[str] = []
    async with shop.platform.redis.pubsub() as pubsub:
        await pubsub.subscribe(deliveries_channel(shop.workspace_id))
        await pubsub.get_message(timeout=5)
        yield heard
        message = await pubsub.get_message(timeout=1)
        if message:
            heard.append(message["channel"].decode())
