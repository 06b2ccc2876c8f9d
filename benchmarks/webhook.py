"""How soon an event is at its receivers, with some of them broken, and how many deliveries a second a worker makes."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from benchmarks.client import Channel, post
from benchmarks.cpu import cpu_seconds, peak_megabytes
from benchmarks.machine import about
from benchmarks.postgres import Postgres
from benchmarks.report import Report
from benchmarks.server import serving
from benchmarks.shop import open_shop, operation
from benchmarks.world import World
from core.ids import new_id
from dev.process import spawn, stop
from tests.factories import Shop
from tests.webhook.world import add_endpoint

PER_SECOND = 40
SECONDS = 30
HEALTHY, HANGING, FAILING = 15, 3, 2
MAX_P99_MS = 1_000.0
BACKLOG = 1_500
RECEIVERS = 20
SHOPS, ENDPOINTS_OF_SHOP, EVENTS_OF_SHOP = 30, 100, 5
MIN_RATE = 800
_SETTLE_SECONDS = 3.0
_DRAIN_SECONDS = 120.0
PRODUCT_UPDATE = operation("admin.graphql", "ProductUpdate")
ADD_EVENTS = """
with counter as (update workspace_counter set sequence = sequence + $2 where workspace_id = $1
                 returning sequence - $2 as sequence)
insert into sync_event (workspace_id, sequence, id, type, entity_type, entity_id)
select $1, counter.sequence + n, gen_random_uuid(), 'product.updated', 'Product', $3 from counter,
       generate_series(1, $2::bigint) n
"""


class Arrival(NamedTuple):
    """One request of a healthy receiver; `at` is seconds of the epoch."""

    receiver: int
    event_id: str
    at: float


class Receivers:
    """Their process: the urls, and what came when it is asked to end."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.urls: list[str] = orjson.loads(process.stdout.readline()) if process.stdout else []

    def arrivals(self) -> list[Arrival]:
        lines = self._process.communicate()[0].splitlines()
        return [Arrival(*orjson.loads(line)) for line in lines]


@contextmanager
def receivers(healthy: int, hang: int = 0, fail: int = 0) -> Iterator[Receivers]:
    """Receivers in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.receivers", "--hang", str(hang), "--fail", str(fail), str(healthy)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Receivers(process)
        finally:
            process.kill()


@contextmanager
def working(world: World) -> Iterator[int]:
    """A worker for the block: its pid."""
    environment = {**world.environment, "WEBHOOK_ALLOW_LOOPBACK": "true"}
    process = spawn([sys.executable, "-m", "tasks"], log=world.directory / "worker.log", environment=environment)
    try:
        yield process.pid
    finally:
        stop(process, signal.SIGTERM, seconds=8)


async def measure(world: World) -> tuple[Report, dict[str, str]]:
    """Latency with real changes through the server, then the rate alone over a backlog."""
    report = Report("From a change to its webhooks", ("", "deliveries", "p50 ms", "p99 ms", "max ms"))
    with serving(world.environment, world.directory / "server.log") as server:
        await server.ready()
        async with Postgres.connected(world.superuser_url, world.postgres_log) as postgres:
            circumstances = about(postgres.version)
            await _latency(world, report, server.port)
            await _rate(world, report, server.port, postgres)
        await _many_endpoints(world, report, server.port)
    return report, circumstances


async def _latency(world: World, report: Report, port: int) -> None:
    with receivers(HEALTHY, HANGING, FAILING) as found, working(world) as worker:
        async with open_shop(world.environment, port) as shop:
            for url in found.urls:
                await add_endpoint(shop, url)
            product = await shop.product()
            await asyncio.sleep(_SETTLE_SECONDS)
            cpu = cpu_seconds(worker)
            await _update(shop, port, product["id"], PER_SECOND * SECONDS)
            await asyncio.sleep(_SETTLE_SECONDS)
            cpu = cpu_seconds(worker) - cpu
            events = {
                f"SyncEvent_{row['id'].hex}": row["occurred_at"]
                for row in await shop.sql("select id, occurred_at from sync_event where type = 'product.updated'")
            }
        arrivals = [arrival for arrival in found.arrivals() if arrival.event_id in events]
    waits = sorted((arrival.at - _epoch(events[arrival.event_id])) * 1000 for arrival in arrivals)
    p99 = waits[len(waits) * 99 // 100]
    report.rows.append(
        (
            f"{PER_SECOND} events/s x {HEALTHY + HANGING + FAILING}",
            f"{len(waits):,}",
            *(f"{wait:.0f}" for wait in (waits[len(waits) // 2], p99, waits[-1])),
        )
    )
    distinct = len({(arrival.receiver, arrival.event_id) for arrival in arrivals})
    report.verdict(
        f"{distinct:,} of {len(events) * HEALTHY:,} arrived at healthy receivers, with {len(waits):,} posts",
        holds=distinct == len(waits) == len(events) * HEALTHY,
    )
    report.verdict(f"p99 {p99:.0f} ms from the change on, under {MAX_P99_MS:.0f}", holds=p99 < MAX_P99_MS)
    report.notes.append(
        f"{HANGING} of the receivers take a request and never answer, {FAILING} answer 500. "
        f"Worker: {cpu / SECONDS:.2f} of a core."
    )


def _epoch(at: datetime) -> float:
    return at.timestamp()


async def _update(shop: Shop, port: int, product_id: str, count: int) -> None:
    """That many changes of a product, one after the other at a steady rate."""
    channel = await Channel.open(port)
    revision = 1
    begun = time.monotonic()
    for n in range(count):
        await asyncio.sleep(begun + n / PER_SECOND - time.monotonic())
        variables = {"id": product_id, "input": {"revision": revision, "title": f"Lamp {n}"}}
        payload = {"query": PRODUCT_UPDATE, "variables": variables}
        answer = await channel.send(post("/graphql", payload, {"Authorization": f"Bearer {shop.api_key}"}))
        revision = orjson.loads(answer.body)["data"]["productUpdate"]["product"]["revision"]
    channel.close()


async def _rate(world: World, report: Report, port: int, postgres: Postgres) -> None:
    expected = BACKLOG * RECEIVERS
    with receivers(RECEIVERS) as found:
        async with open_shop(world.environment, port) as shop:
            for url in found.urls:
                await add_endpoint(shop, url)
            await shop.sql(ADD_EVENTS, shop.workspace_id, BACKLOG, new_id())
            await postgres.settle()
            with working(world) as worker:
                database = cpu_seconds(postgres.pid)
                await _drained(shop, expected)
                cpu, database, memory = (
                    cpu_seconds(worker),
                    cpu_seconds(postgres.pid) - database,
                    peak_megabytes(worker),
                )
        arrivals = found.arrivals()
    times = sorted(arrival.at for arrival in arrivals)
    rate = len(times) / (times[-1] - times[0])
    report.rows.append((f"a backlog of {BACKLOG:,} events x {RECEIVERS}", f"{len(times):,}", "", "", ""))
    distinct = len({(arrival.receiver, arrival.event_id) for arrival in arrivals})
    report.verdict(
        f"{distinct:,} of {expected:,} arrived, with {len(times):,} posts", holds=distinct == len(times) == expected
    )
    report.verdict(f"{rate:,.0f} deliveries/s from one worker, at least {MIN_RATE}", holds=rate >= MIN_RATE)
    report.notes.append(
        f"CPU a delivery, from event to log: worker {cpu / expected * 1000:.2f} ms (its start included), "
        f"PostgreSQL {database / expected * 1000:.2f} ms. Worker's peak: {memory:.0f} MB."
    )


async def _many_endpoints(world: World, report: Report, port: int) -> None:
    """Thousands of endpoints in one worker, all with something due at once."""
    expected = SHOPS * ENDPOINTS_OF_SHOP * EVENTS_OF_SHOP
    with receivers(SHOPS) as found, working(world) as worker:
        async with AsyncExitStack() as stack:
            shops = [await stack.enter_async_context(open_shop(world.environment, port)) for _ in range(SHOPS)]
            for shop, url in zip(shops, found.urls, strict=True):
                for _ in range(ENDPOINTS_OF_SHOP):
                    await add_endpoint(shop, url)
            cpu = cpu_seconds(worker)
            begun = time.time()
            for shop in shops:
                await shop.sql(ADD_EVENTS, shop.workspace_id, EVENTS_OF_SHOP, new_id())
            for shop in shops:
                await _drained(shop, ENDPOINTS_OF_SHOP * EVENTS_OF_SHOP)
            cpu, memory = cpu_seconds(worker) - cpu, peak_megabytes(worker)
        arrivals = found.arrivals()
    waits = sorted((arrival.at - begun) * 1000 for arrival in arrivals)
    report.rows.append(
        (
            f"{EVENTS_OF_SHOP} events to {SHOPS * ENDPOINTS_OF_SHOP:,} endpoints",
            f"{len(waits):,}",
            *(f"{wait:.0f}" for wait in (waits[len(waits) // 2], waits[len(waits) * 99 // 100], waits[-1])),
        )
    )
    report.verdict(
        f"{len(waits):,} of {expected:,} arrived, at {ENDPOINTS_OF_SHOP} endpoints of each of {SHOPS} shops",
        holds=len(waits) == expected,
    )
    report.notes.append(f"Its worker: {cpu / expected * 1000:.2f} ms of CPU a delivery, {memory:.0f} MB at the most.")


async def _drained(shop: Shop, expected: int) -> None:
    deadline = time.monotonic() + _DRAIN_SECONDS
    count: Any = 0
    while time.monotonic() < deadline and count < expected:
        await asyncio.sleep(0.25)
        (row,) = await shop.sql("select count(*) from webhook_attempt where workspace_id = $1", shop.workspace_id)
        count = row[0]
