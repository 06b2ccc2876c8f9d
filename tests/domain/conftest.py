"""What the tests of domains share."""

import pytest

from tests.deployment.conftest import workshop
from tests.domain.api import Registrar
from tests.domain.zone import Zone
from tests.factories import Shop
from tests.people import no_other_worker

__all__ = ["no_other_worker", "workshop"]


@pytest.fixture
def zone(everybodys_zone: Zone) -> Zone:
    everybodys_zone.clear()
    return everybodys_zone


@pytest.fixture
async def registrar(shop: Shop, zone: Zone) -> Registrar:
    return await Registrar.of(shop, zone)


@pytest.fixture
async def other_registrar(other_shop: Shop, zone: Zone) -> Registrar:
    return await Registrar.of(other_shop, zone)
