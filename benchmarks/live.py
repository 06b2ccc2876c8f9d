"""How long it takes until everybody who follows a shop's orders has a new one."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager

from benchmarks.cpu import cpu_seconds
from benchmarks.machine import about
from benchmarks.postgres import Postgres
from benchmarks.report import Report
from benchmarks.server import serving
from benchmarks.shop import open_shop, stock_variants
from benchmarks.steady import Placed, orders
from benchmarks.world import World
from tests.factories import Shop

SOCKETS = 200
PER_SECOND = 10
SECONDS = 30
MAX_P99_MS = 100.0
_LAST_ORDERS_ARRIVE = 2.0


async def measure(world: World) -> tuple[Report, dict[str, str]]:
    """Orders at a steady rate, and when each reached every subscriber."""
    with serving(world.environment, world.directory / "server.log") as server:
        await server.ready()
        async with (
            Postgres.connected(world.superuser_url, world.postgres_log) as postgres,
            open_shop(world.environment, server.port) as shop,
        ):
            circumstances = about(postgres.version)
            variants = await stock_variants(shop, 100, 1_000_000)
            with _subscribers(server.port, shop.api_key) as subscribers:
                if await asyncio.to_thread(_line, subscribers) != "ready\n":
                    raise RuntimeError("The subscribers did not get ready.")
                _ = await _place(shop, server.port, variants, 2 * PER_SECOND)
                before = cpu_seconds(server.pid)
                placed = await _place(shop, server.port, variants, SECONDS * PER_SECOND)
                await asyncio.sleep(_LAST_ORDERS_ARRIVE)
                cpu = cpu_seconds(server.pid) - before
                said = json.loads((await asyncio.to_thread(subscribers.communicate))[0])
            deadlocks = postgres.deadlocks()
    report = _report(placed, said["received"], cpu)
    report.verdict(f"{said['broken']} sockets broke", holds=not said["broken"])
    report.verdict(f"{deadlocks} deadlocks in PostgreSQL's log", holds=not deadlocks)
    return report, circumstances


async def _place(shop: Shop, port: int, variants: list[str], count: int) -> list[Placed]:
    async with aclosing(orders(shop, port, variants, PER_SECOND)) as stream:
        return [await anext(stream) for _ in range(count)]


def _report(placed: list[Placed], received: list[list[list[float]]], cpu: float) -> Report:
    orders = {order.number: order for order in placed}
    arrivals = [(orders[int(number)], at) for each in received for number, at in each if int(number) in orders]
    expected = [order.number for order in placed]
    complete = sum([int(number) for number, _ in each if int(number) in orders] == expected for each in received)
    report = Report("From an order to everybody who follows", ("ms from", "p50", "p99", "max"))
    measures = {
        "request sent to event received": sorted((at - order.sent) * 1000 for order, at in arrivals),
        "answer received to event received": sorted((at - order.answered) * 1000 for order, at in arrivals),
        "request sent to answer received": sorted((order.answered - order.sent) * 1000 for order in placed),
    }
    for name, values in measures.items():
        report.rows.append([name, *(f"{value:.1f}" for value in (values[len(values) // 2], _p99(values), values[-1]))])
    report.verdict(f"{complete} of {SOCKETS} sockets got each order once, in order", holds=complete == SOCKETS)
    p99 = _p99(measures["request sent to event received"])
    report.verdict(f"p99 {p99:.1f} ms from the request on, under {MAX_P99_MS:.0f}", holds=p99 < MAX_P99_MS)
    report.notes.append(
        f"{SOCKETS} websockets (graphql-transport-ws, permessage-deflate as browsers have it) follow OrderEvents; "
        f"{PER_SECOND} orders/s for {SECONDS} s: {len(arrivals):,} arrivals. "
        f"Server CPU: {cpu / len(placed) * 1000:.1f} ms an order with its {SOCKETS} messages. "
        "Negative: the event was there before the answer."
    )
    return report


def _p99(values: list[float]) -> float:
    return values[len(values) * 99 // 100]


def _line(process: "subprocess.Popen[str]") -> str:
    return process.stdout.readline() if process.stdout else ""


@contextmanager
def _subscribers(port: int, api_key: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "benchmarks.subscribers", str(port), str(SOCKETS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdin is not None:
                process.stdin.write(api_key + "\n")
                process.stdin.flush()
            yield process
        finally:
            process.kill()
