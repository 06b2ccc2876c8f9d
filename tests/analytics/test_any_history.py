"""`analytics` over any history: small ones, of moments at the edges of hours, days and months, made by hypothesis."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.ids import global_id, new_id
from resolvers.analytics.day import midnight
from resolvers.analytics.span import MAX_HOUR_DAYS
from tests.analytics.history import make_weeks, store
from tests.analytics.orders import Item, Sale, cancel, count_orders, items, sell
from tests.analytics.plain import STEPS
from tests.analytics.plain_dashboard import History
from tests.analytics.test_count import DAYS, count, set_zone
from tests.analytics.test_dashboard import ask_everything, plain_answer
from tests.factories import Shop

NewShop = Callable[[], Awaitable[Shop]]
EXAMPLES = 60
PRODUCTS = 2
_SECOND = timedelta(seconds=1)
# From the begin of a day, or of a month.
_BESIDE = (-timedelta(hours=1), -_SECOND, timedelta(0), _SECOND, timedelta(minutes=59), timedelta(hours=23))


@dataclass(frozen=True)
class Said:
    """An event that is to come, in the part of them that it comes with."""

    part: int
    id: int
    moment: datetime
    name: str
    session: int
    visitor: int
    sequence: int | None
    path: str
    source: str
    seconds: Any
    product: int | None
    is_bot: bool


@dataclass(frozen=True)
class Bought:
    """An order that is to come; cancelled after it was counted, before that, or never."""

    moment: datetime
    customer: int
    lines: tuple[tuple[int, int, int], ...]
    cancelled: str


@dataclass(frozen=True)
class Case:
    """What happens, and what is asked of it."""

    zone: str
    day: date
    events: list[Said]
    orders: list[Bought]
    first: date
    last: date
    interval: str
    limit: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone, day = draw(st.sampled_from(DAYS))
    near = [midnight(day + timedelta(days=n), ZoneInfo(zone)) for n in (-1, 0, 1, 2)]
    month = day.replace(day=1)
    far = [midnight(month, ZoneInfo(zone)), datetime(month.year, month.month, 1, tzinfo=UTC)]
    far += [midnight(day + timedelta(days=n), ZoneInfo(zone)) for n in (-40, -7, 7)]
    beside = st.sampled_from(_BESIDE)
    said = st.builds(
        Said,
        part=st.integers(0, 2),
        id=st.integers(1, 99),
        moment=st.builds(lambda moment, by: moment + by, st.sampled_from(near), beside),
        name=st.sampled_from(["page_view", "page_view", "page_leave", "click", *STEPS]),
        session=st.integers(1, 4),
        visitor=st.integers(1, 3),
        sequence=st.sampled_from([None, 0, 1, 2]),
        path=st.sampled_from(["/", "/lamps", "/cart"]),
        source=st.sampled_from(["direct", "news"]),
        seconds=st.sampled_from([None, 0, 7, 5_000, -3, "9"]),
        product=st.sampled_from([None, *range(PRODUCTS)]),
        is_bot=st.sampled_from([False, False, False, True]),
    )
    bought = st.builds(
        Bought,
        moment=st.builds(lambda moment, by: moment + by, st.sampled_from(near + far), beside),
        customer=st.integers(1, 3),
        lines=st.lists(
            st.tuples(st.integers(0, PRODUCTS - 1), st.integers(1, 3), st.sampled_from([0, 5, 999])),
            min_size=1,
            max_size=2,
        ).map(tuple),
        cancelled=st.sampled_from(["never", "never", "before", "after"]),
    )
    before, after = draw(st.sampled_from([0, 1, 8, 17, 26, 45])), draw(st.sampled_from([0, 1, 5, 12, 40]))
    intervals = ["DAY", "WEEK", "MONTH", *(["HOUR"] if before + after < MAX_HOUR_DAYS else [])]
    return Case(
        zone,
        day,
        draw(st.lists(said, max_size=25, unique_by=lambda each: each.id)),
        draw(st.lists(bought, max_size=8)),
        day - timedelta(days=before),
        day + timedelta(days=after),
        draw(st.sampled_from(intervals)),
        draw(st.sampled_from([1, 2, 100])),
    )


def event_of(said: Said, products: list[Item]) -> dict[str, Any]:
    product = None if said.product is None else global_id("Product", products[said.product].product_id)
    return {
        "occurred_at": said.moment,
        "id": UUID(int=said.id),
        "name": said.name,
        "session_id": UUID(int=said.session),
        "sequence": said.sequence,
        "host": "shop.example",
        "path": said.path,
        "title": "",
        "referrer": "",
        "source": said.source,
        "medium": "",
        "campaign": "",
        "properties": orjson.dumps({"seconds": said.seconds, "productId": product}).decode(),
        "visitor_id": UUID(int=said.visitor),
        "device": "mobile",
        "browser": "Firefox",
        "os": "Linux",
        "country": "",
        "is_bot": said.is_bot,
        "site_id": None,
    }


def sale_of(bought: Bought, products: list[Item]) -> Sale:
    lines = tuple((products[product], quantity, price) for product, quantity, price in bought.lines)
    return Sale(new_id(), f"{bought.customer}@example.com", bought.moment, lines, bought.cancelled == "before")


async def happen(shop: Shop, case: Case) -> History:
    """Has it happen in the shop, counting in between."""
    await set_zone(shop, case.zone)
    await make_weeks(shop, case.day - timedelta(days=7), case.day + timedelta(days=7))
    products = await items(shop, PRODUCTS)
    events = [event_of(said, products) for said in case.events]
    for part in range(3):
        if coming := [event for event, said in zip(events, case.events, strict=True) if said.part == part]:
            await store(shop, coming)
            await count(shop)
    sales = [sale_of(bought, products) for bought in case.orders]
    await sell(shop, sales)
    await count_orders(shop)
    for index, bought in enumerate(case.orders):
        if bought.cancelled == "after":
            sales[index] = await cancel(shop, sales[index])
    await count_orders(shop)
    titles = {row["id"]: row["title"] for row in await shop.sql("select id, title from product")}
    return History(case.zone, events, sales, titles)


@pytest.mark.timeout(300)
class TestAnalytics:
    """`analytics`."""

    @given(case=cases())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    async def test_comes_to_what_plain_loops_come_to(self, new_shop: NewShop, case: Case) -> None:
        shop = await new_shop()
        known = await happen(shop, case)
        given = {"from": case.first.isoformat(), "to": case.last.isoformat()}

        found = await ask_everything(shop, given, case.interval, case.limit)

        for name, value in plain_answer(known, case.first, case.last, case.interval, case.limit).items():
            assert found[name] == (pytest.approx(value) if name == "growth" else value), name
