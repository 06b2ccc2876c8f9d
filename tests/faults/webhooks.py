"""kill -9 of everything while orders arrive: every event reaches every receiver.

python -m tests.faults.webhooks

Shoppers buy all the time, each order an event, while worker, server, Redis and PostgreSQL are killed and started again.
Five receivers take the webhooks; at the end each must have each event at least once.
"""

# ruff: noqa: T201 - a script prints its figures

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import redis.asyncio

from benchmarks.shop import open_shop, stock_variants
from dev.services import end_on_signals
from resolvers.webhook.lanes import MAX_POSTS_OF_ENDPOINT
from tests.factories import Shop
from tests.faults.checkout import Shopper
from tests.faults.cluster import Cluster, cluster
from tests.webhook.receiver import Receiver, receiving
from tests.webhook.world import add_endpoint

RECEIVERS = 5
SHOPPERS = 8
VARIANTS = 20
STOCK = 1_000_000
KILLS = 20
EVENTS = 2_000
REDIS_DOWN_SECONDS = 60.0
CATCH_UP_SECONDS = 10.0
# Orders a second, of all shoppers: so many that a kill always meets some that are under way.
PACE = 20.0
_WORKS_SECONDS = (0.3, 1.0)
_GIVE_UP_SECONDS = 60.0


@dataclass
class Survived:
    """What came of it. `catch_ups` are the seconds until every receiver had all that was committed by then."""

    events: int = 0
    posts: int = 0
    kills: int = 0
    missing: list[str] = field(default_factory=list)
    catch_ups: dict[str, float] = field(default_factory=dict)

    @property
    def duplicates(self) -> int:
        return self.posts - (self.events * RECEIVERS - len(self.missing))

    @property
    def faults(self) -> list[str]:
        allowed = self.kills * MAX_POSTS_OF_ENDPOINT * RECEIVERS
        late = {what: seconds for what, seconds in self.catch_ups.items() if seconds > CATCH_UP_SECONDS}
        found = [f"{receiver_and_event} is missing" for receiver_and_event in self.missing]
        found += [f"caught up {seconds:.1f} s after: {what}" for what, seconds in late.items()]
        if self.duplicates > allowed:
            found.append(f"{self.duplicates} duplicates, more than the {allowed} that kills explain")
        return found


@dataclass
class Scene:
    """The cluster with its shop and its receivers, under load."""

    cluster: Cluster
    shop: Shop
    receivers: list[Receiver]
    survived: Survived = field(default_factory=Survived)

    async def committed(self) -> set[str]:
        """The ids of all events there are, asked past the application."""
        connection = await asyncpg.connect(self.cluster.postgres.superuser_url)
        try:
            rows = await connection.fetch("select id from sync_event where workspace_id = $1", self.shop.workspace_id)
        finally:
            await connection.close()
        return {f"SyncEvent_{row['id'].hex}" for row in rows}

    async def catch_up(self, what: str) -> None:
        """Waits until every receiver has all that is committed now."""
        begun = time.monotonic()
        wanted = await self.committed()
        while time.monotonic() - begun < _GIVE_UP_SECONDS and any(self.missing(wanted)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self.survived.catch_ups[what] = time.monotonic() - begun

    def missing(self, wanted: set[str]) -> list[str]:
        return [
            f"{event} at receiver {number}"
            for number, receiver in enumerate(self.receivers)
            for event in wanted - {received.message_id for received in receiver.received}
        ]

    async def kill(self, what: Callable[[], Awaitable[None]], times: int) -> None:
        """Ends a part and starts it again, so many times, with some work in between."""
        for _ in range(times):
            await asyncio.sleep(random.uniform(*_WORKS_SECONDS))
            await what()
            self.survived.kills += 1

    async def kill_postgres(self) -> None:
        await asyncio.to_thread(self.cluster.postgres.kill)
        await asyncio.to_thread(self.cluster.postgres.start)
        self.survived.kills += 1
        await self.catch_up("PostgreSQL was killed")

    async def kill_postgres_and_redis(self) -> None:
        await asyncio.to_thread(self.cluster.postgres.kill)
        await asyncio.to_thread(self.cluster.redis.stop)
        await asyncio.sleep(1)
        await asyncio.to_thread(self.cluster.redis.start)
        await asyncio.to_thread(self.cluster.postgres.start)
        self.survived.kills += 1
        await self.catch_up("PostgreSQL and Redis were away together")

    async def flush_redis(self) -> None:
        async with redis.asyncio.Redis.from_url(self.cluster.redis.url) as client:
            await client.flushall()
        await self.catch_up("Redis was flushed")

    async def redis_away(self, seconds: float) -> None:
        await asyncio.to_thread(self.cluster.redis.stop)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.cluster.redis.start)
        await self.catch_up(f"Redis was away for {seconds:.0f} s")


@asynccontextmanager
async def scene(found: Cluster) -> AsyncIterator[Scene]:
    """A shop with receivers in the cluster."""
    await found.server.ready()
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop(found.environment, found.server.port))
        receivers = [await stack.enter_async_context(receiving()) for _ in range(RECEIVERS)]
        for receiver in receivers:
            await add_endpoint(shop, receiver.url)
        yield Scene(found, shop, receivers)


async def under_load(here: Scene, faults: Callable[[Scene], Awaitable[None]], events: int) -> Survived:
    """Shoppers buy while the faults happen, and until there are so many events; then everybody has a while."""
    variants = await stock_variants(here.shop, VARIANTS, STOCK)
    shoppers = [Shopper(here.shop, here.cluster.server.port, f"s-{n}@example.com") for n in range(SHOPPERS)]
    over = asyncio.Event()

    async def shop_until_over(shopper: Shopper) -> None:
        while not over.is_set():
            await shopper.buy({random.choice(variants): 1})
            await asyncio.sleep(random.uniform(0, 2 * SHOPPERS / PACE))
        shopper.leave()

    async with asyncio.TaskGroup() as shopping:
        for shopper in shoppers:
            shopping.create_task(shop_until_over(shopper))
        await faults(here)
        while sum(len(shopper.purchases) for shopper in shoppers) < events:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        over.set()
    await here.catch_up("the end")
    wanted = await here.committed()
    here.survived.events = len(wanted)
    here.survived.posts = sum(len(receiver.received) for receiver in here.receivers)
    here.survived.missing = here.missing(wanted)
    return here.survived


async def everything(here: Scene) -> None:
    """All the faults, one after the other."""
    await here.kill(here.cluster.restart_worker, KILLS)
    await here.catch_up(f"the worker was killed {KILLS} times")
    await here.kill(here.cluster.restart_server, KILLS)
    await here.catch_up(f"the server was killed {KILLS} times")
    await here.redis_away(0)
    await here.flush_redis()
    await here.redis_away(REDIS_DOWN_SECONDS)
    await here.kill_postgres()
    await here.kill_postgres_and_redis()


async def a_few(here: Scene) -> None:
    """One of each, quickly."""
    await here.kill(here.cluster.restart_worker, 2)
    await here.kill(here.cluster.restart_server, 1)
    await here.flush_redis()
    await here.redis_away(2)
    await here.kill_postgres()


async def _main(found: Cluster) -> int:
    async with scene(found) as here:
        done = await under_load(here, everything, EVENTS)
    print(
        f"{done.events:,} events to {RECEIVERS} receivers, {done.kills} kills: {done.posts:,} posts, "
        f"{done.duplicates} of them duplicates",
        flush=True,
    )
    for what, seconds in done.catch_ups.items():
        print(f"caught up {seconds:.1f} s after: {what}", flush=True)
    print("\n".join(done.faults) or "Nothing lost.", flush=True)
    return int(bool(done.faults))


def main() -> int:
    """The command line."""
    end_on_signals()
    with cluster(durable=True) as found:
        return asyncio.run(_main(found))


if __name__ == "__main__":
    sys.exit(main())
