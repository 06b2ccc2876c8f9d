"""What `analytics` answers, computed slowly from events and sales by the words of docs/analytics.md."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from core.ids import global_id
from tests.analytics import orders as of_orders
from tests.analytics import plain
from tests.analytics.orders import Sale
from tests.analytics.plain import DIMENSIONS, Event

STEPS = {
    "PRODUCT_VIEW": "viewed",
    "ADD_TO_CART": "carted",
    "CHECKOUT_INITIATED": "checked_out",
    "PURCHASE": "purchased",
}
LISTS = {
    "sources": ("source", "source"),
    "mediums": ("medium", "medium"),
    "campaigns": ("campaign", "campaign"),
    "devices": ("device", "device"),
    "browsers": ("browser", "browser"),
    "operatingSystems": ("os", "operatingSystem"),
    "countries": ("country", "countryCode"),
}
assert {dimension for dimension, _ in LISTS.values()} == set(DIMENSIONS)


@dataclass(frozen=True)
class History:
    """All that happened in a workspace."""

    zone: str
    events: list[Event]
    sales: list[Sale]
    titles: dict[UUID, str]

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)


def money(minor: int) -> dict[str, str]:
    return {"amount": f"{Decimal(minor) / 100:.2f}", "currencyCode": "EUR"}


def quotient(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def days_of(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def visits(history: History, days: Iterable[date]) -> Counter[str]:
    """The days' totals, added up."""
    total: Counter[str] = Counter()
    for day in days:
        total.update(plain.day_totals(history.events, day, history.zone))
    return total


def sales_of(history: History, days: Iterable[date]) -> list[Sale]:
    """Those that count."""
    wanted = set(days)
    return [sale for sale in of_orders.counted(history.sales) if of_orders.day_of(sale, history.zone) in wanted]


def totals(history: History, first: date, last: date) -> dict[str, Any]:
    days = days_of(first, last)
    seen, sold = visits(history, days), sales_of(history, days)
    revenue = sum(sale.total for sale in sold)
    average = (Decimal(revenue) / len(sold)).quantize(Decimal(1), ROUND_HALF_UP) if sold else None
    placed = [sale for sale in history.sales if of_orders.day_of(sale, history.zone) in days]
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "visitors": seen["visitors"],
        "sessions": seen["sessions"],
        "pageViews": seen["page_views"],
        "events": seen["events"],
        "botEvents": seen["bot_events"],
        "bounceRate": quotient(seen["bounces"], seen["sessions"]),
        "conversionRate": quotient(seen["purchased"], seen["sessions"]),
        "averageSessionSeconds": quotient(seen["seconds"], seen["sessions"]),
        "averagePageSeconds": quotient(seen["seconds"], seen["page_views"]),
        "funnel": [{"step": step, "sessions": seen[name]} for step, name in STEPS.items()],
        "orders": len(sold),
        "cancelledOrders": len(placed) - len(sold),
        "unitsSold": sum(sale.units for sale in sold),
        "revenue": money(revenue),
        "averageOrderValue": None if average is None else money(int(average)),
    }


def growth(history: History, first: date, last: date) -> dict[str, Any]:
    length = (last - first).days + 1
    found: list[dict[str, Any]] = []
    for days in (days_of(first - timedelta(days=length), first - timedelta(days=1)), days_of(first, last)):
        seen, sold = visits(history, days), sales_of(history, days)
        revenue = sum(sale.total for sale in sold)
        found.append(
            {
                "visitors": seen["visitors"],
                "sessions": seen["sessions"],
                "pageViews": seen["page_views"],
                "orders": len(sold),
                "unitsSold": sum(sale.units for sale in sold),
                "revenue": revenue,
                "averageOrderValue": quotient(revenue, len(sold)),
                "conversionRate": quotient(seen["purchased"], seen["sessions"]),
                "bounceRate": quotient(seen["bounces"], seen["sessions"]),
            }
        )
    before, after = found
    return {
        name: (after[name] - before[name]) / before[name] if before[name] and after[name] is not None else None
        for name in before
    }


def series(history: History, first: date, last: date, interval: str) -> list[dict[str, Any]]:
    if interval == "HOUR":
        return [point for day in days_of(first, last) for point in _hours(history, day)]
    found = []
    for days in intervals(first, last, interval).values():
        seen, sold = visits(history, days), sales_of(history, days)
        begin, end = history.midnight(days[0]), history.midnight(days[-1] + timedelta(days=1))
        found.append(_point(begin, end, days[0], seen, sold))
    return found


def intervals(first: date, last: date, interval: str) -> dict[Any, list[date]]:
    """The days of each interval, in order."""
    keys: dict[str, Callable[[date], Any]] = {
        "DAY": lambda day: day,
        "WEEK": lambda day: day.isocalendar()[:2],
        "MONTH": lambda day: (day.year, day.month),
    }
    groups: dict[Any, list[date]] = defaultdict(list)
    for day in days_of(first, last):
        groups[keys[interval](day)].append(day)
    return groups


def _hours(history: History, day: date) -> list[dict[str, Any]]:
    begin, end = history.midnight(day), history.midnight(day + timedelta(days=1))
    seen = plain.hours(history.events, day, history.zone)
    sold = sales_of(history, [day])
    found = []
    while begin < end:
        until = min(begin + timedelta(hours=1), end)
        within = [sale for sale in sold if begin <= sale.placed_at < until]
        found.append(_point(begin, until, day, Counter(seen.get(begin, {})), within))
        begin = until
    return found


def _point(begin: datetime, end: datetime, day: date, seen: Counter[str], sold: list[Sale]) -> dict[str, Any]:
    return {
        "from": moment(begin),
        "to": moment(end),
        "day": day.isoformat(),
        "visitors": seen["visitors"],
        "sessions": seen["sessions"],
        "pageViews": seen["page_views"],
        "orders": len(sold),
        "unitsSold": sum(sale.units for sale in sold),
        "revenue": money(sum(sale.total for sale in sold)),
    }


def _added(days: Iterable[dict[Any, dict[str, int]]]) -> dict[Any, Counter[str]]:
    found: dict[Any, Counter[str]] = defaultdict(Counter)
    for day in days:
        for key, values in day.items():
            found[key].update(values)
    return found


def pages(history: History, first: date, last: date, by: str, limit: int) -> list[dict[str, Any]]:
    found = _added(plain.pages(history.events, day, history.zone) for day in days_of(first, last))
    best = sorted((path for path in found if found[path][by] > 0), key=lambda path: (-found[path][by], path))
    return [
        {
            "path": path,
            **{name: found[path][name] for name in ("views", "visitors", "entries", "exits", "bounces")},
            "bounceRate": quotient(found[path]["bounces"], found[path]["entries"]),
            "averageSeconds": quotient(found[path]["seconds"], found[path]["views"]),
        }
        for path in best[:limit]
    ]


def values(history: History, first: date, last: date, name: str, limit: int) -> list[dict[str, Any]]:
    dimension, called = LISTS[name]
    found = _added(plain.dimensions(history.events, day, history.zone) for day in days_of(first, last))
    mine = {value: counts for (each, value), counts in found.items() if each == dimension}
    best = sorted(mine, key=lambda value: (-mine[value]["visitors"], value))
    return [
        {
            called: value,
            "visitors": mine[value]["visitors"],
            "sessions": mine[value]["sessions"],
            "pageViews": mine[value]["page_views"],
            "conversions": mine[value]["purchased"],
            "bounceRate": quotient(mine[value]["bounces"], mine[value]["sessions"]),
            "conversionRate": quotient(mine[value]["purchased"], mine[value]["sessions"]),
        }
        for value in best[:limit]
    ]


def products(history: History, first: date, last: date, limit: int, by: str = "REVENUE") -> list[dict[str, Any]]:
    days = days_of(first, last)
    sold = of_orders.order_products(sales_of(history, days))
    seen = _added(plain.products(history.events, day, history.zone, set(history.titles)) for day in days)
    ranks: dict[str, Callable[[UUID], tuple[Any, ...]]] = {
        "REVENUE": lambda each: (-sold[each]["revenue_amount"], -sold[each]["quantity"], each),
        "QUANTITY": lambda each: (-sold[each]["quantity"], -sold[each]["revenue_amount"], each),
        "VIEWS": lambda each: (-seen[each]["views"], each),
    }
    listed = [each for each in seen if seen[each]["views"]] if by == "VIEWS" else list(sold)
    nothing = {"orders": 0, "quantity": 0, "revenue_amount": 0}
    return [
        _named(history, product)
        | {
            "orders": sold.get(product, nothing)["orders"],
            "quantity": sold.get(product, nothing)["quantity"],
            "revenue": money(sold.get(product, nothing)["revenue_amount"]),
            "views": seen[product]["views"],
            "viewingSessions": seen[product]["sessions"],
            "addedToCart": seen[product]["carts"],
            "conversionRate": quotient(sold.get(product, nothing)["orders"], seen[product]["sessions"]),
        }
        for product in sorted(listed, key=ranks[by])[:limit]
    ]


def _named(history: History, product: UUID) -> dict[str, Any]:
    shown = {"id": global_id("Product", product), "title": history.titles[product]}
    return {"productId": shown["id"], "title": shown["title"], "product": shown}


def stock(history: History, first: date, last: date, limit: int, available: Mapping[UUID, int]) -> list[dict[str, Any]]:
    days = days_of(first, last)
    sold = of_orders.order_products(sales_of(history, days))
    found = [
        _named(history, product)
        | {
            "available": available[product],
            "quantity": sold[product]["quantity"],
            "turnover": sold[product]["quantity"] / (available[product] + sold[product]["quantity"] / 2),
            "daysLeft": available[product] * len(days) / sold[product]["quantity"],
        }
        for product in sold
    ]
    return sorted(found, key=lambda each: (each["daysLeft"], -each["quantity"], each["productId"]))[:limit]


def customer_totals(history: History, first: date, last: date) -> dict[str, int]:
    buyers = {sale.email for sale in sales_of(history, days_of(first, last))}
    firsts = first_days(history)
    new = sum(first <= firsts[email] <= last for email in buyers)
    return {"total": len(buyers), "new": new, "returning": len(buyers) - new}


def first_days(history: History) -> dict[str, date]:
    """When each customer ordered first, whenever that was."""
    found: dict[str, date] = {}
    for sale in sorted(of_orders.counted(history.sales), key=lambda sale: sale.placed_at):
        found.setdefault(sale.email, of_orders.day_of(sale, history.zone))
    return found


def lifetime(history: History) -> dict[str, Any]:
    spent = of_orders.customers(history.sales)
    if not spent:
        return {"customers": 0, "averageSpent": None}
    average = Decimal(sum(each["spent_amount"] for each in spent.values())) / len(spent)
    return {"customers": len(spent), "averageSpent": money(int(average.quantize(Decimal(1), ROUND_HALF_UP)))}


def cohorts(history: History, first: date, last: date, interval: str) -> list[dict[str, Any]]:
    periods = list(intervals(first, last, interval).values())
    firsts = first_days(history)
    found = []
    for number, days in enumerate(periods):
        members = {email for email, day in firsts.items() if day in days}
        found.append(
            {
                "from": days[0].isoformat(),
                "customers": len(members),
                "periods": [
                    _cohort_period(history, members, later, index) for index, later in enumerate(periods[number:])
                ]
                if members
                else [],
            }
        )
    return found


def _cohort_period(history: History, members: set[str], days: list[date], number: int) -> dict[str, Any]:
    theirs = [sale for sale in sales_of(history, days) if sale.email in members]
    buyers = len({sale.email for sale in theirs})
    return {
        "number": number,
        "customers": buyers,
        "retention": buyers / len(members),
        "orders": len(theirs),
        "revenue": money(sum(sale.total for sale in theirs)),
    }


def customers(history: History, first: date, last: date, limit: int) -> list[dict[str, Any]]:
    found = of_orders.customers(sales_of(history, days_of(first, last)))
    best: Sequence[str] = sorted(found, key=lambda email: (-found[email]["spent_amount"], email))
    return [
        {"email": email, "orders": found[email]["orders"], "spent": money(found[email]["spent_amount"])}
        for email in best[:limit]
    ]
