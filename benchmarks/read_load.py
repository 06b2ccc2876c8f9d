"""The load of reads: the same requests again and again, on connections that are kept. A process of its own.

    python -m benchmarks.read_load connections

Lines of JSON on standard input either name requests, `{"name", "requests", "status", "contains"}`, or run them,
`{"run": name, "port", "seconds"}`; a run is answered on standard output by what it came to. Requests are whole, as
Latin-1; each connection sends the next one of all when its answer is there. Every answer is checked: its status, that
it has what it must contain, and no errors.
"""

import asyncio
import json
import sys
import time
from itertools import cycle
from typing import Any, NamedTuple

import uvloop

from benchmarks.client import Answer, Channel

_ERRORS = b'"errors"'


class Requests(NamedTuple):
    """What is sent, and what an answer must have."""

    requests: list[bytes]
    status: int
    contains: bytes

    def fault(self, answer: Answer) -> str | None:
        if answer.status == self.status and self.contains in answer.body and _ERRORS not in answer.body:
            return None
        return f"{answer.status} {answer.body[:300].decode(errors='replace')}"


def summary(latencies: list[float], seconds: float, faults: list[str] | None = None) -> dict[str, Any]:
    """What a phase came to."""
    latencies.sort()
    return {
        "requests": len(latencies),
        "seconds": seconds,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p95_ms": latencies[len(latencies) * 95 // 100] * 1000,
        "p99_ms": latencies[len(latencies) * 99 // 100] * 1000,
        "faults": len(faults or ()),
        "first_fault": faults[0] if faults else None,
    }


async def run_phase(port: int, connections: int, wanted: Requests, seconds: float) -> dict[str, Any]:
    """Runs to the answer of the last request: all that was sent is counted."""
    channels = [await Channel.open(port) for _ in range(connections)]
    requests = cycle(wanted.requests)
    latencies: list[float] = []
    faults: list[str] = []
    started = time.perf_counter()

    async def ask_on(channel: Channel) -> None:
        while (sent := time.perf_counter()) < started + seconds:
            answer = await channel.send(next(requests))
            latencies.append(time.perf_counter() - sent)
            if (fault := wanted.fault(answer)) is not None:
                faults.append(fault)

    await asyncio.gather(*map(ask_on, channels))
    elapsed = time.perf_counter() - started
    for channel in channels:
        channel.close()
    return summary(latencies, elapsed, faults)


async def main() -> None:
    """Answers phases until standard input ends."""
    named: dict[str, Requests] = {}
    while line := await asyncio.to_thread(sys.stdin.readline):
        told = json.loads(line)
        if "run" in told:
            done = await run_phase(told["port"], int(sys.argv[1]), named[told["run"]], told["seconds"])
            print(json.dumps(done), flush=True)
        else:
            requests = [request.encode("latin-1") for request in told["requests"]]
            named[told["name"]] = Requests(requests, told["status"], told["contains"].encode())


if __name__ == "__main__":
    uvloop.run(main())
