"""What the tests here share."""

import pytest

from tests.factories import Shop
from tests.logo.api import Sign
from tests.storefront.api import open_desk


@pytest.fixture
async def sign(shop: Shop) -> Sign:
    """A site of a fresh shop, made of the starter theme."""
    return Sign(shop, (await open_desk(shop)).site)
