"""Placing an order through HTTP and GraphQL, and the same statements by pgbench."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmarks.cpu import Others, cpu_seconds
from benchmarks.machine import about
from benchmarks.pgbench import Script, run_pgbench, script_for
from benchmarks.postgres import Postgres
from benchmarks.report import Report
from benchmarks.server import Server, serving
from benchmarks.shop import open_shop, stock_variants
from benchmarks.world import World
from tests.factories import Shop

CONNECTIONS = 16
VARIANTS = 1_000
STOCK = 10_000_000
WARM_UP_SECONDS = 3.0
SECONDS = 8.0
# What one process keeps open by default: pgbench gets as many.
PGBENCH_CLIENTS = 10
SLOW_COMMIT_MICROSECONDS = 2_000
MAX_SERVER_MS = 1.2


class Measured(NamedTuple):
    """One load, through the server."""

    load: dict[str, Any]
    server_ms: float
    postgres_ms: float
    others: float

    @property
    def per_second(self) -> float:
        return float(self.load["orders"] / self.load["seconds"])


@dataclass
class Bench:
    """Everything that is running."""

    shop: Shop
    server: Server
    postgres: Postgres
    load: "subprocess.Popen[str]"

    async def run(self, variants: list[str]) -> Measured:
        """A warm-up, then the load that counts."""
        await self._phase(variants, WARM_UP_SECONDS)
        await self.postgres.settle()
        others = Others()
        before = cpu_seconds(self.server.pid), cpu_seconds(self.postgres.pid)
        load = await self._phase(variants, SECONDS)
        after = cpu_seconds(self.server.pid), cpu_seconds(self.postgres.pid)
        server_ms, postgres_ms = ((b - a) / load["orders"] * 1000 for a, b in zip(before, after, strict=True))
        return Measured(load, server_ms, postgres_ms, others.cores())

    async def _phase(self, variants: list[str], seconds: float) -> dict[str, Any]:
        if self.load.stdin is None or self.load.stdout is None:
            raise RuntimeError("The load has no pipes.")
        phase = {"token": self.shop.storefront_token, "variants": variants, "seconds": seconds}
        self.load.stdin.write(json.dumps(phase) + "\n")
        self.load.stdin.flush()
        line = await asyncio.to_thread(self.load.stdout.readline)
        result: dict[str, Any] = json.loads(line)
        if result["errors"]:
            raise RuntimeError(f"{result['errors']} of {result['orders']} orders failed: {result['first_error']}")
        return result

    async def pgbench(self, script: Script) -> tuple[float, float]:
        """Transactions a second, and PostgreSQL's CPU ms for each."""
        await self.postgres.settle()
        before = cpu_seconds(self.postgres.pid)
        done = await asyncio.to_thread(run_pgbench, script, self.shop.platform.settings, PGBENCH_CLIENTS, SECONDS)
        return done.per_second, (cpu_seconds(self.postgres.pid) - before) / done.transactions * 1000


async def measure(world: World) -> tuple[Report, dict[str, str]]:
    """Both loads, with commits as they are and with slow ones."""
    report = Report(
        "Placing an order",
        (
            "load",
            "orders/s",
            "server ms",
            "PostgreSQL ms",
            "p50 ms",
            "p99 ms",
            "pgbench tps",
            "its PG ms",
            "ratio",
            "others",
        ),
    )
    with serving(world.environment, world.directory / "server.log") as server:
        await server.ready()
        async with (
            Postgres.connected(world.superuser_url, world.postgres_log) as postgres,
            open_shop(world.environment, server.port) as shop,
        ):
            circumstances = about(postgres.version)
            variants = await stock_variants(shop, VARIANTS, STOCK)
            with _load(server.port) as load:
                bench = Bench(shop, server, postgres, load)
                for slow in (0, SLOW_COMMIT_MICROSECONDS):
                    await postgres.slow_commits(slow)
                    for name, which in (("spread", variants), ("hot", variants[:1])):
                        await _one(bench, report, f"{name}, commit_delay={slow}", which)
            report.verdict(f"{postgres.deadlocks()} deadlocks in PostgreSQL's log", holds=not postgres.deadlocks())
    report.notes += [
        (
            f"{CONNECTIONS} connections, {SECONDS:.0f} s a load; orders of one line over {VARIANTS:,} variants (spread)"
            " or one (hot), in one workspace; every answer was checked."
        ),
        (
            f"ms are CPU time an order. pgbench: {PGBENCH_CLIENTS} clients, the server's own statements and role; "
            "ratio: orders/s to its tps. others: cores that other programs of this machine had meanwhile."
        ),
    ]
    return report, circumstances


async def _one(bench: Bench, report: Report, name: str, variants: list[str]) -> None:
    measured = await bench.run(variants)
    script = await script_for(bench.shop, variants)
    tps, its_ms = await bench.pgbench(script)
    load = measured.load
    row = [measured.per_second, measured.server_ms, measured.postgres_ms, load["p50_ms"], load["p99_ms"], tps, its_ms]
    digits = [0, 2, 2, 1, 1, 0, 2]
    cells = [f"{value:,.{places}f}" for value, places in zip(row, digits, strict=True)]
    report.rows.append([name, *cells, f"{measured.per_second / tps:.2f}", f"{measured.others:.1f}"])
    print("  ", *report.rows[-1], flush=True)
    within = measured.server_ms <= MAX_SERVER_MS
    report.verdict(f"{name}: {measured.server_ms:.2f} ms of server CPU, at most {MAX_SERVER_MS}", holds=within)


@contextmanager
def _load(port: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "benchmarks.load", str(port), str(CONNECTIONS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
