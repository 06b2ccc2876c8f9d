"""Deleting what is too old."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from core.clock import now
from core.ids import new_id
from resolvers.context import Platform
from resolvers.retention import BATCH, delete_old_rows
from tests.factories import Person, Shop
from tests.people import new_email, system_sql
from tests.storefront.api import DISCARD, SCHEDULE, open_desk
from tests.webhook.world import add_endpoint


def id_of(age: timedelta) -> UUID:
    """A UUIDv7 as it was made that long ago."""
    milliseconds = int((now() - age).timestamp() * 1000)
    return UUID(int=milliseconds << 80 | new_id().int & (1 << 80) - 1)


async def names(platform: Platform, statement: str, *arguments: Any) -> set[str]:
    return {row[0] for row in await system_sql(platform, statement, *arguments)}


ADD_DELIVERIES = """
insert into webhook_delivery (workspace_id, id, endpoint_id, event_id, event_type, sequence, body, created_at, due_at,
                              status)
select $1, gen_random_uuid(), $2, gen_random_uuid(), $3, 1, '', now() - make_interval(days => $4),
       case when $5 then 'infinity'::timestamptz end, case when $5 then 'PENDING' else 'DELIVERED' end
  from generate_series(1, $6)
"""


async def add_deliveries(shop: Shop, endpoint: UUID, name: str, days: int, *, waits: bool, count: int = 1) -> None:
    """Deliveries of so many days ago; their kind of event is their name."""
    await shop.sql(ADD_DELIVERIES, shop.workspace_id, endpoint, name, days, waits, count)


class TestDeleteOldRows:
    """`delete_old_rows`."""

    async def test_forgets_idempotency_keys_after_a_day(self, platform: Platform, shop: Shop) -> None:
        user = f"USER:{new_id()}"
        for key, hours in (("young", 23), ("old", 25)):
            await shop.sql(
                "insert into idempotency_key (workspace_id, caller, key, fingerprint, created_at) "
                "values ($1, 'USER:x', $2, '', now() - make_interval(hours => $3))",
                shop.workspace_id,
                key,
                hours,
            )
            await system_sql(
                platform,
                "insert into user_idempotency_key (caller, key, fingerprint, created_at) "
                "values ($1, $2, '', now() - make_interval(hours => $3))",
                user,
                key,
                hours,
            )

        await delete_old_rows(platform)

        assert [row["key"] for row in await shop.sql("select key from idempotency_key")] == ["young"]
        found = await names(platform, "select key from user_idempotency_key where caller = $1", user)
        assert found == {"young"}

    async def test_forgets_failed_attempts_after_their_window(self, platform: Platform) -> None:
        name = new_email()
        for subject, minutes in (("young", 14), ("old", 16)):
            await system_sql(
                platform,
                "insert into sign_in_throttle (subject, window_started_at, failures) "
                "values ($1, now() - make_interval(mins => $2), 1)",
                f"{subject} {name}",
                minutes,
            )

        await delete_old_rows(platform)

        found = await names(platform, "select subject from sign_in_throttle where subject like '%' || $1", name)
        assert found == {f"young {name}"}

    async def test_forgets_sessions_a_week_after_their_end(self, platform: Platform, new_user: Any) -> None:
        person: Person = await new_user()
        old, recent = new_id(), new_id()
        for session_id, days in ((old, 8), (recent, 6)):
            await system_sql(
                platform,
                "insert into user_session (id, user_id, expires_at) values ($1, $2, now() - make_interval(days => $3))",
                session_id,
                person.id,
                days,
            )
            await system_sql(
                platform,
                "insert into refresh_token (id, session_id, secret_hash) values ($1, $2, '')",
                new_id(),
                session_id,
            )

        await delete_old_rows(platform)

        rows = await system_sql(platform, "select id from user_session where user_id = $1", person.id)
        assert {row["id"] for row in rows} == {recent, person.session_id}
        rows = await system_sql(
            platform, "select session_id from refresh_token where session_id = any($1::uuid[])", [old, recent]
        )
        assert [row["session_id"] for row in rows] == [recent]

    async def test_forgets_links_to_reset_a_password_when_they_expire(self, platform: Platform, new_user: Any) -> None:
        person: Person = await new_user()
        good, used, expired = new_id(), new_id(), new_id()
        for row_id, minutes, is_used in ((good, 1, False), (used, 1, True), (expired, -1, False)):
            await system_sql(
                platform,
                "insert into password_reset (id, user_id, secret_hash, expires_at, used_at) "
                "values ($1, $2, '', now() + make_interval(mins => $3), case when $4 then now() end)",
                row_id,
                person.id,
                minutes,
                is_used,
            )

        await delete_old_rows(platform)

        rows = await system_sql(platform, "select id from password_reset where user_id = $1", person.id)
        assert {row["id"] for row in rows} == {good, used}

    async def test_keeps_used_refresh_tokens_as_long_as_a_session_may_rest(
        self, platform: Platform, new_user: Any
    ) -> None:
        person: Person = await new_user()
        lifetime = timedelta(seconds=platform.settings.refresh_token_lifetime)
        hour = timedelta(hours=1)
        tokens = {
            "old and used": (id_of(lifetime + hour), True),
            "old and unused": (id_of(lifetime + hour), False),
            "young and used": (id_of(lifetime - hour), True),
        }
        for token_id, used in tokens.values():
            await system_sql(
                platform,
                "insert into refresh_token (id, session_id, secret_hash, used_at) "
                "values ($1, $2, '', case when $3 then now() end)",
                token_id,
                person.session_id,
                used,
            )

        await delete_old_rows(platform)

        rows = await system_sql(platform, "select id from refresh_token where session_id = $1", person.session_id)
        kept = {row["id"] for row in rows}
        assert [name for name, (token_id, _) in tokens.items() if token_id in kept] == [
            "old and unused",
            "young and used",
        ]

    async def test_forgets_finished_emails_after_30_days(self, platform: Platform) -> None:
        address = new_email()
        for subject, days, sent, failed in (
            ("old sent", 31, True, False),
            ("old failed", 31, False, True),
            ("old waiting", 31, False, False),
            ("young sent", 29, True, False),
        ):
            await system_sql(
                platform,
                "insert into email_message (id, to_address, subject, text_body, due_at, sent_at, failed_at) "
                "values ($1, $2, $3, '', 'infinity', case when $4 then now() end, case when $5 then now() end)",
                id_of(timedelta(days=days)),
                address,
                subject,
                sent,
                failed,
            )

        await delete_old_rows(platform)

        found = await names(platform, "select subject from email_message where to_address = $1", address)
        assert found == {"old waiting", "young sent"}

    async def test_deletes_more_than_a_batch(self, platform: Platform) -> None:
        name = new_email()
        await system_sql(
            platform,
            "insert into user_idempotency_key (caller, key, fingerprint, created_at) "
            "select $1, n::text, '', now() - interval '2 days' from generate_series(1, $2) n",
            name,
            2 * BATCH + 10,
        )
        deleted = await delete_old_rows(platform)

        assert deleted["user_idempotency_key"] >= 2 * BATCH + 10
        assert await names(platform, "select key from user_idempotency_key where caller = $1", name) == set()

    async def test_forgets_deliveries_after_30_days_unless_they_wait(self, platform: Platform, shop: Shop) -> None:
        endpoint = await add_endpoint(shop, "http://localhost:1/")
        await add_deliveries(shop, endpoint, "old", 31, waits=False, count=BATCH + 10)
        await add_deliveries(shop, endpoint, "old and waits", 31, waits=True)
        await add_deliveries(shop, endpoint, "young", 29, waits=False)
        await system_sql(
            platform,
            "insert into webhook_attempt (workspace_id, id, delivery_id, number, started_at, duration_ms, "
            "response_body) select workspace_id, gen_random_uuid(), id, 1, now(), 1, '' from webhook_delivery "
            "where workspace_id = $1 and event_type <> 'old and waits'",
            shop.workspace_id,
        )

        await delete_old_rows(platform)

        rows = await shop.sql("select event_type from webhook_delivery order by created_at")
        assert [row["event_type"] for row in rows] == ["old and waits", "young"]
        assert len(await shop.sql("select from webhook_attempt")) == 1

    async def test_forgets_what_waits_for_an_endpoint_that_is_deleted(
        self, platform: Platform, shop: Shop, other_shop: Shop
    ) -> None:
        endpoint = await add_endpoint(shop, "http://localhost:1/")
        await add_deliveries(shop, endpoint, "waits", 0, waits=True, count=3)
        await add_deliveries(shop, new_id(), "deleted", 0, waits=True, count=BATCH)
        await add_deliveries(shop, new_id(), "deleted too", 0, waits=True, count=BATCH)
        await add_deliveries(shop, new_id(), "done", 0, waits=False)
        # An endpoint of another shop is not the one that is meant.
        await add_deliveries(other_shop, endpoint, "deleted", 0, waits=True)

        await delete_old_rows(platform)

        rows = await shop.sql("select event_type from webhook_delivery order by event_type")
        assert [row["event_type"] for row in rows] == ["done", "waits", "waits", "waits"]
        assert await other_shop.sql("select from webhook_delivery") == []

    async def test_forgets_drafts_that_were_done_with_a_year_ago_and_no_versions(
        self, platform: Platform, shop: Shop
    ) -> None:
        desk = await open_desk(shop)
        await desk.publish(await desk.draft("published", changes={"seo": {"title": "Published"}}))
        await desk.done(DISCARD, id=(await desk.draft("discarded"))["id"], input={"revision": 1})
        await desk.draft("open")
        at = {"revision": 1, "publishAt": "2100-01-01T00:00:00Z"}
        await desk.done(SCHEDULE, id=(await desk.draft("scheduled"))["id"], input=at)
        await shop.sql("update storefront_draft set updated_at = now() - interval '366 days'")
        await desk.publish(await desk.draft("published lately", changes={"seo": {"title": "Lately"}}))
        await shop.sql(
            "update storefront_draft set updated_at = now() - interval '364 days' where name = 'published lately'"
        )

        await delete_old_rows(platform)

        rows = await shop.sql("select name from storefront_draft order by id")
        assert [row["name"] for row in rows] == ["open", "scheduled", "published lately"]
        versions = await shop.sql("select number from storefront_version order by number")
        assert [row["number"] for row in versions] == [1, 2, 3]
        assert (await desk.config())["seo"] == {"title": "Lately"}

    async def test_goes_on_where_one_table_cannot_be_cleared(self, platform: Platform, shop: Shop) -> None:
        """Its rows of hours are locked, and it waits for them as long as it may; what comes after them goes."""
        await system_sql(
            platform,
            "insert into webhook_hour (workspace_id, endpoint_id, hour, tries, delivered, retries, retries_delivered, "
            "given_up) select $1, gen_random_uuid(), now() - make_interval(days => d), 0, 0, 0, 0, 0 "
            "from unnest(array[29, 31]) d",
            shop.workspace_id,
        )
        await add_deliveries(shop, new_id(), "deleted", 0, waits=True)

        async with platform.database.system.acquire() as connection, connection.transaction():
            locked = "select hour from webhook_hour where workspace_id = $1 for update"
            assert len(await connection.fetch(locked, shop.workspace_id)) == 2
            await delete_old_rows(platform)

        assert await shop.sql("select from webhook_delivery") == []
        assert len(await shop.sql("select from webhook_hour")) == 2

        await delete_old_rows(platform)

        assert len(await shop.sql("select from webhook_hour")) == 1
