"""kill -9 of everything while visitor events arrive: each that was acknowledged is there, once, and is counted once.

python -m tests.faults.track

Browsers send batches all the time, through both doors, and send each again until it is acknowledged; some send what was
acknowledged once more, later. Meanwhile server, worker, Redis and PostgreSQL are killed and started again.
"""

# ruff: noqa: T201 - a script prints its figures

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import redis.asyncio

from benchmarks.client import Channel, Gone, post
from benchmarks.shop import open_shop
from core.clock import now
from dev.services import end_on_signals
from tests.analytics.tracking import FIREFOX, TRACK, at
from tests.factories import Shop
from tests.faults.cluster import Cluster, cluster

BROWSERS = 12
BATCH = 20
KILLS = 20
# How many batches of those that were acknowledged are sent once more.
SENT_AGAIN = 0.3
_WORKS_SECONDS = (0.2, 0.8)
_ANSWER_SECONDS = 20.0
_PATIENCE_SECONDS = 90.0
_AGAIN_SECONDS = 0.02
_COUNT_SECONDS = 120.0
_ASK_SECONDS = 0.2


@dataclass
class Survived:
    """What came of it: events by what became of them, and how often they were sent."""

    acknowledged: int = 0
    stored: int = 0
    counted: int = 0
    lost: int = 0
    unknown: int = 0
    batches: int = 0
    retried: int = 0
    again: int = 0
    kills: int = 0
    refusals: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        found = [f"refused: {refusal}" for refusal in self.refusals]
        if self.lost:
            found.append(f"{self.lost} events were acknowledged and are not there")
        if self.unknown:
            found.append(f"{self.unknown} events are there that nobody was told of")
        if self.stored != self.acknowledged:
            found.append(f"{self.stored} events are stored, {self.acknowledged} were acknowledged")
        if self.counted != self.stored:
            found.append(f"{self.counted} events are counted, {self.stored} are stored")
        return found


@dataclass
class Browser:
    """One connection, opened again whenever it is gone, that sends batches until they are acknowledged."""

    shop: Shop
    port: int
    survived: Survived
    acknowledged: set[UUID] = field(default_factory=set)
    sent: list[bytes] = field(default_factory=list)
    channel: Channel | None = None

    async def send_new(self) -> None:
        """A batch of new events."""
        events = [at(now(), sequence=number) for number in range(BATCH)]
        request = self._request(events)
        self.survived.batches += 1
        await self._until_acknowledged(request)
        self.acknowledged |= {UUID(event["id"]) for event in events}
        self.sent.append(request)

    async def send_old(self) -> None:
        """One that was acknowledged, once more."""
        self.survived.again += 1
        await self._until_acknowledged(random.choice(self.sent))

    def _request(self, events: list[dict[str, Any]]) -> bytes:
        token, agent = self.shop.storefront_token, {"User-Agent": FIREFOX}
        if random.random() < 0.5:
            return post(f"/track?token={token}", {"events": events}, agent)
        payload = {"query": TRACK, "variables": {"events": events}}
        return post("/graphql", payload, {"X-Storefront-Token": token, **agent})

    async def _until_acknowledged(self, request: bytes) -> None:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await self._is_acknowledged(request):
                self.survived.retried += 1
                await asyncio.sleep(_AGAIN_SECONDS * random.random())

    async def _is_acknowledged(self, request: bytes) -> bool:
        try:
            if self.channel is None:
                self.channel = await Channel.open(self.port)
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await self.channel.send(request)
        except (Gone, OSError, TimeoutError):
            self.leave()
            return False
        if answer.status in {429, 503}:
            return False
        body = orjson.loads(answer.body)
        payload = (body.get("data") or {}).get("visitorEventsTrack") if "userErrors" not in body else body
        if payload is None:
            return False
        if payload["acceptedCount"] != BATCH:
            self.survived.refusals.append(f"{answer.status} {answer.body[:300]!r}")
        return True

    def leave(self) -> None:
        if self.channel is not None:
            self.channel.close()
            self.channel = None


@dataclass
class Scene:
    """The cluster with its shop."""

    cluster: Cluster
    shop: Shop
    survived: Survived = field(default_factory=Survived)

    async def kill(self, what: Callable[[], Awaitable[None]], times: int) -> None:
        """Ends a part and starts it again, so many times, with some work in between."""
        for _ in range(times):
            await asyncio.sleep(random.uniform(*_WORKS_SECONDS))
            await what()
            self.survived.kills += 1

    async def restart_postgres(self) -> None:
        await asyncio.to_thread(self.cluster.postgres.kill)
        await asyncio.to_thread(self.cluster.postgres.start)

    async def restart_redis(self) -> None:
        await asyncio.to_thread(self.cluster.redis.stop)
        await asyncio.to_thread(self.cluster.redis.start)

    async def flush_redis(self) -> None:
        async with redis.asyncio.Redis.from_url(self.cluster.redis.url) as client:
            await client.flushall()

    async def ask(self, statement: str) -> list[Any]:
        """Asks past the application."""
        connection = await asyncpg.connect(self.cluster.postgres.superuser_url)
        try:
            rows: list[Any] = await connection.fetch(statement, self.shop.workspace_id)
        finally:
            await connection.close()
        return rows

    async def counted(self) -> int:
        """How many events the worker has counted, once it has nothing left to count."""
        deadline = time.monotonic() + _COUNT_SECONDS
        while await self.ask("select from visitor_day_due where workspace_id = $1 limit 1"):
            if time.monotonic() > deadline:
                break
            # A day of so many events would rest for minutes.
            await self.ask("update visitor_day set counting_ms = 0 where workspace_id = $1")
            await asyncio.sleep(_ASK_SECONDS)
        (row,) = await self.ask("select sum(events) from visitor_day where workspace_id = $1")
        return int(row["sum"] or 0)


@asynccontextmanager
async def scene(found: Cluster) -> AsyncIterator[Scene]:
    """A shop in the cluster."""
    await found.server.ready()
    async with open_shop(found.environment, found.server.port) as shop:
        yield Scene(found, shop)


async def under_load(here: Scene, faults: Callable[[Scene], Awaitable[None]]) -> Survived:
    """Browsers send while the faults happen; at the end everybody has an answer, and everything is counted."""
    survived = here.survived
    browsers = [Browser(here.shop, here.cluster.server.port, survived) for _ in range(BROWSERS)]
    over = asyncio.Event()

    async def send_until_over(browser: Browser) -> None:
        while not over.is_set():
            await browser.send_new()
            if random.random() < SENT_AGAIN:
                await browser.send_old()
        browser.leave()

    async with asyncio.TaskGroup() as sending:
        for browser in browsers:
            sending.create_task(send_until_over(browser))
        await faults(here)
        await asyncio.sleep(_WORKS_SECONDS[0])
        over.set()
    acknowledged = set[UUID]().union(*(browser.acknowledged for browser in browsers))
    rows = await here.ask("select id from visitor_event where workspace_id = $1")
    stored = {row["id"] for row in rows}
    survived.acknowledged, survived.stored = len(acknowledged), len(rows)
    survived.lost, survived.unknown = len(acknowledged - stored), len(stored - acknowledged)
    survived.counted = await here.counted()
    return survived


async def everything(here: Scene) -> None:
    """All the faults, one after the other."""
    await here.kill(here.cluster.restart_server, KILLS)
    await here.kill(here.cluster.restart_worker, KILLS)
    await here.kill(here.restart_postgres, KILLS)
    await here.kill(here.flush_redis, 3)
    await here.kill(here.restart_redis, 3)


async def a_few(here: Scene) -> None:
    """One of each, quickly."""
    await here.kill(here.cluster.restart_server, 2)
    await here.kill(here.cluster.restart_worker, 1)
    await here.kill(here.restart_postgres, 2)
    await here.kill(here.flush_redis, 1)
    await here.kill(here.restart_redis, 1)


async def _main(found: Cluster) -> int:
    async with scene(found) as here:
        done = await under_load(here, everything)
    print(
        f"{done.kills} kills: {done.batches:,} batches of {BATCH}, {done.retried:,} tries without an answer, "
        f"{done.again:,} batches sent again after theirs; {done.acknowledged:,} events acknowledged, "
        f"{done.stored:,} stored, {done.counted:,} counted",
        flush=True,
    )
    print("\n".join(done.faults) or "Nothing lost, nothing twice.", flush=True)
    return int(bool(done.faults))


def main() -> int:
    """The command line."""
    end_on_signals()
    with cluster(durable=True) as found:
        return asyncio.run(_main(found))


if __name__ == "__main__":
    sys.exit(main())
