"""Writing what came of tries, beside others who change the same endpoints."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.clock import now
from core.database import pinned
from core.ids import new_id
from resolvers.webhook.delete import END_WAITING, MAX_ENDED
from resolvers.webhook.disable import disable_endpoint
from resolvers.webhook.relay import EndpointKey, relay_events
from resolvers.webhook.result import Result, write_results
from tests.changes.feed import add_events
from tests.factories import Shop
from tests.people import becomes, system_sql
from tests.webhook.world import add_endpoint, deliveries

pytestmark = pytest.mark.usefixtures("no_other_worker")

URL = "http://localhost:1/"
DUE_AT = now() - timedelta(seconds=1)


async def leased(shop: Shop, count: int) -> tuple[EndpointKey, UUID, list[UUID]]:
    """An endpoint to which so many deliveries are due, the worker that has it, and the deliveries."""
    endpoint, worker = await add_endpoint(shop, URL), new_id()
    await add_events(shop, *["product.updated"] * count)
    await relay_events(shop.platform, [shop.workspace_id])
    await shop.sql("update webhook_endpoint set worker_id = $1 where id = $2", worker, endpoint)
    await shop.sql("update webhook_delivery set due_at = $1", DUE_AT)
    return EndpointKey(shop.workspace_id, endpoint), worker, [d["id"] for d in await deliveries(shop, endpoint)]


def result(endpoint: EndpointKey, delivery: UUID, *, is_delivered: bool = False, **changes: Any) -> Result:
    """What came of a delivery's first try."""
    return Result(
        workspace_id=endpoint.workspace_id,
        endpoint_id=endpoint.id,
        delivery_id=delivery,
        attempt_id=new_id(),
        due_at=DUE_AT,
        started_at=now(),
        duration_ms=1,
        status_code=200 if is_delivered else 500,
        error=None if is_delivered else "It answered 500.",
        response_body="",
        is_delivered=is_delivered,
        delay=None if is_delivered else 60.0,
        url=URL,
    )._replace(**changes)


class TestWriteResults:
    """`write_results`."""

    async def _is_waited_for(self, shop: Shop, process: int) -> bool:
        statement = "select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))"
        return bool((await system_sql(shop.platform, statement, process))[0][0])

    async def test_waits_for_who_deletes_the_endpoint_and_not_in_a_circle(self, shop: Shop) -> None:
        key, worker, waiting = await leased(shop, 2)
        results = [result(key, delivery) for delivery in waiting]
        async with shop.platform.database.app.acquire() as connection, pinned(connection, shop.workspace_id):
            await connection.execute("select from webhook_endpoint where id = $1 for update", key.id)
            writing = asyncio.create_task(write_results(shop.platform, worker, results))
            await becomes(True, lambda: self._is_waited_for(shop, connection.get_server_pid()))
            await connection.execute(END_WAITING, shop.workspace_id, key.id, MAX_ENDED)
            await connection.execute("delete from webhook_endpoint where id = $1", key.id)
        await writing

        found = await deliveries(shop, key.id)
        assert [(d["status"], d["attempt_count"]) for d in found] == [("FAILED", 0)] * 2

    async def test_writes_nothing_of_an_endpoint_that_goes_to_another_worker_meanwhile(self, shop: Shop) -> None:
        key, worker, (delivery,) = await leased(shop, 1)
        async with shop.platform.database.app.acquire() as connection, pinned(connection, shop.workspace_id):
            await connection.execute("update webhook_endpoint set worker_id = $1 where id = $2", new_id(), key.id)
            writing = asyncio.create_task(write_results(shop.platform, worker, [result(key, delivery)]))
            await becomes(True, lambda: self._is_waited_for(shop, connection.get_server_pid()))
        await writing

        (found,) = await deliveries(shop, key.id)
        assert (found["attempt_count"], found["tries"]) == (0, 0)


class TestFailingSince:
    """Since when an endpoint fails, and whether that is for too long."""

    LONG_AGO = now() - timedelta(days=30)

    async def _failing_since(self, shop: Shop, endpoint: EndpointKey) -> datetime | None:
        (row,) = await shop.sql("select failing_since from webhook_endpoint where id = $1", endpoint.id)
        found: datetime | None = row[0]
        return found

    @pytest.mark.parametrize(
        ("is_delivered", "since"),
        [
            ([True, False, False], 1),
            ([False, True], None),
            ([False, True, False], 2),
            ([True], None),
        ],
    )
    async def test_begins_behind_the_last_success_of_a_batch(
        self, shop: Shop, is_delivered: list[bool], since: int | None
    ) -> None:
        key, worker, waiting = await leased(shop, len(is_delivered))
        await shop.sql("update webhook_endpoint set failing_since = $1 where id = $2", self.LONG_AGO, key.id)
        tries = zip(waiting, is_delivered, strict=True)
        results = [result(key, delivery, is_delivered=each) for delivery, each in tries]

        assert await write_results(shop.platform, worker, results) == {}
        assert await self._failing_since(shop, key) == (None if since is None else results[since].started_at)

    async def test_begins_with_the_first_failure(self, shop: Shop) -> None:
        key, worker, waiting = await leased(shop, 2)
        results = [result(key, delivery) for delivery in waiting]
        await write_results(shop.platform, worker, results)

        assert await self._failing_since(shop, key) == results[0].started_at

    async def test_is_for_too_long_where_nothing_was_delivered_in_days(self, shop: Shop) -> None:
        key, worker, (delivery,) = await leased(shop, 1)
        await shop.sql("update webhook_endpoint set failing_since = $1 where id = $2", self.LONG_AGO, key.id)

        assert await write_results(shop.platform, worker, [result(key, delivery)]) == {key: URL}
        assert await self._failing_since(shop, key) == self.LONG_AGO

    @pytest.mark.parametrize("is_delivered", [True, False])
    async def test_is_not_moved_by_what_was_posted_to_an_earlier_url(self, shop: Shop, *, is_delivered: bool) -> None:
        key, worker, (delivery,) = await leased(shop, 1)
        since = None if not is_delivered else self.LONG_AGO
        await shop.sql("update webhook_endpoint set failing_since = $1 where id = $2", since, key.id)
        late = result(key, delivery, is_delivered=is_delivered, url="http://localhost:2/")

        assert await write_results(shop.platform, worker, [late]) == {}
        assert await self._failing_since(shop, key) == since


class TestDisableEndpoint:
    """`disable_endpoint`, by a worker that found a reason a moment ago."""

    async def test_turns_off_only_the_url_that_is_gone(self, shop: Shop) -> None:
        key = EndpointKey(shop.workspace_id, await add_endpoint(shop, URL))

        assert not await disable_endpoint(shop.platform, key, "GONE", "http://localhost:2/")
        assert await disable_endpoint(shop.platform, key, "GONE", URL)
        assert not await disable_endpoint(shop.platform, key, "GONE", URL)

    async def test_leaves_one_on_that_took_something_since_it_was_found_to_be_failing(self, shop: Shop) -> None:
        key = EndpointKey(shop.workspace_id, await add_endpoint(shop, URL))

        assert not await disable_endpoint(shop.platform, key, "FAILING", URL)
        await shop.sql("update webhook_endpoint set failing_since = now() where id = $1", key.id)
        assert await disable_endpoint(shop.platform, key, "FAILING", URL)
