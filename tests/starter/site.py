"""The starter theme, built once and run as the host runs it: `node server.js`, told of changes by real webhooks."""

import asyncio
import fcntl
import os
import shutil
import socket
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.ids import global_id
from tests.factories import Shop
from tests.storefront.api import Desk

THEME = Path(__file__).parents[2] / "themes" / "starter"
# They bound hangs and measure nothing.
BUILD_SECONDS = 300.0
START_SECONDS = 60.0
PLENTY = 60.0

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


def missing() -> str:
    """Why the theme cannot be built here; empty where it can."""
    if shutil.which("node") is None:
        return "Node is not installed."
    if not (THEME / "node_modules" / "next").exists():
        return "The starter theme's packages are not installed: make theme."
    return ""


async def build(api_url: str, into: Path) -> None:
    """Builds the theme and puts what runs into a folder, as a deployment does."""
    with (THEME / ".build-lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        log = into.with_suffix(".log")
        environment = {**plain_environment(), **site_environment("http://localhost", api_url, "-", "-", "-")}
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                "npm", "run", "build", cwd=THEME, env=environment, stdout=output, stderr=STDOUT, stdin=DEVNULL
            )
            async with asyncio.timeout(BUILD_SECONDS):
                code = await process.wait()
        assert code == 0, log.read_text()[-5000:]
        shutil.copytree(THEME / ".next" / "standalone", into, symlinks=True)
        shutil.copytree(THEME / ".next" / "static", into / ".next" / "static")


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
