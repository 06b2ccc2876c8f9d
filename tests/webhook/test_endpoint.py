"""Webhook endpoints: adding, changing, deleting them, and their secrets."""

import asyncio
import base64
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from core.crypto import decrypt
from core.ids import global_id, new_id
from core.pubsub import deliveries_channel
from resolvers.webhook import MAX_ENDPOINTS, relay_events
from schema.reading import SOURCES
from tests.factories import Shop
from tests.operations import ADMIN
from tests.people import audit_actions, codes, error_codes
from tests.webhook.api import (
    DELETE,
    PING,
    ROTATE,
    URL,
    create,
    created,
    heard_deliveries,
    read,
    send,
    update,
    uuid_of,
)
from tests.webhook.receiver import receiving
from tests.webhook.world import deliveries, dispatching

# What is due to an endpoint a worker of another test would post.
pytestmark = pytest.mark.usefixtures("no_other_worker")


async def stored(shop: Shop, endpoint_id: str) -> Any:
    (row,) = await shop.sql("select * from webhook_endpoint where id = $1", uuid_of(endpoint_id))
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

    async def test_is_told_of_all_that_is_committed_once_it_is_answered(self, shop: Shop) -> None:
        """Also the very first endpoint, while others write."""
        writers = [asyncio.create_task(shop.product()) for _ in range(12)]
        endpoint_id = await created(shop)
        (answered,) = await shop.sql("select sequence from workspace_counter")
        await asyncio.gather(*writers, *(shop.product() for _ in range(3)))
        await relay_events(shop.platform, [shop.workspace_id])

        (last,) = await shop.sql("select sequence from workspace_counter")
        told = {row["sequence"] for row in await deliveries(shop, uuid_of(endpoint_id))}
        assert told >= set(range(answered["sequence"] + 1, last["sequence"] + 1))
        assert len(told) >= 3

    async def test_makes_one_for_a_key_and_shows_its_secret_again(self, shop: Shop) -> None:
        key = new_id().hex

        first, again = await create(shop, key), await create(shop, key)

        assert first == again
        assert first["secret"].startswith("whsec_")
        assert len(await read(shop)) == 1

    async def test_refuses_more_than_a_workspace_may_have(self, shop: Shop) -> None:
        """Also where several ask at once."""
        await shop.sql(
            "insert into webhook_endpoint (workspace_id, id, url, secret, since_sequence) "
            "select $1, gen_random_uuid(), 'https://receiver.example/', 'sealed', 0 from generate_series(2, $2)",
            shop.workspace_id,
            MAX_ENDPOINTS,
        )

        payloads = await asyncio.gather(*(create(shop) for _ in range(4)))

        refusals = [codes(payload) for payload in payloads]
        assert sorted(refusals) == [[], *[[("LIMIT_REACHED", ["input"])]] * 3]
        count = await shop.sql("select count(*) from webhook_endpoint")
        assert count[0]["count"] == MAX_ENDPOINTS

    async def test_is_not_for_shoppers(self, shop: Shop) -> None:
        answer = await shop.shopper(ADMIN, {"input": {"url": URL}}, operation="WebhookEndpointCreate")

        assert error_codes(answer) == ["FORBIDDEN"]
        assert await read(shop) == []


class TestSecret:
    """What is never shown again."""

    async def test_is_in_no_field_and_in_no_log(self, shop: Shop) -> None:
        payload = await create(shop)
        rotated = await send(shop, ROTATE, "webhookEndpointSecretRotate", id=payload["webhookEndpoint"]["id"])

        kept = await shop.sql("select e::text from webhook_endpoint e union all select a::text from audit_entry a")

        assert len(kept) == 3
        for secret in (payload["secret"], rotated["secret"]):
            assert not [row for row in kept if secret.removeprefix("whsec_") in row[0]]
        assert [name for name in SOURCES["WebhookEndpoint"].fields if "secret" in name.lower()] == [
            "previousSecretExpiresAt"
        ]


class TestWebhookEndpointUpdate:
    """`webhookEndpointUpdate`."""

    async def test_changes_what_is_named(self, shop: Shop) -> None:
        endpoint_id = await created(shop, description="Old", eventTypes=["ORDER_CREATED"])
        (before,) = await read(shop)

        payload = await update(shop, endpoint_id, url="https://new.example/", eventTypes=["PRODUCT_DELETED"])

        after = payload["webhookEndpoint"]
        assert payload["userErrors"] == []
        assert after == before | {
            "url": "https://new.example/",
            "eventTypes": ["PRODUCT_DELETED"],
            "revision": 2,
            "updatedAt": after["updatedAt"],
        }
        assert after["updatedAt"] > before["updatedAt"]
        assert await read(shop) == [after]
        assert await audit_actions(shop) == ["webhookEndpointCreate", "webhookEndpointUpdate"]

    async def test_goes_back_to_all_event_types(self, shop: Shop) -> None:
        endpoint_id = await created(shop, eventTypes=["ORDER_CREATED"])

        endpoint = (await update(shop, endpoint_id, eventTypes=[]))["webhookEndpoint"]

        assert endpoint["eventTypes"] is None

    async def test_refuses_a_stale_revision(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        await update(shop, endpoint_id, description="One")

        payload = await update(shop, endpoint_id, description="Two")

        assert codes(payload) == [("CONFLICT", ["input", "revision"])]
        assert [endpoint["description"] for endpoint in await read(shop)] == ["One"]

    async def test_refuses_an_address_that_nothing_is_sent_to(self, shop: Shop) -> None:
        endpoint_id = await created(shop)

        payload = await update(shop, endpoint_id, url="https://10.0.0.1/")

        assert codes(payload) == [("INVALID", ["input", "url"])]
        assert [endpoint["url"] for endpoint in await read(shop)] == [URL]

    async def test_switches_off_by_hand(self, shop: Shop) -> None:
        endpoint_id = await created(shop)

        endpoint = (await update(shop, endpoint_id, isActive=False))["webhookEndpoint"]

        assert (endpoint["isActive"], endpoint["disabledReason"]) == (False, "BY_HAND")
        assert endpoint["disabledAt"] == endpoint["updatedAt"]

    async def test_keeps_the_reason_of_one_that_is_off(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        await shop.sql("update webhook_endpoint set is_active = false, disabled_reason = 'GONE', disabled_at = now()")
        (before,) = await read(shop)

        endpoint = (await update(shop, endpoint_id, isActive=False))["webhookEndpoint"]

        assert (endpoint["disabledReason"], endpoint["disabledAt"]) == ("GONE", before["disabledAt"])

    async def test_switches_on_for_what_happens_from_then_on(self, shop: Shop) -> None:
        """What waited goes on; what happened while it was off is not sent by itself."""
        endpoint_id = await created(shop)
        await shop.product()
        await relay_events(shop.platform, [shop.workspace_id])
        await shop.sql(
            "update webhook_endpoint set is_active = false, disabled_reason = 'FAILING', disabled_at = now(), "
            "failing_since = now()"
        )
        await shop.product()

        endpoint = (await update(shop, endpoint_id, isActive=True))["webhookEndpoint"]
        await shop.product()
        await relay_events(shop.platform, [shop.workspace_id])

        gone = {"isActive": True, "disabledReason": None, "disabledAt": None, "failingSince": None}
        assert endpoint == endpoint | gone
        log = await deliveries(shop, uuid_of(endpoint_id))
        assert [(row["sequence"], row["status"]) for row in log] == [(1, "PENDING"), (3, "PENDING")]

    async def test_rings_where_something_may_wait(self, shop: Shop) -> None:
        endpoint_id = await created(shop, isActive=False)

        async with heard_deliveries(shop) as heard:
            await update(shop, endpoint_id, isActive=True)

        assert heard == [deliveries_channel(shop.workspace_id)]


class TestWebhookEndpointDelete:
    """`webhookEndpointDelete`."""

    async def test_leaves_the_log_and_ends_what_waits(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        await shop.product()
        await relay_events(shop.platform, [shop.workspace_id])

        payload = await send(shop, DELETE, "webhookEndpointDelete", id=endpoint_id)

        assert payload == {"deletedWebhookEndpointId": endpoint_id, "userErrors": []}
        assert await read(shop) == []
        (delivery,) = await deliveries(shop, uuid_of(endpoint_id))
        assert (delivery["status"], delivery["due_at"]) == ("FAILED", None)
        assert delivery["finished_at"] is not None
        assert await audit_actions(shop) == ["webhookEndpointCreate", "productCreate", "webhookEndpointDelete"]

    async def test_refuses_one_that_is_gone(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        await send(shop, DELETE, "webhookEndpointDelete", id=endpoint_id)

        payload = await send(shop, DELETE, "webhookEndpointDelete", id=endpoint_id)

        assert (payload["deletedWebhookEndpointId"], codes(payload)) == (None, [("NOT_FOUND", ["id"])])


class TestWebhookEndpointSecretRotate:
    """`webhookEndpointSecretRotate`."""

    async def test_keeps_the_old_secret_for_the_overlap(self, shop: Shop) -> None:
        first = await create(shop)
        endpoint_id = first["webhookEndpoint"]["id"]

        payload = await send(shop, ROTATE, "webhookEndpointSecretRotate", id=endpoint_id, input={"overlapHours": 2})

        row = await stored(shop, endpoint_id)
        assert (opened(shop, row), opened(shop, row, "previous_secret")) == (payload["secret"], first["secret"])
        assert row["previous_secret_expires_at"] - row["updated_at"] == timedelta(hours=2)
        assert payload["webhookEndpoint"]["revision"] == 2
        assert payload["secret"] != first["secret"]

    async def test_overlaps_for_a_day_where_nothing_is_said(self, shop: Shop) -> None:
        endpoint_id = await created(shop)

        await send(shop, ROTATE, "webhookEndpointSecretRotate", id=endpoint_id)

        row = await stored(shop, endpoint_id)
        assert row["previous_secret_expires_at"] - row["updated_at"] == timedelta(hours=24)

    async def test_ends_the_old_secret_at_once_where_nothing_overlaps(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        await send(shop, ROTATE, "webhookEndpointSecretRotate", id=endpoint_id)

        payload = await send(shop, ROTATE, "webhookEndpointSecretRotate", id=endpoint_id, input={"overlapHours": 0})

        row = await stored(shop, endpoint_id)
        assert (row["previous_secret"], row["previous_secret_expires_at"]) == (None, None)
        assert opened(shop, row) == payload["secret"]

    @pytest.mark.parametrize("hours", [-1, 169])
    async def test_refuses_another_overlap(self, shop: Shop, hours: int) -> None:
        first = await create(shop)
        endpoint_id = first["webhookEndpoint"]["id"]

        payload = await send(shop, ROTATE, "webhookEndpointSecretRotate", id=endpoint_id, input={"overlapHours": hours})

        assert (payload["secret"], codes(payload)) == (None, [("OUT_OF_RANGE", ["input", "overlapHours"])])
        assert opened(shop, await stored(shop, endpoint_id)) == first["secret"]

    async def test_signs_with_both_for_the_overlap(self, shop: Shop) -> None:
        """A receiver that knows either secret accepts what is posted."""
        async with receiving() as receiver, dispatching(shop.platform):
            first = await create(shop, url=receiver.url)
            endpoint_id = first["webhookEndpoint"]["id"]
            rotated = await send(shop, ROTATE, "webhookEndpointSecretRotate", id=endpoint_id)
            await send(shop, PING, "webhookEndpointPing", id=endpoint_id)
            (received,) = await receiver.has(1)

        for secret in (first["secret"], rotated["secret"]):
            Webhook(secret).verify(received.body, dict(received.headers))
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + base64.b64encode(b"another secret of ours").decode()).verify(
                received.body, dict(received.headers)
            )


class TestWebhookEndpointPing:
    """`webhookEndpointPing`."""

    async def test_arrives_whatever_types_are_asked_for(self, shop: Shop) -> None:
        async with receiving() as receiver, dispatching(shop.platform):
            endpoint_id = await created(shop, url=receiver.url, eventTypes=["ORDER_CREATED"])
            payload = await send(shop, PING, "webhookEndpointPing", id=endpoint_id)
            (received,) = await receiver.has(1)

        delivery = payload["webhookDelivery"]
        assert received.event == {
            "event_type": "webhook.ping",
            "entity_id": endpoint_id,
            "workspace_id": global_id("Workspace", shop.workspace_id),
            "timestamp": received.event["timestamp"],
            "id": delivery["eventId"],
            "sequence": 0,
        }
        assert (delivery["eventType"], delivery["sequence"]) == ("WEBHOOK_PING", 0)
        assert received.body.decode() == delivery["payload"]
        assert received.message_id == delivery["eventId"]

    async def test_refuses_an_endpoint_that_is_off(self, shop: Shop) -> None:
        endpoint_id = await created(shop, isActive=False)

        payload = await send(shop, PING, "webhookEndpointPing", id=endpoint_id)

        assert (payload["webhookDelivery"], codes(payload)) == (None, [("INACTIVE", ["id"])])
        assert await deliveries(shop, uuid_of(endpoint_id)) == []
