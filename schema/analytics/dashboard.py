"""`analytics`: what is asked for is read, each group of figures with one statement, and nothing else."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core.errors import BadUserInput
from resolvers.analytics import customers, orders, products, visitors
from resolvers.analytics.reader import Reader, reading
from resolvers.analytics.span import Interval, Span, make_span, slots
from schema.analytics import figures
from schema.analytics.figures import Figures, Row
from schema.analytics.types import MAX_COHORT_DAYS, MAX_LIMIT, Analytics, AnalyticsRange
from schema.connection import argument
from schema.query import Answered, Asked, Computed, Tree, root_field
from schema.request import Request

_PAGES = {"topPages": "views", "entryPages": "entries", "exitPages": "exits"}
# By field: the dimension, and what its value is called.
_VALUES = {
    "sources": ("source", "source"),
    "mediums": ("medium", "medium"),
    "campaigns": ("campaign", "campaign"),
    "devices": ("device", "device"),
    "browsers": ("browser", "browser"),
    "operatingSystems": ("os", "operatingSystem"),
    "countries": ("country", "countryCode"),
}


@dataclass
class Dashboard:
    """What is asked for of any spans, read in one snapshot; days are read once, whatever needs them."""

    reader: Reader
    _read: dict[tuple[Any, Span], list[Row]] = field(default_factory=dict)

    async def answered(self, span: Span, tree: Tree) -> Answered:
        """A value for each field that is asked for."""
        names = {asked.name for asked in tree}
        known: Figures = {"from": span.first.isoformat(), "to": span.last.isoformat()}
        if names & figures.OF_VISITORS:
            known |= figures.of_visitors(await self._rows(visitors.days, span))
        if names & figures.OF_ORDERS:
            known |= figures.of_orders(await self._rows(orders.days, span), self._code)
        found = Answered()
        for asked, below in tree.items():
            found[asked] = known[asked.name] if asked.name in known else await self._value(span, asked, below)
        return found

    async def _value(self, span: Span, asked: Asked, below: Tree) -> Any:
        if asked.name in _PAGES:
            rows = await visitors.pages(self.reader, span, _limit(asked), _PAGES[asked.name])
            return [figures.page(row) for row in rows]
        if asked.name in _VALUES:
            dimension, called = _VALUES[asked.name]
            rows = await visitors.values(self.reader, span, dimension, _limit(asked))
            return [figures.of_value(row, called) for row in rows]
        others: dict[str, Callable[[Span, Asked, Tree], Awaitable[Any]]] = {
            "series": self._series,
            "growth": self._growth,
            "previous": self._previous,
            "topProducts": self._products,
            "topCustomers": self._top_customers,
            "customers": self._customers,
            "customerLifetime": self._lifetime,
            "cohorts": self._cohorts,
            "inventory": self._inventory,
            "stock": self._stock,
        }
        return await others[asked.name](span, asked, below)

    @property
    def _code(self) -> str:
        return self.reader.currency_code

    async def _rows(self, read: Callable[[Reader, Span], Awaitable[list[Row]]], span: Span) -> list[Row]:
        key = (read, span)
        if key not in self._read:
            self._read[key] = await read(self.reader, span)
        return self._read[key]

    async def _series(self, span: Span, asked: Asked, below: Tree) -> list[Figures]:
        interval, names = _interval(asked), {each.name for each in below}
        by_hour = interval is Interval.HOUR
        found = slots(span, interval)
        column = "hour" if by_hour else "day"
        seen: dict[Any, Row] = {}
        sold: dict[Any, Row] = {}
        if names & figures.OF_VISITORS:
            rows = await self._rows(visitors.hours if by_hour else visitors.days, span)
            seen = {row[column]: row for row in rows}
        if names & figures.OF_ORDERS:
            rows = await self._rows(orders.hours if by_hour else orders.days, span)
            sold = {row[column]: row for row in rows}
        points = []
        for slot in found:
            keys = [slot.begin] if by_hour else slot.days
            visited, ordered = ([rows[key] for key in keys if key in rows] for rows in (seen, sold))
            points.append(figures.point(slot, visited, ordered, self._code))
        return points

    async def _growth(self, span: Span, _asked: Asked, below: Tree) -> Figures:
        names = {each.name for each in below}
        before, after = [await self._measures(each, names) for each in (span.before, span)]
        return figures.growth(before, after)

    async def _measures(self, span: Span, names: set[str]) -> Figures:
        found: Figures = {}
        if names & figures.OF_VISITORS:
            found |= figures.of_visitors(await self._rows(visitors.days, span))
        if names & figures.OF_ORDERS:
            found |= figures.order_measures(await self._rows(orders.days, span))
        return found

    async def _previous(self, span: Span, _asked: Asked, below: Tree) -> Answered:
        return await self.answered(span.before, below)

    async def _products(self, span: Span, asked: Asked, below: Tree) -> list[Figures]:
        rows = await products.top(self.reader, span, _limit(asked), products.Best(asked.arguments["sort"].value))
        seen: dict[UUID, Row] = {}
        if {each.name for each in below} & figures.OF_PRODUCT_VIEWS:
            seen = await products.views(self.reader, span, [row["product_id"] for row in rows])
        return [figures.product(row, seen.get(row["product_id"]), self._code) for row in rows]

    async def _stock(self, span: Span, asked: Asked, _below: Tree) -> list[Figures]:
        return [figures.stock(row, span.length) for row in await products.stock(self.reader, span, _limit(asked))]

    async def _inventory(self, _span: Span, _asked: Asked, _below: Tree) -> Figures:
        return figures.inventory(await products.inventory(self.reader), self._code)

    async def _top_customers(self, span: Span, asked: Asked, _below: Tree) -> list[Figures]:
        return [figures.customer(row, self._code) for row in await customers.top(self.reader, span, _limit(asked))]

    async def _customers(self, span: Span, _asked: Asked, _below: Tree) -> Figures:
        total, known = await customers.count(self.reader, span)
        # Who cancelled their only order in these seconds is still known as new, and no longer one of them.
        new = min(known, total)
        return {"total": total, "new": new, "returning": total - new}

    async def _lifetime(self, _span: Span, _asked: Asked, _below: Tree) -> Figures:
        return figures.lifetime(*await customers.lifetime(self.reader), self._code)

    async def _cohorts(self, span: Span, asked: Asked, _below: Tree) -> list[Figures]:
        interval = _interval(asked)
        if interval is Interval.WEEK and span.length > MAX_COHORT_DAYS:
            raise BadUserInput(f"Cohorts by WEEK have at most {MAX_COHORT_DAYS} days; these have {span.length}.")
        periods = slots(span, interval)
        return figures.cohorts(periods, await customers.cohorts(self.reader, periods), self._code)


def _interval(asked: Asked) -> Interval:
    return Interval(asked.arguments["interval"].value)


def _limit(asked: Asked) -> int:
    limit: int = asked.arguments["limit"]
    if not 1 <= limit <= MAX_LIMIT:
        raise BadUserInput(f"limit must be from 1 to {MAX_LIMIT}.")
    return limit


def _analytics(request: Request, range: Mapping[str, Any]) -> Computed:  # noqa: A002 - GraphQL's name for it
    async def compute(asked: Tree) -> Answered:
        async with reading(request.context) as reader:
            span = make_span(reader.zone, range.get("days"), range.get("from"), range.get("to"))
            return await Dashboard(reader).answered(span, asked)

    return Computed(compute)


QUERIES = {
    "analytics": root_field(
        _analytics,
        Analytics,
        "What visitors did and what orders came to, in the workspace's time zone.",
        "analytics:read",
        [argument("range", AnalyticsRange, "Which days.")],
    ),
}
