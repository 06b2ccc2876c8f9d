"""A host, and somebody who visits the sites that it serves."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from resolvers.hosting.host import Host
from resolvers.hosting.served import Pace
from tests.client import LiveServer
from tests.deployment.workshop import Built, Workshop
from tests.people import becomes

PATIENCE = 30.0


@asynccontextmanager
async def hosting(workshop: Workshop, **pace: float) -> AsyncIterator[Host]:
    """A host, which ends with its sites."""
    host = Host(workshop.platform, Pace(**pace))
    running = asyncio.create_task(host.run())
    try:
        yield host
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await host.close()


@asynccontextmanager
async def host_process(workshop: Workshop) -> AsyncIterator[asyncio.subprocess.Process]:
    """A host of its own process. One that still is there at the end is told to stop, and ends its sites."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tasks.host",
        env=os.environ | {"BUILDS_DIR": str(workshop.builds)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()


@dataclass(frozen=True)
class Visitor:
    """Asks a site through the server, as a browser does."""

    http: httpx.AsyncClient
    host: str

    async def get(self, path: str = "/", **options: Any) -> httpx.Response:
        return await self.request("GET", path, **options)

    async def request(self, method: str, path: str, headers: Any = None, **options: Any) -> httpx.Response:
        return await self.http.request(method, path, headers={"Host": self.host} | (headers or {}), **options)

    async def sees(self) -> dict[str, Any]:
        """What the site says of itself."""
        response = await self.get()
        assert response.status_code == 200, response.text
        found: dict[str, Any] = json.loads(response.text)
        return found


@asynccontextmanager
async def visiting(server: LiveServer, site: Built) -> AsyncIterator[Visitor]:
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE) as http:
        yield Visitor(http, site.site["url"].partition("://")[2])


async def live(site: Built) -> str:
    """A deployment of the site that was built and is live; a host runs."""
    made = await site.deployed()
    assert made["status"] in {"STARTING", "LIVE"}, made
    await becomes("LIVE", lambda: status(site, made["id"]), PATIENCE)
    return str(made["id"])


async def status(site: Built, deployment_id: str) -> object:
    return (await site.deployment(deployment_id))["status"]


async def server_status(site: Built) -> object:
    """Of what is live of the site."""
    rows = await site.shop.sql(
        "select v.status from site s join site_server v on v.workspace_id = s.workspace_id "
        "and v.deployment_id = s.live_deployment_id where s.id = $1",
        site.row_id,
    )
    return rows[0]["status"] if rows else None
