"""Beginning, cancelling and trying deployments again; whose turn it is; and workers that die."""

import asyncio
from typing import Any

import pytest

from core.events import SyncEventType
from core.ids import global_id, new_id, uuid_in
from resolvers.deployment import is_any_build_due
from resolvers.deployment.lease import lease_build
from tests.deployment.workshop import BUILD, DEPLOY, Built, Workshop, texts
from tests.factories import STARTER, Shop, make_site, make_theme
from tests.people import audit_actions, becomes, codes, system_sql

CANCEL = "mutation ($id: ID!) { deploymentCancel(id: $id) { deployment { status } userErrors { code field } } }"
RETRY = "mutation ($id: ID!) { deploymentRetry(id: $id) { deployment { id number status } userErrors { code field } } }"
NEVER_ENDS = "setInterval(() => {}, 1000)"


async def send(shop: Shop, document: str, deployment_id: str) -> dict[str, Any]:
    answer = await shop.admin(document, {"id": deployment_id})
    (payload,) = answer["data"].values()
    return dict(payload)


async def status_of(site: Built, deployment_id: str) -> str:
    return str((await site.deployment(deployment_id))["status"])


async def expire_lease(shop: Shop) -> None:
    """As if the worker at it had been dead for long."""
    await shop.sql("update deployment set lease_until = now() - interval '1 second' where status = 'BUILDING'")


class TestSiteDeploy:
    async def test_begins_one_that_waits_for_a_worker(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)

        made = await site.deployment(await site.deploy())

        assert (made["number"], made["status"], made["step"], made["author"]) == (1, "QUEUED", None, "tests")
        assert texts(made) == ["Waiting for a worker to build it."]
        assert await audit_actions(shop) == ["siteCreate", "siteDeploy"]
        (event,) = await shop.sql("select type, entity_type from sync_event order by sequence desc limit 1")
        assert tuple(event) == (SyncEventType.DEPLOYMENT_CREATED, "Deployment")

    async def test_lets_one_that_waits_give_way(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)

        first, second = [await site.deploy() for _ in range(2)]

        assert [await status_of(site, each) for each in (first, second)] == ["SUPERSEDED", "QUEUED"]
        assert await workshop.build()
        assert not await workshop.build()
        assert await status_of(site, second) == "STARTING"

    async def test_is_refused_where_nobody_knows_the_themes_code(self, workshop: Workshop, shop: Shop) -> None:
        theme_id = await make_theme(workshop.platform, STARTER | {"slug": f"bare-{new_id().hex[-12:]}"})
        site = await make_site(shop, theme_id)

        assert codes(await send(shop, DEPLOY, site["id"])) == [("NOT_DEPLOYABLE", ["id"])]
        assert await shop.sql("select from deployment") == []

    async def test_is_refused_beyond_what_a_day_may_see(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        await site.deploy()
        await shop.sql(
            "insert into deployment (workspace_id, id, site_id, number, theme_id, theme_version, status) "
            "select workspace_id, gen_random_uuid(), site_id, n, theme_id, theme_version, 'FAILED' "
            "from deployment, generate_series(2, $1::int) n",
            shop.platform.settings.deployments_per_day,
        )

        assert codes(await send(shop, DEPLOY, site.id)) == [("LIMIT_REACHED", ["id"])]

    async def test_of_a_site_that_is_not_there_is_refused(self, workshop: Workshop, shop: Shop) -> None:
        assert codes(await send(shop, DEPLOY, global_id("Site", new_id()))) == [("NOT_FOUND", ["id"])]


class TestQueue:
    async def test_builds_one_of_a_site_at_a_time(self, workshop: Workshop, shop: Shop) -> None:
        many = workshop.with_settings(builds_at_once_per_workspace=5)
        site = await many.site(shop)
        await site.deploy()
        taken = await lease_build(many.platform, new_id())
        await site.deploy()

        assert taken is not None
        assert await lease_build(many.platform, new_id()) is None
        assert not await is_any_build_due(many.platform)

    async def test_bounds_what_a_workspace_builds_at_once(self, workshop: Workshop, shop: Shop) -> None:
        sites = [await workshop.site(shop) for _ in range(2)]
        for site in sites:
            await site.deploy()

        assert await lease_build(workshop.platform, new_id()) is not None
        assert await lease_build(workshop.platform, new_id()) is None
        assert await lease_build(workshop.with_settings(builds_at_once_per_workspace=2).platform, new_id()) is not None

    async def test_serves_the_workspace_first_that_waited_longest(
        self, workshop: Workshop, shop: Shop, other_shop: Shop
    ) -> None:
        """One with many sites does not keep another from its turn."""
        for _ in range(3):
            await (await workshop.site(shop)).deploy()
        await (await workshop.site(other_shop)).deploy()

        order = []
        for _ in range(4):
            row = await lease_build(workshop.platform, new_id())
            order.append(row["workspace_id"])
            owner = shop if row["workspace_id"] == shop.workspace_id else other_shop
            await owner.sql("update deployment set status = 'FAILED' where id = $1", row["id"])

        assert order == [shop.workspace_id, other_shop.workspace_id, shop.workspace_id, shop.workspace_id]


class TestDeploymentCancel:
    async def test_ends_one_that_waits_at_once(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        deployment = await site.deploy()

        assert await send(shop, CANCEL, deployment) == {"deployment": {"status": "CANCELLED"}, "userErrors": []}
        assert not await workshop.build()
        assert codes(await send(shop, CANCEL, deployment)) == [("ALREADY_FINISHED", ["id"])]

    async def test_ends_one_that_is_built_with_all_of_it(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop, NEVER_ENDS)
        deployment = await site.deploy()
        building = asyncio.create_task(workshop.build())
        await becomes("BUILD", lambda: _step(site, deployment), 30)

        assert await send(shop, CANCEL, deployment) == {"deployment": {"status": "BUILDING"}, "userErrors": []}

        await building
        made = await site.deployment(deployment)
        assert (made["status"], made["error"]) == ("CANCELLED", "It was cancelled.")
        assert list((workshop.builds / "work").iterdir()) == []


class TestDeploymentRetry:
    async def test_begins_a_new_one_of_the_same_version(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop, "process.exit(1)")
        failed = await site.deployed()
        (site.folder / "build.js").write_text(BUILD)

        payload = await send(shop, RETRY, failed["id"])

        assert payload["deployment"]["number"] == 2
        assert await workshop.build()
        assert await status_of(site, payload["deployment"]["id"]) == "STARTING"

    async def test_is_refused_to_one_that_did_not_fail(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)

        assert codes(await send(shop, RETRY, await site.deploy())) == [("NOT_FAILED", ["id"])]


class TestWorkerThatDies:
    async def test_leaves_what_another_builds_anew(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        deployment = await site.deploy()
        await lease_build(workshop.platform, new_id())
        assert not await workshop.build()
        await expire_lease(shop)

        assert await workshop.build()

        assert await status_of(site, deployment) == "STARTING"

    async def test_again_and_again_is_given_up(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        deployment = await site.deploy()
        for _ in range(2):
            await lease_build(workshop.platform, new_id())
            await expire_lease(shop)

        assert await workshop.build()

        made = await site.deployment(deployment)
        assert made["status"] == "FAILED"
        assert made["error"].startswith("Every worker that built it ended before it was done.")

    async def test_but_lives_writes_nothing_more(self, workshop: Workshop, shop: Shop) -> None:
        """One that was only slow finds that another has the deployment, and ends its build."""
        site = await workshop.site(shop, NEVER_ENDS)
        deployment = await site.deploy()
        building = asyncio.create_task(workshop.build())
        await becomes("BUILD", lambda: _step(site, deployment), 30)
        await expire_lease(shop)
        other = new_id()
        assert await lease_build(workshop.platform, other) is not None

        await building

        (row,) = await system_sql(
            shop.platform, "select status, lease_token from deployment where id = $1", uuid_in(deployment, "Deployment")
        )
        assert tuple(row) == ("BUILDING", other)


class TestSiteDelete:
    @pytest.mark.parametrize("waits", [True, False])
    async def test_ends_its_deployments(self, workshop: Workshop, shop: Shop, waits: bool) -> None:
        site = await workshop.site(shop)
        deployment = await site.deploy()
        if not waits:
            await workshop.build()

        await shop.admin("mutation ($id: ID!) { siteDelete(id: $id) { deletedSiteId } }", {"id": site.id})

        assert not await workshop.build()
        made = await site.deployment(deployment)
        assert (made["status"], made["isKept"]) == ("CANCELLED", False)


async def _step(site: Built, deployment_id: str) -> object:
    return (await site.deployment(deployment_id))["step"]
