"""One phase of a benchmark of reads: a load from another process, and what it cost the processes that served it."""

import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from benchmarks.cpu import Others, cpu_seconds


class Figures(NamedTuple):
    """What a phase came to: CPU ms a request, requests a second, ms of wall clock."""

    server_ms: float
    postgres_ms: float
    per_second: float
    p50_ms: float
    p99_ms: float
    others: float


class Child:
    """A process that is told phases by lines of JSON, and answers each with one."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.pid = process.pid

    def tell(self, told: dict[str, Any]) -> None:
        """A line that is not answered."""
        if self.process.stdin is None:
            raise RuntimeError("The load has no pipes.")
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()

    async def run(self, phase: dict[str, Any]) -> dict[str, Any]:
        """Runs a phase to its end.

        Raises:
            RuntimeError: an answer was not what it must be; or the process ended.

        """
        if self.process.stdout is None:
            raise RuntimeError("The load has no pipes.")
        self.tell(phase)
        line = await asyncio.to_thread(self.process.stdout.readline)
        if not line:
            raise RuntimeError("The load ended.")
        done: dict[str, Any] = json.loads(line)
        if done["faults"]:
            raise RuntimeError(f"{done['faults']} of {done['requests']} requests failed: {done['first_fault']}")
        return done


@contextmanager
def child(module: str, connections: int) -> Iterator[Child]:
    """`python -m module connections` for the block."""
    command = [sys.executable, "-m", module, str(connections)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Child(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


async def measured(load: Child, phase: dict[str, Any], server: int, postgres: int) -> Figures:
    """Runs the phase; `server` and `postgres` are the processes whose CPU time it takes."""
    others = Others()
    before = cpu_seconds(server), cpu_seconds(postgres)
    done = await load.run(phase)
    after = cpu_seconds(server), cpu_seconds(postgres)
    server_ms, postgres_ms = ((b - a) / done["requests"] * 1000 for a, b in zip(before, after, strict=True))
    return Figures(
        server_ms, postgres_ms, done["requests"] / done["seconds"], done["p50_ms"], done["p99_ms"], others.cores()
    )


def median(rounds: Sequence[Figures]) -> Figures:
    """Each figure's own median."""
    return Figures(*(statistics.median(figures) for figures in zip(*rounds, strict=True)))


def spread(values: Sequence[float]) -> str:
    """From the least to the most."""
    return f"{min(values):.3f}-{max(values):.3f}"
