"""Cursors: the typed sort value and the id of a row, with the name of the sort that they belong to."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from core.errors import BadUserInput

MAX_CURSOR_LENGTH = 2_000
_BIGINT = 2**63


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


def _as_it_is(value: Any) -> Any:
    return value


_WRITE: dict[str, Callable[[Any], Any]] = {"timestamptz": datetime.isoformat, "uuid": str}
_PARSE: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "bigint": _integer,
    "timestamptz": _moment,
    "uuid": _uuid,
}


def cursor_maker(sort_name: str, kind: str) -> Callable[[Any, UUID], str]:
    """A function that makes the cursor of a row from its sort value and its id."""
    convert = _WRITE.get(kind, _as_it_is)

    def make(value: Any, row_id: UUID) -> str:
        return urlsafe_b64encode(orjson.dumps((sort_name, convert(value), str(row_id)))).rstrip(b"=").decode()

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
