"""Drafts that are published at a time: within 5 s of it, once, whatever dies, and never silently not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.clock import now
from core.ids import uuid_in
from resolvers.storefront import is_any_due, publish_due
from resolvers.storefront.due import _publish_or_fail
from tests.factories import Shop
from tests.people import audit_actions, becomes, codes, emails_to, superuser_sql
from tests.storefront.api import PUBLISH, REBASE, SCHEDULE, UNSCHEDULE, UPDATE, Desk, open_desk
from tests.tasks.test_worker import worker

pytestmark = pytest.mark.usefixtures("no_other_worker")
RED = {"colors": {"primary": "#ff0000"}}
BLUE = {"colors": {"primary": "#0000ff"}}
# How late a publication may be.
WITHIN = 5.0


def soon(seconds: float = 3600) -> str:
    return (now() + timedelta(seconds=seconds)).isoformat()


async def schedule(desk: Desk, draft: dict[str, Any], seconds: float = 3600, **said: Any) -> dict[str, Any]:
    given = {"revision": draft["revision"], "publishAt": soon(seconds)} | said
    found: dict[str, Any] = (await desk.done(SCHEDULE, id=draft["id"], input=given))["storefrontDraft"]
    return found


async def come(desk: Desk) -> None:
    """Has the time of the shop's schedules come, in their order, without waiting for it."""
    await desk.shop.sql(
        "update storefront_draft set publish_at = publish_at - interval '1 day' where status = 'SCHEDULED'"
    )


def owner_of(desk: Desk) -> Desk:
    return desk.of(token=desk.shop.owner_token, workspace=desk.shop.slug)


class TestSchedule:
    async def test_closes_the_draft_until_its_time(self, desk: Desk) -> None:
        draft = await desk.draft(changes={"theme": RED})

        scheduled = await schedule(desk, draft, changeSummary="Red")

        assert (scheduled["status"], scheduled["revision"], scheduled["isBehind"]) == ("SCHEDULED", 2, False)
        assert datetime.fromisoformat(scheduled["publishAt"]) > now()
        for document in (UPDATE, PUBLISH, REBASE):
            payload = await desk.send(document, id=draft["id"], input={"revision": 2})
            assert codes(payload) == [("NOT_OPEN", ["id"])]
        assert await desk.get(draft) == scheduled
        assert await publish_due(desk.shop.platform) == 0
        assert (await desk.config())["version"] == 1

    async def test_can_be_taken_back(self, desk: Desk) -> None:
        scheduled = await schedule(desk, await desk.draft(changes={"theme": RED}))

        stale = await desk.send(UNSCHEDULE, id=scheduled["id"], input={"revision": 1})
        payload = await desk.done(UNSCHEDULE, id=scheduled["id"], input={"revision": 2})
        again = await desk.send(UNSCHEDULE, id=scheduled["id"], input={"revision": 3})

        assert codes(stale) == [("CONFLICT", ["input", "revision"])]
        assert (payload["storefrontDraft"]["status"], payload["storefrontDraft"]["publishAt"]) == ("OPEN", None)
        assert codes(again) == [("NOT_SCHEDULED", ["id"])]
        await come(desk)
        assert await publish_due(desk.shop.platform) == 0
        assert (await desk.config())["version"] == 1

    @pytest.mark.parametrize("seconds", [-1, -3600])
    async def test_refuses_a_time_that_is_past(self, desk: Desk, seconds: float) -> None:
        draft = await desk.draft(changes={"theme": RED})

        payload = await desk.send(SCHEDULE, id=draft["id"], input={"revision": 1, "publishAt": soon(seconds)})

        assert codes(payload) == [("OUT_OF_RANGE", ["input", "publishAt"])]
        assert (await desk.get(draft))["status"] == "OPEN"

    async def test_refuses_a_draft_that_is_behind(self, desk: Desk) -> None:
        behind = await desk.draft(changes={"theme": RED})
        await desk.publish(await desk.draft(changes={"theme": BLUE}))

        payload = await desk.send(SCHEDULE, id=behind["id"], input={"revision": 1, "publishAt": soon()})

        assert codes(payload) == [("BASE_MOVED", ["id"])]


class TestWhenItsTimeHasCome:
    async def test_the_draft_goes_live_as_who_scheduled_it_said(self, desk: Desk) -> None:
        draft = await schedule(
            owner_of(desk), await desk.draft(changes={"theme": RED}), changeSummary="Red", tags=["night"]
        )
        assert not await is_any_due(desk.shop.platform)
        await come(desk)
        assert await is_any_due(desk.shop.platform)

        assert await publish_due(desk.shop.platform) == 1

        found = await desk.get(draft)
        assert (found["status"], found["publishAt"], found["publishedVersion"]) == ("PUBLISHED", None, {"number": 2})
        (row,) = await desk.shop.sql("select * from storefront_version where number = 2")
        assert (row["change_summary"], row["tags"], row["author"]) == ("Red", ["night"], desk.shop.owner_email)
        assert row["created_by"] == desk.shop.owner.id
        assert (await desk.config())["theme"] == RED
        assert (await desk.events())[-1] == "storefront.published"
        assert not await is_any_due(desk.shop.platform)

    async def test_many_who_ask_publish_it_once(self, desk: Desk) -> None:
        await schedule(desk, await desk.draft(changes={"theme": RED}))
        await come(desk)

        done = await asyncio.gather(*(publish_due(desk.shop.platform) for _ in range(5)))

        assert sum(done) == 1
        assert (await desk.live())["number"] == 2
        assert (await desk.events()).count("storefront.published") == 1

    async def test_one_that_is_no_longer_due_is_left_alone(self, desk: Desk) -> None:
        """Between looking for what is due and locking it somebody may have taken the schedule back."""
        draft = await desk.draft(changes={"theme": RED})
        draft_id = uuid_in(draft["id"], "StorefrontDraft")
        assert draft_id is not None

        assert not await _publish_or_fail(desk.shop.platform, desk.shop.workspace_id, draft_id)
        assert await desk.get(draft) == draft
        later = await schedule(desk, draft)
        assert not await _publish_or_fail(desk.shop.platform, desk.shop.workspace_id, draft_id)
        assert await desk.get(draft) == later
        assert (await desk.live())["number"] == 1

    async def test_the_second_of_two_fails_with_a_reason_that_is_told(self, desk: Desk) -> None:
        """Nothing is merged by itself, at night neither."""
        await schedule(desk, await desk.draft("First", changes={"theme": RED}), 3600)
        second = await schedule(owner_of(desk), await desk.draft("Second", changes={"seo": {"title": "x"}}), 3601)
        await come(desk)

        await publish_due(desk.shop.platform)
        await publish_due(desk.shop.platform)

        found = await desk.get(second)
        assert (found["status"], found["publishAt"], found["isBehind"]) == ("OPEN", None, True)
        assert "Version 2 went live" in found["failure"]
        assert found["failedAt"] is not None
        assert found["changes"] == {"seo": {"title": "x"}}
        (mail,) = await emails_to(desk.shop.platform, desk.shop.owner_email)
        assert mail["subject"] == "The draft Second was not published"
        assert found["failure"] in mail["text_body"]
        assert (await audit_actions(desk.shop)).count("storefrontDraftPublishFail") == 1
        assert (await desk.live())["number"] == 2

    async def test_what_no_longer_fits_the_theme_fails_with_its_path(self, desk: Desk) -> None:
        draft = await schedule(desk, await desk.draft(changes={"theme": RED}))
        await desk.shop.sql("update storefront_draft set theme = '{\"mode\":\"pink\"}' where status = 'SCHEDULED'")
        await come(desk)

        await publish_due(desk.shop.platform)

        found = await desk.get(draft)
        assert found["status"] == "OPEN"
        assert found["failure"] == 'theme/mode It must be one of ["light","dark","auto"].'
        # An API key scheduled it: the owners are told.
        assert len(await emails_to(desk.shop.platform, desk.shop.owner_email)) == 1

    async def test_one_that_cannot_even_fail_keeps_no_other_from_going_live(self, desk: Desk, other_shop: Shop) -> None:
        """A workspace without a counter can write no event, and with that nothing."""
        other = await open_desk(other_shop)
        stuck = await schedule(desk, await desk.draft(changes={"theme": RED}))
        await schedule(other, await other.draft(changes={"theme": RED}), 3601)
        sequence = await desk.sequence()
        await superuser_sql("delete from workspace_counter where workspace_id = $1", desk.shop.workspace_id)
        for each in (desk, other):
            await come(each)

        await publish_due(desk.shop.platform)

        assert (await other.live())["number"] == 2
        assert await desk.get(stuck) | {"publishAt": stuck["publishAt"]} == stuck
        await superuser_sql(
            "insert into workspace_counter (workspace_id, sequence) values ($1, $2)", desk.shop.workspace_id, sequence
        )
        await publish_due(desk.shop.platform)
        assert (await desk.live())["number"] == 2

    async def test_one_that_fails_keeps_no_other_from_going_live(self, desk: Desk) -> None:
        other = await open_desk(desk.shop)
        await schedule(desk, await desk.draft(changes={"theme": RED}))
        await desk.shop.sql("update storefront_draft set theme = 'no json' where status = 'SCHEDULED'")
        await schedule(other, await other.draft(changes={"theme": RED}))
        await come(desk)

        await publish_due(desk.shop.platform)

        assert (await desk.live())["number"] == 1
        assert (await other.live())["number"] == 2

    async def test_a_failed_draft_can_be_published_again(self, desk: Desk) -> None:
        behind = await schedule(desk, await desk.draft(changes={"seo": {"title": "x"}}))
        await desk.publish(await desk.draft(changes={"theme": RED}))
        await come(desk)
        await publish_due(desk.shop.platform)

        failed = await desk.get(behind)
        rebased = await desk.done(REBASE, id=behind["id"], input={"revision": failed["revision"]})

        version = await desk.publish(rebased["storefrontDraft"])
        assert version["number"] == 3
        assert (await desk.config())["theme"] == RED
        assert (await desk.config())["seo"] == {"title": "x"}


@asynccontextmanager
async def worker_that_dies(data: Path, after: float) -> AsyncIterator[None]:
    """A worker that is killed when it has worked for so long, or at the end."""
    async with worker(data) as process:
        killer = asyncio.get_running_loop().call_later(after, process.kill)
        yield
        killer.cancel()


class TestWorker:
    """`python -m tasks`, killed and started again."""

    async def test_publishes_at_the_time_with_a_worker_killed_across_it(self, desk: Desk, tmp_path: Path) -> None:
        draft = await desk.draft(changes={"theme": RED})
        async with worker(tmp_path) as process:
            due = now() + timedelta(seconds=2.5)
            await desk.done(SCHEDULE, id=draft["id"], input={"revision": 1, "publishAt": due.isoformat()})
            await asyncio.sleep(0.5)
            process.kill()
            await process.wait()
        async with worker(tmp_path):
            await becomes("PUBLISHED", lambda: status(desk, draft), 15)
        (row,) = await desk.shop.sql("select created_at from storefront_version where number = 2")

        late = (row["created_at"] - due).total_seconds()
        assert 0 <= late <= WITHIN, f"{late:.1f} s late"
        assert (await desk.events()).count("storefront.published") == 1

    async def test_never_publishes_twice_however_often_workers_die(self, desk: Desk, tmp_path: Path) -> None:
        """Many sites are due at once, and workers die among them: each has one version more at the end."""
        desks = [await open_desk(desk.shop) for _ in range(8)]
        for each in desks:
            await schedule(each, await each.draft(changes={"theme": RED}), 1.5)
        await asyncio.sleep(0.5)
        for after in (0.6, 0.7):
            async with worker_that_dies(tmp_path, after):
                await asyncio.sleep(after)
        async with worker(tmp_path):

            async def numbers() -> list[int]:
                return [(await each.live())["number"] for each in desks]

            await becomes([2] * len(desks), numbers, 15)
            await asyncio.sleep(2)

        rows = await desk.shop.sql("select count(*) from storefront_version where number > 1")
        assert rows[0][0] == len(desks)
        assert (await desk.events()).count("storefront.published") == len(desks)


async def status(desk: Desk, draft: dict[str, Any]) -> str:
    found: str = (await desk.get(draft))["status"]
    return found
