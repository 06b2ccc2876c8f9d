"""What days come to, computed slowly: plain loops over plain events, by the words of docs/analytics.md."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from core.ids import global_id

STEPS = ("product_view", "add_to_cart", "checkout_initiated", "purchase")
DIMENSIONS = ("source", "medium", "campaign", "device", "browser", "os", "country")
Event = dict[str, Any]


@dataclass
class Session:
    """The events of one session id on one day, in order."""

    events: list[Event]

    @property
    def views(self) -> list[Event]:
        return [event for event in self.events if event["name"] == "page_view"]

    @property
    def is_bounce(self) -> bool:
        return len(self.views) == 1 and all(event["name"] in {"page_view", "page_leave"} for event in self.events)

    def reached(self, step: int) -> bool:
        return any(event["name"] in STEPS[step:] for event in self.events)


def day_of(event: Event, zone: str) -> date:
    found: datetime = event["occurred_at"].astimezone(ZoneInfo(zone))
    return found.date()


def sessions_of(events: Iterable[Event]) -> list[Session]:
    found: dict[Any, list[Event]] = defaultdict(list)
    for event in events:
        found[event["session_id"]].append(event)
    return [
        Session(sorted(each, key=lambda e: (e["occurred_at"], -1 if e["sequence"] is None else e["sequence"], e["id"])))
        for each in found.values()
    ]


def visitors(events: Iterable[Event]) -> int:
    return len({event["visitor_id"] for event in events})


def seconds_of(events: Iterable[Event]) -> int:
    total = 0
    for event in events:
        said = orjson.loads(event["properties"] or "{}").get("seconds")
        if event["name"] == "page_leave" and isinstance(said, int):
            total += min(max(said, 0), 3_600)
    return total


def day_totals(everything: list[Event], day: date, zone: str) -> dict[str, int]:
    """The row of `visitor_day`."""
    today = [event for event in everything if day_of(event, zone) == day]
    events = [event for event in today if not event["is_bot"]]
    sessions = sessions_of(events)
    return {
        "visitors": visitors(events),
        "sessions": len(sessions),
        "bounces": sum(session.is_bounce for session in sessions),
        "page_views": sum(event["name"] == "page_view" for event in events),
        "events": len(events),
        "bot_events": len(today) - len(events),
        "seconds": seconds_of(events),
        "viewed": sum(session.reached(0) for session in sessions),
        "carted": sum(session.reached(1) for session in sessions),
        "checked_out": sum(session.reached(2) for session in sessions),
        "purchased": sum(session.reached(3) for session in sessions),
    }


def hours(everything: list[Event], day: date, zone: str) -> dict[datetime, dict[str, int]]:
    """The rows of `visitor_hour` by the hour, those with nothing left out."""
    begin = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    today = [event for event in everything if day_of(event, zone) == day]
    people = [event for event in today if not event["is_bot"]]
    found = {}
    for number in range(26):
        hour = begin + timedelta(hours=number)
        within = [event for event in today if hour <= event["occurred_at"] < hour + timedelta(hours=1)]
        events = [event for event in within if not event["is_bot"]]
        if within:
            found[hour] = {
                "visitors": visitors(events),
                "sessions": sum(session.events[0] in events for session in sessions_of(people)),
                "page_views": sum(event["name"] == "page_view" for event in events),
                "events": len(events),
                "bot_events": len(within) - len(events),
            }
    return found


def pages(everything: list[Event], day: date, zone: str) -> dict[str, dict[str, int]]:
    """The rows of `visitor_day_page` by path."""
    events = [event for event in everything if day_of(event, zone) == day and not event["is_bot"]]
    sessions = [session for session in sessions_of(events) if session.views]
    found = {}
    for path in {event["path"] for event in events if event["name"] in {"page_view", "page_leave"}}:
        here = [event for event in events if event["path"] == path]
        views = [event for event in here if event["name"] == "page_view"]
        entered = [session for session in sessions if session.views[0]["path"] == path]
        found[path] = {
            "views": len(views),
            "visitors": visitors(views),
            "entries": len(entered),
            "exits": sum(session.views[-1]["path"] == path for session in sessions),
            "bounces": sum(session.is_bounce for session in entered),
            "seconds": seconds_of(here),
        }
    return found


def dimensions(everything: list[Event], day: date, zone: str) -> dict[tuple[str, str], dict[str, int]]:
    """The rows of `visitor_day_dimension` by dimension and value."""
    sessions = sessions_of(e for e in everything if day_of(e, zone) == day and not e["is_bot"])
    found = {}
    for dimension in DIMENSIONS:
        for value in {session.events[0][dimension] for session in sessions} - {""}:
            of_value = [session for session in sessions if session.events[0][dimension] == value]
            found[dimension, value] = {
                "visitors": visitors(session.events[0] for session in of_value),
                "sessions": len(of_value),
                "bounces": sum(session.is_bounce for session in of_value),
                "page_views": sum(len(session.views) for session in of_value),
                "purchased": sum(session.reached(3) for session in of_value),
            }
    return found


def products(everything: list[Event], day: date, zone: str, known: set[UUID]) -> dict[UUID, dict[str, int]]:
    """The rows of `visitor_day_product` by product, of those that there are."""
    found = {}
    events = [event for event in everything if day_of(event, zone) == day and not event["is_bot"]]
    for product in known:
        here = [
            event
            for event in events
            if orjson.loads(event["properties"] or "{}").get("productId") == global_id("Product", product)
        ]
        views = [event for event in here if event["name"] == "product_view"]
        carts = [event for event in here if event["name"] == "add_to_cart"]
        if views or carts:
            found[product] = {
                "views": len(views),
                "sessions": len({event["session_id"] for event in views}),
                "carts": len(carts),
            }
    return found
