"""A server process of its own, and what it says of itself."""

import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from benchmarks.server import Server, serving
from tests.attacks.wire import Answer, exchange, request

# All the tests' processes share one PostgreSQL and its connections.
_POOL = {"DATABASE_POOL_SIZE": "4", "DATABASE_ACQUIRE_TIMEOUT": "10"}
ANSWERED_WITHIN = 1.0
STALLED = "0.1"
_LAG = re.compile(rb'^vitrine_event_loop_lag_seconds_bucket\{le="([^"]+)"\} ([\d.e+]+)$', re.MULTILINE)
# A shared machine stalls by itself now and then: what an attack does, it does each time.
_TRIES = 10

Attack = Callable[[], Awaitable[Answer]]


@dataclass(frozen=True)
class Target:
    """The server that is attacked."""

    server: Server

    @property
    def port(self) -> int:
        return self.server.port

    async def stalls(self) -> float:
        """How often its event loop was late by more than 100 ms, since it started."""
        answer = await exchange(self.port, request("GET", "/metrics"))
        late = {le.decode(): float(count) for le, count in _LAG.findall(answer.body)}
        return late["+Inf"] - late[STALLED]

    def memory(self) -> int:
        """Its resident memory in bytes."""
        return int(psutil.Process(self.server.pid).memory_info().rss)

    async def withstands(self, attack: Attack) -> Answer:
        """The answer to the attack, which came in time and stalled nobody else."""
        stalls = seconds = 0.0
        for _ in range(_TRIES):
            before = await self.stalls()
            answer = await attack()
            stalls, seconds = await self.stalls() - before, answer.seconds
            assert answer.status < 500, answer.body[:500]
            if not stalls and seconds < ANSWERED_WITHIN:
                return answer
        pytest.fail(f"{stalls:.0f} stalls of more than 100 ms; answered after {seconds:.2f} s, {_TRIES} times")


@pytest.fixture(scope="package")
async def target(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    """The real server as a process of its own."""
    log: Path = tmp_path_factory.mktemp("attacks") / "server.log"
    with serving({**os.environ, **_POOL}, log) as process:
        await process.ready()
        yield Target(process)
    assert faults_in(log) == []


def faults_in(log: Path) -> list[str]:
    """What the server logged as its own faults."""
    # uvicorn itself logs a websocket's text that is not UTF-8 as if that were a fault.
    return [line for line in log.read_text().splitlines() if '"error"' in line and "Invalid UTF-8" not in line]
