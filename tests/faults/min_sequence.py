"""`X-Min-Sequence` is never answered with something older: random reads beside writers, two server processes.

python -m tests.faults.min_sequence
"""

# ruff: noqa: T201 - a script prints its figures

import asyncio
import random
import sys
import time
from bisect import bisect_right
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from benchmarks.client import Channel, post
from benchmarks.readers import address_of, asked_by_get
from benchmarks.server import serving
from benchmarks.shop import open_shop
from benchmarks.world import World, world
from dev.services import end_on_signals
from tests.factories import Shop

READS = 20_000
PRODUCTS = 6
READERS = 12
# Of the reads, how many name an event; the others may be answered by what is up to two seconds old.
NAMING = 0.7
# What a read without the header may be behind: the cache's two seconds, and what a busy machine adds.
MAX_AGE = 2.5
_WRITE_EVERY = 0.05

PAGE = "query Page { products(first: 20) { nodes { slug title } } }"
ONE = "query One($slug: String!) { productBySlug(slug: $slug) { slug title } }"
UPDATE = """
mutation Rename($id: ID!, $revision: Int!, $title: String!) {
  productUpdate(id: $id, input: { revision: $revision, title: $title }) { product { revision } userErrors { message } }
}
"""


class Change(NamedTuple):
    """A product's new version: its event, and when everybody could know of it."""

    slug: str
    version: int
    sequence: int
    at: float


@dataclass
class Witness:
    """What was committed, by product and in order, and what was answered that cannot be."""

    changes: list[Change] = field(default_factory=list)
    of_product: dict[str, list[Change]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    reads: int = 0
    named: int = 0

    def note(self, change: Change) -> None:
        self.changes.append(change)
        self.of_product.setdefault(change.slug, []).append(change)

    def least(self, slug: str, sequence: int, sent: float) -> int:
        """The oldest version that may be shown to who names the event, and sent their request then."""
        found = self.of_product.get(slug, [])
        named = bisect_right(found, sequence, key=lambda change: change.sequence)
        aged = bisect_right(found, sent - MAX_AGE, key=lambda change: change.at)
        # The versions of a product count up from 1.
        return max(named, aged)


async def watch(shop: Shop, ports: list[int], reads: int) -> Witness:
    """Writers and readers, until that many answers were looked at."""
    witness = Witness()
    products = [await shop.product(title="Version 0") for _ in range(PRODUCTS)]
    slugs = [product["slug"] for product in products]
    begun = asyncio.Event()
    writing = [asyncio.create_task(_write(shop, product, random.choice(ports), witness, begun)) for product in products]
    await begun.wait()
    await asyncio.gather(*(_read(shop, ports, slugs, witness, reads) for _ in range(READERS)))
    for task in writing:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    return witness


async def _write(shop: Shop, product: dict[str, Any], port: int, witness: Witness, begun: asyncio.Event) -> None:
    """One version after the other, each noted once it is committed."""
    channel = await Channel.open(port)
    headers = {"Authorization": f"Bearer {shop.api_key}"}
    revision, version = product["revision"], 0
    while True:
        version += 1
        variables = {"id": product["id"], "revision": revision, "title": f"Version {version}"}
        answer = await channel.send(post("/graphql", {"query": UPDATE, "variables": variables}, headers))
        revision = orjson.loads(answer.body)["data"]["productUpdate"]["product"]["revision"]
        (row,) = await shop.sql(
            "select max(sequence) as sequence from sync_event where workspace_id = $1 and entity_id = $2",
            shop.workspace_id,
            product["id"].removeprefix("Product_"),
        )
        witness.note(Change(product["slug"], version, row["sequence"], time.monotonic()))
        begun.set()
        await asyncio.sleep(random.uniform(0, 2 * _WRITE_EVERY))


async def _read(shop: Shop, ports: list[int], slugs: list[str], witness: Witness, reads: int) -> None:
    channels = [await Channel.open(port) for port in ports]
    while witness.reads < reads:
        witness.reads += 1
        headers = {"X-Storefront-Token": shop.storefront_token}
        sequence = 0
        if random.random() < NAMING:
            sequence = random.choice(witness.changes[-20:]).sequence
            headers["X-Min-Sequence"] = str(sequence)
            witness.named += 1
        variables = {"slug": random.choice(slugs)} if random.random() < 0.5 else {}
        text = ONE if variables else PAGE
        if random.random() < 0.5:
            request = post("/graphql", {"query": text, "variables": variables}, headers)
        else:
            request = asked_by_get(address_of(text, variables, persisted=False), headers)
        # What was noted by now was committed before the request is sent.
        least = {slug: witness.least(slug, sequence, time.monotonic()) for slug in slugs}
        answer = await random.choice(channels).send(request)
        witness.faults += _older(answer.body, least, sequence)


def _older(body: bytes, least: dict[str, int], sequence: int) -> list[str]:
    """What the answer shows that is older than it may be."""
    answer = orjson.loads(body)
    if "errors" in answer:
        return [f"refused: {answer['errors']}"]
    data = answer["data"]
    shown = data["products"]["nodes"] if "products" in data else [data["productBySlug"]]
    return [
        f"{node['slug']}: {node['title']} was shown for event {sequence}, when version {least[node['slug']]} was known"
        for node in shown
        if int(node["title"].removeprefix("Version ")) < least[node["slug"]]
    ]


async def _main(found: World) -> int:
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(found.environment, found.directory / f"server{n}.log")) for n in (1, 2)]
        for server in servers:
            await server.ready()
        async with open_shop(found.environment, servers[0].port) as shop:
            started = time.perf_counter()
            witness = await watch(shop, [server.port for server in servers], READS)
            seconds = time.perf_counter() - started
    print(
        f"{witness.reads:,} reads in {seconds:.0f} s, {witness.named:,} of them naming an event, beside "
        f"{len(witness.changes):,} changes, on two processes: {len(witness.faults)} answers older than they may be",
        flush=True,
    )
    print("\n".join(witness.faults[:10]), flush=True)
    return int(bool(witness.faults))


def main() -> int:
    """The command line."""
    end_on_signals()
    with world() as found:
        return asyncio.run(_main(found))


if __name__ == "__main__":
    sys.exit(main())
