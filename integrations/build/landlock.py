"""Landlock, Linux's own sandbox for those who are not root: which files a process and its children may touch.

It is there since Linux 5.13, where the kernel was built and started with it; elsewhere nothing is restricted.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

# Numbers of asm-generic/unistd.h and linux/landlock.h.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_NET_PORT = 2
_O_PATH = 0o10000000
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
# How many of the rights each version of the interface knows: linking between folders came with 2, truncating with 3.
_RIGHTS = {1: 13, 2: 14}
_RIGHTS_NOW = 15
# With 4 it can be held to the ports that it listens on.
_PORTS_SINCE = 4
_BIND_TCP = 1
# With 6 one's own may not signal others, nor speak to sockets of theirs that have no file.
_SCOPES_SINCE = 6
_SCOPES = 0b11


def is_available() -> bool:
    """Whether this machine's kernel has it."""
    return _version() > 0


def restrict(readable: Iterable[str], writable: Iterable[str], port: int) -> None:
    """Holds this process, and all that it becomes and starts, to reading and running what lies below the first,
    doing anything below the second, and taking this port of TCP: 0 for such as the kernel chooses. What is not there is
    passed over. It cannot be undone.

    Raises:
        OSError: the kernel has Landlock and refuses. `no_new_privs` must be set before.

    """
    version = _version()
    if version <= 0:
        return
    every = (1 << _RIGHTS.get(version, _RIGHTS_NOW)) - 1
    attributes = struct.pack("=QQQ", every, _BIND_TCP, _SCOPES)
    # Older kernels know the first field alone, or the first two.
    size = 24 if version >= _SCOPES_SINCE else 16 if version >= _PORTS_SINCE else 8
    ruleset = _call(_CREATE_RULESET, ctypes.c_char_p(attributes), ctypes.c_size_t(size), 0)
    try:
        for path in readable:
            _allow(ruleset, path, (_EXECUTE | _READ_FILE | _READ_DIR) & every)
        _allow(ruleset, "/dev", (_READ_FILE | _READ_DIR | _WRITE_FILE | _TRUNCATE) & every)
        for path in writable:
            _allow(ruleset, path, every)
        if version >= _PORTS_SINCE:
            rule = struct.pack("=QQ", _BIND_TCP, port)
            _call(_ADD_RULE, ruleset, _NET_PORT, ctypes.c_char_p(rule), 0)
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _version() -> int:
    if sys.platform != "linux":
        return 0
    try:
        return _call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    except OSError:
        return 0


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, _O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not Path(path).is_dir():
            rights &= _ON_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.c_char_p(rule), 0)
    finally:
        os.close(descriptor)


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
