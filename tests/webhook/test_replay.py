"""Sending webhooks again: one delivery, or the events of a range."""

import asyncio
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core.clock import now
from core.ids import global_id, new_id
from core.pubsub import deliveries_channel
from resolvers.webhook import MAX_EVENTS, relay_events
from tests.factories import Shop
from tests.people import audit_actions, becomes, codes
from tests.webhook.api import (
    DELETE,
    created,
    heard_deliveries,
    replay,
    replay_events,
    send,
    update,
    uuid_of,
)
from tests.webhook.receiver import receiving
from tests.webhook.world import attempts, deliveries, dispatching

FAIL = """
update webhook_delivery set status = 'FAILED', due_at = null, finished_at = now(), tries = 9, attempt_count = 9
 where workspace_id = $1
"""
NOTHING: dict[str, Any] = {"status": "PENDING", "tries": 0, "finished_at": None}

# What is due to an endpoint a worker of another test would post.
pytestmark = pytest.mark.usefixtures("no_other_worker")


async def failed_delivery(shop: Shop, endpoint_id: str) -> UUID:
    """The delivery of a new product, given up after nine tries."""
    await shop.product()
    await relay_events(shop.platform, [shop.workspace_id])
    await shop.sql(FAIL, shop.workspace_id)
    found: UUID = (await deliveries(shop, uuid_of(endpoint_id)))[-1]["id"]
    return found


def delivery_id(row_id: UUID) -> str:
    return global_id("WebhookDelivery", row_id)


async def sequences(shop: Shop, endpoint_id: str) -> list[int]:
    return [row["sequence"] for row in await deliveries(shop, uuid_of(endpoint_id))]


class TestWebhookDeliveryReplay:
    """`webhookDeliveryReplay`."""

    async def test_begins_the_same_delivery_anew(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        row_id = await failed_delivery(shop, endpoint_id)
        (before,) = await deliveries(shop, uuid_of(endpoint_id))

        async with heard_deliveries(shop) as heard:
            payload = await replay(shop, delivery_id(row_id))

        assert payload == {
            "webhookDelivery": {"id": delivery_id(row_id), "status": "PENDING"},
            "userErrors": [],
        }
        (after,) = await deliveries(shop, uuid_of(endpoint_id))
        assert after == before | NOTHING | {"due_at": after["due_at"]}
        assert after["due_at"] <= now()
        assert heard == [deliveries_channel(shop.workspace_id)]
        assert (await audit_actions(shop))[-1] == "webhookDeliveryReplay"

    async def test_stands_when_a_try_that_was_under_way_fails(self, shop: Shop) -> None:
        async with receiving(status=500, seconds=1) as receiver, dispatching(shop.platform):
            endpoint_id = await created(shop, url=receiver.url)
            await shop.product()
            await receiver.has(1)
            (row,) = await deliveries(shop, uuid_of(endpoint_id))
            await replay(shop, delivery_id(row["id"]))

            async def tries() -> int:
                return len(await attempts(shop, row["id"]))

            await becomes(1, tries)
            receiver.status = 200
            await receiver.has(2, seconds=5)

    async def test_sends_the_same_bytes_and_numbers_the_tries_on(self, shop: Shop) -> None:
        async with receiving() as receiver, dispatching(shop.platform):
            endpoint_id = await created(shop, url=receiver.url)
            await shop.product()
            await receiver.has(1)

            async def statuses() -> list[str]:
                return [row["status"] for row in await deliveries(shop, uuid_of(endpoint_id))]

            await becomes(["DELIVERED"], statuses)
            (delivery,) = await deliveries(shop, uuid_of(endpoint_id))
            await replay(shop, delivery_id(delivery["id"]))
            first, second = await receiver.has(2)
            await becomes(["DELIVERED"], statuses)

        assert (first.body, first.message_id) == (second.body, second.message_id)
        assert [attempt["number"] for attempt in await attempts(shop, delivery["id"])] == [1, 2]

    async def test_makes_one_that_waits_due_at_once(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        row_id = await failed_delivery(shop, endpoint_id)
        await shop.sql(
            "update webhook_delivery set status = 'PENDING', due_at = now() + interval '2 hours', finished_at = null, "
            "tries = 7"
        )

        await replay(shop, delivery_id(row_id))

        (after,) = await deliveries(shop, uuid_of(endpoint_id))
        assert after["due_at"] <= now()
        assert after["tries"] == 0

    async def test_refuses_where_the_endpoint_is_off(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        row_id = await failed_delivery(shop, endpoint_id)
        await update(shop, endpoint_id, isActive=False)
        before = await deliveries(shop, uuid_of(endpoint_id))

        payload = await replay(shop, delivery_id(row_id))

        assert (payload["webhookDelivery"], codes(payload)) == (None, [("INACTIVE", ["id"])])
        assert await deliveries(shop, uuid_of(endpoint_id)) == before

    async def test_refuses_where_the_endpoint_is_deleted(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        row_id = await failed_delivery(shop, endpoint_id)
        await send(shop, DELETE, "webhookEndpointDelete", id=endpoint_id)
        before = await deliveries(shop, uuid_of(endpoint_id))

        payload = await replay(shop, delivery_id(row_id))

        assert codes(payload) == [("NOT_FOUND", ["id"])]
        assert payload["userErrors"][0]["message"] == "The webhook endpoint that this delivery was for is deleted."
        assert await deliveries(shop, uuid_of(endpoint_id)) == before


class TestWebhookEventsReplay:
    """`webhookEventsReplay`."""

    async def test_sends_what_happened_before_the_endpoint_was_there(self, shop: Shop) -> None:
        product = await shop.product()
        await shop.product()
        endpoint_id = await created(shop)

        async with heard_deliveries(shop) as heard:
            payload = await replay_events(shop, endpoint_id, afterSequence=0)

        assert payload == {"replayedCount": 2, "userErrors": []}
        rows = await deliveries(shop, uuid_of(endpoint_id))
        assert [(row["sequence"], row["status"], row["event_type"]) for row in rows] == [
            (1, "PENDING", "product.created"),
            (2, "PENDING", "product.created"),
        ]
        assert product["id"].encode() in rows[0]["body"]
        assert heard == [deliveries_channel(shop.workspace_id)]

    async def test_makes_the_bytes_that_the_relay_makes(self, shop: Shop) -> None:
        relayed, replayed = await created(shop), await created(shop, isActive=False)
        await shop.order(await shop.variant())
        await relay_events(shop.platform, [shop.workspace_id])
        await update(shop, replayed, isActive=True)
        await replay_events(shop, replayed, afterSequence=0)

        expected, found = [
            [(row["event_id"], row["body"], row["event_type"]) for row in await deliveries(shop, uuid_of(each))]
            for each in (relayed, replayed)
        ]
        assert len(found) == 2
        assert found == expected

    async def test_begins_anew_what_has_a_delivery(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        await failed_delivery(shop, endpoint_id)
        await shop.product()
        (before,) = await deliveries(shop, uuid_of(endpoint_id))

        payload = await replay_events(shop, endpoint_id, afterSequence=0)

        first, second = await deliveries(shop, uuid_of(endpoint_id))
        assert payload["replayedCount"] == 2
        assert first == before | NOTHING | {"due_at": first["due_at"]}
        assert (second["sequence"], second["attempt_count"]) == (2, 0)

    async def test_is_not_sent_twice_when_the_relay_comes_after_it(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        await shop.product()

        await replay_events(shop, endpoint_id, afterSequence=0)
        await relay_events(shop.platform, [shop.workspace_id])

        assert await sequences(shop, endpoint_id) == [1]

    @pytest.mark.parametrize(
        ("given", "found"),
        [
            ({"afterSequence": 2}, [3, 4, 5]),
            ({"afterSequence": 1, "throughSequence": 3}, [2, 3]),
            ({"afterSequence": 5}, []),
            ({"afterSequence": 3, "throughSequence": 2}, []),
        ],
    )
    async def test_takes_a_range_of_sequences(self, shop: Shop, given: dict[str, int], found: list[int]) -> None:
        for _ in range(5):
            await shop.product()
        endpoint_id = await created(shop)

        payload = await replay_events(shop, endpoint_id, **given)

        assert payload == {"replayedCount": len(found), "userErrors": []}
        assert await sequences(shop, endpoint_id) == found

    async def test_takes_a_span_of_time(self, shop: Shop) -> None:
        """To the microsecond: what occurred at the beginning is in it, what occurred at the end is not."""
        for _ in range(5):
            await shop.product()
        rows = await shop.sql("select occurred_at from sync_event order by sequence")
        moments = [row["occurred_at"].isoformat() for row in rows]
        endpoint_id = await created(shop)

        await replay_events(shop, endpoint_id, since=moments[1], until=moments[3])
        assert await sequences(shop, endpoint_id) == [2, 3]
        await replay_events(shop, endpoint_id, since=moments[1], throughSequence=4)
        assert await sequences(shop, endpoint_id) == [2, 3, 4]
        payload = await replay_events(shop, endpoint_id, since="2999-01-01T00:00:00Z")
        assert payload == {"replayedCount": 0, "userErrors": []}
        await replay_events(shop, endpoint_id, since="0001-01-01T00:00:00Z", until="9999-12-31T23:59:59Z")
        assert await sequences(shop, endpoint_id) == [1, 2, 3, 4, 5]

    async def test_finds_a_span_of_time_among_events_of_days(self, shop: Shop) -> None:
        """The ids tell roughly when events were made: they only bound the search."""
        start = now() - timedelta(days=3)
        ids = [UUID(int=(int((start + timedelta(hours=n)).timestamp() * 1000) << 80) + n) for n in range(72)]
        await shop.sql(
            "insert into sync_event (workspace_id, sequence, id, type, entity_type, entity_id, occurred_at) "
            "select $1, n, e.id, 'product.updated', 'Product', e.id, $3::timestamptz + (n - 1) * interval '1 hour' "
            "from unnest($2::uuid[]) with ordinality e(id, n)",
            shop.workspace_id,
            ids,
            start,
        )
        endpoint_id = await created(shop)
        since, until = start + timedelta(hours=20), start + timedelta(hours=30)

        payload = await replay_events(shop, endpoint_id, since=since.isoformat(), until=until.isoformat())

        assert payload["replayedCount"] == 10
        assert await sequences(shop, endpoint_id) == list(range(21, 31))

    async def test_finds_events_of_a_server_whose_clock_is_wrong(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What it makes up itself has the time of its own clock; events are told by the database's."""
        hour = timedelta(hours=1)
        begun = now()

        def made_an_hour_ago() -> UUID:
            milliseconds = int((now() - hour).timestamp() * 1000)
            return UUID(int=(milliseconds << 80) + secrets.randbits(80))

        monkeypatch.setattr("resolvers.write.new_id", made_an_hour_ago)
        await shop.product()
        endpoint_id = await created(shop)

        payload = await replay_events(shop, endpoint_id, since=begun.isoformat())

        assert payload["replayedCount"] == 1

    async def test_sends_what_the_endpoint_asks_for_unless_types_are_named(self, shop: Shop) -> None:
        await shop.order(await shop.variant())
        endpoint_id = await created(shop, eventTypes=["ORDER_CREATED"])

        async def kinds() -> set[str]:
            return {row["event_type"] for row in await deliveries(shop, uuid_of(endpoint_id))}

        await replay_events(shop, endpoint_id, afterSequence=0)
        assert await kinds() == {"order.created"}
        await replay_events(shop, endpoint_id, afterSequence=0, eventTypes=["PRODUCT_CREATED"])
        assert await kinds() == {"order.created", "product.created"}

    async def test_refuses_a_range_without_a_beginning(self, shop: Shop) -> None:
        endpoint_id = await created(shop)

        payload = await replay_events(shop, endpoint_id, until="2026-01-01T00:00:00Z")

        assert (payload["replayedCount"], codes(payload)) == (None, [("BLANK", ["input", "since"])])

    async def test_refuses_an_endpoint_that_is_off(self, shop: Shop) -> None:
        await shop.product()
        endpoint_id = await created(shop, isActive=False)

        payload = await replay_events(shop, endpoint_id, afterSequence=0)

        assert codes(payload) == [("INACTIVE", ["id"])]
        assert await sequences(shop, endpoint_id) == []

    async def test_says_how_to_go_on_where_there_are_too_many(self, shop: Shop) -> None:
        await shop.sql(
            "insert into sync_event (workspace_id, sequence, id, type, entity_type, entity_id) "
            "select $1, n, gen_random_uuid(), 'product.updated', 'Product', gen_random_uuid() "
            "from generate_series(1, $2) n",
            shop.workspace_id,
            MAX_EVENTS + 5,
        )
        endpoint_id = await created(shop)

        refused = await replay_events(shop, endpoint_id, afterSequence=3)

        assert (refused["replayedCount"], codes(refused)) == (None, [("TOO_MANY", ["input"])])
        assert f"throughSequence {MAX_EVENTS + 3} first" in refused["userErrors"][0]["message"]
        assert await sequences(shop, endpoint_id) == []
        first = await replay_events(shop, endpoint_id, afterSequence=3, throughSequence=MAX_EVENTS + 3)
        rest = await replay_events(shop, endpoint_id, afterSequence=MAX_EVENTS + 3)
        assert (first["replayedCount"], rest["replayedCount"]) == (MAX_EVENTS, 2)
        assert await sequences(shop, endpoint_id) == list(range(4, MAX_EVENTS + 6))

    async def test_does_it_once_for_a_key(self, shop: Shop) -> None:
        await shop.product()
        endpoint_id = await created(shop)
        document = """
          mutation ($id: ID!) { webhookEventsReplay(id: $id, input: { afterSequence: 0 }) { replayedCount } }
        """
        key = new_id().hex

        first = await shop.admin(document, {"id": endpoint_id}, idempotency_key=key)
        await shop.sql(FAIL, shop.workspace_id)
        again = await shop.admin(document, {"id": endpoint_id}, idempotency_key=key)

        assert again == first == {"data": {"webhookEventsReplay": {"replayedCount": 1}}}
        assert [row["status"] for row in await deliveries(shop, uuid_of(endpoint_id))] == ["FAILED"]

    async def test_may_be_asked_for_by_several_at_once(self, shop: Shop) -> None:
        for _ in range(5):
            await shop.product()
        endpoint_id = await created(shop)

        payloads = await asyncio.gather(*(replay_events(shop, endpoint_id, afterSequence=0) for _ in range(6)))

        assert payloads == [{"replayedCount": 5, "userErrors": []}] * 6
        assert await sequences(shop, endpoint_id) == [1, 2, 3, 4, 5]

    async def test_arrives(self, shop: Shop) -> None:
        products = [await shop.product() for _ in range(3)]
        async with receiving() as receiver, dispatching(shop.platform):
            endpoint_id = await created(shop, url=receiver.url)
            await replay_events(shop, endpoint_id, afterSequence=0)
            received = await receiver.has(3)

        assert {each.event["entity_id"] for each in received} == {product["id"] for product in products}
