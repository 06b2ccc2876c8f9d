"""Files in a folder of this machine: what there is without a bucket."""

import os
import re
import time
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

from obstore.store import LocalStore

from integrations.storage.base import Storage

PART = 256 * 1024
# obstore writes `name#1` and renames it when it is whole. Listings leave these out.
_PARTIAL = re.compile(r"#\d+$")


def folder_storage(folder: Path) -> Storage:
    """A storage in the folder, which is made where it is missing. Every process must see the same folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Storage(LocalStore(folder, automatic_cleanup=True), PART, None, partial(_forget_partial, folder))


def _forget_partial(folder: Path, older_than: timedelta) -> int:
    """Files and folders may go while they are looked at: uploads end, others sweep too."""
    before = time.time() - older_than.total_seconds()
    removed = 0
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names if _PARTIAL.search(name)):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()
                    removed += 1
    return removed
