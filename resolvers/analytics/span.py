"""A range of days, the intervals that it is shown by, and the months that it is added up from."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import Enum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.clock import now
from core.errors import BadUserInput
from resolvers.analytics.day import midnight

# Three years, one of them with a leap day.
MAX_DAYS = 1_096
MAX_HOUR_DAYS = 31
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


class Interval(Enum):
    """By what a series is shown."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class Span(NamedTuple):
    """Days from the first to the last, in the workspace's time zone."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def length(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Span":
        """As many days, just before."""
        return Span(self.first - timedelta(days=self.length), self.first - _DAY, self.zone)

    @property
    def begin(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """When the day after the last one begins."""
        return midnight(self.last + _DAY, self.zone)

    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(self.length)]

    def cover(self) -> "Cover":
        """What it is the sum of, such that the fewest days are added or taken away."""
        inside = set(self.days())
        found = Cover([], [], [])
        for month in sorted({first_of_month(day) for day in inside}):
            days = Span(month, next_month(month) - _DAY, self.zone).days()
            missing = [day for day in days if day not in inside]
            if 2 * len(missing) < len(days):
                found.months.append(month)
                found.taken.extend(missing)
            else:
                found.added.extend(day for day in days if day in inside)
        return found


class Cover(NamedTuple):
    """A span as calendar months, by their first days, with the days `added` to them and those `taken` from them."""

    months: list[date]
    added: list[date]
    taken: list[date]


class Slot(NamedTuple):
    """One interval of a series, from `begin` on and before `end`, and the days that it has."""

    begin: datetime
    end: datetime
    day: date
    days: tuple[date, ...]


def make_span(zone: ZoneInfo, days: int | None, first: date | None, last: date | None) -> Span:
    """The span of the last so many days, or from the first to the last.

    Raises:
        BadUserInput: it is not named in one of the two ways, or is out of bounds.

    """
    if (days is None) == (first is None) or (first is None) != (last is None):
        raise BadUserInput('Name a range by { days: 30 }, or by { from: "2026-01-01", to: "2026-01-31" }.')
    if days is not None:
        if not 1 <= days <= MAX_DAYS:
            raise BadUserInput(f"days must be from 1 to {MAX_DAYS}.")
        last = now().astimezone(zone).date()
        first = last - timedelta(days=days - 1)
    if first is None or last is None:
        raise LookupError("either the days or the first and the last one are there")
    if first > last:
        raise BadUserInput("from must not be after to.")
    if first < EARLIEST or last > LATEST:
        raise BadUserInput(f"A range lies between {EARLIEST} and {LATEST}.")
    span = Span(first, last, zone)
    if span.length > MAX_DAYS:
        raise BadUserInput(f"A range has at most {MAX_DAYS} days; this one has {span.length}.")
    return span


def slots(span: Span, interval: Interval) -> list[Slot]:
    """The intervals of the span in order. The first and the last one end where the span does.

    Raises:
        BadUserInput: hours of too many days.

    """
    if interval is Interval.HOUR:
        if span.length > MAX_HOUR_DAYS:
            raise BadUserInput(f"A series by HOUR has at most {MAX_HOUR_DAYS} days; this one has {span.length}.")
        return [slot for day in span.days() for slot in _hours(day, span.zone)]
    groups: dict[date, list[date]] = {}
    for day in span.days():
        groups.setdefault(_first_of(day, interval), []).append(day)
    return [
        Slot(midnight(days[0], span.zone), midnight(days[-1] + _DAY, span.zone), days[0], tuple(days))
        for days in groups.values()
    ]


def _hours(day: date, zone: ZoneInfo) -> Iterator[Slot]:
    """The hours of a day, counted from its begin; the last one is shorter where clocks change by half an hour."""
    begin, end = midnight(day, zone), midnight(day + _DAY, zone)
    while begin < end:
        yield Slot(begin, min(begin + _HOUR, end), day, (day,))
        begin += _HOUR


def _first_of(day: date, interval: Interval) -> date:
    if interval is Interval.WEEK:
        return day - timedelta(days=day.weekday())
    return first_of_month(day) if interval is Interval.MONTH else day


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
