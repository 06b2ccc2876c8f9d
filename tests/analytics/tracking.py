"""How the tests send visitor events, and look at what is stored."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx

from core.clock import now
from core.ids import new_id
from tests.factories import Shop

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
TRACK = """
mutation VisitorEventsTrack($events: [VisitorEventInput!]!) {
  visitorEventsTrack(events: $events) { acceptedCount userErrors { code field message } }
}
"""


def event(**overrides: Any) -> dict[str, Any]:
    """A page view of now, in a session of its own; what is overridden by None is left out."""
    given = {
        "id": str(new_id()),
        "name": "page_view",
        "sessionId": str(new_id()),
        "occurredAt": now().isoformat(),
        "url": "https://shop.example/lamps",
    } | overrides
    return {name: value for name, value in given.items() if value is not None}


def at(moment: datetime, **overrides: Any) -> dict[str, Any]:
    """An event of that moment."""
    return event(occurredAt=moment.isoformat(), **overrides)


def ago(**span: float) -> str:
    return (now() - timedelta(**span)).isoformat()


async def track(shop: Shop, events: Sequence[Any], **headers: str) -> dict[str, Any]:
    """The payload of `visitorEventsTrack`, sent by a shopper's browser."""
    answer = await shop.shopper(TRACK, {"events": list(events)}, headers={"User-Agent": FIREFOX} | headers)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["visitorEventsTrack"]
    return payload


async def beacon(shop: Shop, events: Any, *, token: str | None = None, **headers: str) -> httpx.Response:
    """The answer of `/track` to a browser's beacon."""
    return await shop.graphql.http.post(
        "/track",
        params={"token": shop.storefront_token if token is None else token},
        json={"events": events},
        headers={"User-Agent": FIREFOX, "Content-Type": "text/plain;charset=UTF-8"} | headers,
    )


async def stored(shop: Shop) -> list[dict[str, Any]]:
    """The shop's events, in order of time."""
    return [dict(row) for row in await shop.sql("select * from visitor_event order by occurred_at, id")]


def problems(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(error["code"], error["field"]) for error in payload["userErrors"]]
