"""From a change to the receiver: what is posted, when, and what the log says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from core.ids import new_id
from core.pubsub import DELIVERIES_CHANNEL, deliveries_channel
from resolvers.webhook.dispatch import Dispatcher
from resolvers.webhook.lanes import MAX_POSTS_OF_ENDPOINT
from tests.factories import Shop
from tests.people import becomes, emails_to, system_sql
from tests.webhook.receiver import receiving
from tests.webhook.world import add_endpoint, attempts, deliveries, dispatching

pytestmark = pytest.mark.usefixtures("no_other_worker")


async def states(shop: Shop, endpoint: UUID) -> list[tuple[str, int]]:
    return [(d["status"], d["attempt_count"]) for d in await deliveries(shop, endpoint)]


async def endpoint_row(shop: Shop, endpoint: UUID) -> dict[str, Any]:
    (row,) = await shop.sql(
        "select * from webhook_endpoint where workspace_id = $1 and id = $2", shop.workspace_id, endpoint
    )
    return dict(row)


async def make_due(shop: Shop, dispatcher: Dispatcher) -> None:
    """Moves the clock on to the next try: what waits is due now."""
    await shop.sql(
        "update webhook_delivery set due_at = now() where workspace_id = $1 and due_at is not null", shop.workspace_id
    )
    dispatcher.platform.doorbells.ring(deliveries_channel(shop.workspace_id))


@asynccontextmanager
async def listening(dispatcher: Dispatcher, prefix: str, heard: Callable[[str], None]) -> AsyncIterator[None]:
    """Hears doorbells for the block, as any other process does."""
    listener = asyncio.create_task(dispatcher.platform.doorbells.listen(prefix, heard))
    await asyncio.sleep(0.2)
    try:
        yield
    finally:
        listener.cancel()


async def of_shop(shop: Shop, called: list[str]) -> list[str]:
    return [workspace for workspace in called if workspace == str(shop.workspace_id)]


class TestDelivery:
    """A healthy receiver."""

    async def test_hears_of_a_change_once(self, shop: Shop) -> None:
        async with receiving() as receiver, dispatching(shop.platform):
            endpoint = await add_endpoint(shop, receiver.url)
            product = await shop.product()
            (received,) = await receiver.has(1)
            await becomes([("DELIVERED", 1)], lambda: states(shop, endpoint))

        assert received.event | {"timestamp": "", "id": ""} == {
            "event_type": "product.created",
            "entity_id": product["id"],
            "workspace_id": f"Workspace_{shop.workspace_id.hex}",
            "timestamp": "",
            "id": "",
            "sequence": 1,
        }
        (delivery,) = await deliveries(shop, endpoint)
        (attempt,) = await attempts(shop, delivery["id"])
        assert (attempt["number"], attempt["status_code"], attempt["error"]) == (1, 200, None)

    async def test_is_told_of_the_kinds_that_it_asked_for(self, shop: Shop) -> None:
        async with receiving() as orders, receiving() as everything, dispatching(shop.platform):
            await add_endpoint(shop, orders.url, ["order.created"])
            await add_endpoint(shop, everything.url)
            await shop.order(await shop.variant())

            assert [r.event["event_type"] for r in await orders.has(1)] == ["order.created"]
            assert {r.event["event_type"] for r in await everything.has(2)} >= {"product.created", "order.created"}

    async def test_hears_nothing_of_what_was_before_it(self, shop: Shop) -> None:
        async with receiving() as first, receiving() as second, dispatching(shop.platform):
            await add_endpoint(shop, first.url)
            await shop.product()
            await first.has(1)
            endpoint = await add_endpoint(shop, second.url)
            await shop.product()
            await second.has(1)
            await first.has(2)

            assert [d["sequence"] for d in await deliveries(shop, endpoint)] == [2]

    async def test_hears_nothing_of_other_shops(self, shop: Shop, other_shop: Shop) -> None:
        async with receiving() as mine, receiving() as theirs, dispatching(shop.platform):
            await add_endpoint(shop, mine.url)
            await add_endpoint(other_shop, theirs.url)
            await shop.product()
            await other_shop.product()
            await mine.has(1)
            await theirs.has(1)

        assert {r.event["workspace_id"] for r in mine.received} == {f"Workspace_{shop.workspace_id.hex}"}
        assert {r.event["workspace_id"] for r in theirs.received} == {f"Workspace_{other_shop.workspace_id.hex}"}

    async def test_gets_what_was_committed_while_no_worker_ran(self, shop: Shop) -> None:
        async with receiving() as receiver:
            await add_endpoint(shop, receiver.url)
            for _ in range(3):
                await shop.product()
            async with dispatching(shop.platform) as dispatcher:
                await make_due(shop, dispatcher)
                # The events were never relayed: this change's doorbell brings them along.
                await shop.product()

                assert sorted(r.event["sequence"] for r in await receiver.has(4)) == [1, 2, 3, 4]

    async def test_hears_at_once_beside_hundreds_of_others(self, shop: Shop) -> None:
        async with receiving() as receiver, dispatching(shop.platform):
            endpoints = [await add_endpoint(shop, receiver.url) for _ in range(300)]
            await shop.product()
            await shop.product()
            await receiver.has(600)

        for endpoint in endpoints:
            assert await states(shop, endpoint) == [("DELIVERED", 1)] * 2

    async def test_may_answer_what_no_text_can_hold(self, shop: Shop) -> None:
        async with receiving(body=b"\0\xff") as receiver, dispatching(shop.platform):
            endpoint = await add_endpoint(shop, receiver.url)
            await shop.product()
            await becomes([("DELIVERED", 1)], lambda: states(shop, endpoint))

        (delivery,) = await deliveries(shop, endpoint)
        assert (await attempts(shop, delivery["id"]))[0]["response_body"] == "\N{REPLACEMENT CHARACTER}" * 2


class TestSchedule:
    """A receiver that fails."""

    async def test_is_tried_nine_times_at_the_promised_times(self, shop: Shop) -> None:
        minutes = [0, 1, 3, 7, 15, 31, 63, 123, 243]
        async with receiving(status=500) as receiver, dispatching(shop.platform) as dispatcher:
            endpoint = await add_endpoint(shop, receiver.url)
            await shop.product()
            clock, tried_at = 0.0, []
            for number in range(1, 10):
                status = "PENDING" if number < 9 else "FAILED"
                await becomes([(status, number)], lambda: states(shop, endpoint))
                tried_at.append(clock)
                clock += await self._wait_of_the_next(shop, endpoint)
                await make_due(shop, dispatcher)
            await asyncio.sleep(1.5)

            assert len(receiver.received) == 9
        gaps = [later - earlier for earlier, later in pairwise(tried_at)]
        promised = [60 * (later - earlier) for earlier, later in pairwise(minutes)]
        assert all(abs(gap - wait) <= 0.15 * wait for gap, wait in zip(gaps, promised, strict=True)), gaps
        assert len({r.message_id for r in receiver.received}) == 1
        assert len({r.body for r in receiver.received}) == 1

    async def _wait_of_the_next(self, shop: Shop, endpoint: UUID) -> float:
        """Seconds from the last try to the next by the database's clock; 0 where there is none."""
        (row,) = await shop.sql(
            "select extract(epoch from d.due_at - a.started_at) from webhook_delivery d "
            "join webhook_attempt a on a.workspace_id = d.workspace_id and a.delivery_id = d.id "
            "and a.number = d.attempt_count where d.workspace_id = $1 and d.endpoint_id = $2",
            shop.workspace_id,
            endpoint,
        )
        return float(row[0] or 0)

    @pytest.mark.parametrize(
        ("retry_after", "least", "most"), [("5", 54, 66), ("100", 100, 101), ("90000", 120, 121), ("soon", 54, 66)]
    )
    async def test_may_put_a_try_off_as_far_as_the_next_step(
        self, shop: Shop, retry_after: str, least: float, most: float
    ) -> None:
        async with receiving(status=503, headers={"Retry-After": retry_after}) as receiver, dispatching(shop.platform):
            endpoint = await add_endpoint(shop, receiver.url)
            await shop.product()
            await becomes([("PENDING", 1)], lambda: states(shop, endpoint))

            assert least <= await self._wait_of_the_next(shop, endpoint) <= most + 5

    async def test_gets_everything_when_it_is_well_again(self, shop: Shop) -> None:
        async with receiving(status=500) as receiver, dispatching(shop.platform) as dispatcher:
            endpoint = await add_endpoint(shop, receiver.url)
            for _ in range(5):
                await shop.product()
            await becomes([("PENDING", 1)] * 5, lambda: states(shop, endpoint))
            receiver.status = 200
            await make_due(shop, dispatcher)
            await becomes([("DELIVERED", 2)] * 5, lambda: states(shop, endpoint))

        assert (await endpoint_row(shop, endpoint))["failing_since"] is None

    async def test_has_few_posts_under_way_and_holds_up_nobody(self, shop: Shop) -> None:
        async with receiving(seconds=30) as hanging, receiving() as healthy, dispatching(shop.platform):
            await add_endpoint(shop, hanging.url)
            await add_endpoint(shop, healthy.url)
            for _ in range(40):
                await shop.product()

            assert len({r.message_id for r in await healthy.has(40)}) == 40
            assert hanging.most_at_once <= MAX_POSTS_OF_ENDPOINT


class TestDisabling:
    """An endpoint that wants nothing more."""

    async def _is_active(self, shop: Shop, endpoint: UUID) -> bool:
        return bool((await endpoint_row(shop, endpoint))["is_active"])

    async def _owner(self, shop: Shop) -> str:
        (row,) = await system_sql(
            shop.platform,
            "select u.email from membership m join app_user u on u.id = m.user_id "
            "where m.workspace_id = $1 and m.role = 'OWNER'",
            shop.workspace_id,
        )
        return str(row[0])

    async def test_is_turned_off_by_410_and_its_owner_told(self, shop: Shop) -> None:
        async with receiving(status=410) as receiver, dispatching(shop.platform) as dispatcher:
            endpoint = await add_endpoint(shop, receiver.url)
            await shop.product()
            await becomes(False, lambda: self._is_active(shop, endpoint))
            await make_due(shop, dispatcher)
            await shop.product()
            await asyncio.sleep(1.5)

            assert len(receiver.received) == 1
        assert (await endpoint_row(shop, endpoint))["disabled_reason"] == "GONE"
        assert await states(shop, endpoint) == [("PENDING", 1)]
        (email,) = await emails_to(shop.platform, await self._owner(shop))
        assert receiver.url in email["text_body"]

    async def test_stays_on_where_the_410_came_from_the_address_before(self, shop: Shop) -> None:
        async with receiving(status=410, seconds=1) as gone, receiving() as moved, dispatching(shop.platform):
            endpoint = await add_endpoint(shop, gone.url)
            await shop.product()
            await gone.has(1)
            await shop.sql(
                "update webhook_endpoint set url = $3 where workspace_id = $1 and id = $2",
                shop.workspace_id,
                endpoint,
                moved.url,
            )
            await becomes([("PENDING", 1)], lambda: states(shop, endpoint))
            await shop.product()
            await moved.has(1)

        assert await self._is_active(shop, endpoint)

    async def test_is_turned_off_when_it_only_failed_for_days(self, shop: Shop) -> None:
        async with receiving(status=500) as receiver, dispatching(shop.platform) as dispatcher:
            endpoint = await add_endpoint(shop, receiver.url)
            await shop.product()
            await becomes([("PENDING", 1)], lambda: states(shop, endpoint))
            assert await self._is_active(shop, endpoint)
            await shop.sql("update webhook_endpoint set failing_since = failing_since - interval '5 days'")
            await make_due(shop, dispatcher)
            await becomes(False, lambda: self._is_active(shop, endpoint))

        assert (await endpoint_row(shop, endpoint))["disabled_reason"] == "FAILING"
        assert len(await emails_to(shop.platform, await self._owner(shop))) == 1

    async def test_is_not_turned_off_while_something_arrives(self, shop: Shop) -> None:
        async with receiving(status=500) as receiver, dispatching(shop.platform) as dispatcher:
            endpoint = await add_endpoint(shop, receiver.url)
            await shop.product()
            await becomes([("PENDING", 1)], lambda: states(shop, endpoint))
            await shop.sql("update webhook_endpoint set failing_since = failing_since - interval '5 days'")
            receiver.status = 200
            await make_due(shop, dispatcher)
            await becomes([("DELIVERED", 2)], lambda: states(shop, endpoint))
            receiver.status = 500
            await shop.product()
            await becomes([("DELIVERED", 2), ("PENDING", 1)], lambda: states(shop, endpoint))

            assert await self._is_active(shop, endpoint)


class TestLease:
    """Several workers."""

    async def _lease_to(self, shop: Shop, endpoint: UUID, worker: UUID) -> None:
        """Gives the endpoint to a worker that lives, and says so for the last time."""
        await system_sql(
            shop.platform, "insert into worker (id, alive_until) values ($1, now() + interval '2 seconds')", worker
        )
        await shop.sql("update webhook_endpoint set worker_id = $1 where id = $2", worker, endpoint)

    async def test_share_the_work_without_doing_any_twice(self, shop: Shop) -> None:
        async with receiving(seconds=0.01) as receiver, dispatching(shop.platform), dispatching(shop.platform):
            endpoint = await add_endpoint(shop, receiver.url)
            for _ in range(30):
                await shop.product()
            await becomes([("DELIVERED", 1)] * 30, lambda: states(shop, endpoint))

        assert len(receiver.received) == 30

    async def test_call_the_owner_once_and_nobody_over_and_over(self, shop: Shop) -> None:
        called: list[str] = []
        async with receiving() as receiver, dispatching(shop.platform) as dispatcher:
            endpoint = await add_endpoint(shop, receiver.url)
            await self._lease_to(shop, endpoint, new_id())
            async with listening(dispatcher, DELIVERIES_CHANNEL, called.append):
                await shop.product()
                await becomes([str(shop.workspace_id)], lambda: of_shop(shop, called))
                await asyncio.sleep(1)

        assert await of_shop(shop, called) == [str(shop.workspace_id)]

    async def test_take_over_from_one_that_died(self, shop: Shop) -> None:
        async with receiving() as receiver:
            endpoint = await add_endpoint(shop, receiver.url)
            await self._lease_to(shop, endpoint, new_id())
            async with dispatching(shop.platform):
                await shop.product()
                await asyncio.sleep(1)
                assert not receiver.received, "it is another's, who may be at it"

                await receiver.has(1, seconds=5)

    async def test_ignore_what_one_says_that_lost_the_endpoint(self, shop: Shop) -> None:
        async with receiving(seconds=1) as receiver, dispatching(shop.platform):
            endpoint = await add_endpoint(shop, receiver.url)
            await shop.product()
            await receiver.has(1)
            await self._lease_to(shop, endpoint, new_id())
            receiver.seconds = 0
            await receiver.has(2)
            await becomes([("DELIVERED", 1)], lambda: states(shop, endpoint))

    async def test_give_back_what_they_have_when_they_end(self, shop: Shop) -> None:
        async with receiving() as receiver:
            endpoint = await add_endpoint(shop, receiver.url)
            async with dispatching(shop.platform) as dispatcher:
                await shop.product()
                await receiver.has(1)
                assert (await endpoint_row(shop, endpoint))["worker_id"] == dispatcher.worker_id

            assert (await endpoint_row(shop, endpoint))["worker_id"] is None
            assert await states(shop, endpoint) == [("DELIVERED", 1)]
