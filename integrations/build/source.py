"""Taking over folders of others: what is in them and belongs to them, by value. No link leads out of the copy."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from integrations.build.base import MEGABYTE, BuildFailed

# What a theme may be, and what comes of building it.
SOURCE_BYTES = 100 * MEGABYTE
SOURCE_FILES = 10_000
BUILT_BYTES = 500 * MEGABYTE
BUILT_FILES = 50_000
# What is made anew by a build, is somebody's own, or says where packages come from, which is the operator's to say.
LEFT_OUT = frozenset({".git", "node_modules", ".next", ".npmrc", ".DS_Store"})
_PIECE = 1024 * 1024


class Copied(NamedTuple):
    """What was taken over: the SHA-256 of all names, kinds and contents, and how much it is."""

    digest: str
    byte_size: int


def copy_source(source: Path, target: Path) -> Copied:
    """Copies a theme's folder to `target`, which is made. Links that stay within the folder stay links.

    `.env*` files are left out besides `LEFT_OUT`.

    Raises:
        BuildFailed: it is too large, or holds something that is no file, folder or link within.

    """
    root = source.resolve()
    if not root.is_dir():
        raise BuildFailed(f"The theme's folder {source.name} is not there.")
    return _copy(root, target, _Bounds("The theme", SOURCE_BYTES, SOURCE_FILES, _is_left_out))


def copy_built(source: Path, target: Path) -> Copied:
    """The same of a folder that a build made, of which everything is taken."""
    return _copy(source.resolve(), target, _Bounds("What was built", BUILT_BYTES, BUILT_FILES, lambda _: False))


class _Bounds(NamedTuple):
    """What a folder may be, and what is not taken over."""

    what: str
    max_bytes: int
    max_files: int
    is_left_out: Callable[[str], bool]

    @property
    def too_large(self) -> BuildFailed:
        return BuildFailed(f"{self.what} is larger than {self.max_bytes // MEGABYTE} MB.")


def _is_left_out(name: str) -> bool:
    return name in LEFT_OUT or name.startswith(".env")


def _copy(root: Path, target: Path, bounds: _Bounds) -> Copied:
    target.mkdir(parents=True)
    digest, size = hashlib.sha256(), 0
    for count, entry in enumerate(_entries(root, bounds.is_left_out)):
        if count >= bounds.max_files:
            raise BuildFailed(f"{bounds.what} has more than {bounds.max_files:,} files and folders.")
        name = os.fsdecode(os.path.relpath(entry.path, root))
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
        copy = target / name
        if entry.is_symlink():
            link = _inner_link(root, Path(entry.path), name)
            digest.update(b"link\0" + os.fsencode(link) + b"\0")
            copy.symlink_to(link)
        elif entry.is_dir():
            digest.update(b"folder\0")
            copy.mkdir()
        else:
            size += _copy_file(Path(entry.path), copy, name, digest, bounds, size)
    return Copied(digest.hexdigest(), size)


def _entries(folder: Path, is_left_out: Callable[[str], bool]) -> Iterator[os.DirEntry[str]]:
    """What belongs to the folder, each folder before what is in it, always in the same order."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if is_left_out(entry.name):
            continue
        yield entry
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(Path(entry.path), is_left_out)


def _inner_link(root: Path, path: Path, name: str) -> str:
    """Where the link leads, if that is within the folder."""
    link = str(path.readlink())
    end = Path(os.path.realpath(path))
    if Path(link).is_absolute() or not end.is_relative_to(root):
        raise BuildFailed(f"{name} is a link out of its folder: put the file itself there.")
    return link


def _copy_file(path: Path, copy: Path, name: str, digest: "hashlib._Hash", bounds: _Bounds, taken: int) -> int:
    """Copies one file, which nobody can swap for a link meanwhile; gives its size."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise BuildFailed(f"{name} is neither a file nor a folder.")
        room = bounds.max_bytes - taken
        if status.st_size > room:
            raise bounds.too_large
        size = 0
        digest.update(b"file\0" + status.st_size.to_bytes(8, "big"))
        with copy.open("xb") as written:
            while piece := file.read(min(_PIECE, room - size + 1)):
                size += len(piece)
                if size > room:
                    raise bounds.too_large
                digest.update(piece)
                written.write(piece)
        copy.chmod(0o755 if status.st_mode & stat.S_IXUSR else 0o644)
    return size
