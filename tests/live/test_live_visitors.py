"""Watching who is on the sites, over websockets."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest

from core.database import Database
from core.errors import Throttled
from core.ids import new_id
from resolvers import live_visitors
from resolvers.context import Platform
from resolvers.live_visitors import Present, count_present
from schema.transport import live
from schema.transport.operation import Answer, run
from tests.analytics.tracking import ago, beacon, event, track
from tests.client import LiveServer
from tests.factories import Shop
from tests.live.socket import Socket, connect, signed_in
from tests.people import becomes
from tests.tenancy.world import key_with

LIVE_VISITORS = "subscription LiveVisitors { liveVisitors { visitors pageViewsPerMinute } }"
NOBODY = {"visitors": 0, "pageViewsPerMinute": 0.0}
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
ONE = """
insert into visitor_event (workspace_id, occurred_at, id, received_at, name, session_id, visitor_id, host, path, title,
                           referrer, source, medium, campaign, device, browser, os, country, is_bot)
values ($1, now() - $2 * interval '1 second', $3, now() - $4 * interval '1 second', 'page_view', $3, $3, 'shop.example',
        '/', '', '', 'direct', '', '', 'desktop', 'Firefox', 'Linux', '', false)
"""


class Counting:
    """Counts the countings, by workspace; those that are to fail do."""

    def __init__(self) -> None:
        self.of: dict[UUID, int] = {}
        self.fails = False

    async def __call__(self, database: Database, workspace_id: UUID) -> Present:
        self.of[workspace_id] = self.of.get(workspace_id, 0) + 1
        if self.fails:
            raise Throttled("The server is busy.")
        return await count_present(database, workspace_id)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    found = Counting()
    monkeypatch.setattr(live_visitors, "count_present", found)
    return found


@pytest.fixture(autouse=True)
def _ticks_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_visitors, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(live_visitors, "REST", 0)


async def seen(shop: Shop, *, occurred: float = 0, received: float = 0) -> None:
    """A visitor's page view that occurred and came so many seconds ago."""
    await shop.sql(ONE, shop.workspace_id, occurred, new_id(), received)


async def figures(socket: Socket, key: str = "1") -> dict[str, Any]:
    found: dict[str, Any] = (await socket.next(key))["liveVisitors"]
    return found


class TestLiveVisitors:
    """`liveVisitors`."""

    async def test_are_told_at_once_and_when_somebody_comes(self, shop: Shop, live_server: LiveServer) -> None:
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe("subscription { liveVisitors { at visitors pageViewsPerMinute } }")
            first = await figures(socket)
            assert first.pop("at").endswith("Z")
            assert first == NOBODY

            await track(shop, [event(), event(), event(name="click")])

            second = await figures(socket)
            assert second.pop("at").endswith("Z")
            assert second == {"visitors": 1, "pageViewsPerMinute": 0.4}

    async def test_are_visitors_and_no_sessions(self, shop: Shop, live_server: LiveServer) -> None:
        for agent in ("Firefox/131.0", "Firefox/132.0", "Firefox/132.0"):
            await track(shop, [event()], **{"User-Agent": f"Mozilla/5.0 (X11; Linux x86_64) {agent}"})
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(LIVE_VISITORS)

            assert await figures(socket) == {"visitors": 2, "pageViewsPerMinute": 0.6}

    async def test_are_no_bots(self, shop: Shop, live_server: LiveServer) -> None:
        await beacon(shop, [event()], **{"User-Agent": CRAWLER})
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(LIVE_VISITORS)
            assert await figures(socket) == NOBODY

            await track(shop, [event()])

            assert await figures(socket) == {"visitors": 1, "pageViewsPerMinute": 0.2}

    async def test_leave_when_nothing_is_heard_of_them(self, shop: Shop, live_server: LiveServer) -> None:
        await seen(shop, occurred=297, received=297)
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(LIVE_VISITORS)

            assert await figures(socket) == {"visitors": 1, "pageViewsPerMinute": 0.2}
            assert await figures(socket) == NOBODY

    @pytest.mark.parametrize(
        ("occurred", "received", "visitors"),
        [(-540, 0, 1), (840, 0, 1), (960, 0, 0), (0, 290, 1), (0, 310, 0), (310, 310, 0)],
        ids=["fast clock", "slow clock", "kept back", "heard lately", "heard long ago", "gone"],
    )
    async def test_count_by_when_they_were_heard(
        self, shop: Shop, platform: Platform, occurred: float, received: float, visitors: int
    ) -> None:
        await seen(shop, occurred=occurred, received=received)

        found = await count_present(platform.database, shop.workspace_id)

        assert found[1:] == (visitors, visitors)

    async def test_are_not_there_again_when_events_are_sent_again(self, shop: Shop, live_server: LiveServer) -> None:
        old = event(occurredAt=ago(minutes=2))
        await track(shop, [old])
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(LIVE_VISITORS)
            assert await figures(socket) == {"visitors": 1, "pageViewsPerMinute": 0.2}

            await track(shop, [old])
            await track(shop, [event()])

            assert await figures(socket) == {"visitors": 1, "pageViewsPerMinute": 0.4}

    async def test_are_those_of_the_workspace(
        self, shop: Shop, other_shop: Shop, live_server: LiveServer, platform: Platform
    ) -> None:
        await seen(other_shop)
        async with signed_in(live_server, shop.api_key) as mine, signed_in(live_server, other_shop.api_key) as theirs:
            await mine.subscribe(LIVE_VISITORS)
            await theirs.subscribe(LIVE_VISITORS)
            assert await figures(mine) == NOBODY
            assert await figures(theirs) == {"visitors": 1, "pageViewsPerMinute": 0.2}

            await seen(other_shop)
            assert await figures(theirs) == {"visitors": 2, "pageViewsPerMinute": 0.4}
            await seen(shop)
            assert await figures(mine) == {"visitors": 1, "pageViewsPerMinute": 0.2}

    async def test_are_not_for_who_may_not_read_them(self, shop: Shop, live_server: LiveServer) -> None:
        key = await key_with(shop, "events:read", "analytics:write")
        async with signed_in(live_server, key) as socket, connect(live_server) as shopper:
            await shopper.init(storefrontToken=shop.storefront_token)
            for each in (socket, shopper):
                await each.subscribe(LIVE_VISITORS)
                message = await each.receive()

                assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")


class TestManyWatchers:
    """What watching costs."""

    async def test_count_once_for_all(
        self, shop: Shop, live_server: LiveServer, counting: Counting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live_visitors, "TICK_SECONDS", 3_600)
        executed = 0

        async def counted(*arguments: Any) -> Answer:
            nonlocal executed
            executed += 1
            return await run(*arguments)

        monkeypatch.setattr(live, "run", counted)
        await seen(shop)
        async with AsyncExitStack() as stack:
            for _ in range(10):
                socket = await stack.enter_async_context(signed_in(live_server, shop.api_key))
                await socket.subscribe(LIVE_VISITORS, key="1")
                await socket.subscribe("subscription { liveVisitors { visitors } }", key="2")
                told = [await socket.receive() for _ in range(2)]

                assert {message["id"] for message in told} == {"1", "2"}
                assert {message["payload"]["data"]["liveVisitors"]["visitors"] for message in told} == {1}

        assert counting.of == {shop.workspace_id: 1}
        # One for each of the two documents.
        assert executed == 2

    async def test_are_all_told(self, shop: Shop, live_server: LiveServer) -> None:
        async with AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(signed_in(live_server, shop.api_key)) for _ in range(10)]
            for socket in sockets:
                await socket.subscribe(LIVE_VISITORS)
                assert await figures(socket) == NOBODY
            await seen(shop)

            for socket in sockets:
                assert await figures(socket) == {"visitors": 1, "pageViewsPerMinute": 0.2}

    async def test_count_nothing_when_the_last_has_gone(
        self, shop: Shop, live_server: LiveServer, counting: Counting
    ) -> None:
        async def counted() -> int:
            before = counting.of.get(shop.workspace_id, 0)
            await asyncio.sleep(0.2)
            return counting.of.get(shop.workspace_id, 0) - before

        assert await counted() == 0
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(LIVE_VISITORS)
            await socket.subscribe(LIVE_VISITORS, key="2")
            assert {(await socket.receive())["id"] for _ in range(2)} == {"1", "2"}
            await socket.send({"id": "1", "type": "complete"})
            await seen(shop)
            assert (await figures(socket, "2"))["visitors"] == 1
            await socket.send({"id": "2", "type": "complete"})
            await becomes(0, counted)

            await socket.subscribe(LIVE_VISITORS, key="3")
            assert (await figures(socket, "3"))["visitors"] == 1

        await becomes(0, counted)


class TestWhileNothingCanBeRead:
    """PostgreSQL away, or busy."""

    async def test_who_watches_is_told_to_come_again(
        self, shop: Shop, live_server: LiveServer, counting: Counting
    ) -> None:
        counting.fails = True
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(LIVE_VISITORS)

            assert (await socket.closed())[0] == 1013

    async def test_who_watches_already_stays(self, shop: Shop, live_server: LiveServer, counting: Counting) -> None:
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(LIVE_VISITORS)
            assert await figures(socket) == NOBODY
            counting.fails = True
            await seen(shop)
            before = counting.of[shop.workspace_id]

            async def has_failed() -> bool:
                return counting.of[shop.workspace_id] > before + 2

            await becomes(True, has_failed)
            counting.fails = False

            assert (await figures(socket))["visitors"] == 1
