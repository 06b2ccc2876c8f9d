"""Counting days: each figure is the one that plain loops come to."""

import asyncio
import random
import string
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest
from prometheus_client import Counter

from core.clock import now
from core.database import pinned
from resolvers.analytics.count import count_day, count_due_days, due_days, recount_days
from resolvers.analytics.day import MAX_DAYS
from resolvers.analytics.note import COUNTED, VISITORS, DueDay
from resolvers.visitor import day_of as day_of_moment
from tests.analytics import plain
from tests.analytics.history import make_weeks, product_ids, random_events, store
from tests.analytics.plain import Event, day_of
from tests.analytics.tracking import at, beacon, stored, track
from tests.factories import Shop
from tests.people import becomes

KEYS = {
    "visitor_day": (),
    "visitor_hour": ("hour",),
    "visitor_day_page": ("path",),
    "visitor_day_dimension": ("dimension", "value"),
    "visitor_day_product": ("product_id",),
}
_NO_FIGURES = {"workspace_id", "day", "counted_at", "counting_ms"}
WORKSPACE_UPDATE = """
mutation ($zone: String!) {
  workspaceUpdate(input: { revision: 1, timeZone: $zone }) {
    workspace { timeZone } userErrors { code field message }
  }
}
"""
# Zones with the edges that there are: half hours, quarters, a day of 23 or 25 hours, half an hour of summer time.
DAYS = [
    ("UTC", date(2026, 10, 25)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Asia/Kolkata", date(2026, 10, 25)),
    ("Asia/Kathmandu", date(2026, 10, 25)),
    ("Pacific/Kiritimati", date(2026, 10, 25)),
    ("America/St_Johns", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Havana", date(2026, 3, 8)),
]


async def figures(shop: Shop, table: str, day: date) -> dict[Any, dict[str, Any]]:
    """The rows of a day, by what tells them apart."""
    keys = KEYS[table]
    found = {}
    for row in await shop.sql(f"select * from {table} where day = $1", day):
        key = tuple(row[name] for name in keys)
        found[key[0] if len(key) == 1 else key] = {
            name: value for name, value in row.items() if name not in _NO_FIGURES and name not in keys
        }
    return found


async def count(shop: Shop) -> None:
    """Counts what is due of this shop alone, after whoever else is at it."""
    (zone,) = await shop.sql("select time_zone from workspace")
    rows = await shop.sql("select occurred_at from visitor_day_due")
    for day in sorted({day_of_moment(row["occurred_at"], zone["time_zone"]) for row in rows}):
        await becomes(True, partial(count_day, shop.platform, shop.workspace_id, day))


@asynccontextmanager
async def held(shop: Shop, statement: str, end: str) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """What the statement did is neither there nor undone until the block is over; tells whether somebody waits."""
    async with shop.platform.database.app.acquire() as connection:

        async def is_waited_for() -> bool:
            # Of other connections' locks only waiting for a transaction's end names it.
            waiting = (
                "select exists (select from pg_locks where not granted and transactionid = pg_current_xact_id()::xid)"
            )
            return bool(await connection.fetchval(waiting))

        await connection.execute("begin")
        try:
            await connection.execute("select set_config('app.workspace_id', $1, true)", str(shop.workspace_id))
            await connection.execute(statement)
            yield is_waited_for
        finally:
            await connection.execute(end)


def number_of(counter: Counter) -> float:
    (metric,) = counter.collect()
    return next(sample.value for sample in metric.samples if sample.name.endswith("_total"))


async def set_zone(shop: Shop, zone: str) -> None:
    await shop.sql("update workspace set time_zone = $1", zone)


async def assert_right(shop: Shop, events: list[Event], day: date, zone: str) -> None:
    assert await figures(shop, "visitor_day", day) == {(): plain.day_totals(events, day, zone)}
    assert await figures(shop, "visitor_hour", day) == plain.hours(events, day, zone)
    assert await figures(shop, "visitor_day_page", day) == plain.pages(events, day, zone)
    assert await figures(shop, "visitor_day_dimension", day) == plain.dimensions(events, day, zone)
    assert await figures(shop, "visitor_day_product", day) == plain.products(
        events, day, zone, {row["id"] for row in await shop.sql("select id from product")}
    )
    assert await wrong_months(shop) == []


async def wrong_months(shop: Shop) -> list[Any]:
    """Pages of months that are not the sum of their days."""
    return await shop.sql(
        """
        select path, month, d.views, m.views
          from (select date_trunc('month', day)::date as month, path, sum(views) as views, sum(visitors) as visitors,
                       sum(entries) as entries, sum(exits) as exits, sum(bounces) as bounces, sum(seconds) as seconds
                  from visitor_day_page group by 1, 2) d
          full join visitor_month_page m using (month, path)
         where (m.views, m.visitors, m.entries, m.exits, m.bounces, m.seconds) is distinct from
               (coalesce(d.views, 0), coalesce(d.visitors, 0), coalesce(d.entries, 0), coalesce(d.exits, 0),
                coalesce(d.bounces, 0), coalesce(d.seconds, 0))
        """
    )


class TestCountDay:
    """`count_day`."""

    @pytest.mark.parametrize(("zone", "day"), DAYS, ids=str)
    async def test_comes_to_what_plain_loops_come_to(self, shop: Shop, zone: str, day: date) -> None:
        await set_zone(shop, zone)
        await make_weeks(shop, day - timedelta(days=2), day + timedelta(days=2))
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
        chance = random.Random(f"{zone} {day}")
        events = random_events(chance, begin, timedelta(days=3), 400, await product_ids(shop, 2))
        await store(shop, events)

        await count(shop)

        days = {day_of(event, zone) for event in events}
        assert {day - timedelta(days=1), day, day + timedelta(days=1)} <= days
        for each in days:
            await assert_right(shop, events, each, zone)

    @pytest.mark.parametrize("seed", range(20))
    async def test_counts_late_and_unordered_events_on_their_day(self, shop: Shop, seed: int) -> None:
        chance = random.Random(seed)
        zone = chance.choice([zone for zone, _ in DAYS])
        await set_zone(shop, zone)
        products = await product_ids(shop, 2)
        events = random_events(chance, now() - timedelta(days=2), timedelta(days=2), chance.randint(1, 150), products)
        chance.shuffle(events)
        middle = len(events) // 2

        for part in (events[:middle], events[middle:], events[:middle]):
            if part:
                await store(shop, part)
                await count(shop)

        for day in {day_of(event, zone) for event in events}:
            await assert_right(shop, events, day, zone)

    async def test_changes_only_the_hour_of_a_late_event(self, shop: Shop) -> None:
        noon = now().replace(hour=12, minute=10) - timedelta(days=1)
        await track(shop, [at(noon), at(noon + timedelta(hours=3))])
        await count(shop)
        before = await figures(shop, "visitor_hour", noon.date())

        await track(shop, [at(noon + timedelta(minutes=5))])
        await count(shop)

        after = await figures(shop, "visitor_hour", noon.date())
        changed = {hour for hour in after if after[hour] != before.get(hour)}
        assert {hour.hour for hour in changed} == {12}
        assert [after[hour]["page_views"] for hour in sorted(after)] == [2, 1]

    async def test_counts_bots_apart(self, shop: Shop) -> None:
        await track(shop, [at(now())], **{"User-Agent": "Googlebot/2.1"})
        await track(shop, [at(now())])
        await count(shop)

        (totals,) = (await figures(shop, "visitor_day", now().date())).values()
        assert (totals["visitors"], totals["sessions"], totals["events"], totals["bot_events"]) == (1, 1, 1, 1)

    async def test_does_not_change_anything_when_it_is_done_twice(self, shop: Shop) -> None:
        day = now().date()
        await track(shop, [at(now()) for _ in range(10)])
        await count(shop)
        before = [await figures(shop, table, day) for table in KEYS]

        await count_day(shop.platform, shop.workspace_id, day)

        assert [await figures(shop, table, day) for table in KEYS] == before

    async def test_counts_anew_what_was_lost(self, shop: Shop) -> None:
        day = now().date()
        await track(shop, [at(now()) for _ in range(10)])
        await count(shop)
        before = [await figures(shop, table, day) for table in KEYS]
        for table in (*KEYS, "visitor_month_page"):
            await shop.sql(f"delete from {table}")

        async with shop.platform.database.app.acquire() as connection, pinned(connection, shop.workspace_id):
            await recount_days(connection, shop.workspace_id, [now()])
        await count(shop)

        assert [await figures(shop, table, day) for table in KEYS] == before
        assert await wrong_months(shop) == []

    async def test_takes_pages_that_nobody_saw_after_all_out_of_their_month(self, shop: Shop) -> None:
        await track(shop, [at(now(), url="https://shop.example/gone"), at(now())])
        await count(shop)

        await shop.sql("delete from visitor_event where path = '/gone'")
        await count_day(shop.platform, shop.workspace_id, now().date())

        rows = await shop.sql("select path, views, visitors from visitor_month_page order by path")
        assert [tuple(row) for row in rows] == [("/gone", 0, 0), ("/lamps", 1, 1)]

    async def test_counts_every_event_that_comes_while_it_counts(self, shop: Shop) -> None:
        """Whoever takes a note must see its events, and what comes later must leave a note."""
        over = asyncio.Event()

        async def go_on_counting() -> None:
            while not over.is_set():
                await count_day(shop.platform, shop.workspace_id, now().date())

        async with asyncio.TaskGroup() as group:
            counting = [group.create_task(go_on_counting()) for _ in range(2)]
            for _ in range(30):
                answers = await asyncio.gather(*(beacon(shop, [at(now()) for _ in range(5)]) for _ in range(4)))
                assert {answer.json()["acceptedCount"] for answer in answers} == {5}
            over.set()
        assert all(task.done() for task in counting)
        await count(shop)

        events = await stored(shop)
        assert len(events) == 600
        for day in {event["occurred_at"].date() for event in events}:
            await assert_right(shop, events, day, "UTC")

    async def test_leaves_the_notes_of_other_days(self, shop: Shop) -> None:
        days = [now().date() - timedelta(days=n) for n in (2, 1, 0)]
        noon = now().replace(hour=0, minute=1)
        await track(shop, [at(noon - timedelta(days=n)) for n in (2, 1, 0)])

        await count_day(shop.platform, shop.workspace_id, days[1])

        rows = await shop.sql("select occurred_at from visitor_day_due order by 1")
        assert [row["occurred_at"].date() for row in rows] == [days[0], days[2]]
        assert [row["day"] for row in await shop.sql("select day from visitor_day")] == [days[1]]

    async def test_gives_way_to_who_counts_a_day_of_the_month(self, shop: Shop) -> None:
        """Both add what changed to the same month."""
        await track(shop, [at(now())])
        lock = f"select pg_advisory_xact_lock(hashtextextended('visitor_month {shop.workspace_id} {now():%Y-%m}', 0))"

        async with held(shop, lock, "rollback"):
            assert not await count_day(shop.platform, shop.workspace_id, now().date())

        assert await shop.sql("select from visitor_day") == []
        assert len(await shop.sql("select from visitor_day_due")) == 1

    async def test_leaves_what_it_counted_of_days_whose_events_are_gone(self, shop: Shop) -> None:
        day = now().date() - timedelta(days=shop.platform.settings.visitor_event_days)
        await shop.sql(
            "insert into visitor_day (workspace_id, day, visitors, sessions, bounces, page_views, events, bot_events, "
            "seconds, viewed, carted, checked_out, purchased, counting_ms) "
            "values ($1, $2, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 1)",
            shop.workspace_id,
            day,
        )
        note = "insert into visitor_day_due (workspace_id, occurred_at) values ($1, $2::date)"
        await shop.sql(note, shop.workspace_id, day)

        await count(shop)

        assert set((await figures(shop, "visitor_day", day))[()].values()) == {7}
        assert await shop.sql("select from visitor_day_due") == []


class TestDueDays:
    """Which days are counted, and when."""

    async def test_are_those_with_new_events(self, shop: Shop, no_other_worker: None) -> None:
        await track(shop, [at(now())])
        due = [day for day in await due_days(shop.platform, 10_000) if day.workspace_id == shop.workspace_id]

        assert await count_due_days(shop.platform) >= len(due) == 1

        assert await shop.sql("select from visitor_day_due") == []
        assert await figures(shop, "visitor_day", due[0].day)

    async def test_of_one_workspace_keep_no_other_waiting(
        self, shop: Shop, other_shop: Shop, no_other_worker: None
    ) -> None:
        await track(shop, [at(now() - timedelta(days=n)) for n in range(3)])
        await track(other_shop, [at(now())])

        found = await due_days(shop.platform, 10_000)

        days = [day.day for day in found if day.workspace_id == shop.workspace_id]
        assert days == [now().date() - timedelta(days=n) for n in range(3)], "the newest first"
        (theirs,) = [day for day in found if day.workspace_id == other_shop.workspace_id]
        assert found.index(theirs) < found.index(DueDay(shop.workspace_id, days[1]))

    async def test_that_cannot_be_counted_keep_no_other_from_it(
        self, shop: Shop, other_shop: Shop, no_other_worker: None
    ) -> None:
        # Longer than a key of an index may be.
        path = "".join(random.Random(1).choices(string.ascii_letters, k=20_000))
        (bad,) = random_events(random.Random(1), now(), timedelta(0), 1)
        await store(shop, [bad | {"path": path, "name": "page_view", "is_bot": False}])
        await track(other_shop, [at(now())])
        with pytest.raises(asyncpg.ProgramLimitExceededError):
            await count_day(shop.platform, shop.workspace_id, now().date())

        failed = COUNTED.labels(VISITORS, "failed")
        before = number_of(failed)

        await count_due_days(shop.platform)

        assert number_of(failed) > before
        assert await other_shop.sql("select from visitor_day_due") == []
        assert await figures(other_shop, "visitor_day", now().date())
        assert len(await shop.sql("select from visitor_day_due")) == 1, "it is tried again"
        await shop.sql("delete from visitor_event")

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "europe/berlin"])
    async def test_are_found_beside_a_workspace_whose_time_zone_is_unknown(
        self, shop: Shop, other_shop: Shop, no_other_worker: None, zone: str
    ) -> None:
        """The second is one to PostgreSQL and none to Python."""
        for each in (shop, other_shop):
            await track(each, [at(now())])
        await set_zone(shop, zone)

        found = {day.workspace_id for day in await due_days(shop.platform, 10_000)}

        assert other_shop.workspace_id in found
        assert shop.workspace_id not in found
        await set_zone(shop, "UTC")

    async def test_rest_for_as_long_as_counting_them_cost(self, shop: Shop) -> None:
        await track(shop, [at(now())])
        await count(shop)
        await track(shop, [at(now())])

        async def is_due() -> bool:
            found = await due_days(shop.platform, MAX_DAYS * 100)
            return shop.workspace_id in {day.workspace_id for day in found}

        await shop.sql("update visitor_day set counting_ms = 10_000, counted_at = now() - interval '199 seconds'")
        assert not await is_due()
        await shop.sql("update visitor_day set counted_at = now() - interval '201 seconds'")
        assert await is_due()


class TestTimeZone:
    """`Workspace.timeZone`."""

    async def test_has_the_days_counted_by_it(self, shop: Shop) -> None:
        # 20:00 in UTC is the next day in Kolkata.
        moment = now().replace(hour=20, minute=0) - timedelta(days=2)
        await track(shop, [at(moment)])
        await count(shop)

        answer = await shop.admin(WORKSPACE_UPDATE, {"zone": "Asia/Kolkata"})
        await count(shop)

        assert answer["data"]["workspaceUpdate"]["workspace"] == {"timeZone": "Asia/Kolkata"}
        rows = await shop.sql("select day, page_views from visitor_day where page_views > 0")
        assert [(row["day"], row["page_views"]) for row in rows] == [(moment.date() + timedelta(days=1), 1)]

    async def test_leaves_no_days_on_which_nothing_was(self, shop: Shop) -> None:
        """However often it changes."""
        await track(shop, [at(now())])
        await count(shop)
        zones = ["Asia/Kolkata", "America/New_York"] * 3

        for revision, zone in enumerate(zones, 1):
            await shop.admin(WORKSPACE_UPDATE.replace("revision: 1", f"revision: {revision}"), {"zone": zone})
            await count(shop)

        assert [row["time_zone"] for row in await shop.sql("select time_zone from workspace")] == [zones[-1]]
        days = [row["day"] for row in await shop.sql("select day from visitor_day")]
        assert len(days) <= 3, "today by each of the zones"

    async def test_says_what_day_it_is_also_of_events_that_were_taken_by_the_old_one(self, shop: Shop) -> None:
        """A shopper's token is believed for seconds, with the time zone that the workspace had."""
        moment = now().replace(hour=20, minute=0) - timedelta(days=2)
        await track(shop, [at(moment)])
        await shop.admin(WORKSPACE_UPDATE, {"zone": "Asia/Kolkata"})
        await count(shop)

        await track(shop, [at(moment + timedelta(minutes=1))])
        await count(shop)

        rows = await shop.sql("select day, page_views from visitor_day where page_views > 0")
        assert [tuple(row) for row in rows] == [(moment.date() + timedelta(days=1), 2)]

    async def test_may_change_while_a_day_is_counted_by_the_old_one(self, shop: Shop) -> None:
        moment = now().replace(hour=20, minute=0) - timedelta(days=2)
        await track(shop, [at(moment)])

        async with held(shop, "delete from visitor_day_due", "rollback") as is_waited_for:
            counting = asyncio.create_task(count_day(shop.platform, shop.workspace_id, moment.date()))
            await becomes(True, is_waited_for)
            await shop.admin(WORKSPACE_UPDATE, {"zone": "Asia/Kolkata"})
        assert not await counting
        await count(shop)

        rows = await shop.sql("select day, page_views from visitor_day where page_views > 0")
        assert [tuple(row) for row in rows] == [(moment.date() + timedelta(days=1), 1)]

    async def test_may_be_about_to_change_while_a_day_is_counted(self, shop: Shop) -> None:
        moment = now().replace(hour=20, minute=0) - timedelta(days=2)
        await track(shop, [at(moment)])

        async with held(shop, "update workspace set time_zone = 'Asia/Kolkata'", "commit"):
            assert not await count_day(shop.platform, shop.workspace_id, moment.date())
        await count(shop)

        rows = await shop.sql("select day, page_views from visitor_day where page_views > 0")
        assert [tuple(row) for row in rows] == [(moment.date() + timedelta(days=1), 1)]

    async def test_must_be_one_that_postgresql_knows_too(self, shop: Shop, new_zone: str) -> None:
        answer = await shop.admin(WORKSPACE_UPDATE, {"zone": new_zone})

        (problem,) = answer["data"]["workspaceUpdate"]["userErrors"]
        assert (problem["code"], problem["field"]) == ("INVALID", ["input", "timeZone"])
        assert [row["time_zone"] for row in await shop.sql("select time_zone from workspace")] == ["UTC"]

    async def test_that_postgresql_forgot_is_counted_by_still(
        self, shop: Shop, new_zone: str, no_other_worker: None
    ) -> None:
        """As when its data came to a server that is older."""
        await set_zone(shop, new_zone)
        await track(shop, [at(now().replace(hour=20, minute=0) - timedelta(days=2))])
        (due,) = [day for day in await due_days(shop.platform, 10_000) if day.workspace_id == shop.workspace_id]

        assert await count_day(shop.platform, *due)

        rows = await shop.sql("select day, page_views from visitor_day")
        assert [tuple(row) for row in rows] == [(now().date() - timedelta(days=1), 1)]

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Factory", "europe/berlin", "../../etc/passwd", "+02:00"])
    async def test_must_be_one_that_there_is(self, shop: Shop, zone: str) -> None:
        answer = await shop.admin(WORKSPACE_UPDATE, {"zone": zone})

        (problem,) = answer["data"]["workspaceUpdate"]["userErrors"]
        assert (problem["code"], problem["field"]) == ("INVALID", ["input", "timeZone"])
        assert [row["time_zone"] for row in await shop.sql("select time_zone from workspace")] == ["UTC"]
