"""What `/metrics` of server and worker say, on services of their own."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import httpx
import pytest

from core.clock import now
from core.ids import new_id, uuid_in
from tests.asset.api import uploaded
from tests.asset.files import picture
from tests.factories import Shop, make_site
from tests.monitoring.conftest import Watched
from tests.people import becomes, error_codes
from tests.storefront.api import SCHEDULE, open_desk
from tests.webhook.receiver import receiving
from tests.webhook.world import add_endpoint, deliveries

pytestmark = pytest.mark.xdist_group("monitoring")
# Seconds: what the database says is kept for five.
SOON = 12.0
DEPLOYMENT = """
insert into deployment (workspace_id, id, site_id, number, theme_id, theme_version, status, is_kept, starting_since)
select workspace_id, $3, id, 1, theme_id, theme_version, $4, $5, $6 from site where workspace_id = $1 and id = $2
"""
Scrape = Callable[[], Awaitable[dict[str, float]]]
BACKLOG = {
    "vitrine_webhook_waiting",
    "vitrine_webhook_overdue_seconds",
    "vitrine_webhook_oldest_waiting_seconds",
    "vitrine_events_unrelayed",
    "vitrine_events_oldest_unrelayed_seconds",
    "vitrine_pollers_stale",
    "vitrine_sites_stale",
    "vitrine_emails_waiting",
    "vitrine_assets_waiting",
    "vitrine_assets_oldest_waiting_seconds",
    "vitrine_publishes_overdue_seconds",
    "vitrine_builds_waiting",
    "vitrine_builds_oldest_waiting_seconds",
    "vitrine_builds_running",
    "vitrine_sites_oldest_starting_seconds",
    "vitrine_sites_running",
    "vitrine_sites_failing",
    "vitrine_sites_unchecked_seconds",
}


async def show(scrape: Scrape, series: str, least: float, most: float) -> None:
    """Waits until the series is within the bounds."""

    async def is_within() -> bool:
        return least <= (await scrape())[series] <= most

    await becomes(True, is_within, SOON)


async def show_both(watched: Watched, series: str, value: float) -> None:
    """Waits until server and worker show it."""
    await asyncio.gather(*(show(scrape, series, value, value) for scrape in (watched.of_server, watched.of_worker)))


async def have_both(watched: Watched, names: set[str]) -> None:
    """Waits until server and worker show something by these names."""

    async def has(scrape: Scrape) -> bool:
        return names <= (await scrape()).keys()

    scrapes = (watched.of_server, watched.of_worker)
    await asyncio.gather(*(becomes(True, partial(has, scrape), SOON) for scrape in scrapes))


class TestWorkersFigures:
    """What the worker counts."""

    async def test_count_tries_by_their_outcome(self, watched: Watched, watched_shop: Shop) -> None:
        before = await watched.of_worker()
        async with receiving() as well, receiving(status=500) as ill:
            await add_endpoint(watched_shop, well.url)
            await add_endpoint(watched_shop, ill.url)
            for _ in range(3):
                await watched_shop.product()
            await well.has(3)
            await ill.has(3)

            async def tries() -> list[float]:
                now = await watched.of_worker()
                return [
                    now[series] - before[series]
                    for series in (
                        'vitrine_webhook_tries_total{outcome="delivered"}',
                        'vitrine_webhook_tries_total{outcome="failed"}',
                        'vitrine_webhook_tries_total{outcome="given_up"}',
                        "vitrine_webhook_try_seconds_count",
                        "vitrine_webhook_delivery_seconds_count",
                        "vitrine_webhook_relay_seconds_count",
                        "vitrine_webhook_posts",
                    )
                ]

            await becomes([3, 3, 0, 6, 3, 3, 0], tries)
            after = await watched.of_worker()

        # Those of the test before may still be among them, for seconds.
        assert after["vitrine_webhook_endpoints"] >= 2
        assert 0 < after["vitrine_webhook_delivery_seconds_sum"] - before["vitrine_webhook_delivery_seconds_sum"] < 10
        await show(watched.of_worker, "vitrine_webhook_waiting", 3, 3)
        await show(watched.of_server, "vitrine_webhook_waiting", 3, 3)
        assert (await watched.of_server())["vitrine_webhook_overdue_seconds"] == 0

    async def test_know_how_late_its_event_loop_is(self, watched: Watched) -> None:
        looks = (await watched.of_worker())["vitrine_event_loop_lag_seconds_count"]

        await show(watched.of_worker, "vitrine_event_loop_lag_seconds_count", looks + 20, looks + 1_000)


class TestAssets:
    """What becomes of uploads."""

    async def test_are_counted_by_what_became_of_them(self, watched: Watched, watched_shop: Shop) -> None:
        of_server, of_worker = await watched.of_server(), await watched.of_worker()
        content = picture()
        assert (await uploaded(watched_shop, content))["userErrors"] == []
        assert (await uploaded(watched_shop, content[: len(content) // 2]))["userErrors"] == []
        await watched_shop.graphql.http.put("/uploads/nonsense", content=b"x")

        async def counted() -> list[float]:
            server, worker = await watched.of_server(), await watched.of_worker()
            results = ("kept", "refused", "turned_away")
            uploads = [f'vitrine_uploads_total{{result="{result}"}}' for result in results]
            looks = [f'vitrine_asset_looks_total{{result="{result}"}}' for result in ("ready", "refused", "postponed")]
            seconds = 'vitrine_asset_look_seconds_count{kind="IMAGE"}'
            return [
                *(server[series] - of_server[series] for series in uploads),
                *(worker[series] - of_worker[series] for series in looks),
                worker.get(seconds, 0) - of_worker.get(seconds, 0),
            ]

        await becomes([2, 1, 0, 1, 1, 0, 2], counted, SOON)
        series = "vitrine_upload_bytes_total"
        kept = (await watched.of_server())[series] - of_server[series]
        assert kept == len(content) + len(content) // 2
        series = "vitrine_asset_bytes_total"
        assert (await watched.of_worker())[series] > of_worker[series]

    async def test_wait_while_no_worker_lives(self, watched: Watched, watched_shop: Shop) -> None:
        async with watched.without_worker():
            asset = await uploaded(watched_shop, picture())
            assert asset["userErrors"] == []
            await watched.sql("update asset set updated_at = now() - interval '10 minutes' where due_at is not null")

            await show(watched.of_server, "vitrine_assets_waiting", 1, 1)
            await show(watched.of_server, "vitrine_assets_oldest_waiting_seconds", 600, 660)
        assert asset["asset"]["status"] == "PROCESSING"

        await show_both(watched, "vitrine_assets_waiting", 0)
        await show_both(watched, "vitrine_assets_oldest_waiting_seconds", 0)


class TestSchedules:
    """Drafts that are to be published at a time."""

    async def test_are_overdue_while_no_worker_lives(self, watched: Watched, watched_shop: Shop) -> None:
        desk = await open_desk(watched_shop)
        draft = await desk.draft()
        async with watched.without_worker():
            given = {"revision": 1, "publishAt": "2100-01-01T00:00:00Z"}
            await desk.done(SCHEDULE, id=draft["id"], input=given)
            assert (await watched.of_server())["vitrine_publishes_overdue_seconds"] == 0
            await watched.sql(
                "update storefront_draft set publish_at = now() - interval '10 minutes' where publish_at is not null"
            )

            await show(watched.of_server, "vitrine_publishes_overdue_seconds", 600, 660)

        await show_both(watched, "vitrine_publishes_overdue_seconds", 0)
        assert (await desk.get(draft))["status"] == "PUBLISHED"


class TestBacklog:
    """What waits."""

    async def test_grows_while_no_worker_lives(self, watched: Watched, watched_shop: Shop) -> None:
        async with receiving() as receiver:
            await add_endpoint(watched_shop, receiver.url)
            async with watched.without_worker():
                for _ in range(4):
                    await watched_shop.product()
                await watched.sql("update sync_event set occurred_at = now() - interval '10 minutes'")

                await show(watched.of_server, "vitrine_events_unrelayed", 4, 4)
                await show(watched.of_server, "vitrine_events_oldest_unrelayed_seconds", 600, 660)

            await receiver.has(4)
            await show(watched.of_server, "vitrine_events_unrelayed", 0, 0)
            await show(watched.of_server, "vitrine_events_oldest_unrelayed_seconds", 0, 0)

    async def test_is_overdue_where_nobody_tries_and_not_where_tries_fail(
        self, watched: Watched, watched_shop: Shop
    ) -> None:
        async with receiving(status=500) as receiver:
            endpoint = await add_endpoint(watched_shop, receiver.url)
            await watched_shop.product()

            async def tries() -> list[int]:
                return [delivery["attempt_count"] for delivery in await deliveries(watched_shop, endpoint)]

            await becomes([1], tries)
            await show(watched.of_server, "vitrine_webhook_waiting", 1, 1)
        async with watched.without_worker():
            await watched.sql(
                "update webhook_delivery set due_at = now() - interval '1 hour', "
                "created_at = now() - interval '2 hours' where due_at is not null"
            )
            await show(watched.of_server, "vitrine_webhook_oldest_waiting_seconds", 7_200, 7_260)
            assert (await watched.of_server())["vitrine_webhook_overdue_seconds"] < 60

            await watched.sql("update webhook_hour set last_tried_at = now() - interval '5 minutes'")
            await show(watched.of_server, "vitrine_webhook_overdue_seconds", 300, 360)

            await watched.sql("update webhook_endpoint set is_active = false, disabled_reason = 'BY_HAND'")
            await show(watched.of_server, "vitrine_webhook_overdue_seconds", 0, 0)
            assert (await watched.of_server())["vitrine_webhook_waiting"] == 0

    async def test_knows_pollers_that_are_behind(self, watched: Watched, watched_shop: Shop) -> None:
        await watched_shop.product()
        poll = """
        insert into polling_state (workspace_id, id, caller_kind, caller_id, caller_label, last_polled_at, sequence)
        values ($1, $2, 'API_KEY', $2, '', now() - $3::interval, $4)
        """
        workspace = watched_shop.workspace_id
        hour, week = "1 hour", "7 days"
        await watched.sql(poll.replace("$3", f"'{hour}'").replace("$4", "0"), workspace, new_id())
        await watched.sql(poll.replace("$3", f"'{hour}'").replace("$4", "1"), workspace, new_id())
        await watched.sql(poll.replace("$3", f"'{week}'").replace("$4", "0"), workspace, new_id())
        await show(watched.of_server, "vitrine_pollers_stale", 0, 0)

        await watched.sql("update sync_event set occurred_at = now() - interval '3 minutes'")

        await show(watched.of_server, "vitrine_pollers_stale", 1, 1)

    async def test_knows_sites_that_show_what_is_old(self, watched: Watched, watched_shop: Shop) -> None:
        site = uuid_in((await make_site(watched_shop))["id"], "Site")
        workspace = watched_shop.workspace_id
        await watched.sql(
            "insert into webhook_endpoint (workspace_id, id, site_id, url, secret, since_sequence, failing_since) "
            "select $1, $2, $3, '', '', sequence, now() from workspace_counter where workspace_id = $1",
            *(workspace, new_id(), site),
        )
        await watched.sql("insert into webhook_relay select workspace_id, sequence from workspace_counter")
        await watched_shop.product()
        await show(watched.of_server, "vitrine_sites_stale", 0, 0)

        await watched.sql("update sync_event set occurred_at = now() - interval '3 minutes'")
        await show(watched.of_server, "vitrine_sites_stale", 1, 1)

        await watched.sql(
            "insert into polling_state "
            "(workspace_id, id, caller_kind, caller_id, caller_label, site_id, last_polled_at, sequence) "
            "select $1, $2, 'SHOPPER', $2, '', $3, now(), sequence from workspace_counter where workspace_id = $1",
            *(workspace, new_id(), site),
        )
        await show(watched.of_server, "vitrine_sites_stale", 0, 0)

    async def test_knows_builds_and_sites(self, watched: Watched, watched_shop: Shop) -> None:
        """No worker of this one builds, and no host runs."""
        live, waiting = [uuid_in((await make_site(watched_shop))["id"], "Site") for _ in range(2)]
        deployment = new_id()
        await watched.sql(DEPLOYMENT, watched_shop.workspace_id, live, deployment, "LIVE", True, None)
        await watched.sql("update site set live_deployment_id = $1 where id = $2", deployment, live)
        await watched.sql(
            "insert into site_server (workspace_id, deployment_id, status, address, checked_at, failure_count) "
            "values ($1, $2, 'RUNNING', 'http://127.0.0.1:9', now() - interval '5 minutes', 3)",
            *(watched_shop.workspace_id, deployment),
        )
        ago = now() - timedelta(minutes=1)
        await watched.sql(DEPLOYMENT, watched_shop.workspace_id, waiting, new_id(), "STARTING", True, ago)
        try:
            await show_both(watched, "vitrine_sites_running", 1)
            await show_both(watched, "vitrine_sites_failing", 1)
            await show(watched.of_server, "vitrine_sites_unchecked_seconds", 300, 360)
            await show(watched.of_server, "vitrine_sites_oldest_starting_seconds", 60, 90)
            await show(watched.of_server, "vitrine_builds_running", 0, 0)
        finally:
            await watched.sql("update site set live_deployment_id = null")
            await watched.sql("delete from deployment")

    async def test_knows_emails(self, watched: Watched) -> None:
        await watched.sql(
            "insert into email_message (id, to_address, subject, text_body, due_at) "
            "values ($1, 'ada@example.com', '', '', now() + interval '1 hour')",
            new_id(),
        )

        await show(watched.of_server, "vitrine_emails_waiting", 1, 1)
        await watched.sql("update email_message set sent_at = now()")
        await show(watched.of_server, "vitrine_emails_waiting", 0, 0)


class TestWhileAPartIsAway:
    """What is still known."""

    async def test_is_told_without_postgresql(self, watched: Watched, watched_shop: Shop) -> None:
        await have_both(watched, BACKLOG)
        errors = (await watched.of_server())["vitrine_internal_errors_total"]
        await asyncio.to_thread(watched.parts.postgres.kill)
        try:
            await show_both(watched, "vitrine_database_up", 0)
            for scrape in (watched.of_server, watched.of_worker):
                begun = time.monotonic()
                figures = await scrape()
                assert time.monotonic() - begun < 4
                assert not BACKLOG & figures.keys()
                assert figures["vitrine_redis_up"] == 1
            answer = await watched_shop.admin("{ products(first: 1) { nodes { id } } }")
            assert error_codes(answer) == ["INTERNAL"]
            assert (await watched.of_server())["vitrine_internal_errors_total"] == errors + 1
        finally:
            await asyncio.to_thread(watched.parts.postgres.start)
        await show_both(watched, "vitrine_database_up", 1)
        await have_both(watched, BACKLOG)

    async def test_is_told_while_postgresql_hangs(self, watched: Watched) -> None:
        await have_both(watched, BACKLOG)
        with watched.hanging_postgresql():
            await show_both(watched, "vitrine_database_up", 0)
            await asyncio.sleep(5)
            begun = time.monotonic()
            for scrape in (watched.of_server, watched.of_worker):
                assert not BACKLOG & (await scrape()).keys()
            assert time.monotonic() - begun < 8
        await have_both(watched, BACKLOG)

    async def test_is_told_without_redis(self, watched: Watched) -> None:
        await asyncio.to_thread(watched.parts.redis.stop)
        try:
            await show_both(watched, "vitrine_redis_up", 0)
            await show_both(watched, "vitrine_database_up", 1)
        finally:
            await asyncio.to_thread(watched.parts.redis.start)
        await show_both(watched, "vitrine_redis_up", 1)

    async def test_is_told_by_the_worker_to_who_supervises_it(self, watched: Watched) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{watched.worker_port}") as http:
            assert (await http.get("/healthz")).json() == {"status": "ok"}
            assert (await http.get("/readyz")).json() == {"status": "ok", "database": True, "redis": True}
            assert (await http.get("/metrics")).status_code == 401
