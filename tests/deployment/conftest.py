"""What the tests of deployments share."""

import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

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
    """A workshop in which nothing is due that an earlier test has left.

    What an earlier one has installed is there, as it is for most builds: npm takes a second for nothing at all.
    """
    await system_sql(platform, FORGET)
    with passable_folder() as folder:
        settings = {"themes_dir": folder / "themes", "builds_dir": folder / "builds", "builds_at_once": 1}
        packages = folder / "builds/packages"
        if _packages().is_dir():
            packages.parent.mkdir(mode=0o711)
            shutil.copytree(_packages(), packages, symlinks=True)
        yield Workshop(with_settings(platform, **settings), folder)
        if packages.is_dir() and not _packages().is_dir():
            shutil.copytree(packages, _packages(), symlinks=True)


@cache
def _packages() -> Path:
    """Where this process's tests keep what was installed."""
    folder = tempfile.mkdtemp(prefix="vitrine-packages-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder, "packages")
