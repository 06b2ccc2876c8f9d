"""Which days a question is about."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from core.clock import now
from core.errors import BadUserInput
from resolvers.visitor import day_of

MAX_DAYS = 1_096


class Days(NamedTuple):
    """Days of a workspace, both included."""

    first: date
    last: date


def days_in(given: Mapping[str, Any], time_zone: str) -> Days:
    """The days of a range: `days` back from today, or `from` up to `to`.

    Raises:
        BadUserInput: it is neither, or too long.

    """
    count, first, last = (given.get(name) for name in ("days", "from", "to"))
    if (count is None) == (first is None) or (first is None) != (last is None):
        raise BadUserInput("A range is { days }, or { from, to }.")
    if count is None:
        count = (last - first).days + 1  # type: ignore[operator]
    else:
        last = day_of(now(), time_zone)
    if not 1 <= count <= MAX_DAYS:
        raise BadUserInput(f"A range has 1 to {MAX_DAYS:,} days.")
    return Days(last - timedelta(days=count - 1), last)  # type: ignore[operator,arg-type]
