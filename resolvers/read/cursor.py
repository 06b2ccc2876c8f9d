"""Cursors: a row's sort value and id, with the name of the sort that they belong to: `CREATED_AT:<moment>:<id>`.

Clients take them as they are; that a person can read them is no promise. Hiding them would take base64, which costs a
page of products a tenth of its assembly.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from core.errors import BadUserInput

MAX_CURSOR_LENGTH = 2_000
_BIGINT = 2**63
_MAX_DIGITS = 20


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError
    return value


def _integer(value: str) -> int:
    number = int(value) if len(value) <= _MAX_DIGITS else _BIGINT
    if not -_BIGINT <= number < _BIGINT:
        raise ValueError
    return number


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment


_WRITE: dict[str, Callable[[Any], str]] = {"timestamptz": datetime.isoformat, "uuid": lambda value: str(value.hex)}
_PARSE: dict[str, Callable[[str], Any]] = {"text": _text, "bigint": _integer, "timestamptz": _moment, "uuid": UUID}


def cursor_maker(sort_name: str, kind: str) -> Callable[[Any, UUID], str]:
    """A function that makes the cursor of a row from its sort value and its id. A page calls it for every row."""
    write = _WRITE.get(kind, str)

    def make(value: Any, row_id: UUID) -> str:
        return f"{sort_name}:{write(value)}:{row_id.hex}"

    return make


def parse_cursor(cursor: str, sort_name: str, kind: str) -> tuple[Any, UUID]:
    """The sort value and the id in a cursor.

    Raises:
        BadUserInput: it is no cursor of ours, or one of another sort.

    """
    name, _, rest = cursor.partition(":")
    value, _, row_id = rest.rpartition(":")
    try:
        if len(cursor) > MAX_CURSOR_LENGTH:
            raise ValueError
        found = UUID(row_id)
        if name == sort_name:
            return _PARSE[kind](value), found
    except (ValueError, OverflowError):
        raise BadUserInput("The cursor is malformed: pass one that a connection gave.") from None
    raise BadUserInput("The cursor belongs to another sort: pass one that the same sort gave.")
