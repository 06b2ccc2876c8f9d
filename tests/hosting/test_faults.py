"""Processes that are killed: nothing of a deployment is stuck, and nothing of a site is lost."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from dev.ports import free_port
from tests.client import LiveServer
from tests.deployment.workshop import BUILD, Built, Workshop, running_in
from tests.factories import Shop
from tests.hosting.visitor import host_process, hosting, live, status, visiting
from tests.people import becomes

# The bound for a deployment whose worker was killed, in seconds.
NEVER_STUCK = 60.0
SLOW = BUILD + "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8_000);"


@asynccontextmanager
async def process(workshop: Workshop, module: str, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """One of Vitrine's processes, killed at the end if it still is there."""
    settings = {
        "BUILDS_DIR": str(workshop.builds),
        "THEMES_DIR": str(workshop.platform.settings.themes_dir),
        "BUILDS_AT_ONCE": "1",
    }
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        env=os.environ | settings | more,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


class TestWorkerThatIsKilled:
    async def test_in_mid_build_leaves_the_deployment_to_another(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop, SLOW)
        deployment = await site.deploy()
        async with process(workshop, "tasks") as worker:
            await becomes("BUILD", lambda: _step(site, deployment), 60)
            worker.kill()
            await worker.wait()

        async with process(workshop, "tasks"):
            await becomes("STARTING", lambda: status(site, deployment), NEVER_STUCK)

    async def test_is_no_different_from_one_that_is_told_to_stop(self, workshop: Workshop, shop: Shop) -> None:
        """It does not wait for the build's end, and takes all of it with it."""
        site = await workshop.site(shop, BUILD + "setInterval(() => {}, 1000)")
        deployment = await site.deploy()
        async with process(workshop, "tasks") as worker:
            await becomes("BUILD", lambda: _step(site, deployment), 60)
            worker.send_signal(signal.SIGTERM)
            await asyncio.wait_for(worker.wait(), 30)

        await becomes([], lambda: _running(workshop), 20)


class TestServerThatIsKilled:
    async def test_during_a_switch_leaves_the_site_served(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        """One server of several: who comes by another sees the site all the while, and then its new deployment."""
        site = await workshop.site(shop)
        port = free_port()
        async with host_process(workshop), visiting(live_server, site) as visitor:
            await live(site)
            site.change("2")
            async with process(workshop, "server", PORT=str(port)) as server:
                await becomes(200, lambda: _ready(port), 60)
                made = await site.deployed()
                server.kill()
                await server.wait()
                seen = [(await visitor.sees())["built"]]
            await becomes("LIVE", lambda: status(site, made["id"]), 30)
            await becomes("2", lambda: _built(visitor), 10)

        assert seen[0] in {"1", "2"}


class TestHostThatIsAway:
    async def test_leaves_a_deployment_waiting_for_the_next_one(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        made = await site.deployed()
        assert made["status"] == "STARTING"

        async with hosting(workshop):
            await becomes("LIVE", lambda: status(site, made["id"]), 30)

    async def test_for_too_long_fails_the_deployment(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        made = await site.deployed()
        await shop.sql("update deployment set starting_since = now() - interval '10 minutes'")

        async with process(workshop, "tasks"):
            await becomes("FAILED", lambda: status(site, made["id"]), 30)

        assert (await site.deployment(made["id"]))["error"].startswith("It was built, and no host started it")


async def _running(workshop: Workshop) -> object:
    return running_in(workshop)


async def _step(site: Built, deployment_id: str) -> object:
    return (await site.deployment(deployment_id))["step"]


async def _ready(port: int) -> object:
    async with httpx.AsyncClient() as http:
        try:
            return (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code
        except httpx.HTTPError:
            return None


async def _built(visitor: Any) -> object:
    return (await visitor.sees())["built"]
