"""A thousand websockets that follow a shop's orders: in quiet, beside some that never read, and when all come back."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from typing import Any, NamedTuple

import orjson
import psutil

from benchmarks.cpu import Others, cpu_seconds, peak_megabytes
from benchmarks.machine import about
from benchmarks.postgres import Postgres
from benchmarks.report import Report
from benchmarks.server import Server, serving
from benchmarks.shop import open_shop, stock_variants
from benchmarks.steady import Placed, orders
from benchmarks.world import World
from tests.factories import Shop

READERS, MUTES = 950, 50
PER_SECOND = 5
SECONDS = 40
# How long the crowd stays away when it was cut off.
AWAY_SECONDS = 5.0
MAX_P99_MS = 250.0
MAX_MUTE_SECONDS = 30.0
MAX_RETURN_SECONDS = 10.0
# What a thousand sockets may cost beyond what the server takes without them.
MAX_MEGABYTES = 250.0
_LAST_ORDERS_ARRIVE = 2.0
_WARM_UP_SECONDS = 4.0


class _Crowd:
    """The process with the sockets, `benchmarks.crowd`."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    async def __call__(self, do: str, **options: Any) -> dict[str, Any]:
        """Gives a command and waits for its answer."""
        return await asyncio.to_thread(self._ask, {"do": do, **options})

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("The crowd has no pipes.")
        self._process.stdin.write(orjson.dumps(command) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The crowd ended.")
        answer: dict[str, Any] = orjson.loads(line)
        return answer


@contextmanager
def _crowd(api_key: str) -> Iterator[_Crowd]:
    command = [sys.executable, "-m", "benchmarks.crowd"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            if process.stdin is not None:
                process.stdin.write(api_key.encode() + b"\n")
            yield _Crowd(process)
        finally:
            process.kill()


class _Trade:
    """Orders that come all the time, until `stop`."""

    def __init__(self, shop: Shop, port: int, variants: list[str]) -> None:
        self.placed: list[Placed] = []
        self._over = False
        self._task = asyncio.create_task(self._go_on(shop, port, variants))

    async def _go_on(self, shop: Shop, port: int, variants: list[str]) -> None:
        async with aclosing(orders(shop, port, variants, PER_SECOND)) as stream:
            async for order in stream:
                self.placed.append(order)
                if self._over:
                    return

    @property
    def last(self) -> int:
        return self.placed[-1].number if self.placed else 0

    async def stop(self) -> None:
        """Ends it, and waits until the last order has reached everybody."""
        self._over = True
        await self._task
        await asyncio.sleep(_LAST_ORDERS_ARRIVE)


@asynccontextmanager
async def _trade(shop: Shop, port: int, variants: list[str]) -> AsyncIterator[_Trade]:
    trade = _Trade(shop, port, variants)
    try:
        yield trade
    finally:
        await trade.stop()


class _World(NamedTuple):
    """What each part is measured in."""

    first: Server
    second: Server
    shop: Shop
    variants: list[str]
    crowd: _Crowd
    report: Report


async def measure(world: World) -> tuple[Report, dict[str, str]]:
    """All parts, one after the other."""
    report = Report(
        f"{READERS + MUTES:,} websockets",
        ("", "ms p50", "p99", "max", "server CPU ms", "others' cores", "each order once"),
    )
    environment = _throttled(world.environment)
    async with AsyncExitStack() as stack:
        servers = [stack.enter_context(serving(environment, world.directory / f"server-{n}.log")) for n in (1, 2)]
        for server in servers:
            await server.ready()
        postgres = await stack.enter_async_context(Postgres.connected(world.superuser_url, world.postgres_log))
        shop = await stack.enter_async_context(open_shop(environment, servers[0].port))
        circumstances = about(postgres.version)
        variants = await stock_variants(shop, 100, 1_000_000)
        crowd = stack.enter_context(_crowd(shop.api_key))
        here = _World(servers[0], servers[1], shop, variants, crowd, report)
        await _follow_beside_mutes(here)
        await _cut_all(here)
        await _kill_server(here)
        deadlocks = postgres.deadlocks()
    report.notes.append(
        "ms: from an order's request to its event, for each order and socket. Where all come back: from then, or from "
        "the kill, until a socket has all that happened meanwhile. CPU ms: of an order with all its messages. Where "
        "all come back: of all of it."
    )
    report.verdict(f"{deadlocks} deadlocks in PostgreSQL's log", holds=not deadlocks)
    return report, circumstances


def _throttled(environment: Mapping[str, str]) -> dict[str, str]:
    """With production's own limits, though all comes from one address."""
    return {name: value for name, value in environment.items() if not name.startswith("THROTTLE_")}


async def _follow_beside_mutes(here: _World) -> None:
    async with _trade(here.shop, here.first.port, here.variants):
        await asyncio.sleep(_WARM_UP_SECONDS)
    memory = [_megabytes(here.first)]
    opened = await here.crowd("open", port=here.first.port, readers=READERS, mutes=MUTES)
    memory.append(_megabytes(here.first))
    await here.crowd("forget")
    others, before = Others(), cpu_seconds(here.first.pid)
    async with _trade(here.shop, here.first.port, here.variants) as trade:
        await asyncio.sleep(SECONDS)
    cpu = (cpu_seconds(here.first.pid) - before) / len(trade.placed) * 1000
    memory.append(_megabytes(here.first))
    mutes = await here.crowd("mutes")
    received = await here.crowd("received")
    p99 = _row(here.report, f"{READERS} that read", _delays(trade.placed, received), cpu, others, trade, received)
    here.report.verdict(f"p99 {p99:.0f} ms from the request on, under {MAX_P99_MS:.0f}", holds=p99 < MAX_P99_MS)
    _tell_of_mutes(here.report, mutes)
    per_socket = (memory[1] - memory[0]) / (READERS + MUTES) * 1000
    here.report.verdict(
        f"the server's memory: {memory[0]:.0f} MB without sockets, {memory[1]:.0f} with {READERS + MUTES:,} "
        f"({per_socket:.0f} kB each), {memory[2]:.0f} after {SECONDS} s of events, "
        f"{peak_megabytes(here.first.pid):.0f} at the most; under {MAX_MEGABYTES:.0f} MB for them",
        holds=peak_megabytes(here.first.pid) - memory[0] < MAX_MEGABYTES,
    )
    here.report.notes.append(f"{READERS + MUTES:,} sockets connected and following in {opened['seconds']:.1f} s")


def _tell_of_mutes(report: Report, mutes: dict[str, Any]) -> None:
    seconds, codes = mutes["seconds"], mutes["codes"]
    found = {code: codes.count(code) for code in sorted(set(codes))}
    last = max(seconds, default=0.0)
    report.verdict(
        f"{len(seconds)} of {MUTES} mute sockets closed, {min(seconds, default=0):.1f} to {last:.1f} s after they fell "
        f"mute, under {MAX_MUTE_SECONDS:.0f}; the codes that they found: {found}",
        holds=len(seconds) == MUTES and last < MAX_MUTE_SECONDS and set(codes) == {1013},
    )


async def _cut_all(here: _World) -> None:
    await here.crowd("open", port=here.first.port, readers=MUTES, mutes=0)
    await here.crowd("forget")
    others, before = Others(), cpu_seconds(here.first.pid)
    async with _trade(here.shop, here.first.port, here.variants) as trade:
        await asyncio.sleep(1)
        await here.crowd("cut", away=AWAY_SECONDS)
        back = await here.crowd("back", port=here.first.port, until=trade.last)
    cpu = (cpu_seconds(here.first.pid) - before) * 1000
    await _tell_of_return(here, f"all cut, away {AWAY_SECONDS:.0f} s", back, cpu, others, trade)


async def _kill_server(here: _World) -> None:
    await here.crowd("forget")
    others, before = Others(), cpu_seconds(here.second.pid)
    async with _trade(here.shop, here.second.port, here.variants) as trade:
        await asyncio.sleep(1)
        await here.crowd("move", port=here.second.port)
        killed = asyncio.get_running_loop().time()
        here.first.kill()
        await asyncio.sleep(0.5)
        moved = await here.crowd("moved", until=trade.last, since=killed)
    cpu = (cpu_seconds(here.second.pid) - before) * 1000
    await _tell_of_return(here, "server killed, moved to another", moved, cpu, others, trade)


async def _tell_of_return(
    here: _World, name: str, back: dict[str, Any], cpu: float, others: Others, trade: _Trade
) -> None:
    received = await here.crowd("received")
    seconds = back["seconds"]
    _row(here.report, name, [each * 1000 for each in seconds], cpu, others, trade, received)
    everybody = READERS + MUTES
    last = max(seconds, default=0.0)
    here.report.verdict(
        f"{name}: {len(seconds):,} of {everybody:,} had everything {last:.1f} s later, under {MAX_RETURN_SECONDS:.0f}; "
        f"connections lost on the way, by code: {back['lost']}",
        holds=len(seconds) == everybody and last < MAX_RETURN_SECONDS,
    )


def _row(
    report: Report,
    name: str,
    values: list[float],
    cpu: float,
    others: Others,
    trade: _Trade,
    received: dict[str, Any],
) -> float:
    """Writes a row and what it says of completeness; gives the 99th percentile."""
    values = sorted(values) or [0.0]
    expected = [order.number for order in trade.placed]
    complete = sum([number for number, _ in each] == expected for each in received["received"])
    everybody = len(received["received"])
    p99 = values[len(values) * 99 // 100]
    ms = [f"{value:.0f}" for value in (values[len(values) // 2], p99, values[-1])]
    report.rows.append([name, *ms, f"{cpu:.0f}", f"{others.cores():.1f}", f"{complete} of {everybody}"])
    report.verdict(
        f"{name}: {complete} of {everybody} got each of {len(expected)} orders once, in order; "
        f"{len(received['errors'])} were told of errors {received['errors'][:1]}",
        holds=complete == everybody and not received["errors"],
    )
    return p99


def _delays(placed: list[Placed], received: dict[str, Any]) -> list[float]:
    sent = {order.number: order.sent for order in placed}
    return [(at - sent[number]) * 1000 for each in received["received"] for number, at in each if number in sent]


def _megabytes(server: Server) -> float:
    return float(psutil.Process(server.pid).memory_info().rss / 1e6)
