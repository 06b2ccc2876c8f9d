"""What the tests of builds share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.build.identity import Identity
from tests.build.folders import passable_folder


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with passable_folder() as folder:
        yield folder


@pytest.fixture
def identity() -> Iterator[Identity]:
    """A user of the test's own, where it runs as root."""
    taken = Identity.take()
    yield taken
    taken.close()
