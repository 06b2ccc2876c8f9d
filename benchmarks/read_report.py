"""What the benchmark of reads came to: the table, the targets, and what stands below them."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.phase import Child, Figures, median, spread
from benchmarks.report import Report

PAGE_OF_50, BY_SLUG, UNSEEN, TYPENAME = "page of 50", "by slug", "by slug, never asked before", "{__typename}"
RAW_PAGE, RAW_SLUG, BARE = "raw asyncpg, page of 50", "raw asyncpg, by slug", "bare ASGI app, as many bytes"
CACHED, CACHED_GET = "cached, POST", "cached, GET, persisted"
UNCHANGED, UNCHANGED_LONG = "304, persisted", "304, plain address"
COLUMNS = ("read", "server ms", "PostgreSQL ms", "req/s", "p50 ms", "p99 ms", "server ms from-to", "others")

MAX_SERVER_MS = {
    PAGE_OF_50: 0.9,
    BY_SLUG: 0.35,
    CACHED: 0.08,
    CACHED_GET: 0.08,
    UNCHANGED: 0.05,
    UNCHANGED_LONG: 0.05,
}
MAX_POSTGRES_MS = {PAGE_OF_50: 0.7, BY_SLUG: 0.15}
MAX_TO_RAW = 1.6
MAX_TO_BARE = 2.5
MAX_TO_FEW = 1.15
MAX_MEGABYTES = 160.0


@dataclass
class Row:
    """One line of the table: what is run, whose CPU time counts, and what each round came to."""

    name: str
    load: Child
    phase: dict[str, Any]
    server: int
    has_postgres: bool = True
    rounds: list[Figures] = field(default_factory=list)

    @property
    def cells(self) -> list[str]:
        found = median(self.rounds)
        postgres_ms = f"{found.postgres_ms:.3f}" if self.has_postgres else "-"
        wall = [f"{found.per_second:,.0f}", f"{found.p50_ms:.2f}", f"{found.p99_ms:.2f}"]
        from_to = spread([each.server_ms for each in self.rounds])
        return [self.name, f"{found.server_ms:.3f}", postgres_ms, *wall, from_to, f"{found.others:.1f}"]


def judge(report: Report, rows: Mapping[str, Row], few: str, many: str) -> None:
    """The table, and every target that is about CPU time."""
    report.rows += [row.cells for row in rows.values()]
    for name, most in MAX_SERVER_MS.items():
        _at_most(report, f"{name}, server", median(rows[name].rounds).server_ms, most)
    for name, most in MAX_POSTGRES_MS.items():
        _at_most(report, f"{name}, PostgreSQL", median(rows[name].rounds).postgres_ms, most)
    _ratio(report, rows[PAGE_OF_50], rows[RAW_PAGE], "server_ms", MAX_TO_RAW)
    _ratio(report, rows[CACHED], rows[BARE], "server_ms", MAX_TO_BARE)
    _ratio(report, rows[CACHED_GET], rows[BARE], "server_ms", MAX_TO_BARE)
    for whose in ("server_ms", "postgres_ms"):
        _ratio(report, rows[many], rows[few], whose, MAX_TO_FEW)


def judge_memory(report: Report, megabytes: Mapping[str, float]) -> None:
    """The most that each server has had."""
    for name, found in megabytes.items():
        report.verdict(
            f"server {name}: {found:.0f} MB at its peak, below {MAX_MEGABYTES:.0f}", holds=found < MAX_MEGABYTES
        )


def _at_most(report: Report, what: str, found: float, most: float) -> None:
    report.verdict(f"{what}: {found:.3f} ms, at most {most}", holds=found <= most)


def _ratio(report: Report, row: Row, other: Row, whose: str, most: float) -> None:
    """Round by round: what the machine did meanwhile met both."""
    ratios = [getattr(a, whose) / getattr(b, whose) for a, b in zip(row.rounds, other.rounds, strict=True)]
    found, process = statistics.median(ratios), {"server_ms": "server", "postgres_ms": "PostgreSQL"}[whose]
    sentence = f"{row.name} to {other.name}, {process}: {found:.2f} ({spread(ratios)}), at most {most}"
    report.verdict(sentence, holds=found <= most)
