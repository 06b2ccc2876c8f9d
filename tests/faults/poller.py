"""Who polls `changes` misses nothing and sees nothing twice: beside concurrent writers, on servers that are killed.

python -m tests.faults.poller
"""

# ruff: noqa: T201 - a script prints its figures

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

import orjson

from benchmarks.client import Channel, Gone, post
from benchmarks.server import Server, serving
from benchmarks.shop import ORDER_PLACE, open_shop, order_input, stock_variants
from benchmarks.world import World, world
from core.events import SyncEventType
from core.ids import global_id
from dev.services import end_on_signals
from tests.changes.feed import LATEST, PAGE, RENAME
from tests.factories import PRODUCT_CREATE, Shop

EVENTS = 20_000
WRITERS = 8
KILLS = 6
VARIANTS = 20
STOCK = 10_000_000
MAX_PAGE = 100
# How long all may take after the last write until every poller has seen it.
_CATCH_UP_SECONDS = 60.0
_PATIENCE_SECONDS = 60.0
_ANSWER_SECONDS = 20.0
_AGAIN_SECONDS = 0.05
_BETWEEN_POLLS = 0.02
_BETWEEN_KILLS = (1.0, 3.0)
_PASSING = {"THROTTLED", "CONFLICT"}
ORDER_CANCEL = "mutation ($id: ID!) { orderCancel(id: $id) { order { id } userErrors { code } } }"
PRODUCT_DELETE = "mutation ($id: ID!) { productDelete(id: $id) { deletedProductId userErrors { code } } }"
TYPES = {kind.name: kind.value for kind in SyncEventType}
UNSEEN = {kind.value for kind in SyncEventType if not kind.shoppers_see}


class Seen(NamedTuple):
    """One event as a poller was shown it, or as it is in the table."""

    sequence: int
    type: str
    entity_id: str


@dataclass
class Client:
    """One connection, opened again to any of the servers whenever it is gone."""

    ports: Sequence[int]
    headers: dict[str, str]
    channel: Channel | None = None
    lost: int = 0

    async def ask(self, document: str, variables: dict[str, Any], *, once: bool = False) -> dict[str, Any]:
        """The data of the answer. Asks until there is one; what writes, under the same key.

        Raises:
            TimeoutError: nobody answered for a very long time.

        """
        headers = self.headers if once else {**self.headers, "Idempotency-Key": uuid4().hex}
        request = post("/graphql", {"query": document, "variables": variables}, headers)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while (answer := await self._answer(request)) is None:
                self.lost += 1
                await asyncio.sleep(_AGAIN_SECONDS * random.random())
        if "errors" in answer:
            raise RuntimeError(f"refused: {answer['errors']}")
        data: dict[str, Any] = answer["data"]
        return data

    async def _answer(self, request: bytes) -> dict[str, Any] | None:
        try:
            if self.channel is None:
                self.channel = await Channel.open(random.choice(self.ports))
            async with asyncio.timeout(_ANSWER_SECONDS):
                body: dict[str, Any] = orjson.loads((await self.channel.send(request)).body)
        except (Gone, OSError, TimeoutError):
            self.leave()
            return None
        codes = {error["extensions"]["code"] for error in body.get("errors", ())}
        return None if codes & _PASSING else body

    def leave(self) -> None:
        if self.channel is not None:
            self.channel.close()
            self.channel = None


@dataclass
class Writer:
    """Changes products, places orders and cancels them, one after the other; each leaves one event behind."""

    shop: Shop
    client: Client
    variants: list[str]
    done: list[tuple[str, str]] = field(default_factory=list)
    product: dict[str, Any] = field(default_factory=dict)
    orders: list[str] = field(default_factory=list)

    async def write(self) -> None:
        """One mutation, and the event that it must have left."""
        action = random.choice([self._order, self._order, self._rename, self._rename, self._cancel, self._create])
        self.done.append(await (action() if self.product else self._create()))

    async def _order(self) -> tuple[str, str]:
        lines = {variant: random.randint(1, 3) for variant in random.sample(self.variants, random.randint(1, 3))}
        data = await self.client.ask(ORDER_PLACE, {"input": order_input("poller@example.com", lines)})
        self.orders.append(data["orderPlace"]["order"]["id"])
        return "order.created", self.orders[-1]

    async def _cancel(self) -> tuple[str, str]:
        if not self.orders:
            return await self._order()
        order_id = self.orders.pop()
        data = await self.client.ask(ORDER_CANCEL, {"id": order_id})
        assert data["orderCancel"]["order"], data
        return "order.updated", order_id

    async def _create(self) -> tuple[str, str]:
        """A new product; the one before is deleted now and then."""
        if self.product and random.random() < 0.5:
            product, self.product = self.product, {}
            data = await self.client.ask(PRODUCT_DELETE, {"id": product["id"]})
            assert data["productDelete"]["deletedProductId"], data
            return "product.deleted", product["id"]
        price = {"amount": "5", "currencyCode": self.shop.currency_code}
        variant = {"sku": uuid4().hex, "price": price, "quantity": 1}
        data = await self.client.ask(PRODUCT_CREATE, {"input": {"title": uuid4().hex, "variants": [variant]}})
        self.product = data["productCreate"]["product"]
        return "product.created", self.product["id"]

    async def _rename(self) -> tuple[str, str]:
        variables = {"id": self.product["id"], "revision": self.product["revision"], "title": uuid4().hex}
        data = await self.client.ask(RENAME, variables)
        self.product["revision"] = data["productUpdate"]["product"]["revision"]
        return "product.updated", self.product["id"]


@dataclass
class Poller:
    """Keeps nothing but what it was shown and its last cursor. Now and then it stops in the middle of a page."""

    name: str
    client: Client
    types: list[str] | None = None
    cursor: str | None = None
    seen: list[Seen] = field(default_factory=list)
    polls: int = 0
    pages: int = 0

    async def poll(self) -> bool:
        """One page, of any size; whether there is nothing more."""
        types = None if self.types is None else {"types": self.types}
        variables = {"first": random.randint(1, MAX_PAGE), "after": self.cursor, "filter": types}
        page = (await self.client.ask(PAGE, variables, once=True))["changes"]
        edges, info = page["edges"], page["pageInfo"]
        stops = bool(edges) and random.random() < 0.2
        if stops:
            edges = edges[: random.randint(1, len(edges))]
        self.seen += [
            Seen(edge["node"]["sequence"], TYPES[edge["node"]["type"]], edge["node"]["entityId"]) for edge in edges
        ]
        self.cursor = edges[-1]["cursor"] if stops else info["endCursor"]
        self.polls += 1
        self.pages += bool(edges)
        return not (stops or info["hasNextPage"])

    async def poll_until(self, over: asyncio.Event) -> None:
        """Polls until everything is written and read."""
        while True:
            was_over = over.is_set()
            if await self.poll():
                if was_over:
                    return
                await asyncio.sleep(_BETWEEN_POLLS * random.random())

    def wants(self, event: Seen) -> bool:
        if self.name == "shopper":
            return event.type not in UNSEEN
        return self.types is None or event.type in {TYPES[name] for name in self.types}


@dataclass
class Witness:
    """What became of a run."""

    events: int
    crossed: int
    pollers: list[Poller]
    seconds: float
    lost: int
    faults: list[str]


async def poll_beside_writers(shop: Shop, servers: Sequence[Server], events: int, kills: int = 0) -> Witness:
    """Eight writers until there are that many events, pollers until they have seen the last one, servers killed."""
    variants = await stock_variants(shop, VARIANTS, STOCK)
    ports = [server.port for server in servers]
    key, token = {"Authorization": f"Bearer {shop.api_key}"}, {"X-Storefront-Token": shop.storefront_token}
    begin = (await shop.admin(LATEST))["data"]["changes"]["latestCursor"]
    pollers = [
        Poller("key", Client(ports, key), cursor=begin),
        Poller("shopper", Client(ports, token), cursor=begin),
        Poller("orders", Client(ports, key), ["ORDER_CREATED", "ORDER_UPDATED"], cursor=begin),
    ]
    writers = [Writer(shop, Client(ports, key), variants) for _ in range(WRITERS)]
    over = asyncio.Event()
    before = await _last(shop)
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        polling = [group.create_task(poller.poll_until(over)) for poller in pollers]
        killing = group.create_task(_kill(servers, kills))
        await asyncio.gather(*(_write(writer, writers, events) for writer in writers))
        await killing
        over.set()
        async with asyncio.timeout(_CATCH_UP_SECONDS):
            await asyncio.gather(*polling)
    seconds = time.perf_counter() - started
    clients = [writer.client for writer in writers] + [poller.client for poller in pollers]
    for client in clients:
        client.leave()
    faults, crossed = await _faults(shop, before, writers, pollers)
    written = sum(len(writer.done) for writer in writers)
    return Witness(written, crossed, pollers, seconds, sum(client.lost for client in clients), faults)


async def _write(writer: Writer, writers: list[Writer], events: int) -> None:
    while sum(len(each.done) for each in writers) < events:
        await writer.write()


async def _kill(servers: Sequence[Server], kills: int) -> None:
    """Kills a server and starts it again, while the others go on."""
    for _ in range(kills):
        await asyncio.sleep(random.uniform(*_BETWEEN_KILLS))
        server = random.choice(servers)
        server.kill()
        server.start()
        await server.ready()


async def _last(shop: Shop) -> int:
    (row,) = await shop.sql("select sequence from workspace_counter")
    last: int = row["sequence"]
    return last


async def _faults(shop: Shop, before: int, writers: list[Writer], pollers: list[Poller]) -> tuple[list[str], int]:
    """What is not as it must be, and how many events were committed behind one that began later."""
    rows = await shop.sql(
        """select sequence, type, entity_type, entity_id,
                  occurred_at < max(occurred_at) over (order by sequence) as crossed
             from sync_event where sequence > $1 order by sequence""",
        before,
    )
    there = [Seen(row["sequence"], row["type"], global_id(row["entity_type"], row["entity_id"])) for row in rows]
    faults = []
    if [event.sequence for event in there] != list(range(before + 1, before + 1 + len(there))):
        faults.append("the events' numbers have gaps")
    answered = Counter(done for writer in writers for done in writer.done)
    written = Counter((event.type, event.entity_id) for event in there)
    faults += [f"not written, or not once: {event}" for event in (answered - written) | (written - answered)]
    for poller in pollers:
        faults += _differences(poller, [event for event in there if poller.wants(event)])
    return faults, sum(row["crossed"] for row in rows)


def _differences(poller: Poller, wanted: list[Seen]) -> list[str]:
    seen, times = poller.seen, Counter(poller.seen)
    faults = [f"{poller.name} missed {event}" for event in wanted if event not in times]
    faults += [f"{poller.name} saw {event} {count} times" for event, count in times.items() if count > 1]
    faults += [f"{poller.name} saw {event}, which is not for it" for event in times.keys() - set(wanted)]
    if not faults and seen != wanted:
        faults.append(f"{poller.name} saw events out of order")
    return faults


async def _main(found: World) -> int:
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(found.environment, found.directory / f"server{n}.log")) for n in (1, 2)]
        for server in servers:
            await server.ready()
        async with open_shop(found.environment, servers[0].port) as shop:
            witness = await poll_beside_writers(shop, servers, EVENTS, KILLS)
    print(
        f"{witness.events:,} events by {WRITERS} writers in {witness.seconds:.0f} s on two processes, of which {KILLS} "
        f"were killed ({witness.lost:,} requests went unanswered); {witness.crossed:,} events were committed behind "
        "ones that began later",
        flush=True,
    )
    for poller in witness.pollers:
        print(f"{poller.name}: {poller.polls:,} polls, {poller.pages:,} pages, {len(poller.seen):,} events", flush=True)
    print("\n".join(witness.faults[:10]) or "None missed, none seen twice.", flush=True)
    return int(bool(witness.faults))


def main() -> int:
    """The command line."""
    end_on_signals()
    with world() as found:
        return asyncio.run(_main(found))


if __name__ == "__main__":
    sys.exit(main())
