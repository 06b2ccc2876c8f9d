"""Rows of what was counted, as figures by GraphQL's names. Amounts are minor units of the currency `code`."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.clock import format_moment
from core.ids import global_id
from core.money import format_minor
from resolvers.analytics.span import Slot
from schema.query import RowOf

Row = Mapping[str, Any]
Figures = dict[str, Any]
# Those that a row of `visitor_day` has, and those of `order_day`.
OF_VISITORS = {
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
OF_ORDERS = {"orders", "cancelledOrders", "unitsSold", "revenue", "averageOrderValue"}
OF_PRODUCT_VIEWS = {"views", "viewingSessions", "addedToCart", "conversionRate"}
_STEPS = {
    "PRODUCT_VIEW": "viewed",
    "ADD_TO_CART": "carted",
    "CHECKOUT_INITIATED": "checked_out",
    "PURCHASE": "purchased",
}
_NEVER_SEEN = {"views": 0, "sessions": 0, "carts": 0}
_NOBODY = {"customers": 0, "orders": 0, "spent": 0}


def of_visitors(days: list[Row]) -> Figures:
    """What days came to."""
    sessions, views, seconds = _sum(days, "sessions"), _sum(days, "page_views"), _sum(days, "seconds")
    return {
        "visitors": _sum(days, "visitors"),
        "sessions": sessions,
        "pageViews": views,
        "events": _sum(days, "events"),
        "botEvents": _sum(days, "bot_events"),
        "bounceRate": quotient(_sum(days, "bounces"), sessions),
        "conversionRate": quotient(_sum(days, "purchased"), sessions),
        "averageSessionSeconds": quotient(seconds, sessions),
        "averagePageSeconds": quotient(seconds, views),
        "funnel": [{"step": step, "sessions": _sum(days, column)} for step, column in _STEPS.items()],
    }


def of_orders(days: list[Row], code: str) -> Figures:
    """What days came to."""
    found = order_measures(days)
    return found | {
        "cancelledOrders": _sum(days, "cancelled_orders"),
        "revenue": money(found["revenue"], code),
        "averageOrderValue": _rounded(found["averageOrderValue"], code),
    }


def order_measures(days: list[Row]) -> Figures:
    """What days came to, as numbers: amounts in minor units, the average exactly."""
    count, revenue = _sum(days, "orders"), _sum(days, "revenue_amount")
    return {
        "orders": count,
        "unitsSold": _sum(days, "units"),
        "revenue": revenue,
        "averageOrderValue": Decimal(revenue) / count if count else None,
    }


def growth(before: Figures, after: Figures) -> Figures:
    """By how much of what was before each number grew; null where there was nothing, or there is none now."""
    return {
        name: float((after[name] - value) / value) if value and after[name] is not None else None
        for name, value in before.items()
        if not isinstance(value, list)
    }


def point(slot: Slot, visited: list[Row], ordered: list[Row], code: str) -> Figures:
    """An interval of a series."""
    return {
        "from": format_moment(slot.begin),
        "to": format_moment(slot.end),
        "day": slot.day.isoformat(),
        "visitors": _sum(visited, "visitors"),
        "sessions": _sum(visited, "sessions"),
        "pageViews": _sum(visited, "page_views"),
        "orders": _sum(ordered, "orders"),
        "unitsSold": _sum(ordered, "units"),
        "revenue": money(_sum(ordered, "revenue_amount"), code),
    }


def page(row: Row) -> Figures:
    return {
        "path": row["path"],
        "views": row["views"],
        "visitors": row["visitors"],
        "entries": row["entries"],
        "exits": row["exits"],
        "bounces": row["bounces"],
        "bounceRate": quotient(row["bounces"], row["entries"]),
        "averageSeconds": quotient(row["seconds"], row["views"]),
    }


def of_value(row: Row, called: str) -> Figures:
    """The sessions of one value of a dimension."""
    return {
        called: row["value"],
        "visitors": row["visitors"],
        "sessions": row["sessions"],
        "pageViews": row["page_views"],
        "conversions": row["conversions"],
        "bounceRate": quotient(row["bounces"], row["sessions"]),
        "conversionRate": quotient(row["conversions"], row["sessions"]),
    }


def product(row: Row, seen: Row | None, code: str) -> Figures:
    """What was sold of a product, and how it was looked at."""
    seen = seen or _NEVER_SEEN
    return _named(row) | {
        "orders": row["orders"],
        "quantity": row["quantity"],
        "revenue": money(row["revenue_amount"], code),
        "views": seen["views"],
        "viewingSessions": seen["sessions"],
        "addedToCart": seen["carts"],
        "conversionRate": quotient(row["orders"], seen["sessions"]),
    }


def stock(row: Row, days: int) -> Figures:
    """What is left of a product of which so many were sold in so many days."""
    available, sold = row["available"], row["quantity"]
    return _named(row) | {
        "available": available,
        "quantity": sold,
        "turnover": sold / (available + sold / 2),
        "daysLeft": available * days / sold,
    }


def _named(row: Row) -> Figures:
    return {
        "productId": global_id("Product", row["product_id"]),
        "title": row["title"],
        "product": RowOf("Product", row["product_id"]),
    }


def inventory(row: Row, code: str) -> Figures:
    return {
        "variants": row["variants"],
        "outOfStock": row["out_of_stock"],
        "units": row["units"],
        "value": money(row["amount"], code),
    }


def customer(row: Row, code: str) -> Figures:
    return {"email": row["email"], "orders": row["orders"], "spent": money(row["spent"], code)}


def lifetime(customers: int, spent: int, code: str) -> Figures:
    average = Decimal(spent) / customers if customers else None
    return {"customers": customers, "averageSpent": _rounded(average, code)}


def cohorts(periods: Sequence[Slot], rows: Iterable[Row], code: str) -> list[Figures]:
    """A cohort for each period, and what it did in that one and each later one; nothing where it is empty."""
    known = {(row["cohort"], row["period"]): row for row in rows}
    found = []
    for cohort, begin in enumerate(periods, 1):
        size = known.get((cohort, cohort), _NOBODY)["customers"]
        numbers = range(cohort, len(periods) + 1) if size else ()
        each = [_period(known.get((cohort, number), _NOBODY), number - cohort, size, code) for number in numbers]
        found.append({"from": begin.day.isoformat(), "customers": size, "periods": each})
    return found


def _period(row: Row, number: int, size: int, code: str) -> Figures:
    return {
        "number": number,
        "customers": row["customers"],
        "retention": row["customers"] / size,
        "orders": row["orders"],
        "revenue": money(row["spent"], code),
    }


def money(minor: int, code: str) -> Figures:
    return {"amount": format_minor(minor, code), "currencyCode": code}


def _rounded(amount: Decimal | None, code: str) -> Figures | None:
    """Whole minor units, halves up."""
    return None if amount is None else money(int(amount.quantize(Decimal(1), ROUND_HALF_UP)), code)


def quotient(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _sum(rows: Iterable[Row], column: str) -> int:
    return sum(row[column] for row in rows)
