"""`syncHealth { sites }`: how each site keeps up with what changes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from core.crypto import encrypt
from core.events import SyncEventType
from core.ids import global_id, new_id, uuid_in
from resolvers.feed import event_cursor
from resolvers.webhook.relay import relay_events
from tests.changes.feed import add_events, page
from tests.factories import Shop, make_site
from tests.people import becomes, no_other_worker, superuser_sql
from tests.schema.test_one_statement import open_all_connections, recorded
from tests.tenancy.world import DEPLOYMENT, key_with
from tests.webhook.receiver import Receiver, receiving
from tests.webhook.world import SECRET, dispatching

__all__ = ["no_other_worker"]
HEALTH = """
query {
  syncHealth { sites(first: 10) { nodes {
    siteId toldBy isStale untoldSequence oldestUntoldAt eventsBehind lastPolledAt polledSequence
    site { name } webhookEndpoint { failingSince } pollers { nodes { callerId site { id } } }
  } } }
}
"""
OF_SITE = "query ($id: ID!) { site(id: $id) { health { siteId eventsBehind } } }"
ENDPOINT = """
with relay as (
  insert into webhook_relay (workspace_id, sequence)
  select workspace_id, sequence from workspace_counter where workspace_id = $1 on conflict do nothing)
insert into webhook_endpoint (workspace_id, id, site_id, url, event_types, secret, since_sequence)
select workspace_id, $2, $3, 'https://site.example/', $4, $5, sequence from workspace_counter where workspace_id = $1
"""
SERVED = "update site_server set status = 'RUNNING', address = $1"
OFF = "update webhook_endpoint set is_active = false, disabled_reason = 'BY_HAND', disabled_at = now()"
LATER = "update sync_event set occurred_at = occurred_at - interval '3 minutes'"
SEEN = [kind.value for kind in SyncEventType if kind.shoppers_see]


async def site_of(shop: Shop) -> tuple[UUID, str]:
    """A site, and the token of its theme."""
    made = await make_site(shop)
    site_id = uuid_in(made["id"], "Site")
    assert site_id
    return site_id, made["storefrontToken"]


async def go_live(shop: Shop, site_id: UUID) -> None:
    """As a host does: the site has an endpoint of its own then."""
    endpoint = new_id()
    sealed = encrypt(SECRET, shop.platform.settings.secret_key.get_secret_value(), str(endpoint))
    await shop.sql(DEPLOYMENT, shop.workspace_id, site_id, new_id())
    await shop.sql(ENDPOINT, shop.workspace_id, endpoint, site_id, SEEN, sealed)


@asynccontextmanager
async def served(shop: Shop, site_id: UUID) -> AsyncIterator[Receiver]:
    """The site, live and told by webhooks; the receiver stands for its server."""
    await go_live(shop, site_id)
    async with receiving() as receiver, dispatching(shop.platform):
        await shop.sql(SERVED, receiver.url.removesuffix("/hook"))
        yield receiver


async def poll(shop: Shop, token: str, sequence: int) -> None:
    await page(shop, event_cursor(sequence), by_shopper=True, storefront_token=token)
    await shop.platform.polls.flush(shop.platform.database)


async def sites(shop: Shop, **options: Any) -> dict[str, dict[str, Any]]:
    answer = await shop.admin(HEALTH, **options)
    assert "errors" not in answer, answer
    return {node["siteId"]: node for node in answer["data"]["syncHealth"]["sites"]["nodes"]}


async def health(shop: Shop, site_id: UUID) -> dict[str, Any]:
    return (await sites(shop))[global_id("Site", site_id)]


async def shown(shop: Shop, site_id: UUID, *names: str) -> object:
    found = await health(shop, site_id)
    return tuple(found[name] for name in names)


async def last_sequence(shop: Shop) -> int:
    (row,) = await shop.sql("select sequence from workspace_counter")
    return int(row["sequence"])


async def make_old(shop: Shop) -> None:
    """Minutes go by."""
    await superuser_sql(f"{LATER} where workspace_id = $1", shop.workspace_id)


class TestSiteThatNobodyTells:
    async def test_is_not_known_to_be_behind(self, shop: Shop) -> None:
        """Before it is live, and where a theme is served elsewhere that neither polls nor has webhooks."""
        site_id, _ = await site_of(shop)
        await shop.product()

        found = await health(shop, site_id)

        assert found == {
            "siteId": global_id("Site", site_id),
            "toldBy": "NOTHING",
            "isStale": False,
            "untoldSequence": None,
            "oldestUntoldAt": None,
            "eventsBehind": 0,
            "lastPolledAt": None,
            "polledSequence": None,
            "site": {"name": "Lamps"},
            "webhookEndpoint": None,
            "pollers": {"nodes": []},
        }


class TestSiteThatPolls:
    async def test_is_as_far_as_it_asked(self, shop: Shop) -> None:
        site_id, token = await site_of(shop)
        before = await last_sequence(shop)
        await shop.product()
        product = await shop.product()
        await poll(shop, token, before + 1)

        found = await health(shop, site_id)

        assert (found["toldBy"], found["isStale"], found["polledSequence"]) == ("POLLING", False, before + 1)
        assert (found["untoldSequence"], found["eventsBehind"]) == (before + 2, 1)
        assert found["oldestUntoldAt"] is not None
        assert found["lastPolledAt"] is not None
        assert [each["site"] for each in found["pollers"]["nodes"]] == [{"id": global_id("Site", site_id)}]
        assert product

    async def test_need_not_ask_past_what_shoppers_do_not_see(self, shop: Shop) -> None:
        site_id, token = await site_of(shop)
        await poll(shop, token, await last_sequence(shop))
        await add_events(shop, "order.created", "site.deployed")

        assert await shown(shop, site_id, "untoldSequence", "eventsBehind") == (None, 0)

    async def test_is_stale_two_minutes_after_an_event_that_it_has_not_asked_past(self, shop: Shop) -> None:
        site_id, token = await site_of(shop)
        await poll(shop, token, await last_sequence(shop))
        await add_events(shop, "product.updated")
        fresh = await shown(shop, site_id, "isStale", "eventsBehind")

        await make_old(shop)

        assert fresh == (False, 1)
        assert await shown(shop, site_id, "isStale", "eventsBehind") == (True, 1)

    async def test_is_told_apart_from_others_by_its_token(self, shop: Shop) -> None:
        (one, token), (other, _) = await site_of(shop), await site_of(shop)
        await page(shop, event_cursor(1), by_shopper=True)
        await poll(shop, token, 1)

        assert (await health(shop, one))["polledSequence"] == 1
        assert (await health(shop, other))["polledSequence"] is None

    async def test_that_falls_silent_is_told_by_nothing(self, shop: Shop) -> None:
        site_id, token = await site_of(shop)
        await poll(shop, token, await last_sequence(shop))
        async with shop.platform.database.system.acquire() as connection:
            await connection.execute(
                "update polling_state set last_polled_at = now() - interval '3 minutes' where workspace_id = $1",
                shop.workspace_id,
            )

        assert await shown(shop, site_id, "toldBy", "isStale") == ("NOTHING", False)


@pytest.mark.usefixtures("no_other_worker")
class TestSiteWithWebhooks:
    async def test_is_told_of_what_arrives(self, shop: Shop) -> None:
        site_id, _ = await site_of(shop)
        async with served(shop, site_id) as receiver:
            await shop.product()
            await receiver.has(1)

            # The answer is written in a moment.
            await becomes((None, 0), partial(shown, shop, site_id, "untoldSequence", "eventsBehind"))
            found = await health(shop, site_id)

        assert (found["toldBy"], found["isStale"]) == ("WEBHOOKS", False)
        assert found["webhookEndpoint"] == {"failingSince": None}

    async def test_is_behind_while_they_fail_and_until_it_polls(self, shop: Shop) -> None:
        site_id, token = await site_of(shop)
        async with served(shop, site_id) as receiver:
            receiver.status = 500
            before = await last_sequence(shop)
            await add_events(shop, "order.created")
            await shop.product()
            await shop.product()
            await becomes("NOTHING", partial(self._told_by, shop, site_id))
            failing = await shown(shop, site_id, "untoldSequence", "eventsBehind", "isStale")
            await make_old(shop)
            stale = await shown(shop, site_id, "isStale")

            await poll(shop, token, before + 2)
            polled = await shown(shop, site_id, "toldBy", "untoldSequence", "eventsBehind")
            await poll(shop, token, before + 3)

            assert failing == (before + 2, 2, False)
            assert stale == (True,)
            assert polled == ("POLLING", before + 3, 1)
            assert await shown(shop, site_id, "untoldSequence", "eventsBehind", "isStale") == (None, 0, False)

    async def _told_by(self, shop: Shop, site_id: UUID) -> object:
        return (await health(shop, site_id))["toldBy"]

    async def test_was_not_told_of_what_was_given_up(self, shop: Shop) -> None:
        site_id, _ = await site_of(shop)
        async with served(shop, site_id) as receiver:
            receiver.status = 500
            await shop.product()
            await receiver.has(1)
            untold = await last_sequence(shop)
            await becomes((untold,), partial(shown, shop, site_id, "untoldSequence"))
        await shop.sql("update webhook_delivery set status = 'FAILED', due_at = null, finished_at = now()")
        async with shop.platform.database.system.acquire() as connection:
            await connection.execute(
                "update webhook_endpoint set failing_since = null where workspace_id = $1", shop.workspace_id
            )

        assert await shown(shop, site_id, "untoldSequence", "toldBy") == (untold, "WEBHOOKS")

    async def test_is_behind_from_where_they_were_turned_off(self, shop: Shop) -> None:
        site_id, token = await site_of(shop)
        async with served(shop, site_id) as receiver:
            await shop.product()
            await receiver.has(1)
            await becomes((None,), partial(shown, shop, site_id, "untoldSequence"))
            before = await last_sequence(shop)
            await shop.sql(OFF)
            await add_events(shop, "order.created", "product.updated", "product.updated")
            await relay_events(shop.platform, [shop.workspace_id])

            found = await shown(shop, site_id, "toldBy", "untoldSequence", "eventsBehind")
            await poll(shop, token, before + 3)

            assert found == ("NOTHING", before + 2, 2)
            assert await shown(shop, site_id, "toldBy", "untoldSequence") == ("POLLING", None)

    async def test_is_behind_while_no_worker_makes_deliveries(self, shop: Shop) -> None:
        site_id, _ = await site_of(shop)
        await go_live(shop, site_id)
        before = await last_sequence(shop)
        await add_events(shop, "order.created", "product.updated")

        assert await shown(shop, site_id, "untoldSequence") == (before + 2,)


class TestSites:
    @pytest.mark.xdist_group("all_connections")
    async def test_are_all_read_by_one_statement(self, shop: Shop) -> None:
        for _ in range(3):
            await site_of(shop)
        await open_all_connections(shop.platform)
        await sites(shop)

        with recorded(shop.platform) as statements:
            found = await sites(shop)

        assert (len(found), len(statements)) == (3, 1)

    async def test_show_themselves_too(self, shop: Shop) -> None:
        site_id, token = await site_of(shop)
        await poll(shop, token, 1)
        await add_events(shop, "product.updated")

        answer = await shop.admin(OF_SITE, {"id": global_id("Site", site_id)})

        assert answer["data"]["site"]["health"]["siteId"] == global_id("Site", site_id)
        assert answer["data"]["site"]["health"]["eventsBehind"] >= 1

    async def test_that_are_deleted_are_not_among_them(self, shop: Shop) -> None:
        site_id, _ = await site_of(shop)
        await shop.sql("update site set deleted_at = now() where id = $1", site_id)

        assert await sites(shop) == {}

    async def test_are_ones_own(self, shop: Shop, other_shop: Shop) -> None:
        await site_of(other_shop)

        assert await sites(shop) == {}

    async def test_hide_what_needs_more(self, shop: Shop) -> None:
        await site_of(shop)
        token = await key_with(shop, "events:read")

        answer = await shop.admin("{ syncHealth { sites { nodes { siteId site { name } } } } }", token=token)

        (node,) = answer["data"]["syncHealth"]["sites"]["nodes"]
        assert node["site"] is None
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
