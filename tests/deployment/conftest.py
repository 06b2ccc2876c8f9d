"""What the tests of deployments share."""

from collections.abc import AsyncIterator

import pytest

from resolvers.context import Platform
from tests.build.folders import passable_folder
from tests.deployment.workshop import Workshop, with_settings
from tests.people import no_other_worker, system_sql

__all__ = ["no_other_worker"]
FORGET = """
update deployment set status = 'FAILED', starting_since = null
 where status in ('QUEUED', 'BUILDING', 'STARTING', 'LIVE')
"""


@pytest.fixture
async def workshop(platform: Platform, no_other_worker: None) -> AsyncIterator[Workshop]:
    """A workshop in which nothing is due that an earlier test has left."""
    await system_sql(platform, FORGET)
    with passable_folder() as folder:
        settings = {"themes_dir": folder / "themes", "builds_dir": folder / "builds", "builds_at_once": 1}
        yield Workshop(with_settings(platform, **settings), folder)
