"""A shop on a server process of its own, with other settings."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from benchmarks.server import serving
from tests.client import GraphQL
from tests.factories import Shop


@asynccontextmanager
async def elsewhere(shop: Shop, tmp_path: Path, **environment: str) -> AsyncIterator[Shop]:
    """The shop on a server of its own, with these settings."""
    own = {"DATABASE_POOL_SIZE": "4"} | environment
    with serving({**os.environ, **own}, tmp_path / "server.log") as process:
        await process.ready()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{process.port}", timeout=30) as http:
            yield replace(shop, graphql=GraphQL(http))
