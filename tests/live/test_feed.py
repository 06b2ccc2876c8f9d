"""How a process finds new events."""

import asyncio
from contextlib import suppress
from functools import partial
from uuid import UUID

import asyncpg
import pytest

from resolvers.feed import Event, Feed
from tests.changes.feed import add_events
from tests.factories import Shop
from tests.people import becomes


def _note(told: list[UUID], workspace_id: UUID, _event: Event | None) -> None:
    told.append(workspace_id)


class TestSweep:
    """What finds events whose doorbells were lost."""

    async def test_goes_on_where_one_workspace_cannot_be_read(
        self, shop: Shop, other_shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        feed = Feed(shop.platform.database, shop.platform.doorbells)
        told: list[UUID] = []
        for each in (shop, other_shop):
            workspace = each.workspace_id
            position = await feed.position(workspace)
            feed.follow(workspace, partial(_note, told, workspace), position)
            await add_events(each, "product.updated")
        read = feed._read
        failing: list[UUID] = []

        async def read_none_but_the_first(workspace_id: UUID, until: int = 0) -> None:
            if not failing:
                failing.append(workspace_id)
            if workspace_id in failing:
                raise asyncpg.LockNotAvailableError("it is locked")
            await read(workspace_id, until)

        monkeypatch.setattr(feed, "_read", read_none_but_the_first)
        sweep = asyncio.create_task(feed._sweep())

        async def is_told() -> set[UUID]:
            return set(told)

        try:
            while not failing:  # noqa: ASYNC110 - the sweep comes within a second
                await asyncio.sleep(0.05)
            await becomes({shop.workspace_id, other_shop.workspace_id} - set(failing), is_told)
        finally:
            sweep.cancel()
            with suppress(asyncio.CancelledError):
                await sweep
