"""`pollingStates`: who polls, and how far behind they are."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.access import Caller, CallerKind
from core.clock import now
from core.ids import global_id, new_id
from resolvers.context import Platform
from resolvers.feed import event_cursor
from resolvers.polling import MAX_NOTED, Polls
from resolvers.retention import delete_old_rows
from tests.changes.feed import LATEST, add_events, page, refused
from tests.factories import Shop
from tests.people import becomes

STATES = """
{ pollingStates { nodes {
  id callerKind callerId callerLabel lastPolledAt sequence eventsBehind oldestUnreadAt
} } }
"""


async def states(shop: Shop) -> list[dict[str, Any]]:
    """The states, once everything that was noted is written."""
    await shop.platform.polls.flush(shop.platform.database)
    answer = await shop.graphql(STATES, token=shop.owner_token, workspace=shop.slug)
    found: list[dict[str, Any]] = answer["data"]["pollingStates"]["nodes"]
    return found


async def state(shop: Shop) -> dict[str, Any]:
    (found,) = await states(shop)
    return found


class TestPollingStates:
    """What is shown of pollers."""

    async def test_says_who_asked_when_from_where(self, shop: Shop) -> None:
        await add_events(shop, "product.created", "product.updated", "order.created")
        before = now()
        await page(shop, event_cursor(1))

        found = await state(shop)

        asked = datetime.fromisoformat(found.pop("lastPolledAt"))
        assert before <= asked <= datetime.now(UTC)
        assert found.pop("oldestUnreadAt") == (await page(shop))["edges"][1]["node"]["occurredAt"]
        assert found.pop("id").startswith("PollingState_")
        assert found == {
            "callerKind": "API_KEY",
            "callerId": global_id("ApiKey", shop.api_key_id),
            "callerLabel": "tests",
            "sequence": 1,
            "eventsBehind": 2,
        }

    async def test_knows_storefront_tokens(self, shop: Shop) -> None:
        await add_events(shop, "product.created")
        await page(shop, event_cursor(1), by_shopper=True)

        found = await state(shop)

        assert (found["callerKind"], found["callerId"]) == (
            "SHOPPER",
            global_id("StorefrontToken", shop.storefront_token_id),
        )
        assert (found["eventsBehind"], found["oldestUnreadAt"]) == (0, None)

    async def test_follows_a_poller(self, shop: Shop) -> None:
        await add_events(shop, *["product.updated"] * 3)
        await page(shop, event_cursor(1), types=["PRODUCT_CREATED"])
        first = await state(shop)
        await page(shop, event_cursor(3), types=["PRODUCT_CREATED"])
        second = await state(shop)
        await add_events(shop, "product.updated")

        third = await state(shop)

        assert [found["sequence"] for found in (first, second, third)] == [1, 3, 3]
        assert [found["eventsBehind"] for found in (first, second, third)] == [2, 0, 1]
        assert first["id"] == second["id"]

    async def test_a_poll_without_a_cursor_says_nothing_of_how_far_it_is(self, shop: Shop) -> None:
        await add_events(shop, *["product.updated"] * 3)
        await shop.admin(LATEST)
        first = await state(shop)
        await page(shop, event_cursor(2))
        await shop.admin(LATEST)

        second = await state(shop)

        assert (first["sequence"], first["eventsBehind"], first["oldestUnreadAt"]) == (None, None, None)
        assert (second["sequence"], second["eventsBehind"]) == (2, 1)

    async def test_a_cursor_ahead_is_not_behind(self, shop: Shop) -> None:
        await add_events(shop, "product.created")
        await refused(shop, event_cursor(100))

        assert (await state(shop))["eventsBehind"] == 0

    async def test_a_person_is_no_poller(self, shop: Shop) -> None:
        await shop.graphql(LATEST, token=shop.owner_token, workspace=shop.slug)

        assert await states(shop) == []

    async def test_is_not_shown_to_another_workspace(self, shop: Shop, other_shop: Shop) -> None:
        await page(other_shop)

        assert await states(shop) == []
        assert len(await states(other_shop)) == 1

    async def test_is_written_by_itself(self, shop: Shop) -> None:
        """Without a flush of the test's own."""
        await page(shop)

        async def asked() -> int:
            answer = await shop.graphql(STATES, token=shop.owner_token, workspace=shop.slug)
            return len(answer["data"]["pollingStates"]["nodes"])

        await becomes(1, asked)

    async def test_is_forgotten_after_30_days_of_silence(self, platform: Platform, shop: Shop) -> None:
        polls = Polls()
        quiet, gone = new_id(), new_id()
        for caller_id in (quiet, gone):
            polls.note(Caller(CallerKind.API_KEY, caller_id, shop.workspace_id, label="key"), 1)
        for (workspace_id, caller_id), poll in polls._noted.items():
            days = 31 if caller_id == gone else 29
            polls._noted[workspace_id, caller_id] = poll._replace(
                at=time.monotonic() - timedelta(days=days).total_seconds()
            )
        await polls.flush(platform.database)

        await delete_old_rows(platform)

        assert [found["callerId"] for found in await states(shop)] == [global_id("ApiKey", quiet)]


class TestPolls:
    """Noting polls in memory."""

    async def test_never_goes_back_where_processes_write_late(self, platform: Platform, shop: Shop) -> None:
        caller = Caller(CallerKind.API_KEY, shop.api_key_id, shop.workspace_id, label="key")
        early, late = Polls(), Polls()
        early.note(caller, 5)
        # The time that writing takes is between them too.
        await asyncio.sleep(0.2)
        late.note(caller, 9)
        await late.flush(platform.database)
        await early.flush(platform.database)

        assert [row["sequence"] for row in await shop.sql("select sequence from polling_state")] == [9]

    async def test_is_bounded(self, shop: Shop) -> None:
        polls = Polls()
        caller = Caller(CallerKind.SHOPPER, new_id(), shop.workspace_id)
        polls.note(caller, 1)
        for _ in range(MAX_NOTED + 5):
            polls.note(replace(caller, id=new_id()), 1)
        polls.note(caller, 2)

        assert len(polls._noted) == MAX_NOTED
        assert polls._noted[shop.workspace_id, caller.id].sequence == 2  # type: ignore[index]

    async def test_keeps_what_could_not_be_written(self, platform: Platform, shop: Shop) -> None:
        polls = Polls()
        caller = Caller(CallerKind.API_KEY, shop.api_key_id, shop.workspace_id, label="key")
        polls.note(caller, 1)
        async with platform.database.system.acquire() as blocker, blocker.transaction():
            await blocker.execute(
                "insert into polling_state (workspace_id, id, caller_id, caller_kind, caller_label, last_polled_at) "
                "values ($1, $2, $3, 'API_KEY', '', 'epoch')",
                shop.workspace_id,
                new_id(),
                shop.api_key_id,
            )
            # The role waits for a lock for 3 s.
            with pytest.raises(Exception, match="lock timeout"):
                await polls.flush(platform.database)
        await polls.flush(platform.database)

        assert [row["sequence"] for row in await shop.sql("select sequence from polling_state")] == [1]

    async def test_are_written_when_the_process_ends(self, platform: Platform, shop: Shop) -> None:
        polls = Polls()
        polls.note(Caller(CallerKind.API_KEY, shop.api_key_id, shop.workspace_id, label="key"), 7)
        await polls.close(platform.database)

        assert [row["sequence"] for row in await shop.sql("select sequence from polling_state")] == [7]

    async def test_do_not_keep_a_process_from_ending(self, platform: Platform, shop: Shop) -> None:
        polls = Polls()
        polls.note(Caller(CallerKind.API_KEY, shop.api_key_id, shop.workspace_id, label="key"), 7)
        await polls.flush(platform.database)
        polls.note(Caller(CallerKind.API_KEY, shop.api_key_id, shop.workspace_id, label="key"), 8)
        async with platform.database.system.acquire() as blocker, blocker.transaction():
            await blocker.execute("select from polling_state where workspace_id = $1 for update", shop.workspace_id)
            closing = asyncio.create_task(polls.close(platform.database))
            done, _ = await asyncio.wait([closing], timeout=10)

        assert done
        assert closing.exception() is None, "it raises nothing"
