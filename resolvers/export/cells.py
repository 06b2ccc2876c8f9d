"""One row as cells of CSV: texts that a spreadsheet would take for formulas are made harmless."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.clock import format_moment
from core.ids import GlobalIdOf
from core.money import format_minor
from resolvers.visitor import day_of

# What PostgreSQL gives: the values by the names of columns, and in their order.
Row = Mapping[str, Any]
# Makes a cell of a column's value and its row.
Cell = Callable[[Any, Row], Any]

# What OWASP names as the beginnings of formulas, also behind apostrophes of the text's own: so what was written can be
# read back by taking one apostrophe away where these stand.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")  # noqa: RUF001 - spreadsheets take the full-width ones too


def harmless(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would calculate it."""
    return f"'{text}" if _FORMULA.match(text) else text


# Numbers stand as they are: only texts can be formulas. Whatever is not here is written as `str` does.
_BY_TYPE: dict[type, Callable[[Any], Any]] = {
    type(None): lambda _: "",
    bool: lambda value: "true" if value else "false",
    str: harmless,
    datetime: format_moment,
}


def plain(value: Any, _row: Row) -> Any:
    """The cell of a value by its type."""
    return _BY_TYPE.get(type(value), str)(value)


def money(amount: Any, row: Row) -> Any:
    """Minor units of the row's `currency` as a decimal."""
    return format_minor(amount, row["currency"])


def global_id_of(type_name: str) -> Cell:
    """What makes the id that GraphQL shows."""
    make = GlobalIdOf(type_name)
    return lambda value, _: "" if value is None else make(value)


def day_in(time_zone: str) -> Cell:
    """What makes the day of a moment in the time zone."""
    return lambda moment, _: day_of(moment, time_zone).isoformat()


def cells(row: Row, writers: Sequence[Cell]) -> list[Any]:
    """The row's cells; a writer for each column."""
    return [write(value, row) for write, value in zip(writers, row.values(), strict=True)]
