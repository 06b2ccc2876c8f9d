"""The hashed files of a build that browsers are sent, read where a site's own process can write.

That process may have put a link there, to a file that it cannot read itself. So nothing is opened by its path: each
folder from the one above, which is ours, and no link is followed.
"""

import mimetypes
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

# Next.js gives them names by their content, below this path of the site.
STATIC_PATH = "_next/static"
_FOLDERS = (".next", "static")
MAX_FILES = 20_000
MAX_FILE = 50_000_000
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# Without waiting, should it be a pipe.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
# Where the system's own table has none, or one that browsers do not like.
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".woff2": "font/woff2",
    ".woff": "font/woff",
    ".wasm": "application/wasm",
}


class StaticFile(NamedTuple):
    """A file by the path that browsers ask for, without a slash at its beginning."""

    path: str
    content: bytes
    content_type: str


def read_static(app: Path) -> Iterator[StaticFile]:
    """The static files of the application in this folder, one after the other."""
    for path, folder, name in _walk(app):
        content = _content(folder, name)
        if content is not None:
            yield StaticFile(path, content, content_type(name))


def static_paths(app: Path) -> set[str]:
    """The paths of the same files."""
    return {path for path, folder, name in _walk(app) if _is_file(folder, name)}


def content_type(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _walk(app: Path) -> Iterator[tuple[str, int, str]]:
    """Each file's path, the descriptor of its folder, and its name in it."""
    with ExitStack() as stack:
        try:
            top = os.open(app, _FOLDER)
            stack.callback(os.close, top)
            for name in _FOLDERS:
                top = os.open(name, _FOLDER, dir_fd=top)
                stack.callback(os.close, top)
        except OSError:
            return
        count = 0
        for folder, _, files, descriptor in os.fwalk(".", dir_fd=top):
            for name in files:
                count += 1
                if count > MAX_FILES:
                    return
                yield os.path.normpath(f"{STATIC_PATH}/{folder}/{name}"), descriptor, name


def _is_file(folder: int, name: str) -> bool:
    with suppress(OSError):
        return stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    return False


def _content(folder: int, name: str) -> bytes | None:
    """What a file holds; None for what is none, or too large."""
    try:
        opened = os.open(name, _FILE, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as file:
        said = os.fstat(opened)
        if not stat.S_ISREG(said.st_mode) or said.st_size > MAX_FILE:
            return None
        content = file.read(MAX_FILE + 1)
    return content if len(content) <= MAX_FILE else None
