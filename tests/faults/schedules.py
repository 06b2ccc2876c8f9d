"""kill -9 of the worker, again and again, while drafts are due: each is published once, and within 5 s of its time.

python -m tests.faults.schedules
"""

# ruff: noqa: T201 - a script prints its figures

import asyncio
import random
import statistics
import sys
from dataclasses import dataclass, field
from datetime import timedelta

from benchmarks.shop import open_shop
from core.clock import now
from core.ids import uuid_in
from dev.services import end_on_signals
from tests.factories import Shop
from tests.faults.cluster import Cluster, cluster
from tests.storefront.api import SCHEDULE, Desk, open_desk

SITES = 20
ROUNDS = 5
KILLS = 20
# The drafts' times lie this far ahead, and the worker works so long between two kills: both ends of a span of seconds.
_DUE_IN = (2.0, 22.0)
_WORKS_SECONDS = (0.3, 1.5)
WITHIN_SECONDS = 5.0
_GIVE_UP_SECONDS = 30.0


@dataclass
class Published:
    """How late each draft was, in seconds, and what was wrong."""

    late: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


async def schedule_all(shop: Shop, sites: int, due_in: tuple[float, float]) -> list[Desk]:
    """Sites with a draft each that is due soon."""
    desks = [await open_desk(shop) for _ in range(sites)]
    for desk in desks:
        draft = await desk.draft(changes={"theme": {"mode": "dark"}})
        publish_at = (now() + timedelta(seconds=random.uniform(*due_in))).isoformat()
        await desk.done(SCHEDULE, id=draft["id"], input={"revision": 1, "publishAt": publish_at})
        desk.site["publishAt"] = publish_at
    return desks


async def outcome(desks: list[Desk]) -> Published:
    """What became of the drafts, once all are published or too late."""
    found = Published()
    deadline = now() + timedelta(seconds=_GIVE_UP_SECONDS)
    while now() < deadline and any([(await desk.live())["number"] == 1 for desk in desks]):  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    for desk in desks:
        rows = await desk.shop.sql(
            "select extract(epoch from created_at - $2::text::timestamptz)::float as late from storefront_version "
            "where site_id = $1 and number > 1",
            uuid_in(desk.site["id"], "Site"),
            desk.site["publishAt"],
        )
        found.late += [row["late"] for row in rows]
        if len(rows) != 1:
            found.faults.append(f"{desk.site['slug']} was published {len(rows)} times")
    found.faults += [f"{late:.1f} s late" for late in found.late if not 0 <= late <= WITHIN_SECONDS]
    return found


async def _main(here: Cluster) -> int:
    await here.server.ready()
    late: list[float] = []
    faults: list[str] = []
    async with open_shop(here.environment, here.server.port) as shop:
        for number in range(1, ROUNDS + 1):
            desks = await schedule_all(shop, SITES, _DUE_IN)
            for _ in range(KILLS):
                await asyncio.sleep(random.uniform(*_WORKS_SECONDS))
                await here.restart_worker()
            done = await outcome(desks)
            print(
                f"round {number}: {len(done.late)} published, the latest {max(done.late, default=0):.1f} s late",
                flush=True,
            )
            late += done.late
            faults += done.faults
            for desk in desks:
                await shop.sql("update site set deleted_at = now() where id = $1", desk.site_id)
    print(
        f"{len(late)} drafts, {ROUNDS * KILLS} kills: median {statistics.median(late):.2f} s late, "
        f"at most {max(late):.2f} s",
        flush=True,
    )
    print("\n".join(faults) or "Each once, and in time.", flush=True)
    return int(bool(faults))


def main() -> int:
    """The command line."""
    end_on_signals()
    with cluster(durable=True) as found:
        return asyncio.run(_main(found))


if __name__ == "__main__":
    sys.exit(main())
