"""What the tests here share."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.browser.test_graphiql import CHROMIUM, CHROMIUM_ARGS, STEP_TIMEOUT
from tests.client import LiveServer
from tests.factories import Shop
from tests.people import no_other_worker
from tests.starter import site
from tests.starter.site import Site
from tests.storefront.api import Desk, open_desk
from tests.webhook.world import dispatching

__all__ = ["no_other_worker"]


def cannot(reason: str) -> None:
    """Skips the test with the reason; in continuous integration nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
async def built(live_server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built theme."""
    if reason := site.missing():
        cannot(reason)
    folder = tmp_path_factory.mktemp("starter") / "built"
    await site.build(live_server.url, folder)
    return folder


@pytest.fixture
async def desk(shop: Shop) -> Desk:
    """A site of a fresh shop, made of the starter theme."""
    return await open_desk(shop)


@pytest.fixture
async def told(
    built: Path, desk: Desk, live_server: LiveServer, tmp_path: Path, no_other_worker: None
) -> AsyncIterator[Site]:
    """The site, which is told of changes by webhooks alone: it looks for itself too seldom to matter."""
    async with (
        dispatching(desk.shop.platform),
        site.running(built, desk, live_server.url, tmp_path, is_told=True, POLL_SECONDS="60") as running,
    ):
        yield running


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page in Chromium."""
    if CHROMIUM is None:
        cannot("Chromium is not installed.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        try:
            page = await browser.new_page()
            page.set_default_timeout(STEP_TIMEOUT)
            yield page
        finally:
            await browser.close()
