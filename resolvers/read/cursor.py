"""Cursors: the typed sort value and the id of a row, with the name of the sort that they belong to."""

from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from binascii import b2a_base64
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from core.errors import BadUserInput

MAX_CURSOR_LENGTH = 2_000
_BIGINT = 2**63
_URLSAFE = bytes.maketrans(b"+/", b"-_")


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    return value


def _integer(value: Any) -> int:
    if type(value) is not int or not -_BIGINT <= value < _BIGINT:
        raise ValueError
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _uuid(value: Any) -> UUID:
    return UUID(_text(value))


# How a sort value is written as JSON.
_WRITE: dict[str, Callable[[Any], str]] = {
    "text": lambda value: orjson.dumps(value).decode(),
    "bigint": str,
    "timestamptz": lambda value: f'"{value.isoformat()}"',
    "uuid": lambda value: f'"{value.hex}"',
}
_PARSE: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "bigint": _integer,
    "timestamptz": _moment,
    "uuid": _uuid,
}


def cursor_maker(sort_name: str, kind: str) -> Callable[[Any, UUID], str]:
    """A function that makes the cursor of a row from its sort value and its id. A page calls it for every row."""
    write = _WRITE[kind]

    def make(value: Any, row_id: UUID) -> str:
        written = f'["{sort_name}",{write(value)},"{row_id.hex}"]'
        return b2a_base64(written.encode(), newline=False).translate(_URLSAFE, b"=").decode()

    return make


def parse_cursor(cursor: str, sort_name: str, kind: str) -> tuple[Any, UUID]:
    """The sort value and the id in a cursor.

    Raises:
        BadUserInput: it is no cursor of ours, or one of another sort.

    """
    try:
        if len(cursor) > MAX_CURSOR_LENGTH:
            raise ValueError
        name, value, row_id = orjson.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        if name == sort_name:
            return _PARSE[kind](value), _uuid(row_id)
    except (Base64Error, ValueError, TypeError, OverflowError):
        raise BadUserInput("The cursor is malformed: pass one that a connection gave.") from None
    raise BadUserInput("The cursor belongs to another sort: pass one that the same sort gave.")
