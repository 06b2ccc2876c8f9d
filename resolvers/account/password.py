"""Passwords: which are good enough, and their hashes (argon2id).

Hashing is slow on purpose and takes memory on purpose. It runs in threads, few at a time and with a short queue, so
that a flood of sign-ins costs the flood its patience and not this machine its memory.
"""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, TypeVar
from weakref import WeakKeyDictionary

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import AfterValidator

from core.errors import Problem, Refused, Throttled
from resolvers.validation import problem_error

MIN_LENGTH = 10
MAX_LENGTH = 1_000
# Of the passwords in public leaks, the most used ones that are long enough for us; compared without case.
_COMMON = """
    0123456789 0987654321 1122334455 1234512345 1234554321 1234567890 12345678900 1234567891 12345678910 1234567899
    123456789a 123456789q 123456789z 1234qwerasdf 123qweasdzxc 147258369a 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc
    1qazxsw23edc 9876543210 abc1234567 abcd123456 abcdefghij administrator alexander1 asdasdasdasd asdfghjkl1
    asdfghjkl123 asdfghjkl; basketball changeme123 charlotte1 chocolate1 christina1 cristiano7 dragonball elizabeth1
    football123 helloworld iloveyou12 iloveyou123 iloveyou1234 letmein123 liverpool1 manchester masterkey1
    michelle123 mypassword mypassword1 p@ssw0rd123 passw0rd123 password00 password01 password10 password11
    password12 password123 password1234 password12345 password123456 password2024 password2025 password2026
    passwordpassword pokemon123 princess12 princess123 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedc1 qazwsxedcrfv qwer123456
    qwerasdfzxcv qwerty1234 qwerty12345 qwerty123456 qwertyuiop qwertyuiop1 qwertyuiop123 qwertyuiop[] secret1234
    spiderman1 sunshine123 superman123 test123456 testtest123 trustno1234 unbelievable volleyball welcome123
    welcome1234 zaq12wsxcde3 zxcvbnm123 zxcvbnm1234
"""
COMMON = frozenset(_COMMON.split())

# OWASP's Password Storage Cheat Sheet: argon2id with 46 MiB, one pass, one lane; 48 ms of CPU where this was written.
_HASHER = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
# Passwords hashed at a time in one process, and in all with those that wait: 64 of 50 ms, two at a time, are 2 s.
PARALLEL = 2
MAX_WAITING = 64
_BUSY = "Too many people are signing in at this moment. Try again in some seconds."

Result = TypeVar("Result")


def _good_enough(password: str) -> str:
    if len(password) < MIN_LENGTH:
        raise problem_error("TOO_SHORT", f"A password needs at least {MIN_LENGTH} characters.")
    if len(password) > MAX_LENGTH:
        raise problem_error("TOO_LONG", f"A password has at most {MAX_LENGTH} characters.")
    if password.casefold() in COMMON or len(set(password)) == 1:
        raise problem_error("GUESSABLE", "This password is one of the first that anybody tries. Choose another one.")
    return password


NewPassword = Annotated[str, AfterValidator(_good_enough)]


def refuse_email(password: str, email: str, at: str) -> None:
    """Lets nobody choose their own address, or the name in it, as their password; `at` is its field of the input.

    Raises:
        Refused: GUESSABLE.

    """
    if password.strip().casefold() in {email.casefold(), email.partition("@")[0].casefold()}:
        message = "A password must not be one's own e-mail address or its beginning."
        raise Refused(Problem("GUESSABLE", message, ("input", at)))


async def hash_password(password: str) -> str:
    """What is stored of a password.

    Raises:
        Throttled: too many passwords are being hashed.

    """
    return await _in_turn(lambda: _HASHER.hash(_bytes(password)))


async def is_password(password: str, stored_hash: str | None) -> bool:
    """Whether it is the password whose hash was stored. Takes the same time where there is no hash, and says no.

    Raises:
        Throttled: too many passwords are being hashed.

    """
    return await _in_turn(lambda: _verified(password, stored_hash))


def is_outdated(stored_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored_hash)


def _bytes(password: str) -> bytes:
    """The same characters are the same bytes, however a keyboard composes them. Longer ones than any are cut off."""
    return unicodedata.normalize("NFKC", password[: MAX_LENGTH + 1]).encode()


def _verified(password: str, stored_hash: str | None) -> bool:
    try:
        _HASHER.verify(stored_hash or _nobodys_hash(), _bytes(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored_hash is not None


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    """The hash of a password that nobody knows, for e-mail addresses that nobody has."""
    return _HASHER.hash(secrets.token_bytes())


_nobodys_hash()


class _Turns:
    """How many passwords are being hashed, in one event loop."""

    def __init__(self) -> None:
        self.free = asyncio.Semaphore(PARALLEL)
        self.waiting = 0


_TURNS: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns] = WeakKeyDictionary()


async def _in_turn(work: Callable[[], Result]) -> Result:
    turns = _TURNS.setdefault(asyncio.get_running_loop(), _Turns())
    if turns.waiting >= MAX_WAITING:
        raise Throttled(_BUSY)
    turns.waiting += 1
    try:
        async with turns.free:
            return await asyncio.to_thread(work)
    finally:
        turns.waiting -= 1
