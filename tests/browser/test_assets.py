"""Uploading from a dashboard's page, showing what was uploaded, and opening what should never have been kept."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, Route, async_playwright

from core.ids import new_id
from resolvers.asset import process_due_assets
from resolvers.asset.keys import asset_key, asset_path
from tests.asset.api import COMPLETE, READ, UPLOAD
from tests.browser.test_graphiql import CHROMIUM, CHROMIUM_ARGS, STEP_TIMEOUT, needs_chromium
from tests.client import LiveServer
from tests.factories import Shop
from tests.people import no_other_worker

__all__ = ["no_other_worker"]

pytestmark = [needs_chromium, pytest.mark.usefixtures("no_other_worker")]
# What a dashboard does with a file that a person chose; here it draws one.
UPLOADING = """
async ({ server, key, create, complete, read, where }) => {
  const ask = async (query, variables) => {
    const answer = await fetch(server + "/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: "Bearer " + key },
      body: JSON.stringify({ query, variables }),
    });
    return (await answer.json()).data;
  };
  const canvas = Object.assign(document.createElement("canvas"), { width: 900, height: 600 });
  canvas.getContext("2d").fillRect(100, 100, 300, 300);
  const file = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const bytes = await file.arrayBuffer();
  const created = (await ask(create, {
    input: { filename: "canvas.png", mimeType: file.type, byteSize: file.size },
  })).assetUploadCreate;
  const { url, method, headers } = created.upload;
  const put = await fetch(url.replace(where, server), {
    method, body: file, headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
  });
  const completed = (await ask(complete, { id: created.asset.id })).assetUploadComplete;
  let asset = completed.asset;
  while (asset.status === "PROCESSING") {
    await new Promise((done) => setTimeout(done, 100));
    asset = (await ask(read, { id: asset.id })).asset;
  }
  const shown = [];
  for (const { url } of [asset, ...asset.renditions.nodes]) {
    const image = Object.assign(new Image(), { src: url.replace(where, server) });
    await image.decode();
    shown.push(image.naturalWidth);
  }
  return { put: put.status, status: asset.status, shown, bytes: bytes.byteLength };
}
"""
HOSTILE = """<svg xmlns="http://www.w3.org/2000/svg" onload="document.title='ran'">
  <script>document.title = "ran"; fetch("http://evil.example/script")</script>
  <image href="http://evil.example/picture.png"/>
  <foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="http://evil.example/frame"/></foreignObject>
  <title>drawn</title>
</svg>"""


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        try:
            page = await browser.new_page()
            page.set_default_timeout(STEP_TIMEOUT)
            yield page
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def working(shop: Shop) -> AsyncIterator[None]:
    """A worker while the block runs."""

    async def work() -> None:
        while True:
            await process_due_assets(shop.platform)
            await asyncio.sleep(0.1)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def nothing(route: Route) -> None:
    await route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>Nothing</title>")


async def requests_to_evil(page: Page) -> list[str]:
    """What the page sends to a server that it should know nothing of; what its policy forbids is never sent."""
    sent: list[str] = []

    async def take(route: Route) -> None:
        sent.append(route.request.url)
        await nothing(route)

    await page.route("http://evil.example/**", take)
    return sent


class TestDashboard:
    """A page of another origin, in Chromium."""

    async def test_uploads_a_picture_and_shows_it_in_its_sizes(
        self, shop: Shop, live_server: LiveServer, page: Page
    ) -> None:
        # Another origin: its host has another name.
        await page.goto(f"http://localhost:{live_server.port}/healthz")
        where = shop.platform.settings.base_url
        given: dict[str, Any] = {"server": live_server.url, "key": shop.api_key, "where": where}
        async with working(shop):
            done = await page.evaluate(UPLOADING, given | {"create": UPLOAD, "complete": COMPLETE, "read": READ})

        assert done["bytes"] > 0
        assert {key: done[key] for key in ("put", "status", "shown")} == {
            "put": 204,
            "status": "READY",
            "shown": [900, 320, 640],
        }


class TestOpenedFile:
    """What a browser does with a file of an asset's address, had a hostile one come there whatever the way."""

    async def test_runs_nothing_and_fetches_nothing(self, shop: Shop, live_server: LiveServer, page: Page) -> None:
        asset_id = new_id()
        sent = await requests_to_evil(page)
        name = "evil-0123456789.svg"
        key = asset_key(shop.workspace_id, asset_id, name)
        await shop.platform.storage.write(key, HOSTILE.encode(), "image/svg+xml")
        address = live_server.url + asset_path(shop.workspace_id, asset_id, name)

        await page.goto(address)
        await page.wait_for_timeout(500)

        assert page.url == address
        assert await page.title() == "drawn"
        assert sent == []
        await shop.platform.storage.delete([key])

    async def test_would_run_without_its_headers(self, page: Page) -> None:
        """The test above can fail."""
        sent = await requests_to_evil(page)
        await page.route(
            "http://plain.example/**",
            lambda route: route.fulfill(status=200, content_type="image/svg+xml", body=HOSTILE),
        )
        await page.goto("http://plain.example/evil.svg")
        await page.wait_for_timeout(500)

        assert await page.title() == "ran"
        assert {"script", "picture.png"} <= {url.rpartition("/")[2] for url in sent}
