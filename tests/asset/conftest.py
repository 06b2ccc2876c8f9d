"""What the tests here share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from integrations.storage import Storage, new_storage
from tests.asset.bucket import s3_server
from tests.people import no_other_worker

__all__ = ["no_other_worker"]


@pytest.fixture(scope="session")
def bucket() -> Iterator[dict[str, Any]]:
    """The settings that name a bucket."""
    with s3_server() as settings:
        yield settings


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, test_settings: Settings, tmp_path: Path) -> Storage:
    """Each kind of storage there is."""
    if request.param == "folder":
        return new_storage(test_settings.model_copy(update={"data_dir": tmp_path}))
    chosen = request.getfixturevalue("bucket")
    return new_storage(Settings(**(test_settings.model_dump() | chosen | {"data_dir": tmp_path})))
