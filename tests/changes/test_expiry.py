"""What happens to cursors when old events are deleted."""

import asyncio

import pytest

from core.errors import CursorExpired
from resolvers.context import Platform
from resolvers.feed import BATCH as FEED_BATCH
from resolvers.feed import event_cursor, events_after
from resolvers.retention import BATCH, delete_old_rows
from tests.changes.feed import add_events, latest, page, refused, sequences
from tests.client import LiveServer
from tests.factories import Shop
from tests.live.socket import signed_in
from tests.live.test_subscriptions import ACTIVITY, ORDER_EVENTS, settled
from tests.people import becomes, system_sql

DAYS = 90


async def kept(shop: Shop) -> list[int]:
    return [row["sequence"] for row in await shop.sql("select sequence from sync_event order by sequence")]


async def subscription_refused(live_server: LiveServer, shop: Shop, document: str, after: str) -> str:
    """The code of the error that a subscription from the cursor is answered with."""
    async with signed_in(live_server, shop.api_key) as socket:
        await socket.subscribe(document, {"after": after})
        message = await socket.receive()
    assert message["type"] == "error", message
    code: str = message["payload"][0]["extensions"]["code"]
    return code


class TestPruning:
    """Deleting old events."""

    async def test_keeps_them_as_long_as_the_setting_says(self, platform: Platform, shop: Shop) -> None:
        assert platform.settings.event_days == DAYS
        await add_events(shop, "product.created", "order.created", days_ago=DAYS + 1)
        await add_events(shop, "product.updated", days_ago=DAYS - 1)
        await add_events(shop, "product.updated")

        await delete_old_rows(platform)

        assert await kept(shop) == [3, 4]

    async def test_leaves_no_gap_where_later_commits_are_older(self, platform: Platform, shop: Shop) -> None:
        """`occurred_at` is when a write began: one that took long is numbered behind younger ones."""
        await add_events(shop, "product.updated", days_ago=DAYS + 2)
        await add_events(shop, "product.updated", days_ago=DAYS - 1)
        await add_events(shop, "product.updated", days_ago=DAYS + 3)
        await add_events(shop, "product.updated")

        await delete_old_rows(platform)

        assert await kept(shop) == [2, 3, 4]

    async def test_deletes_more_than_a_batch_and_the_last_one_too(self, platform: Platform, shop: Shop) -> None:
        await add_events(shop, *["product.updated"] * (2 * BATCH + 10), days_ago=DAYS + 1)

        await delete_old_rows(platform)

        # Another process of the tests may be at the same rows.
        await becomes([], lambda: kept(shop))

    async def test_leaves_no_gap_when_several_do_it_at_once(self, platform: Platform, shop: Shop) -> None:
        await add_events(shop, *["product.updated"] * (3 * BATCH), days_ago=DAYS + 1)
        await add_events(shop, *["product.updated"] * 10)

        await asyncio.gather(*(delete_old_rows(platform) for _ in range(4)))

        await becomes(list(range(3 * BATCH + 1, 3 * BATCH + 11)), lambda: kept(shop))


class TestExpiredCursor:
    """A cursor behind which events were deleted."""

    @pytest.mark.parametrize("by_shopper", [False, True])
    async def test_is_refused_by_changes(self, platform: Platform, shop: Shop, by_shopper: bool) -> None:
        await add_events(shop, *["product.updated"] * 5, days_ago=DAYS + 1)
        await add_events(shop, "order.created", "product.updated", "product.created")
        await delete_old_rows(platform)

        codes = [await refused(shop, event_cursor(n), by_shopper=by_shopper) for n in (0, 1, 4)]
        last_good = await page(shop, event_cursor(5), by_shopper=by_shopper)

        assert codes == ["CURSOR_EXPIRED"] * 3
        assert sequences(last_good) == ([7, 8] if by_shopper else [6, 7, 8])

    async def test_is_refused_whatever_the_filter_would_leave(self, platform: Platform, shop: Shop) -> None:
        """The filter must not hide that something is gone, nor take what it leaves out for gone."""
        await add_events(shop, "order.created", "product.created", days_ago=DAYS + 1)
        await add_events(shop, *["order.created"] * 3, "product.updated")
        await delete_old_rows(platform)
        document = """
          query ($after: String) { changes(first: 5, after: $after, filter: { types: [PRODUCT_UPDATED] }) {
            nodes { sequence }
          } }
        """

        gone = await shop.admin(document, {"after": event_cursor(1)})
        there = await shop.admin(document, {"after": event_cursor(2)})

        assert [error["extensions"]["code"] for error in gone["errors"]] == ["CURSOR_EXPIRED"]
        assert there["data"]["changes"]["nodes"] == [{"sequence": 6}]

    async def test_is_refused_where_nothing_is_kept(self, platform: Platform, shop: Shop) -> None:
        await add_events(shop, "product.created", "product.updated", days_ago=DAYS + 1)
        await delete_old_rows(platform)

        assert await refused(shop, event_cursor(1)) == "CURSOR_EXPIRED"
        assert (await page(shop, event_cursor(2)))["nodes"] == []
        assert await latest(shop) == event_cursor(2)

    async def test_says_what_to_do_and_that_works(self, platform: Platform, shop: Shop) -> None:
        await add_events(shop, "product.created", "product.updated", days_ago=DAYS + 1)
        await add_events(shop, "product.updated")
        await delete_old_rows(platform)
        answer = await shop.shopper(
            "query ($after: String) { changes(first: 1, after: $after) { nodes { id } } }", {"after": event_cursor(1)}
        )

        cursor = await latest(shop)
        await add_events(shop, "product.deleted")

        assert "latestCursor" in answer["errors"][0]["message"]
        assert sequences(await page(shop, cursor, by_shopper=True)) == [4]

    async def test_without_a_cursor_what_is_kept_is_shown(self, platform: Platform, shop: Shop) -> None:
        await add_events(shop, "product.created", "product.updated", days_ago=DAYS + 1)
        await add_events(shop, "product.updated")
        await delete_old_rows(platform)

        assert sequences(await page(shop)) == [3]

    @pytest.mark.parametrize("document", [ACTIVITY, ORDER_EVENTS])
    async def test_is_refused_by_subscriptions(
        self, platform: Platform, shop: Shop, live_server: LiveServer, document: str
    ) -> None:
        await add_events(shop, "order.created", "order.updated", "order.updated", days_ago=DAYS + 1)
        await add_events(shop, "order.updated")
        await delete_old_rows(platform)

        assert await subscription_refused(live_server, shop, document, event_cursor(2)) == "CURSOR_EXPIRED"
        assert await subscription_refused(live_server, shop, document, event_cursor(5)) == "BAD_USER_INPUT"

    async def test_resumes_from_the_last_that_was_deleted(
        self, platform: Platform, shop: Shop, live_server: LiveServer
    ) -> None:
        await add_events(shop, "order.created", "order.updated", days_ago=DAYS + 1)
        await add_events(shop, "order.updated")
        await delete_old_rows(platform)

        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ACTIVITY, {"after": event_cursor(2)})

            assert (await socket.next())["activity"]["sequence"] == 3


class TestFollowersWhoFallBehind:
    """Events that are deleted before a process has read them, as after a night in which it was stopped."""

    async def test_are_told_instead_of_skipping(self, shop: Shop, live_server: LiveServer) -> None:
        await add_events(shop, "product.created")
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ACTIVITY)
            await settled()
            await _commit_unread(shop, gone=2, left=1)
            message = await socket.receive()
            await socket.subscribe(ACTIVITY, {"after": event_cursor(3)}, key="2")

            assert (message["id"], message["type"]) == ("1", "error")
            assert message["payload"][0]["extensions"]["code"] == "CURSOR_EXPIRED"
            assert (await socket.next("2"))["activity"]["sequence"] == 4

    @pytest.mark.parametrize("left", [0, 1])
    async def test_are_told_while_they_catch_up(self, platform: Platform, shop: Shop, left: int) -> None:
        count = 2 * FEED_BATCH
        await add_events(shop, *["product.updated"] * count)
        events = events_after(platform.database, shop.workspace_id, 0, count)
        seen = [(await anext(events)).sequence for _ in range(FEED_BATCH)]
        await system_sql(
            platform,
            "delete from sync_event where workspace_id = $1 and sequence <= $2",
            shop.workspace_id,
            count - left,
        )

        with pytest.raises(CursorExpired):
            await anext(events)

        assert seen == list(range(1, FEED_BATCH + 1))

    async def test_are_told_where_nothing_is_left_to_read(self, shop: Shop, live_server: LiveServer) -> None:
        await add_events(shop, "product.created")
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ACTIVITY)
            await settled()
            await _commit_unread(shop, gone=2, left=0)

            message = await socket.receive()

        assert message["payload"][0]["extensions"]["code"] == "CURSOR_EXPIRED"


async def _commit_unread(shop: Shop, gone: int, left: int) -> None:
    """Leaves what is found when the first of new events are deleted already. No doorbell rings."""
    await shop.sql(
        """
        with counter as (
          update workspace_counter set sequence = sequence + $2::bigint + $3::bigint where workspace_id = $1
          returning sequence)
        insert into sync_event (workspace_id, sequence, id, type, entity_type, entity_id)
        select $1, sequence - n, gen_random_uuid(), 'order.updated', 'Order', gen_random_uuid()
          from counter, generate_series(0, $3 - 1) n
        """,
        shop.workspace_id,
        gone,
        left,
    )
