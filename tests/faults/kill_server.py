"""kill -9 of the server under checkout load: no order is lost and none placed twice.

python -m tests.faults.kill_server
"""

# ruff: noqa: T201 - a script prints its figures

import asyncio
import random
import sys
import time
from typing import NamedTuple

from benchmarks.postgres import Postgres
from benchmarks.server import Server, serving
from benchmarks.shop import open_shop, stock_variants
from benchmarks.world import World, world
from dev.services import end_on_signals
from tests.factories import Shop
from tests.faults.checkout import Purchase, Shopper, faults_of

KILLS = 20
SHOPPERS = 16
VARIANTS = 20
STOCK = 1_000_000
_MAX_LINES = 3
# How long the server works between two kills.
_WORKS_SECONDS = (0.2, 1.0)


class Survived(NamedTuple):
    """What became of the orders."""

    purchases: list[Purchase]
    seconds: float
    faults: list[str]

    @property
    def retried(self) -> int:
        return sum(purchase.tries > 1 for purchase in self.purchases)


async def kill_under_load(shop: Shop, server: Server, kills: int) -> Survived:
    """Shoppers buy while the server is killed and started again; at the end everybody has an answer."""
    variants = await stock_variants(shop, VARIANTS, STOCK)
    shoppers = [Shopper(shop, server.port, f"shopper-{n}@example.com") for n in range(SHOPPERS)]
    over = asyncio.Event()

    async def shop_until_over(shopper: Shopper) -> None:
        while not over.is_set():
            await shopper.buy({v: random.randint(1, 3) for v in random.sample(variants, random.randint(1, _MAX_LINES))})
        shopper.leave()

    started = time.perf_counter()
    async with asyncio.TaskGroup() as shopping:
        for shopper in shoppers:
            shopping.create_task(shop_until_over(shopper))
        for _ in range(kills):
            await asyncio.sleep(random.uniform(*_WORKS_SECONDS))
            server.kill()
            server.start()
            await server.ready()
        await asyncio.sleep(_WORKS_SECONDS[0])
        over.set()
    seconds = time.perf_counter() - started
    purchases = [purchase for shopper in shoppers for purchase in shopper.purchases]
    faults = [f"refused: {refusal}" for shopper in shoppers for refusal in shopper.refusals]
    return Survived(purchases, seconds, faults + await faults_of(shop, purchases, VARIANTS * STOCK))


async def _main(found: World) -> int:
    with serving(found.environment, found.directory / "server.log") as server:
        await server.ready()
        async with (
            Postgres.connected(found.superuser_url, found.postgres_log) as postgres,
            open_shop(found.environment, server.port) as shop,
        ):
            done = await kill_under_load(shop, server, KILLS)
            deadlocks = postgres.deadlocks()
    print(
        f"{KILLS} kills in {done.seconds:.0f} s: {len(done.purchases):,} orders, as many keys, {done.retried} of them "
        f"answered on a later try (after {max(p.tries for p in done.purchases) - 1} without an answer at most); "
        f"{deadlocks} deadlocks in PostgreSQL's log",
        flush=True,
    )
    print("\n".join(done.faults) or "Nothing lost, nothing twice, no gaps.", flush=True)
    return int(bool(done.faults or deadlocks))


def main() -> int:
    """The command line."""
    end_on_signals()
    with world() as found:
        return asyncio.run(_main(found))


if __name__ == "__main__":
    sys.exit(main())
