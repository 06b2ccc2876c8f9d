"""What the tests of builds share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.build.identity import Identity


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may pass through, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="vitrine-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def identity() -> Iterator[Identity]:
    """A user of the test's own, where it runs as root."""
    taken = Identity.take()
    yield taken
    taken.close()
