"""Cursors of what is numbered, for clients to keep and to hand back: what it is of and a number, in base64."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from core.errors import BadUserInput

_MAX_LENGTH = 64
_MAX_NUMBER = 2**63 - 1


def numbered_cursor(kind: str, number: int) -> str:
    """The cursor of the thing of this kind with the number."""
    return urlsafe_b64encode(f"{kind}:{number}".encode()).rstrip(b"=").decode()


def parse_numbered_cursor(kind: str, cursor: str) -> int:
    """The number in a cursor of this kind.

    Raises:
        BadUserInput: it is none.

    """
    try:
        if len(cursor) > _MAX_LENGTH:
            raise ValueError
        found, _, number = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).partition(b":")
        if found == kind.encode() and number.isdigit() and (parsed := int(number)) <= _MAX_NUMBER:
            return parsed
    except (Base64Error, ValueError):
        pass
    raise BadUserInput("The cursor is malformed: pass one that an event had.")
