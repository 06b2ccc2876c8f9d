"""The limit of a read: asyncpg sends the engine's own statement and orjson encodes the records. A process of its own.

    python -m benchmarks.raw connections

Lines of JSON on standard input are phases, `{"dsn", "statement", "arguments", "seconds"}`, where `arguments` are as
many lists as there are different requests; each is answered on standard output as `benchmarks.read_load` does.
Connections stay open: each sends one statement after the other, prepared once.

Records become lists as they are, in the order of the statement's columns; UUIDs become their hex, as the engine writes
them. Nothing is named, made a global id, a price or a cursor.
"""

import asyncio
import json
import sys
import time
from itertools import cycle
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvloop

from benchmarks.read_load import summary


def encoded(value: Any) -> Any:
    """What orjson does not know."""
    return value.hex if isinstance(value, UUID) else list(value)


async def run_phase(connections: list[Any], phase: dict[str, Any]) -> dict[str, Any]:
    """Sends the statement with all its arguments in turn."""
    statement, arguments = phase["statement"], cycle(phase["arguments"])
    latencies: list[float] = []
    started = time.perf_counter()

    async def read_on(connection: Any) -> None:
        while (sent := time.perf_counter()) < started + phase["seconds"]:
            rows = await connection.fetch(statement, *next(arguments))
            if not orjson.dumps(rows, default=encoded):
                raise ValueError("nothing was read")
            latencies.append(time.perf_counter() - sent)

    await asyncio.gather(*map(read_on, connections))
    return summary(latencies, time.perf_counter() - started)


async def _connect(dsn: str) -> Any:
    connection = await asyncpg.connect(dsn)
    # As the server does: inside a record the driver cannot ask what a type is.
    await connection.fetch("select array(select row(1) where false)")
    return connection


async def main() -> None:
    """Answers phases until standard input ends."""
    connections: list[Any] = []
    while line := await asyncio.to_thread(sys.stdin.readline):
        phase = json.loads(line)
        while len(connections) < int(sys.argv[1]):
            connections.append(await _connect(phase["dsn"]))
        print(json.dumps(await run_phase(connections, phase)), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
