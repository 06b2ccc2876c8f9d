"""From events to deliveries."""

from uuid import UUID

import pytest

from core.database import pinned
from core.ids import new_id
from resolvers.context import Platform
from resolvers.webhook.relay import DELIVERIES, EVENTS, WORKSPACES, is_any_behind, relay_events, relay_some_events
from tests.changes.feed import add_events
from tests.factories import Shop
from tests.people import system_sql
from tests.webhook.world import add_endpoint, deliveries

pytestmark = pytest.mark.usefixtures("no_other_worker")

URL = "http://localhost:1/"


class TestRelay:
    """The relay."""

    async def test_makes_each_delivery_once(self, shop: Shop) -> None:
        endpoint = await add_endpoint(shop, URL)
        await add_events(shop, *["product.updated"] * (EVENTS + 5))

        await relay_events(shop.platform, [shop.workspace_id])
        await relay_events(shop.platform, [shop.workspace_id])

        assert [d["sequence"] for d in await deliveries(shop, endpoint)] == list(range(1, EVENTS + 6))

    async def test_has_nothing_more_to_do_where_nothing_is_new(self, shop: Shop) -> None:
        await add_endpoint(shop, URL)

        assert await relay_some_events(shop.platform, [shop.workspace_id]) == (set(), False)

    async def test_takes_fewer_events_at_once_where_there_are_more_endpoints(self, shop: Shop) -> None:
        endpoints = [await add_endpoint(shop, URL) for _ in range(80)]
        await add_events(shop, *["product.updated"] * 100)

        touched, is_more = await relay_some_events(shop.platform, [shop.workspace_id])
        first = [len(await deliveries(shop, endpoint)) for endpoint in endpoints]
        await relay_events(shop.platform, [shop.workspace_id])

        assert {key.id for key in touched} == set(endpoints)
        assert is_more
        assert set(first) == {DELIVERIES // 80}
        assert {len(await deliveries(shop, endpoint)) for endpoint in endpoints} == {100}

    async def test_passes_over_events_that_were_deleted_before_it_came(self, shop: Shop) -> None:
        endpoint = await add_endpoint(shop, URL)
        await add_events(shop, *["product.updated"] * 3)
        await system_sql(shop.platform, "delete from sync_event where workspace_id = $1", shop.workspace_id)

        await relay_events(shop.platform, [shop.workspace_id])
        await add_events(shop, "product.updated")
        await relay_events(shop.platform, [shop.workspace_id])

        assert [d["sequence"] for d in await deliveries(shop, endpoint)] == [4]

    async def test_ends_with_nobody_behind(self, shop: Shop) -> None:
        await add_endpoint(shop, URL)
        await add_events(shop, "product.updated")
        assert await is_any_behind(shop.platform)

        await relay_events(shop.platform)

        assert not await is_any_behind(shop.platform)

    async def test_serves_more_workspaces_than_fit_into_one_transaction(self, platform: Platform) -> None:
        ids = [new_id() for _ in range(WORKSPACES + 5)]
        for workspace_id in ids:
            await add_workspace(platform, workspace_id)

        await relay_events(platform, ids)

        behind = await system_sql(
            platform, "select from webhook_relay where workspace_id = any($1::uuid[]) and sequence = 0", ids
        )
        assert behind == []


async def add_workspace(platform: Platform, workspace_id: UUID) -> None:
    """A workspace with one event that was not relayed, and nothing else."""
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        for statement in (
            "insert into workspace (id, slug, name, currency_code) values ($1, $1::uuid::text, 'Many', 'EUR')",
            "insert into workspace_counter (workspace_id, sequence) values ($1, 1)",
            "insert into webhook_relay (workspace_id, sequence) values ($1, 0)",
            """insert into sync_event (workspace_id, sequence, id, type, entity_type, entity_id)
               values ($1, 1, gen_random_uuid(), 'product.updated', 'Product', $1)""",
        ):
            await connection.execute(statement, workspace_id)
