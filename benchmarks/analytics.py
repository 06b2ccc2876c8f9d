"""The dashboard over HTTP: 30 days and 365 of a shop with ten million events and a million orders, alone and not."""

import time
from typing import Any, NamedTuple

from benchmarks.catalog import add_large_workspace, settle
from benchmarks.cpu import Others, cpu_seconds
from benchmarks.history import (
    EVENTS,
    ORDERS,
    PRODUCTS,
    SMALL_DAYS,
    add_history,
    add_small_histories,
    count_history,
)
from benchmarks.machine import about
from benchmarks.phase import Child, child
from benchmarks.postgres import Postgres
from benchmarks.readers import add_api_key, asked_by_post
from benchmarks.report import Report
from benchmarks.server import Server, serving
from benchmarks.shop import operation, platform_of
from benchmarks.world import World

BESIDE = 1_000
SECONDS = 10.0
WARM_UP_SECONDS = 2.0
ROUNDS = 3
# Milliseconds, p95, by how many days.
MAX_MS = {30: 60.0, 365: 150.0}
# A noisy machine's share of what is no slower.
MAX_RATIO = 1.2
DASHBOARD = operation("admin.graphql", "Dashboard")
_COLUMNS = ("days", "beside", "p50 ms", "p95 ms", "p99 ms", "server ms", "PostgreSQL ms", "others")


class _Figures(NamedTuple):
    """A round: ms of wall clock, CPU ms a request."""

    p50: float
    p95: float
    p99: float
    server: float
    postgres: float
    others: float


async def measure(world: World) -> tuple[Report, dict[str, str]]:
    """Each range alone, then with other workspaces beside."""
    report = Report("The dashboard", _COLUMNS)
    with serving(world.environment, world.directory / "server.log") as server, child("benchmarks.read_load", 1) as load:
        await server.ready()
        async with (
            Postgres.connected(world.superuser_url, world.postgres_log) as postgres,
            platform_of(world.environment) as platform,
        ):
            circumstances = about(postgres.version)
            workspace_id = await add_large_workspace(postgres.admin, PRODUCTS)
            key = await add_api_key(postgres.admin, workspace_id)
            await _told("made", add_history(postgres.admin, workspace_id))
            await settle(postgres.admin)
            seconds = await _told("counted", count_history(platform, workspace_id))
            counted = await postgres.admin.fetchval("select sum(orders + cancelled_orders) from order_day")
            if counted != ORDERS:
                raise RuntimeError(f"{counted} of {ORDERS} orders were counted.")
            for number in MAX_MS:
                _tell(load, number, key)
            alone = await _phases(load, server, postgres, report, 0)
            await _told("made the others", add_small_histories(postgres.admin, BESIDE))
            beside = await _phases(load, server, postgres, report, BESIDE)
            size = await postgres.admin.fetchval("select pg_size_pretty(pg_database_size(current_database()))")
    for number, limit in MAX_MS.items():
        for figures, where in ((alone[number], "alone"), (beside[number], f"beside {BESIDE:,} workspaces")):
            what = f"{number} days {where}: p95 {figures.p95:.1f} ms, at most {limit:.0f}"
            report.verdict(what, holds=figures.p95 <= limit)
        ratio = beside[number].postgres / alone[number].postgres
        what = (
            f"{number} days: {ratio:.2f} times PostgreSQL's time with {BESIDE:,} workspaces beside, at most {MAX_RATIO}"
        )
        report.verdict(what, holds=ratio <= MAX_RATIO)
    report.notes += [
        (
            f"One workspace of {EVENTS:,} events and {ORDERS:,} orders in 365 days, {PRODUCTS:,} products, one server"
            f" process, one connection, {ROUNDS} rounds of {SECONDS:.0f} s by turns; the one with the middle p95."
            f" Beside it workspaces of {SMALL_DAYS} days. {size} in all. ms of server and PostgreSQL are CPU time a"
            " request."
        ),
        f"Counting the year anew, day by day, took {seconds:.0f} s.",
    ]
    return report, circumstances


async def _told(what: str, doing: Any) -> float:
    """Does it, and says how long that took, in seconds."""
    started = time.perf_counter()
    await doing
    seconds = time.perf_counter() - started
    print(f"   {what} in {seconds:.0f} s", flush=True)
    return seconds


def _tell(load: Child, number: int, key: str) -> None:
    variables = {"range": {"days": number}}
    request = asked_by_post(DASHBOARD, "Dashboard", variables, {"Authorization": f"Bearer {key}"})
    load.tell({"name": str(number), "requests": [request.decode("latin-1")], "status": 200, "contains": '"funnel":'})


async def _phases(load: Child, server: Server, postgres: Postgres, report: Report, beside: int) -> dict[int, _Figures]:
    """The middle round of each range."""
    await settle(postgres.admin)
    rounds: dict[int, list[_Figures]] = {number: [] for number in MAX_MS}
    for _ in range(ROUNDS):
        for number, found in rounds.items():
            phase = {"run": str(number), "port": server.port}
            await load.run({**phase, "seconds": WARM_UP_SECONDS})
            found.append(await _round(load, {**phase, "seconds": SECONDS}, server.pid, postgres.pid))
    middle = {number: sorted(found, key=lambda each: each.p95)[ROUNDS // 2] for number, found in rounds.items()}
    for number, figures in middle.items():
        report.rows.append([str(number), f"{beside:,}", *(f"{value:.1f}" for value in figures)])
        print("  ", *report.rows[-1], flush=True)
    return middle


async def _round(load: Child, phase: dict[str, Any], server: int, postgres: int) -> _Figures:
    others = Others()
    before = cpu_seconds(server), cpu_seconds(postgres)
    done = await load.run(phase)
    after = cpu_seconds(server), cpu_seconds(postgres)
    server_ms, postgres_ms = ((b - a) / done["requests"] * 1000 for a, b in zip(before, after, strict=True))
    return _Figures(done["p50_ms"], done["p95_ms"], done["p99_ms"], server_ms, postgres_ms, others.cores())
