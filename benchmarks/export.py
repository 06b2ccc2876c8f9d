"""Downloading exports of a million rows: how fast, in how much memory, and what requests feel beside them."""

import asyncio
import time
from typing import NamedTuple

import httpx
import psutil

from benchmarks.cpu import Others, cpu_seconds, peak_megabytes
from benchmarks.machine import about
from benchmarks.postgres import Postgres
from benchmarks.report import Report
from benchmarks.server import Server, serving
from benchmarks.shop import open_shop, stock_variants
from benchmarks.world import World
from core.ids import uuid_in
from tests.export.exporting import EVENTS, link
from tests.factories import Shop

EVENT_COUNT = 1_000_000
ORDER_COUNT = 200_000
# Rows of one statement: the role's bound is 10 s.
_TOGETHER = 50_000
MAX_GROWTH_MB = 50
# Between two requests beside the download, in seconds.
_PAUSE = 0.02
_WARM_UP = 200
ORDERS = """
with placed as (
  insert into sales_order (workspace_id, id, number, status, email, currency_code, total_amount, secret_hash, placed_at)
  select $1, gen_random_uuid(), $3 + n, 'PLACED', 'shopper-' || (n % 10000) || '@example.com', 'EUR', 4980,
         '\\x00', now() - n * interval '1 minute'
    from generate_series(1, $2) n returning id)
insert into order_line (workspace_id, id, order_id, variant_id, product_id, position, title, variant_title, sku,
                        quantity, unit_price_amount, total_amount, currency_code)
select $1, gen_random_uuid(), placed.id, v.id, v.product_id, n, 'A brass lamp', '', v.sku, 1, 2490, 2490, 'EUR'
  from placed, generate_series(1, 2) n, (select * from product_variant where id = $4) v
"""
PHASES = (
    ("VISITOR_EVENTS", "identity", EVENT_COUNT),
    ("VISITOR_EVENTS", "gzip", EVENT_COUNT),
    ("ORDERS", "gzip", ORDER_COUNT),
    ("ORDER_LINES", "gzip", 2 * ORDER_COUNT),
    ("CUSTOMERS", "gzip", 10_000),
)


class _Got(NamedTuple):
    rows: int
    megabytes: float
    first: float
    seconds: float


async def measure(world: World) -> tuple[Report, dict[str, str]]:
    """Each table whole, read as fast as it comes, with requests beside."""
    columns = ("table", "sent as", "rows", "MB", "first s", "rows/s", "server CPU s", "grew MB", "p50 ms", "p99 ms")
    report = Report("Downloading exports", (*columns, "others"))
    with serving(world.environment, world.directory / "server.log") as server:
        await server.ready()
        async with (
            Postgres.connected(world.superuser_url, world.postgres_log) as postgres,
            open_shop(world.environment, server.port) as shop,
        ):
            circumstances = about(postgres.version)
            await _fill(shop)
            await postgres.settle()
            for phase in PHASES:
                await _one(report, shop, server, phase)
    report.notes += [
        "One download at a time; who reads it shares the machine's cores with the server and PostgreSQL.",
        (
            "first: seconds until the first bytes. grew: the most memory that the server had resident, over what it had"
            " before. p50, p99: small GraphQL requests beside the download, one every 20 ms."
        ),
        "others: cores that other programs of this machine had meanwhile.",
    ]
    return report, circumstances


async def _fill(shop: Shop) -> None:
    (variant,) = await stock_variants(shop, 1, 1_000)
    for n in range(0, EVENT_COUNT, _TOGETHER):
        await shop.sql(EVENTS.replace("now()", f"now() - {n} * interval '1 millisecond'"), *_events(shop))
    for n in range(0, ORDER_COUNT, _TOGETHER // 2):
        await shop.sql(ORDERS, shop.workspace_id, _TOGETHER // 2, 10_000 + n, uuid_in(variant, "ProductVariant"))
    await shop.sql("update workspace_counter set order_number = $2 where workspace_id = $1", shop.workspace_id, 10**6)


def _events(shop: Shop) -> tuple[object, ...]:
    return shop.workspace_id, _TOGETHER, None


async def _one(report: Report, shop: Shop, server: Server, phase: tuple[str, str, int]) -> None:
    table, encoding, rows = phase
    path = await link(shop, table)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=120) as http:
        for _ in range(_WARM_UP):
            await _ask(http, shop)
        resident = psutil.Process(server.pid).memory_info().rss / 1e6
        cpu, others = cpu_seconds(server.pid), Others()
        reading = asyncio.create_task(_download(http, path, encoding))
        waits = []
        while not reading.done():
            waits.append(await _ask(http, shop))
            await asyncio.sleep(_PAUSE)
        got = await reading
    waits.sort()
    grew = peak_megabytes(server.pid) - resident
    row = [
        f"{got.rows:,}",
        f"{got.megabytes:,.0f}",
        f"{got.first:.2f}",
        f"{got.rows / got.seconds:,.0f}",
        f"{cpu_seconds(server.pid) - cpu:.1f}",
        f"{max(grew, 0):.0f}",
        f"{waits[len(waits) // 2]:.1f}",
        f"{waits[int(len(waits) * 0.99)]:.1f}",
        f"{others.cores():.1f}",
    ]
    report.rows.append([table, encoding, *row])
    print("  ", *report.rows[-1], flush=True)
    report.verdict(f"{table} as {encoding}: {got.rows:,} rows came, of {rows:,}", holds=got.rows == rows)
    what = f"{table} as {encoding}: memory grew by {max(grew, 0):.0f} MB, at most {MAX_GROWTH_MB}"
    report.verdict(what, holds=grew <= MAX_GROWTH_MB)


async def _ask(http: httpx.AsyncClient, shop: Shop) -> float:
    """How long a small request takes, in ms."""
    began = time.perf_counter()
    headers = {"Authorization": f"Bearer {shop.api_key}"}
    answer = await http.post("/graphql", json={"query": "{ workspace { slug name } }"}, headers=headers)
    answer.raise_for_status()
    return (time.perf_counter() - began) * 1_000


async def _download(http: httpx.AsyncClient, path: str, encoding: str) -> _Got:
    """Reads to the end; rows are counted by their ends, since no cell here has one in it."""
    began, first, rows, size = time.perf_counter(), 0.0, -1, 0
    async with http.stream("GET", path, headers={"accept-encoding": encoding}) as answer:
        answer.raise_for_status()
        async for piece in answer.aiter_bytes():
            first = first or time.perf_counter() - began
            rows += piece.count(b"\n")
        size = answer.num_bytes_downloaded
    return _Got(rows, size / 1e6, first, time.perf_counter() - began)
