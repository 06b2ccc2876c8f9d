"""A server and a worker of their own, whose metrics are nobody else's."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import psutil
import pytest

from benchmarks.shop import open_shop
from dev.ports import free_port
from tests.factories import Shop
from tests.faults.cluster import Cluster, cluster

TOKEN = "a-token-of-the-tests"
_SAMPLE = re.compile(r"^(?P<series>\w+(?:\{.*\})?) (?P<value>\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Watched:
    """All the parts, and where the worker shows its metrics."""

    parts: Cluster
    worker_port: int

    async def of_server(self) -> dict[str, float]:
        return await _scrape(self.parts.server.port)

    async def of_worker(self) -> dict[str, float]:
        return await _scrape(self.worker_port)

    @asynccontextmanager
    async def without_worker(self) -> AsyncIterator[None]:
        """Its worker killed for the block."""
        self.parts.worker.kill()
        try:
            yield
        finally:
            await asyncio.to_thread(self.parts.worker.start)

    @contextmanager
    def hanging_postgresql(self) -> Iterator[None]:
        """PostgreSQL's processes stopped for the block: it takes connections, and says nothing."""
        postmaster = psutil.Process(self.parts.postgres.process.pid)
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    async def sql(self, statement: str, *arguments: Any) -> None:
        """Run as the superuser, past every policy."""
        connection = await asyncpg.connect(self.parts.postgres.superuser_url)
        try:
            await connection.execute(statement, *arguments)
        finally:
            await connection.close()


async def _scrape(port: int) -> dict[str, float]:
    """Every sample, by its name and labels."""
    async with httpx.AsyncClient(timeout=5, headers={"Authorization": f"Bearer {TOKEN}"}) as http:
        answer = await http.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200, answer.text
    return {found["series"]: float(found["value"]) for found in _SAMPLE.finditer(answer.text)}


@pytest.fixture(scope="package")
def started() -> Iterator[Watched]:
    port = free_port()
    with cluster(durable=False, more={"METRICS_TOKEN": TOKEN, "WORKER_PORT": str(port)}) as parts:
        yield Watched(parts, port)


@pytest.fixture
async def watched(started: Watched) -> Watched:
    """With nothing left of the test before."""
    await started.parts.server.ready()
    for table in ("webhook_delivery", "webhook_relay", "webhook_endpoint", "polling_state", "email_message", "asset"):
        await started.sql(f"delete from {table}")
    return started


@pytest.fixture
async def watched_shop(watched: Watched) -> AsyncIterator[Shop]:
    """A fresh workspace there."""
    async with open_shop(watched.parts.environment, watched.parts.server.port) as shop:
        yield shop
