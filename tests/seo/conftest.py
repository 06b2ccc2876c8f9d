"""What the tests here share."""

from typing import Any

import pytest

from core.ids import new_id
from tests.factories import Shop, make_site, make_theme
from tests.storefront.api import Desk


@pytest.fixture
async def desk(shop: Shop) -> Desk:
    """A site of a fresh shop, made of the starter theme."""
    return Desk(shop, await make_site(shop))


@pytest.fixture
def themed_desk(shop: Shop) -> Any:
    """What makes a site of the shop whose theme has these paths, awaited."""

    async def make(**paths: str) -> Desk:
        manifest = {"slug": f"theme-{new_id().hex[-12:]}", "version": "1.0.0", "name": "Brass", "paths": paths}
        return Desk(shop, await make_site(shop, await make_theme(shop.platform, manifest)))

    return make
