"""A receiver of webhooks on loopback, which answers as it is told and remembers what came."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web


@dataclass(frozen=True)
class Received:
    """One request, byte for byte."""

    at: float
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """What it answers with can be changed while it runs; `seconds` is how long it takes for each."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    received: list[Received] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.received.append(Received(time.time(), dict(request.headers), body))
        self._news.set()
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.at_once -= 1
        return web.Response(status=self.status, headers=self.headers, body=self.body)

    async def has(self, count: int, seconds: float = 10.0) -> list[Received]:
        """Waits until so many requests came, and gives all that did."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self.received) < count:
                    self._news.clear()
                    await self._news.wait()
        assert len(self.received) >= count, f"{len(self.received)} requests came, {count} were awaited"
        return self.received


@asynccontextmanager
async def receiving(**answers: Any) -> AsyncIterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver(**answers)
    runner = web.ServerRunner(web.Server(receiver.answer), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port, *_ = runner.addresses[0]
    receiver.url = f"http://{host}:{port}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
