"""Generated histories of events: written past the doors, so that they may be of any time."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from core.ids import global_id, new_id, uuid_in
from resolvers.intake import COLUMNS
from tests.analytics.plain import STEPS, Event
from tests.factories import Shop
from tests.people import system_sql

_NAMES = ("page_view", "page_view", "page_view", "page_leave", "click", *STEPS)


async def make_weeks(shop: Shop, first: date, last: date) -> None:
    """Makes room for events of these days, whoever else is making weeks."""
    made = (
        "select to_regclass('visitor_event_' || to_char(date_trunc('week', $1::date), 'YYYYMMDD')) is not null as done"
    )
    while not (await system_sql(shop.platform, made, last))[0]["done"]:
        await system_sql(shop.platform, "select make_visitor_event_partitions($1, $2)", first, last)


async def product_ids(shop: Shop, count: int) -> list[UUID]:
    """That many new products."""
    return [row_id(await shop.product(), "Product") for _ in range(count)]


def row_id(shown: Mapping[str, Any], type_name: str) -> UUID:
    found = uuid_in(shown["id"], type_name)
    assert found
    return found


def random_events(
    chance: random.Random, begin: datetime, span: timedelta, count: int, products: Sequence[UUID] = ()
) -> list[Event]:
    """Events of few visitors and sessions at few moments: many share one, and sessions go over midnights.

    Some name a product: one of those that there are, one of nobody, or something that is none.
    """
    named: list[Any] = [global_id("Product", each) for each in products]
    named += [global_id("Product", new_id()), "Product_x", "", 7, None]
    moments = [begin + span * chance.random() for _ in range(count // 2 + 1)]
    sessions = [new_id() for _ in range(count // 6 + 1)]
    visitors = [new_id() for _ in range(count // 9 + 1)]
    return [
        _event(chance, chance.choice(moments), chance.choice(sessions), chance.choice(visitors), chance.choice(named))
        for _ in range(count)
    ]


def _event(chance: random.Random, moment: datetime, session_id: UUID, visitor_id: UUID, product: Any) -> Event:
    seconds = chance.choice([0, 7, 90, 5_000, -3, "9", None])
    properties: dict[str, Any] = {"seconds": seconds, "productId": product}
    return {
        "occurred_at": moment.replace(microsecond=0),
        "id": new_id(),
        "name": chance.choice(_NAMES),
        "session_id": session_id,
        "sequence": chance.choice([None, None, 0, 1, 2]),
        "host": "shop.example",
        "path": chance.choice(["/", "/lamps", "/lamps/brass", "/cart"]),
        "title": "",
        "referrer": "",
        "source": chance.choice(["direct", "news", "search.example"]),
        "medium": chance.choice(["", "email"]),
        "campaign": chance.choice(["", "spring", "autumn"]),
        "properties": chance.choice([None, orjson.dumps(properties).decode()]),
        "visitor_id": visitor_id,
        "device": chance.choice(["mobile", "desktop"]),
        "browser": chance.choice(["Firefox", "Chrome"]),
        "os": "Linux",
        "country": chance.choice(["", "FR", "CM"]),
        "is_bot": chance.random() < 0.1,
        "site_id": None,
    }


async def store(shop: Shop, events: Sequence[Event]) -> None:
    """Stores events as the doors do, with their notes."""
    rows = [tuple(event[name] for name in COLUMNS) for event in events]
    await shop.platform.intake.store(shop.platform.database, shop.workspace_id, rows)
