"""Pages of a log: a table whose rows are numbered in the order of the commits, without gaps, and deleted oldest first.

Who reads one in turns keeps nothing but the cursor of a page's end. Because there are no gaps, a page can say how far
was looked, whether or not the last rows there were shown: the end of a page that is not full is the end of the log. So
a reader whose filter fits little neither looks at the same rows again nor falls behind what is kept.
"""

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from core.errors import BadUserInput, CursorExpired
from resolvers.read.connection import page_size
from resolvers.read.source import Log, SortKey, Source
from resolvers.read.statement import Arguments, Parameters

# So many rows are looked at for one page, whatever its filter leaves of them.
WINDOW = 10_000
# Where a row has its number: behind its id.
_NUMBER = 1


class LogCut(NamedTuple):
    """The rows of a page, and what is known of the places around them. A cursor is null where nothing ever happened."""

    rows: list[Any]
    has_next: bool
    has_previous: bool
    end: str | None
    latest: str | None


class LogPage(NamedTuple):
    """How a page is read: `conditions` are templates, `limit` is a placeholder."""

    sort: SortKey
    conditions: list[str]
    limit: str
    make_cursor: Callable[[int, UUID], str]


def check_place(after: int, last: int, first_behind: int | None) -> None:
    """Lets through a place from which the log can be read on: nothing behind it is gone.

    `last` is the last number that was given, `first_behind` the smallest that is kept behind the place.

    Raises:
        BadUserInput: the place is ahead of the log.
        CursorExpired: what came next was deleted.

    """
    if after > last:
        raise BadUserInput("The cursor is ahead of everything that happened here: is it another workspace's?")
    if after < last and first_behind != after + 1:
        raise CursorExpired


def log_page(log: Log, arguments: dict[str, Any], site: int, parameters: Parameters) -> LogPage:
    """The page that `first` and `after` ask for.

    Raises:
        BadUserInput: `first` is out of bounds, or the cursor is none.

    """
    page_size(arguments)
    conditions = []
    if arguments.get("after") is not None:
        log.parse_cursor(arguments["after"])

        def after(values: Arguments) -> int:
            return log.parse_cursor(values[site]["after"])

        conditions.append(f"{log.number} > {parameters.add(after)}::bigint")

    return LogPage(
        sort=SortKey(log.number, "bigint"),
        conditions=conditions,
        limit=parameters.add(lambda values: page_size(values[site]) + 1),
        make_cursor=lambda number, _row_id: log.make_cursor(number),
    )


def log_cut(log: Log, rows: list[Any], arguments: dict[str, Any], last: int | None, first_behind: int | None) -> LogCut:
    """The page, of its rows, the last number of the log, and the smallest that is kept behind `after`.

    Raises:
        BadUserInput: the cursor is ahead of the log.
        CursorExpired: what came next was deleted.

    """
    last, size, cursor = last or 0, page_size(arguments), arguments.get("after")
    if cursor is None:
        after = last if first_behind is None else first_behind - 1
    else:
        after = log.parse_cursor(cursor)
        check_place(after, last, first_behind)
    shown = rows[:size]
    end = min(after + WINDOW, last)
    if len(rows) > size:
        end = shown[-1][_NUMBER] if shown else after
    return LogCut(
        shown,
        has_next=end < last,
        has_previous=cursor is not None,
        end=log.make_cursor(end) if end else None,
        latest=log.make_cursor(last) if last else None,
    )


def first_kept(source: Source, log: Log, where: list[str]) -> str:
    """The smallest number that is kept where all of `where` holds. What is a template stays one."""
    return f"(select {log.number} from {source.table} {{t}} where {' and '.join(where)} order by {log.number} limit 1)"


def log_rows(source: Source, log: Log, page: LogPage, within: list[str], wanted: list[str], alias: str) -> str:
    """What follows the select list of a page. `within` is what rows are looked at, `wanted` which of them are shown."""
    looked_at = (
        f"select * from {source.table} {{t}} where {' and '.join([*within, *page.conditions])} "
        f"order by {log.number} limit {WINDOW}"
    )
    where = f"where {' and '.join(wanted)} " if wanted else ""
    return f"from ({looked_at}) {{t}} {where}order by {log.number} limit {page.limit}".format(t=alias)
