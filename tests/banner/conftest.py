"""What the tests here share."""

import pytest

from tests.banner.api import Board
from tests.factories import Shop
from tests.storefront.api import open_desk


@pytest.fixture
async def board(shop: Shop) -> Board:
    """A site of a fresh shop, made of the starter theme."""
    return Board(shop, (await open_desk(shop)).site)
