"""Visitor events through HTTP: batches of 20, as beacons and through GraphQL, and single ones."""

from typing import Any

from benchmarks.machine import about
from benchmarks.phase import Child, Figures, child, measured
from benchmarks.postgres import Postgres
from benchmarks.report import Report
from benchmarks.server import serving
from benchmarks.shop import open_shop
from benchmarks.world import World
from tests.factories import Shop

CONNECTIONS = 32
WARM_UP_SECONDS = 3.0
SECONDS = 10.0
BATCH = 20
MIN_EVENTS_PER_SECOND = 10_000
_UNLIMITED = "1000000000"
PHASES = (("beacon", BATCH), ("GraphQL", BATCH), ("beacon", 100), ("beacon", 1))


async def measure(world: World) -> tuple[Report, dict[str, str]]:
    """Each door and size of batch, and whether all that was accepted is there."""
    report = Report(
        "Taking visitor events",
        ("door", "a batch", "events/s", "requests/s", "server ms", "PostgreSQL ms", "p50 ms", "p99 ms", "others"),
    )
    limits = {f"THROTTLE_{kind}_{what}": _UNLIMITED for kind in ("CALLER", "ADDRESS") for what in ("RATE", "BURST")}
    with serving({**world.environment, **limits}, world.directory / "server.log") as server:
        await server.ready()
        async with (
            Postgres.connected(world.superuser_url, world.postgres_log) as postgres,
            open_shop(world.environment, server.port) as shop,
        ):
            circumstances = about(postgres.version)
            with child("benchmarks.track_load", CONNECTIONS) as load:
                for door, events in PHASES:
                    await _one(load, report, shop, (server.port, server.pid, postgres), (door, events))
    report.notes += [
        (
            f"{CONNECTIONS} connections, {SECONDS:.0f} s a row, one workspace, one server process; the load, which"
            " makes each event anew, and PostgreSQL share the machine's cores with it. Commits go to the disk."
        ),
        "ms are CPU time a request. others: cores that other programs of this machine had meanwhile.",
    ]
    return report, circumstances


async def _one(
    load: Child, report: Report, shop: Shop, where: tuple[int, int, Postgres], phase: tuple[str, int]
) -> None:
    (port, server, postgres), (door, events) = where, phase
    told = {"port": port, "token": shop.storefront_token, "door": door, "events": events}
    await load.run({**told, "seconds": WARM_UP_SECONDS})
    await postgres.settle()
    before = await _stored(shop)
    recorder = _Counting(load.process)
    figures = await measured(recorder, {**told, "seconds": SECONDS}, server, postgres.pid)
    stored, accepted = await _stored(shop) - before, recorder.requests * events
    report.rows.append([door, str(events), *_cells(figures, events)])
    print("  ", *report.rows[-1], flush=True)
    what = f"{door}, {events}: {accepted:,} events were accepted, {stored:,} are stored"
    report.verdict(what, holds=stored == accepted)
    if (door, events) == PHASES[0]:
        per_second = figures.per_second * events
        what = f"{per_second:,.0f} events/s in batches of {events}, at least {MIN_EVENTS_PER_SECOND:,}"
        report.verdict(what, holds=per_second >= MIN_EVENTS_PER_SECOND)


class _Counting(Child):
    """A load whose answered requests are counted."""

    requests = 0

    async def run(self, phase: dict[str, Any]) -> dict[str, Any]:
        done = await super().run(phase)
        self.requests += done["requests"]
        return done


def _cells(figures: Figures, events: int) -> list[str]:
    values = [
        figures.per_second * events,
        figures.per_second,
        figures.server_ms,
        figures.postgres_ms,
        figures.p50_ms,
        figures.p99_ms,
        figures.others,
    ]
    return [f"{value:,.{places}f}" for value, places in zip(values, (0, 0, 2, 2, 1, 1, 1), strict=True)]


async def _stored(shop: Shop) -> int:
    (row,) = await shop.sql("select count(*) from visitor_event where workspace_id = $1", shop.workspace_id)
    return int(row["count"])
