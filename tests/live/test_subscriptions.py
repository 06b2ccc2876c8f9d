"""Following orders and everything else over websockets."""

import asyncio
from typing import Any

import pytest

from core.pubsub import EVENTS_CHANNEL
from resolvers.context import Platform
from tests.client import LiveServer
from tests.factories import Shop
from tests.live.socket import connect, signed_in

ORDER_EVENTS = """
subscription OrderEvents($after: String) {
  orderEvents(after: $after) { cursor type order { id number status total { amount currencyCode } } }
}
"""
ACTIVITY = """
subscription Activity($after: String) {
  activity(after: $after) { cursor sequence type entityId occurredAt }
}
"""
CANCEL = "mutation ($id: ID!) { orderCancel(id: $id) { order { id } } }"


async def settled() -> None:
    """Lets a subscribe message be handled before what it shall see happens."""
    await asyncio.sleep(0.3)


class TestOrderEvents:
    """`orderEvents`."""

    async def test_shows_an_order_as_it_arrives(self, shop: Shop, live_server: LiveServer) -> None:
        variant = await shop.variant()
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS)
            await settled()
            order = (await shop.order(variant))["order"]

            event = (await socket.next())["orderEvents"]

        assert event.pop("cursor")
        assert event == {
            "type": "ORDER_CREATED",
            "order": {key: order[key] for key in ("id", "number", "status", "total")},
        }

    async def test_shows_every_subscriber_every_order_once(self, shop: Shop, live_server: LiveServer) -> None:
        variant = await shop.variant(quantity=100)

        async def watch(started: asyncio.Semaphore) -> list[int]:
            async with signed_in(live_server, shop.api_key) as socket:
                await socket.subscribe(ORDER_EVENTS)
                await settled()
                started.release()
                return [(await socket.next())["orderEvents"]["order"]["number"] for _ in range(20)]

        started = asyncio.Semaphore(0)
        watchers = [asyncio.create_task(watch(started)) for _ in range(10)]
        for _ in watchers:
            await started.acquire()
        await asyncio.gather(*(shop.order(variant) for _ in range(20)))

        for watcher in watchers:
            assert sorted(await watcher) == list(range(1001, 1021))

    async def test_resumes_without_a_gap(self, shop: Shop, live_server: LiveServer) -> None:
        variant = await shop.variant(quantity=100)
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS)
            await settled()
            await shop.order(variant)
            cursor = (await socket.next())["orderEvents"]["cursor"]
        missed = [await shop.order(variant) for _ in range(5)]

        async def keep_ordering() -> None:
            for _ in range(20):
                await shop.order(variant)

        ordering = asyncio.create_task(keep_ordering())
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS, {"after": cursor})
            numbers = [(await socket.next())["orderEvents"]["order"]["number"] for _ in range(25)]
        await ordering

        assert missed[0]["order"]["number"] == 1002
        assert numbers == list(range(1002, 1027))

    async def test_takes_a_cursor_that_the_client_declares_as_needed(self, shop: Shop, live_server: LiveServer) -> None:
        variant = await shop.variant()
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS)
            await settled()
            await shop.order(variant)
            cursor = (await socket.next())["orderEvents"]["cursor"]
            needed = "subscription ($after: String!) { orderEvents(after: $after) { order { number } } }"
            await socket.subscribe(needed, {"after": cursor}, key="2")
            await settled()
            await socket.send({"id": "1", "type": "complete"})
            await shop.order(variant)

            message = await socket.receive()
            while message["id"] != "2":
                message = await socket.receive()

        assert message["payload"]["data"] == {"orderEvents": {"order": {"number": 1002}}}

    async def test_hears_on_after_a_doorbell_that_names_nothing(
        self, shop: Shop, live_server: LiveServer, platform: Platform
    ) -> None:
        variant = await shop.variant()
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS)
            await settled()
            await platform.redis.publish(f"{EVENTS_CHANNEL}nonsense", "")
            await shop.order(variant)

            assert (await socket.next())["orderEvents"]["order"]["number"] == 1001

    async def test_does_not_show_another_workspaces_orders(
        self, shop: Shop, other_shop: Shop, live_server: LiveServer
    ) -> None:
        mine, foreign = await shop.variant(), await other_shop.variant()
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS)
            await settled()
            await other_shop.order(foreign)
            order = (await shop.order(mine))["order"]

            assert (await socket.next())["orderEvents"]["order"]["id"] == order["id"]

    async def test_finds_what_no_doorbell_told(self, shop: Shop, live_server: LiveServer) -> None:
        variant = await shop.variant()
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS)
            await settled()
            # What another process commits when Redis is away: events without a doorbell.
            await shop.sql(
                "with c as (update workspace_counter set sequence = sequence + 1 where workspace_id = $1 "
                "returning sequence) insert into sync_event (workspace_id, sequence, id, type, entity_type, entity_id) "
                "select $1, sequence, gen_random_uuid(), 'order.created', 'Order', $1 from c",
                shop.workspace_id,
            )

            event = (await socket.next())["orderEvents"]

        assert variant
        assert event["order"] is None


class TestActivity:
    """`activity`."""

    async def test_numbers_everything_without_gaps(self, shop: Shop, live_server: LiveServer) -> None:
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ACTIVITY)
            await settled()
            product = await shop.product()
            order = (await shop.order(product["variants"]["nodes"][0]["id"]))["order"]
            await shop.admin(CANCEL, {"id": order["id"]})

            events = [(await socket.next())["activity"] for _ in range(3)]

        seen = [(event["sequence"], event["type"], event["entityId"]) for event in events]
        assert seen == [
            (1, "PRODUCT_CREATED", product["id"]),
            (2, "ORDER_CREATED", order["id"]),
            (3, "ORDER_UPDATED", order["id"]),
        ]

    @pytest.mark.parametrize("cursor", ["nonsense", "ZXZlbnQ6OTk5OTk", "ZXZlbnQ6LTE"])
    async def test_refuses_a_cursor_that_is_none(self, shop: Shop, live_server: LiveServer, cursor: str) -> None:
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ACTIVITY, {"after": cursor})

            message = await socket.receive()

        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


class TestWebSocketDoor:
    """The protocol."""

    async def test_refuses_shoppers_what_is_for_the_shop(self, shop: Shop, live_server: LiveServer) -> None:
        async with connect(live_server) as socket:
            await socket.init(storefrontToken=shop.storefront_token)
            await socket.subscribe(ORDER_EVENTS)
            message = await socket.receive()

        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")

    async def test_answers_queries_and_mutations_too(self, shop: Shop, live_server: LiveServer) -> None:
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe("{ workspace { slug } }", key="q")
            assert await socket.next("q") == {"workspace": {"slug": shop.slug}}
            assert await socket.receive() == {"id": "q", "type": "complete"}

    async def test_stops_when_the_client_completes(self, shop: Shop, live_server: LiveServer) -> None:
        variant = await shop.variant()
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS)
            await settled()
            await socket.send({"id": "1", "type": "complete"})
            await settled()
            await shop.order(variant)
            await socket.send({"type": "ping"})

            assert await socket.receive() == {"type": "pong"}

    async def test_frees_the_id_of_a_completed_operation_at_once(self, shop: Shop, live_server: LiveServer) -> None:
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS)
            await socket.send({"id": "1", "type": "complete"})
            await socket.subscribe("{ workspace { slug } }")

            assert await socket.next() == {"workspace": {"slug": shop.slug}}

    @pytest.mark.parametrize(
        ("messages", "code"),
        [
            ([], 4408),
            ([{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}], 4401),
            ([{"type": "connection_init", "payload": {"authorization": "Bearer forged"}}], 4403),
            ([{"type": "connection_init", "payload": {"storefrontToken": 7}}], 4400),
            ([{"type": "connection_init", "payload": {"authorization": "Bearer a\0b", "workspace": "\0"}}], 4403),
            ([[]], 4400),
            ([7], 4400),
            ([{"type": "connection_init"}, {"type": "connection_init"}], 4429),
            ([{"type": "connection_init"}, {"type": "start", "id": "1"}], 4400),
            ([{"type": "connection_init"}, {"type": "subscribe", "payload": {}}], 4400),
        ],
    )
    async def test_closes_with_the_protocols_codes(
        self, live_server: LiveServer, messages: list[Any], code: int
    ) -> None:
        async with connect(live_server) as socket:
            for message in messages:
                await socket.send(message)

            assert (await socket.closed())[0] == code

    async def test_speaks_no_other_protocol(self, live_server: LiveServer) -> None:
        async with connect(live_server, subprotocols=["graphql-ws"]) as socket:
            assert (await socket.closed())[0] == 4406

    async def test_ends_when_the_key_is_revoked(self, shop: Shop, live_server: LiveServer) -> None:
        async with signed_in(live_server, shop.api_key) as socket:
            await shop.sql("update api_key set revoked_at = now() where id = $1", shop.api_key_id)

            assert (await socket.closed())[0] == 4403
