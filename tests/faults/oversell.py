"""Many buyers at the same moment for few units of one variant: exactly those are sold, round after round.

python -m tests.faults.oversell
"""

# ruff: noqa: T201 - a script prints its figures

import asyncio
import sys
import time
from collections import Counter
from typing import Any, NamedTuple

from benchmarks.client import Channel
from benchmarks.postgres import Postgres
from benchmarks.server import serving
from benchmarks.shop import open_shop
from benchmarks.world import World, world
from dev.services import end_on_signals
from tests.factories import Shop
from tests.faults.checkout import Ledger, Shopper

BUYERS = 500
UNITS = 100
ROUNDS = 20
_ROUND_SECONDS = 60.0


class Round(NamedTuple):
    """What one round came to."""

    sold: int
    refused: Counter[str]
    left: int
    seconds: float
    faults: list[str]


async def rush(shop: Shop, port: int, buyers: int, units: int) -> Round:
    """One round: each buyer on a connection of their own, open before the first order is sent."""
    variant_id = await shop.variant(quantity=units)
    before = await Ledger.of(shop)
    shoppers = [Shopper(shop, port, f"buyer-{n}@example.com") for n in range(buyers)]
    for shopper in shoppers:
        shopper.channel = await Channel.open(port)
    started = time.perf_counter()
    async with asyncio.timeout(_ROUND_SECONDS):
        answers = await asyncio.gather(*(shopper.ask({variant_id: 1}) for shopper in shoppers))
    seconds = time.perf_counter() - started
    for shopper in shoppers:
        shopper.leave()
    outcomes = Counter(map(_outcome, answers))
    after = await Ledger.of(shop)
    sold = outcomes.pop("SOLD", 0)
    numbers = {
        answer["data"]["orderPlace"]["order"]["number"] for _, answer in answers if _outcome((200, answer)) == "SOLD"
    }
    expected = {
        "units sold": (sold, units),
        "refusals for want of stock": (outcomes["OUT_OF_STOCK"], buyers - units),
        "other refusals": (sum(outcomes.values()) - outcomes["OUT_OF_STOCK"], 0),
        "distinct order numbers": (len(numbers), units),
        "orders": (after.orders - before.orders, units),
        "keys with an outcome": (after.keys - before.keys, units),
        "events, one of them that it is sold out": (after.events - before.events, units + 1),
        "events up to the last": (after.events, after.last_event),
        "stock left": (after.stock - (before.stock - units), 0),
    }
    faults = [f"{what}: {found}, not {wanted}" for what, (found, wanted) in expected.items() if found != wanted]
    return Round(sold, outcomes, after.stock - (before.stock - units), seconds, faults)


def _outcome(answered: tuple[int, Any]) -> str:
    """SOLD, or the code of the refusal; HTTP's status where it was neither."""
    status, answer = answered
    if status != 200:
        return f"HTTP {status}"
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    payload = answer["data"]["orderPlace"]
    codes = [error["code"] for error in payload["userErrors"]]
    return " ".join(codes) if codes else "SOLD" if payload["order"] and payload["orderToken"] else "EMPTY"


async def _main(found: World) -> int:
    failed = 0
    with serving(found.environment, found.directory / "server.log") as server:
        await server.ready()
        async with (
            Postgres.connected(found.superuser_url, found.postgres_log) as postgres,
            open_shop(found.environment, server.port) as shop,
        ):
            for number in range(1, ROUNDS + 1):
                done = await rush(shop, server.port, BUYERS, UNITS)
                failed += bool(done.faults)
                refused = ", ".join(f"{count} {code}" for code, count in done.refused.items())
                print(f"{number:3}: {done.sold} sold, {refused}, {done.left} left, {done.seconds:.2f} s", flush=True)
                for fault in done.faults:
                    print(f"     {fault}", flush=True)
            deadlocks = postgres.deadlocks()
    print(
        f"{ROUNDS - failed} of {ROUNDS} rounds as they must be; {deadlocks} deadlocks in PostgreSQL's log", flush=True
    )
    return int(bool(failed or deadlocks))


def main() -> int:
    """The command line."""
    end_on_signals()
    with world() as found:
        return asyncio.run(_main(found))


if __name__ == "__main__":
    sys.exit(main())
