"""`analytics`: computing what is asked for, each group of figures with one statement."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.clock import format_moment
from core.errors import BadUserInput
from core.ids import global_id
from core.money import format_minor
from resolvers.analytics import customers, orders, visitors
from resolvers.analytics.reader import Reader, reading
from resolvers.analytics.span import Interval, Slot, Span, make_span, slots
from schema.analytics.types import MAX_LIMIT, Analytics, AnalyticsRange
from schema.connection import argument
from schema.query import Answered, Asked, Computed, RowOf, Tree, root_field
from schema.request import Request

Row = Mapping[str, Any]
_OF_VISITORS = {
    "visitors",
    "sessions",
    "pageViews",
    "events",
    "botEvents",
    "bounceRate",
    "conversionRate",
    "averageSessionSeconds",
    "averagePageSeconds",
    "funnel",
}
_OF_ORDERS = {"orders", "cancelledOrders", "unitsSold", "revenue", "averageOrderValue"}
_STEPS = {
    "PRODUCT_VIEW": "viewed",
    "ADD_TO_CART": "carted",
    "CHECKOUT_INITIATED": "checked_out",
    "PURCHASE": "purchased",
}
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

    async def answered(self, span: Span, asked: Tree) -> Answered:
        """A value for each field that is asked for."""
        names = {each.name for each in asked}
        known: dict[str, Any] = {"from": span.first.isoformat(), "to": span.last.isoformat()}
        if names & _OF_VISITORS:
            known |= _of_visitors(await self._rows(visitors.days, span))
        if names & _OF_ORDERS:
            known |= self._of_orders(await self._rows(orders.days, span))
        answered = Answered()
        for each, below in asked.items():
            answered[each] = known[each.name] if each.name in known else await self._value(span, each, below)
        return answered

    async def _value(self, span: Span, asked: Asked, below: Tree) -> Any:
        match asked.name:
            case "series":
                return await self._series(span, Interval(asked.arguments["interval"].value), below)
            case "growth":
                return await self._growth(span, below)
            case "previous":
                return await self.answered(span.before, below)
            case _:
                return await self._list(span, asked.name, _limit(asked))

    async def _list(self, span: Span, name: str, limit: int) -> list[dict[str, Any]]:
        if name in _PAGES:
            return [_page(row) for row in await visitors.pages(self.reader, span, limit, _PAGES[name])]
        if name in _VALUES:
            dimension, called = _VALUES[name]
            return [_of_value(row, called) for row in await visitors.values(self.reader, span, dimension, limit)]
        if name == "topProducts":
            return [self._product(row) for row in await orders.products(self.reader, span, limit)]
        return [self._customer(row) for row in await customers.top(self.reader, span, limit)]

    async def _rows(self, read: Callable[[Reader, Span], Awaitable[list[Row]]], span: Span) -> list[Row]:
        key = (read, span)
        if key not in self._read:
            self._read[key] = await read(self.reader, span)
        return self._read[key]

    async def _series(self, span: Span, interval: Interval, below: Tree) -> list[dict[str, Any]]:
        names = {each.name for each in below}
        by_hour = interval is Interval.HOUR
        found = slots(span, interval)
        seen: dict[Any, Row] = {}
        sold: dict[Any, Row] = {}
        if names & _OF_VISITORS:
            seen = _by_begin(await self._rows(visitors.hours if by_hour else visitors.days, span), by_hour=by_hour)
        if names & _OF_ORDERS:
            sold = _by_begin(await self._rows(orders.hours if by_hour else orders.days, span), by_hour=by_hour)
        points = []
        for slot in found:
            keys = [slot.begin] if by_hour else slot.days
            visited = [seen[key] for key in keys if key in seen]
            ordered = [sold[key] for key in keys if key in sold]
            points.append(self._point(slot, visited, ordered))
        return points

    def _point(self, slot: Slot, visited: list[Row], ordered: list[Row]) -> dict[str, Any]:
        return {
            "from": format_moment(slot.begin),
            "to": format_moment(slot.end),
            "day": slot.day.isoformat(),
            "visitors": _sum(visited, "visitors"),
            "sessions": _sum(visited, "sessions"),
            "pageViews": _sum(visited, "page_views"),
            "orders": _sum(ordered, "orders"),
            "unitsSold": _sum(ordered, "units"),
            "revenue": self._money(_sum(ordered, "revenue_amount")),
        }

    async def _growth(self, span: Span, below: Tree) -> dict[str, Any]:
        names = {each.name for each in below}
        found: list[dict[str, Any]] = []
        for each in (span.before, span):
            measures: dict[str, Any] = {}
            if names & _OF_VISITORS:
                measures |= _of_visitors(await self._rows(visitors.days, each))
            if names & _OF_ORDERS:
                measures |= _order_measures(await self._rows(orders.days, each))
            found.append(measures)
        before, after = found
        return {name: _change(before[name], after[name]) for name in names}

    def _of_orders(self, days: list[Row]) -> dict[str, Any]:
        found = _order_measures(days)
        average = found["averageOrderValue"]
        return found | {
            "cancelledOrders": _sum(days, "cancelled_orders"),
            "revenue": self._money(found["revenue"]),
            "averageOrderValue": None if average is None else self._money(int(average.quantize(1, ROUND_HALF_UP))),
        }

    def _product(self, row: Row) -> dict[str, Any]:
        return {
            "productId": global_id("Product", row["product_id"]),
            "title": row["title"],
            "product": RowOf("Product", row["product_id"]),
            "orders": row["orders"],
            "quantity": row["quantity"],
            "revenue": self._money(row["revenue_amount"]),
        }

    def _customer(self, row: Row) -> dict[str, Any]:
        return {"email": row["email"], "orders": row["orders"], "spent": self._money(row["spent"])}

    def _money(self, minor: int) -> dict[str, str]:
        code = self.reader.currency_code
        return {"amount": format_minor(minor, code), "currencyCode": code}


def _of_visitors(days: list[Row]) -> dict[str, Any]:
    sessions, seconds = _sum(days, "sessions"), _sum(days, "seconds")
    return {
        "visitors": _sum(days, "visitors"),
        "sessions": sessions,
        "pageViews": _sum(days, "page_views"),
        "events": _sum(days, "events"),
        "botEvents": _sum(days, "bot_events"),
        "bounceRate": _quotient(_sum(days, "bounces"), sessions),
        "conversionRate": _quotient(_sum(days, "purchased"), sessions),
        "averageSessionSeconds": _quotient(seconds, sessions),
        "averagePageSeconds": _quotient(seconds, _sum(days, "page_views")),
        "funnel": [{"step": step, "sessions": _sum(days, column)} for step, column in _STEPS.items()],
    }


def _order_measures(days: list[Row]) -> dict[str, Any]:
    """Amounts in minor units, and the average exactly."""
    count, revenue = _sum(days, "orders"), _sum(days, "revenue_amount")
    return {
        "orders": count,
        "unitsSold": _sum(days, "units"),
        "revenue": revenue,
        "averageOrderValue": Decimal(revenue) / count if count else None,
    }


def _page(row: Row) -> dict[str, Any]:
    return {
        "path": row["path"],
        "views": row["views"],
        "visitors": row["visitors"],
        "entries": row["entries"],
        "exits": row["exits"],
        "bounces": row["bounces"],
        "bounceRate": _quotient(row["bounces"], row["entries"]),
        "averageSeconds": _quotient(row["seconds"], row["views"]),
    }


def _of_value(row: Row, name: str) -> dict[str, Any]:
    return {
        name: row["value"],
        "visitors": row["visitors"],
        "sessions": row["sessions"],
        "pageViews": row["page_views"],
        "conversions": row["conversions"],
        "bounceRate": _quotient(row["bounces"], row["sessions"]),
        "conversionRate": _quotient(row["conversions"], row["sessions"]),
    }


def _by_begin(rows: list[Row], *, by_hour: bool) -> dict[Any, Row]:
    return {row["hour" if by_hour else "day"]: row for row in rows}


def _sum(rows: Iterable[Row], column: str) -> int:
    return sum(row[column] for row in rows)


def _quotient(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _change(before: Any, after: Any) -> float | None:
    """By how much of what was before it grew; null where there was nothing, or there is no quotient."""
    return float((after - before) / before) if before and after is not None else None


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
