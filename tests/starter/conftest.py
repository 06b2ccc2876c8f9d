"""What the tests here share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.client import LiveServer
from tests.factories import Shop
from tests.people import no_other_worker
from tests.pipeline.machine import Deployed
from tests.starter import site
from tests.starter.shopper import complaints, page
from tests.starter.site import Site
from tests.storefront.api import Desk, open_desk
from tests.webhook.world import dispatching

__all__ = ["complaints", "no_other_worker", "page"]


@pytest.fixture(scope="session")
def built(deployed: Deployed, live_server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built theme: what was deployed, for another API."""
    folder = tmp_path_factory.mktemp("starter") / "built"
    site.move(deployed.app, folder, deployed.machine.api_url, live_server.url)
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
