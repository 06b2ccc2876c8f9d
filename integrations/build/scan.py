"""Looking for secrets in what a build made for browsers."""

import json
import mmap
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from integrations.build.base import BuildFailed

# Below `.next/server` lie pages that were made beforehand, which are sent as they are.
_PAGES = frozenset({".html", ".rsc", ".body", ".meta", ".json", ".txt", ".xml"})


def refuse_secrets(theme: Path, secrets: Iterable[str]) -> None:
    """Looks through everything that browsers may be sent.

    Raises:
        BuildFailed: a secret is in it; the message names the file, never the secret.

    """
    needles = {
        form.encode() for secret in secrets for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])
    }
    for path in _public_files(theme):
        if _holds(path, needles):
            name = path.relative_to(theme)
            raise BuildFailed(
                f"A secret is in {name}, which browsers can read: use WEBHOOK_SECRET in code of the server only."
            )


def _holds(path: Path, needles: Iterable[bytes]) -> bool:
    """Looks without reading all of it into memory: what a build makes may be large."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(needle) >= 0 for needle in needles)


def _public_files(theme: Path) -> Iterator[Path]:
    built = theme / ".next"
    for folder in (built / "static", theme / "public"):
        yield from _files(folder)
    yield from (path for path in _files(built / "server") if path.suffix in _PAGES)


def _files(folder: Path) -> Iterator[Path]:
    """Regular files; links are refused elsewhere where they lead out."""
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
