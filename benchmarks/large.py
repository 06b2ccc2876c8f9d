"""What a page costs PostgreSQL in a workspace of 100,000 products: every sort, deep pages, filters.

Each statement is the engine's own, prepared once and executed on one connection of the application's role; its cost is
the CPU time of that connection's backend.
"""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from benchmarks.catalog import LARGE, add_large_workspace, add_workspaces, settle
from benchmarks.machine import about
from benchmarks.postgres import Postgres
from benchmarks.readers import PRODUCTS
from benchmarks.recorder import Statement, recording
from benchmarks.report import Report
from benchmarks.shop import platform_of
from benchmarks.world import World
from core.access import SCOPES, Caller, CallerKind
from resolvers.context import Context, Platform
from resolvers.read.cursor import cursor_maker
from schema.transport.operation import Asked, new_runner, run

OTHERS = 2_000
SIZE = 50
# Near the end of those that shoppers see.
DEEP = 85_000
MAX_RATIO = 2.0
_WARM_UP = 10
_MEASURED_MS = 40.0
SORTS = {
    "CREATED_AT": ("created_at", "timestamptz"),
    "UPDATED_AT": ("updated_at", "timestamptz"),
    "TITLE": ("title_sort", "text"),
    "PRICE": ("min_price_amount", "bigint"),
}
WORDS = ("lamp", "walnut", "verdigris", "zoetrope", "l", "lamp walnut", "nosuchword")


class Case(NamedTuple):
    """A page, and who asks for it."""

    name: str
    is_shopper: bool
    variables: dict[str, Any]


async def measure(world: World) -> tuple[Report, dict[str, str]]:
    """Every page, beside the first one of its kind of caller."""
    async with (
        Postgres.connected(world.superuser_url, world.postgres_log) as postgres,
        platform_of(world.environment) as platform,
    ):
        circumstances = about(postgres.version)
        await add_workspaces(postgres.admin, OTHERS)
        workspace_id = await add_large_workspace(postgres.admin)
        await settle(postgres.admin)
        cases = list(_cases(await _cursors(postgres.admin, workspace_id), await _moments(postgres.admin, workspace_id)))
        recorded, statements = recording(platform)
        report = Report(
            f"A page of {SIZE} among {LARGE:,} products", ("page", "caller", "PostgreSQL ms", "to the first", "rows")
        )
        first: dict[bool, float] = {}
        missed = []
        for case in cases:
            statement = await _statement(recorded, statements, case, workspace_id)
            cost = await _cost(platform.settings.app_dsn, statement)
            ratio = cost / first.setdefault(case.is_shopper, cost)
            rows = sum(row[0] is not None for row in statement.rows)
            caller = "shopper" if case.is_shopper else "API key"
            report.rows.append([case.name, caller, f"{cost:.3f}", f"{ratio:.2f}", str(rows)])
            if ratio > MAX_RATIO:
                missed.append(f"{case.name} ({caller}) {ratio:.1f}")
    report.verdict(
        f"{len(cases) - len(missed)} of {len(cases)} pages cost at most {MAX_RATIO:.0f} times the first"
        + (f"; more: {', '.join(missed)}" if missed else ""),
        holds=not missed,
    )
    report.notes.append(
        f"One workspace of {LARGE:,} products beside {OTHERS:,} of 60, with statistics; deep is {DEEP:,} rows down. "
        "ms are CPU time of the backend, by the scheduler's account of it."
    )
    return report, circumstances


def _cases(cursors: dict[str, str], moments: dict[str, dict[str, str]]) -> Iterator[Case]:
    for is_shopper in (True, False):
        yield Case("the first", is_shopper, {"first": SIZE})
        for sort, cursor in cursors.items():
            for direction in ("ASC", "DESC"):
                sorting = {"first": SIZE, "sort": {"field": sort, "direction": direction}}
                yield Case(f"{sort} {direction}", is_shopper, sorting)
                yield Case(f"{sort} {direction}, deep", is_shopper, {**sorting, "after": cursor})
        for name, given in _filters(moments):
            for sort in ("CREATED_AT", "TITLE"):
                sorting = {"field": sort, "direction": "DESC"}
                yield Case(f"{name}, {sort}", is_shopper, {"first": SIZE, "filter": given, "sort": sorting})


def _filters(moments: dict[str, dict[str, str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for on_sale in (True, False):
        yield f"availableForSale {str(on_sale).lower()}", {"availableForSale": on_sale}
    for statuses in (["DRAFT"], ["ARCHIVED"], ["ACTIVE", "DRAFT", "ARCHIVED"]):
        yield f"status {' '.join(statuses)}", {"status": statuses}
    for name, bounds in moments.items():
        yield f"createdAt {name}", {"createdAt": bounds}
        yield f"updatedAt {name}", {"updatedAt": bounds}
    for word in WORDS:
        yield f"search {word!r}", {"search": word}


async def _cursors(admin: asyncpg.Connection, workspace_id: UUID) -> dict[str, str]:
    """The cursor of the row that lies deep in each sort, upwards."""
    found = {}
    for sort, (column, kind) in SORTS.items():
        row = await admin.fetchrow(
            f"select {column} as value, id from product where workspace_id = $1 and deleted_at is null "
            f"and status = 'ACTIVE' order by {column}, id limit 1 offset $2",
            workspace_id,
            DEEP,
        )
        if row is None:
            raise RuntimeError("The catalog is not that deep.")
        found[sort] = cursor_maker(sort, kind)(row["value"], row["id"])
    return found


async def _moments(admin: asyncpg.Connection, workspace_id: UUID) -> dict[str, dict[str, str]]:
    """Ranges of time that hold half a hundredth, a twentieth, a half and nearly all of the products."""
    low, few, half, most = await admin.fetchval(
        "select percentile_disc(array[0.005, 0.05, 0.5, 0.9995]) within group (order by created_at) "
        "from product where workspace_id = $1",
        workspace_id,
    )
    return {
        "0.5 %": {"lt": low.isoformat()},
        "5 %": {"lt": few.isoformat()},
        "50 %": {"gte": half.isoformat()},
        "nearly all": {"lt": most.isoformat()},
        "none": {"gt": "2100-01-01T00:00:00+00:00"},
    }


async def _statement(platform: Platform, statements: list[Statement], case: Case, workspace_id: UUID) -> Statement:
    """The engine's statement for the page, recorded as it reads it."""
    runner = new_runner(platform)
    caller = Caller(CallerKind.SHOPPER, workspace_id=workspace_id)
    if not case.is_shopper:
        caller = Caller(CallerKind.API_KEY, workspace_id=workspace_id, scopes=frozenset(SCOPES))
    answer = await run(runner, runner.prepare(Asked(PRODUCTS, case.variables, "Products")), Context(platform, caller))
    if answer.codes:
        raise RuntimeError(f"{case.name}: {answer.body['errors']}")
    return statements[-1]


async def _cost(dsn: str, statement: Statement) -> float:
    """Milliseconds of the backend's CPU for one execution: the least of three rounds."""
    connection = await asyncpg.connect(dsn)
    pid = connection.get_server_pid()
    try:
        for _ in range(_WARM_UP):
            await connection.fetch(statement.sql, *statement.arguments)
        rounds = []
        gc.disable()
        for _ in range(3):
            before, times = _ran(pid), 0
            while times < 2 or _ran(pid) - before < _MEASURED_MS:
                await connection.fetch(statement.sql, *statement.arguments)
                times += 1
            rounds.append((_ran(pid) - before) / times)
    finally:
        gc.enable()
        await connection.close()
    return min(rounds)


def _ran(pid: int) -> float:
    """How many milliseconds the process has run."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6
