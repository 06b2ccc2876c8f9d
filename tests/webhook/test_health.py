"""`syncHealth`: how well changes arrive."""

from functools import partial
from typing import Any

import pytest

from core.ids import global_id
from resolvers.webhook.health import LAST_DAY
from tests.factories import Shop
from tests.people import becomes
from tests.tenancy.world import key_with
from tests.webhook.receiver import receiving
from tests.webhook.world import add_endpoint, dispatching

SYNC_HEALTH = """
query {
  syncHealth {
    lastSequence latestCursor unrelayedCount tryCount retryCount successRate retrySuccessRate givenUpCount
    waitingCount oldestWaitingAt
    webhookEndpoints(first: 10) {
      nodes {
        endpointId tryCount successRate retrySuccessRate givenUpCount waitingCount oldestWaitingAt lastDeliveredAt
        failingSince webhookEndpoint { url }
      }
    }
    pollers(first: 10) { nodes { sequence eventsBehind oldestUnreadAt } }
  }
}
"""
pytestmark = pytest.mark.usefixtures("no_other_worker")


async def health(shop: Shop) -> dict[str, Any]:
    answer = await shop.admin(SYNC_HEALTH)
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["syncHealth"]
    return found


async def count_of(shop: Shop, name: str) -> int:
    return int((await health(shop))[name])


class TestSyncHealth:
    """`syncHealth`."""

    async def test_knows_nothing_of_a_shop_that_sends_nothing(self, shop: Shop) -> None:
        await shop.product()

        found = await health(shop)

        assert (found["lastSequence"], found["tryCount"], found["successRate"]) == (1, 0, None)
        assert (found["waitingCount"], found["oldestWaitingAt"], found["unrelayedCount"]) == (0, None, 0)
        assert found["webhookEndpoints"]["nodes"] == []

    async def test_counts_what_arrives_and_what_fails(self, shop: Shop) -> None:
        async with receiving() as well, receiving(status=500) as ill, dispatching(shop.platform):
            healthy, failing = await add_endpoint(shop, well.url), await add_endpoint(shop, ill.url)
            for _ in range(3):
                await shop.product()
            await becomes(6, partial(count_of, shop, "tryCount"))
        found = await health(shop)

        assert (found["successRate"], found["retryCount"], found["retrySuccessRate"]) == (0.5, 0, None)
        assert (found["waitingCount"], found["givenUpCount"]) == (3, 0)
        endpoints = {node["endpointId"]: node for node in found["webhookEndpoints"]["nodes"]}
        good, bad = (endpoints[global_id("WebhookEndpoint", each)] for each in (healthy, failing))
        assert (good["successRate"], good["waitingCount"], good["failingSince"]) == (1.0, 0, None)
        assert (bad["successRate"], bad["waitingCount"], bad["lastDeliveredAt"]) == (0.0, 3, None)
        assert bad["oldestWaitingAt"] == found["oldestWaitingAt"] is not None
        assert bad["failingSince"] is not None
        assert good["lastDeliveredAt"] is not None

    async def test_counts_retries_by_themselves(self, shop: Shop) -> None:
        async with receiving(status=500) as receiver, dispatching(shop.platform):
            await add_endpoint(shop, receiver.url)
            await shop.product()
            await becomes(1, partial(count_of, shop, "tryCount"))

            async def retries() -> int:
                # The clock is moved on, until somebody notices.
                await shop.sql("update webhook_delivery set due_at = now() where due_at is not null")
                return await count_of(shop, "retryCount")

            receiver.status = 200
            await becomes(1, retries)
        found = await health(shop)

        assert (found["tryCount"], found["successRate"], found["retrySuccessRate"]) == (2, 0.5, 1.0)

    async def test_tells_how_many_events_no_worker_has_taken_up(self, shop: Shop) -> None:
        await add_endpoint(shop, "https://receiver.example/hook")
        for _ in range(3):
            await shop.product()

        assert (await health(shop))["unrelayedCount"] == 3

    async def test_forgets_what_is_older_than_a_day(self, shop: Shop) -> None:
        async with receiving() as receiver, dispatching(shop.platform):
            await add_endpoint(shop, receiver.url)
            await shop.product()
            await becomes(1, partial(count_of, shop, "tryCount"))
            await self._move_hours(shop)

            assert await count_of(shop, "tryCount") == 0

    async def _move_hours(self, shop: Shop) -> None:
        async with shop.platform.database.system.acquire() as connection:
            await connection.execute(
                f"update webhook_hour set hour = hour - interval '{LAST_DAY}' where workspace_id = $1",
                shop.workspace_id,
            )

    async def test_shows_pollers(self, shop: Shop) -> None:
        await shop.product()
        await shop.admin("{ changes(first: 10) { latestCursor } }")
        cursor = (await health(shop))["latestCursor"]
        await shop.product()
        await shop.admin(
            "query ($after: String) { changes(first: 10, after: $after) { latestCursor } }", {"after": cursor}
        )
        await shop.platform.polls.flush(shop.platform.database)

        (poller,) = (await health(shop))["pollers"]["nodes"]

        assert (poller["sequence"], poller["eventsBehind"]) == (1, 1)
        assert poller["oldestUnreadAt"] is not None

    async def test_needs_its_scope_and_hides_endpoints_from_who_may_not_read_them(self, shop: Shop) -> None:
        await add_endpoint(shop, "https://receiver.example/hook")
        reader, other = await key_with(shop, "events:read"), await key_with(shop, "products:read")
        document = "{ syncHealth { webhookEndpoints(first: 1) { nodes { endpointId webhookEndpoint { url } } } } }"

        seen = await shop.admin(document, token=reader)
        refused = await shop.admin(document, token=other)

        (node,) = seen["data"]["syncHealth"]["webhookEndpoints"]["nodes"]
        assert node["webhookEndpoint"] is None
        assert seen["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"

    async def test_is_of_ones_own_workspace(self, shop: Shop, other_shop: Shop) -> None:
        await add_endpoint(other_shop, "https://receiver.example/hook")
        await other_shop.product()

        found = await health(shop)

        assert (found["lastSequence"], found["unrelayedCount"], found["webhookEndpoints"]["nodes"]) == (0, 0, [])
