"""The packages of themes, installed once for each lock file and shared by all builds with the same one.

What is shared is this process's own and nobody may write to it. A build gets it as hard links in folders of its own.
"""

import hashlib
import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from core.ids import new_id

# How many are kept, those that were not used for the longest going first.
KEPT = 20
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_FILES = ("package.json", "package-lock.json")


def packages_key(theme: Path, versions: Sequence[str]) -> str:
    """What installed packages depend on: the theme's lists of them, and the versions of what installs them."""
    digest = hashlib.sha256("\0".join(versions).encode())
    for name in _FILES:
        digest.update(b"\0" + (theme / name).read_bytes())
    return digest.hexdigest()


def link_packages(shared: Path, key: str, theme: Path) -> bool:
    """Gives the theme the packages under this key, as `node_modules`. False where they are not there."""
    found = shared / key
    if not found.is_dir():
        return False
    with suppress(OSError):
        os.utime(found)
    shutil.copytree(found, theme / "node_modules", symlinks=True, copy_function=_link)
    return True


def share_packages(theme: Path, shared: Path, key: str) -> None:
    """Takes what was installed in the theme for everybody who has the same lists, and gives it links to that."""
    shared.mkdir(mode=0o755, parents=True, exist_ok=True)
    unfinished = shared / f"{key}.{new_id().hex}"
    (theme / "node_modules").rename(unfinished)
    _own(unfinished)
    with suppress(OSError):
        # Another build was faster where it fails.
        unfinished.rename(shared / key)
    shutil.rmtree(unfinished, ignore_errors=True)
    _forget_old(shared)
    link_packages(shared, key, theme)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        # Another file system, or too many links.
        shutil.copy2(source, target, follow_symlinks=False)


def _own(folder: Path) -> None:
    """Makes everything this process's own, and files such that nobody writes to them."""
    user, group = os.geteuid(), os.getegid()
    for path, folders, files in os.walk(folder):
        for name in files:
            file = Path(path, name)
            os.chown(file, user, group, follow_symlinks=False)
            if not file.is_symlink():
                file.chmod(stat.S_IMODE(file.lstat().st_mode) & ~_WRITABLE)
        for name in (*folders, "."):
            os.chown(Path(path, name), user, group, follow_symlinks=False)


def _forget_old(shared: Path) -> None:
    found = []
    for folder in shared.iterdir():
        # Another build may be putting one into its place, or forgetting it.
        with suppress(FileNotFoundError):
            found.append((folder.stat().st_mtime, folder))
    for _, folder in sorted(found, reverse=True)[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
