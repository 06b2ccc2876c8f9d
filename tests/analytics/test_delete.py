"""Forgetting: one visitor's events when it is asked for, everybody's with time."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from core.clock import now
from resolvers.analytics.count import count_day
from resolvers.analytics.partitions import AHEAD, keep_partitions
from resolvers.context import Platform
from resolvers.retention import delete_old_rows
from resolvers.visitor import SALT_DAYS
from tests.analytics.history import make_weeks
from tests.analytics.tracking import ago, at, event, stored, track
from tests.factories import Shop
from tests.people import audit_actions, codes, system_sql
from tests.tenancy.catalog import as_owner, relations

DELETE = """
mutation ($input: VisitorDataDeleteInput!) {
  visitorDataDelete(input: $input) { deletedCount userErrors { code field message } }
}
"""


async def delete(shop: Shop, **given: Any) -> dict[str, Any]:
    answer = await shop.admin(DELETE, {"input": given})
    payload: dict[str, Any] = answer["data"]["visitorDataDelete"]
    return payload


class TestVisitorDataDelete:
    """`visitorDataDelete`."""

    async def test_deletes_the_events_of_a_session_and_counts_anew(self, shop: Shop) -> None:
        yesterday = now() - timedelta(days=1)
        mine = [at(moment, sessionId="mine") for moment in (yesterday, now())]
        await track(shop, [*mine, at(yesterday, sessionId="another's")])
        for day in {yesterday.date(), now().date()}:
            await count_day(shop.platform, shop.workspace_id, day)

        assert await delete(shop, sessionIds=["mine", "nobody's"]) == {"deletedCount": 2, "userErrors": []}

        for row in await shop.sql("select occurred_at from visitor_day_due"):
            await count_day(shop.platform, shop.workspace_id, row["occurred_at"].date())
        assert len(await stored(shop)) == 1
        rows = await shop.sql("select day, page_views, sessions from visitor_day order by day")
        assert [tuple(row) for row in rows] == [(yesterday.date(), 1, 1), (now().date(), 0, 0)]

    async def test_deletes_the_sessions_in_which_a_customer_ordered(self, shop: Shop) -> None:
        variant = await shop.variant()
        order = (await shop.order(variant))["order"]["id"]
        others = (await shop.shopper(ORDER, {"input": order_of("other@example.com", variant)}))["data"]["orderPlace"]
        for session, bought in (("customer", order), ("other", others["order"]["id"]), ("forger", "Order_" + "0" * 32)):
            purchase = event(name="purchase", sessionId=session, properties={"orderId": bought})
            await track(shop, [event(sessionId=session), purchase])

        payload = await delete(shop, email="SHOPPER@example.com")

        assert payload == {"deletedCount": 2, "userErrors": []}
        assert len(await stored(shop)) == 4

    async def test_reaches_no_other_workspace(self, shop: Shop, other_shop: Shop) -> None:
        await track(other_shop, [event(sessionId="mine")])

        assert (await delete(shop, sessionIds=["mine"]))["deletedCount"] == 0
        assert len(await stored(other_shop)) == 1

    async def test_is_in_the_audit_log_without_whose_it_was(self, shop: Shop) -> None:
        await track(shop, [event(sessionId="somebody")])
        await delete(shop, sessionIds=["somebody"], email="somebody@example.com")

        assert await audit_actions(shop) == ["visitorDataDelete"]
        (row,) = await shop.sql("select changes::text from audit_entry")
        assert row["changes"] == '{"events": 1, "sessions": 1}'

    async def test_refuses_nobody(self, shop: Shop) -> None:
        await track(shop, [event()])

        assert codes(await delete(shop)) == [("BLANK", ["input", "sessionIds"])]
        assert codes(await delete(shop, sessionIds=["x"] * 1_001)) == [("TOO_MANY", ["input", "sessionIds"])]
        assert codes(await delete(shop, email="nobody")) == [("INVALID", ["input", "email"])]
        assert codes(await delete(shop, sessionIds=["a\0b"])) == [("INVALID", ["input", "sessionIds", "0"])]
        assert len(await stored(shop)) == 1
        assert await audit_actions(shop) == []


ORDER = """
mutation ($input: OrderPlaceInput!) { orderPlace(input: $input) { order { id } userErrors { message } } }
"""


def order_of(email: str, variant: str) -> dict[str, Any]:
    return {"email": email, "lines": [{"variantId": variant, "quantity": 1}]}


async def weeks(platform: Platform) -> list[date]:
    """The first days of the weeks that there are."""
    async with as_owner(platform) as owner:
        names = [row["name"] for row in await relations(owner, "r") if row["is_partition"]]
    return [datetime.strptime(name[-8:], "%Y%m%d").replace(tzinfo=UTC).date() for name in names]


async def keep(platform: Platform) -> tuple[int, int]:
    """Keeps the weeks, as often as it takes: it gives way to whoever is reading events, as other tests do."""
    while True:
        with suppress(asyncpg.LockNotAvailableError):
            return await keep_partitions(platform)


@pytest.mark.usefixtures("no_other_worker")
class TestKeepPartitions:
    """`keep_partitions`, which runs every ten minutes."""

    async def test_makes_the_weeks_that_events_may_fall_into(self, platform: Platform) -> None:
        await keep(platform)

        found, today = await weeks(platform), now().date()
        assert all(week.weekday() == 0 for week in found)
        days = [today + timedelta(days=n) for n in range(-3, AHEAD.days + 1)]
        assert [day for day in days if day - timedelta(days=day.weekday()) not in found] == []

    async def test_drops_a_week_when_all_of_it_is_too_old(self, shop: Shop) -> None:
        platform = shop.platform
        oldest = now().date() - timedelta(days=platform.settings.visitor_event_days)
        monday = oldest - timedelta(days=oldest.weekday())
        await make_weeks(shop, monday - timedelta(days=14), monday + timedelta(days=7))

        _, dropped = await keep(platform)

        found = await weeks(platform)
        assert dropped >= 2
        assert monday in found, "some of its days are kept"
        assert min(found) == monday

    async def test_does_nothing_beside_somebody_who_is_at_it(self, platform: Platform) -> None:
        async with platform.database.system.acquire() as connection:
            await connection.execute("begin")
            await connection.fetchval("select pg_advisory_xact_lock(hashtextextended('visitor_event_partitions', 0))")
            try:
                assert await keep_partitions(platform) == (0, 0)
            finally:
                await connection.execute("rollback")

    async def test_never_drops_what_is_not_over(self, platform: Platform) -> None:
        with pytest.raises(asyncpg.RaiseError, match="not over"):
            await system_sql(platform, "select drop_visitor_event_partitions(current_date + 1)")


class TestSalts:
    """How long the salts of visitors' numbers are kept."""

    async def test_are_deleted_when_no_event_of_their_day_can_come_any_more(self, shop: Shop) -> None:
        today = datetime.now(UTC).date()
        await track(shop, [event(occurredAt=ago(hours=71.9))])
        for days in (SALT_DAYS, SALT_DAYS + 1):
            await system_sql(
                shop.platform,
                "insert into visitor_salt (day, salt) values ($1, $2) on conflict do nothing",
                today - timedelta(days=days),
                b"s" * 32,
            )

        await delete_old_rows(shop.platform)

        found = {row["day"] for row in await system_sql(shop.platform, "select day from visitor_salt")}
        assert today - timedelta(days=SALT_DAYS) in found
        assert min(found) == today - timedelta(days=SALT_DAYS)
