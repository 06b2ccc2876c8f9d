"""What ends a connection so that its client comes back, and what those find who do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from core.errors import Throttled
from resolvers.context import Platform
from schema.transport import live
from schema.transport.operation import Answer, run
from tests.client import LiveServer
from tests.factories import Shop
from tests.live.socket import connect, signed_in
from tests.live.test_subscriptions import ORDER_EVENTS, settled


@asynccontextmanager
async def busy(platform: Platform) -> AsyncIterator[None]:
    """All connections of the application to PostgreSQL are in use."""
    pool = platform.database.app
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(10):
            for _ in range(pool.connections.size):
                await stack.enter_async_context(pool.acquire())
        yield


class TestComingAgain:
    """Code 1013, after which clients come back by themselves."""

    async def test_is_told_who_connects_while_the_server_is_busy(
        self, shop: Shop, live_server: LiveServer, platform: Platform
    ) -> None:
        async with busy(platform), connect(live_server) as socket:
            await socket.send({"type": "connection_init", "payload": {"authorization": f"Bearer {shop.api_key}"}})

            assert (await socket.closed())[0] == 1013

    async def test_is_told_who_subscribes_while_the_server_is_busy(
        self, shop: Shop, live_server: LiveServer, platform: Platform
    ) -> None:
        async with signed_in(live_server, shop.api_key) as socket, busy(platform):
            await socket.subscribe(ORDER_EVENTS)

            assert (await socket.closed())[0] == 1013

    async def test_is_told_who_follows_when_an_event_cannot_be_read(
        self, shop: Shop, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An event with an error in its place would be one that its follower never sees."""
        monkeypatch.setattr(live, "PAUSES", (0.01,))
        variant = await shop.variant(quantity=10)
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS)
            await settled()
            await shop.order(variant)
            cursor = (await socket.next())["orderEvents"]["cursor"]
            with monkeypatch.context() as patch:
                patch.setattr(live, "run", _Failing(times=1_000))
                await shop.order(variant)
                assert (await socket.closed())[0] == 1013
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS, {"after": cursor})

            assert (await socket.next())["orderEvents"]["order"]["number"] == 1002

    async def test_is_not_needed_where_the_next_try_does(
        self, shop: Shop, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failing = _Failing(times=2)
        monkeypatch.setattr(live, "PAUSES", (0.01, 0.01))
        monkeypatch.setattr(live, "run", failing)
        variant = await shop.variant()
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS)
            await settled()
            await shop.order(variant)

            assert (await socket.next())["orderEvents"]["order"]["number"] == 1001
        assert failing.calls == 3


class _Failing:
    """Executes, but has no connection so many times."""

    def __init__(self, times: int) -> None:
        self.calls = 0
        self._times = times

    async def __call__(self, *arguments: Any) -> Answer:
        self.calls += 1
        if self.calls <= self._times:
            raise Throttled("The server is busy.")
        return await run(*arguments)


class TestComingBackTogether:
    """Many who follow the same come back at once."""

    async def test_reads_what_they_missed_once(
        self, shop: Shop, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        variant = await shop.variant(quantity=10)
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ORDER_EVENTS)
            await settled()
            await shop.order(variant)
            cursor = (await socket.next())["orderEvents"]["cursor"]
        for _ in range(3):
            await shop.order(variant)
        counting = _Failing(times=0)
        monkeypatch.setattr(live, "run", counting)

        async def come_back() -> list[int]:
            async with signed_in(live_server, shop.api_key) as socket:
                await socket.subscribe(ORDER_EVENTS, {"after": cursor})
                return [(await socket.next())["orderEvents"]["order"]["number"] for _ in range(3)]

        numbers = await asyncio.gather(*(come_back() for _ in range(20)))

        assert numbers == [[1002, 1003, 1004]] * 20
        assert counting.calls == 3
