"""What the tests here share."""

import pytest

from tests.factories import Shop
from tests.people import no_other_worker
from tests.storefront.api import Desk, open_desk

__all__ = ["no_other_worker"]


@pytest.fixture
async def desk(shop: Shop) -> Desk:
    """A site of a fresh shop, made of the starter theme."""
    return await open_desk(shop)
