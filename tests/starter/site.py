"""The starter theme, run as the host runs it: `node server.js`, told of changes by real webhooks."""

import asyncio
import os
import shutil
import socket
import time
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.ids import global_id
from tests.factories import Shop
from tests.people import becomes
from tests.storefront.api import Desk

# They bound hangs and measure nothing.
START_SECONDS = 60.0
PLENTY = 60.0
# In seconds after the change was answered. By webhook 2 are promised and 0.2 usual; five times that for machines that
# do other things besides, and still far from the minute in which polling would show it.
BY_WEBHOOK = 10.0
BY_POLL = 60.0

ENDPOINT_CREATE = """
mutation ($input: WebhookEndpointCreateInput!) {
  webhookEndpointCreate(input: $input) { webhookEndpoint { id } secret userErrors { code field message } }
}
"""
PRICE_CHANGE = """
mutation ($id: ID!, $input: ProductUpdateInput!) {
  productUpdate(id: $id, input: $input) { product { id revision } userErrors { code field message } }
}
"""
# Nobody posts with it.
UNUSED_SECRET = "whsec_bm9ib2R5IGhhcyB0aGlzIGtleSBidXQgdGhlIHRlc3Q="


@dataclass(frozen=True)
class Site:
    """A running theme."""

    url: str
    log: Path
    http: httpx.AsyncClient

    async def page(self, path: str) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == 200, (answer.status_code, self.log.read_text()[-3000:])
        return answer.text

    async def shows(self, path: str, text: str) -> bool:
        return text in await self.page(path)


def move(app: Path, into: Path, built_for: str, api_url: str) -> None:
    """Copies what was built for one API into a folder, as if it had been built for another and given nothing else.

    Where the API is stands in the pages' Content-Security-Policy; all the rest is read from the environment.
    """
    shutil.copytree(app, into, symlinks=True, ignore=shutil.ignore_patterns(".env*"))
    for file in (into / "server.js", *into.glob(".next/*.json")):
        file.write_text(file.read_text().replace(built_for, api_url))


def plain_environment() -> dict[str, str]:
    """What a program needs to run at all, and nothing of this project's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"NEXT_TELEMETRY_DISABLED": "1", "NODE_ENV": "production"}


def site_environment(
    url: str, api_url: str, workspace_id: str, site_id: str, token: str, secret: str = UNUSED_SECRET
) -> dict[str, str]:
    return {
        "SITE_URL": url,
        "NEXT_PUBLIC_API_URL": api_url,
        "NEXT_PUBLIC_WORKSPACE_ID": workspace_id,
        "NEXT_PUBLIC_SITE_ID": site_id,
        "STOREFRONT_TOKEN": token,
        "WEBHOOK_SECRET": secret,
    }


async def seconds_until(ask: Callable[[], Awaitable[bool]]) -> float:
    """How long it takes until asking gives yes."""
    started = time.monotonic()
    await becomes(True, ask, within=PLENTY)
    return time.monotonic() - started


@asynccontextmanager
async def running(
    built: Path, desk: Desk, api_url: str, folder: Path, *, is_told: bool, **more: str
) -> AsyncIterator[Site]:
    """The theme as the desk's site; with `is_told` an endpoint posts to it what changes."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    secret = await add_endpoint(desk.shop, f"{url}/api/sync/webhook") if is_told else UNUSED_SECRET
    token = desk.site["storefrontToken"]
    workspace_id = global_id("Workspace", desk.shop.workspace_id)
    environment = {
        **plain_environment(),
        **site_environment(url, api_url, workspace_id, desk.site["id"], token, secret),
        "PORT": str(port),
        "HOSTNAME": "127.0.0.1",
        "STATE_DIR": str(folder / "state"),
        **more,
    }
    log = folder / f"site-{port}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            "node", "server.js", cwd=built, env=environment, stdout=output, stderr=STDOUT, stdin=DEVNULL
        )
    try:
        async with httpx.AsyncClient(base_url=url, timeout=PLENTY) as http:
            await _answers(http, process, log)
            yield Site(url, log, http)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def add_endpoint(shop: Shop, url: str) -> str:
    """The secret of a new endpoint at this address."""
    answer = await shop.admin(ENDPOINT_CREATE, {"input": {"url": url}})
    payload = answer["data"]["webhookEndpointCreate"]
    assert payload["userErrors"] == [], answer
    secret: str = payload["secret"]
    return secret


async def change_price(shop: Shop, product: dict[str, Any], amount: str) -> None:
    """Changes the price of a product's first variant; the product's revision moves on."""
    money = {"amount": amount, "currencyCode": shop.currency_code}
    changes = {
        "revision": product["revision"],
        "variants": [{"id": product["variants"]["nodes"][0]["id"], "price": money}],
    }
    answer = await shop.admin(PRICE_CHANGE, {"id": product["id"], "input": changes})
    assert answer["data"]["productUpdate"]["userErrors"] == [], answer
    product["revision"] = answer["data"]["productUpdate"]["product"]["revision"]


async def _answers(http: httpx.AsyncClient, process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(START_SECONDS):
        while process.returncode is None:
            try:
                if (await http.get("/api/health")).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    pytest.fail(await asyncio.to_thread(log.read_text))


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
