"""The page of a connection: which rows, in which order, how many, and what lies before and behind them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from core.errors import BadUserInput
from resolvers.read.cursor import cursor_maker, parse_cursor
from resolvers.read.source import BY_ID, SortKey, Source
from resolvers.read.statement import Arguments, Parameters

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100


class Cut(NamedTuple):
    """The rows of a page, in the order of the answer, and whether there are more on either side."""

    rows: list[Any]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class Page:
    """How a connection's page is read: `conditions` and `order` are templates, `limit` is a placeholder."""

    sort: SortKey
    conditions: list[str]
    order: str
    limit: str
    make_cursor: Callable[[Any, UUID], str]
    cut: Callable[[list[Any], dict[str, Any]], Cut]
    is_backwards: bool


def page_reader(
    source: Source, arguments: dict[str, Any], site: int, parameters: Parameters, *, looks_ahead: bool
) -> Page:
    """The page that `first`, `after`, `last`, `before` and `sort` ask for.

    To look ahead is to read one row more than the page: it tells whether there is a next page.

    Raises:
        BadUserInput: the arguments contradict each other or are out of bounds.

    """
    page_size(arguments)
    sort_name, direction = _sort(source, arguments)
    sort = source.sorts.get(sort_name, BY_ID)
    backwards = arguments.get("last") is not None
    conditions = []
    for name in ("after", "before"):
        if arguments.get(name) is not None:
            parse_cursor(arguments[name], sort_name, sort.kind)
            operator = ">" if (direction == "ASC") == (name == "after") else "<"
            conditions.append(_keyset(sort, operator, _cursor_readers(site, name, sort_name, sort.kind), parameters))
    downwards = (direction == "DESC") != backwards
    suffix = " desc" if downwards else ""
    keys = [sort.sql] if sort is BY_ID else [sort.sql, BY_ID.sql]
    return Page(
        sort=sort,
        conditions=conditions,
        order=", ".join(key + suffix for key in keys),
        limit=parameters.add(lambda a: page_size(a[site]) + looks_ahead),
        make_cursor=cursor_maker(sort_name, sort.kind),
        cut=_cut_last if backwards else _cut_first,
        is_backwards=backwards,
    )


def page_size(arguments: dict[str, Any]) -> int:
    """How many rows the page has.

    Raises:
        BadUserInput: `first` and `last` contradict each other or are out of bounds.

    """
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise BadUserInput("Pass first or last, not both.")
    name, size = ("last", last) if last is not None else ("first", first)
    if size is None:
        return DEFAULT_PAGE_SIZE
    if not 0 <= size <= MAX_PAGE_SIZE:
        raise BadUserInput(f"{name} must be between 0 and {MAX_PAGE_SIZE}, not {size}.")
    return int(size)


def _sort(source: Source, arguments: dict[str, Any]) -> tuple[str, str]:
    sort = arguments.get("sort")
    if not sort:
        return source.default_sort
    return sort["field"].value, sort["direction"].value


def _cursor_readers(
    site: int, name: str, sort_name: str, kind: str
) -> tuple[Callable[[Arguments], Any], Callable[[Arguments], Any]]:
    def value(arguments: Arguments) -> Any:
        return parse_cursor(arguments[site][name], sort_name, kind)[0]

    def row_id(arguments: Arguments) -> Any:
        return parse_cursor(arguments[site][name], sort_name, kind)[1]

    return value, row_id


def _keyset(
    sort: SortKey,
    operator: str,
    readers: tuple[Callable[[Arguments], Any], Callable[[Arguments], Any]],
    parameters: Parameters,
) -> str:
    if sort is BY_ID:
        return f"{sort.sql} {operator} {parameters.add(readers[1])}"
    value, row_id = parameters.add(readers[0]), parameters.add(readers[1])
    return f"({sort.sql}, {BY_ID.sql}) {operator} ({value}::{sort.kind}, {row_id}::uuid)"


def _cut_first(rows: list[Any], arguments: dict[str, Any]) -> Cut:
    size = page_size(arguments)
    return Cut(rows[:size], has_next=len(rows) > size, has_previous=arguments.get("after") is not None)


def _cut_last(rows: list[Any], arguments: dict[str, Any]) -> Cut:
    size = page_size(arguments)
    return Cut(rows[:size][::-1], has_next=arguments.get("before") is not None, has_previous=len(rows) > size)
