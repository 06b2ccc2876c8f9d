"""The host: starting, switching, stopping and finding again what it serves."""

import asyncio
import os
import signal
from typing import Any
from uuid import UUID

import pytest

from core.ids import uuid_in
from integrations.build.processes import processes_of, started_at
from resolvers.hosting.desired import find_desired
from resolvers.hosting.switch import go_live
from tests.client import LiveServer
from tests.deployment.workshop import SERVER, Built, Workshop, texts
from tests.factories import Shop
from tests.hosting.visitor import Visitor, host_process, hosting, live, server_status, status, visiting
from tests.people import audit_actions, becomes, codes, emails_to

ROLLBACK = """
mutation ($id: ID!, $deploymentId: ID!) {
  siteRollback(id: $id, deploymentId: $deploymentId) {
    site { id liveDeployment { id number } }
    userErrors { code field message }
  }
}
"""
SITE = "query ($id: ID!) { site(id: $id) { liveDeployment { id number } deployments(first: 5) { nodes { number } } } }"


async def roll_back(site: Built, deployment_id: str) -> dict[str, Any]:
    answer = await site.shop.admin(ROLLBACK, {"id": site.id, "deploymentId": deployment_id})
    payload: dict[str, Any] = answer["data"]["siteRollback"]
    return payload


async def version(visitor: Visitor) -> object:
    return (await visitor.sees())["built"]


def runs(pid: int) -> bool:
    """Whether there is such a process. What is left of one until its parent looks is none."""
    return started_at(pid) != ""


async def _runs(pid: int) -> object:
    return runs(pid)


class TestGoingLive:
    async def test_serves_a_built_site_under_its_name(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop), visiting(live_server, site) as visitor:
            deployment = await live(site)

            seen = await visitor.sees()

            assert (seen["built"], seen["site"], seen["token"]) == ("1", site.id, site.site["storefrontToken"])
            assert seen["secret"].startswith("whsec_")
            shown = (await shop.admin(SITE, {"id": site.id}))["data"]["site"]
            assert shown["liveDeployment"] == {"id": deployment, "number": 1}

    async def test_tells_of_it(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop):
            made = await site.deployment(await live(site))

        assert texts(made)[-1] == f"Live at {site.site['url']}."
        assert (made["step"], made["error"]) == ("SWITCH", None)
        assert made["durationMs"] > 0
        assert (await audit_actions(shop))[-1] == "siteGoLive"
        (event,) = await shop.sql("select type from sync_event order by sequence desc limit 1")
        assert event["type"] == "site.deployed"
        (mail,) = await emails_to(shop.platform, shop.owner_email)
        assert site.site["url"] in mail["text_body"]

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root, or every site is this user's")
    async def test_runs_each_site_as_a_user_of_its_own(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        users = set()
        async with hosting(workshop):
            for _ in range(2):
                site = await workshop.site(shop)
                await live(site)
                async with visiting(live_server, site) as visitor:
                    users.add((await visitor.sees())["uid"])

        assert len(users) == 2
        assert 0 not in users

    @pytest.mark.parametrize(
        ("server", "reason"),
        [
            ("console.error('no database'); process.exit(1)", "Its server ended at once. It said: no database"),
            (
                SERVER.replace("process.chdir(__dirname);", "process.chdir(__dirname); http.STATUS;").replace(
                    'response.setHeader("content-type"', 'response.statusCode = 500; response.setHeader("content-type"'
                ),
                "It answered 500 to GET /.",
            ),
        ],
        ids=["ends", "answers with an error"],
    )
    async def test_is_refused_to_what_does_not_answer(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer, server: str, reason: str
    ) -> None:
        """What was live before still is."""
        site = await workshop.site(shop)
        async with hosting(workshop), visiting(live_server, site) as visitor:
            before = await live(site)
            (site.folder / "server.js").write_text(server)
            failing = await site.deployed()

            await becomes("FAILED", lambda: status(site, failing["id"]), 40)

            assert reason in (await site.deployment(failing["id"]))["error"]
            assert await version(visitor) == "1"
            assert await status(site, before) == "LIVE"


class TestSwitch:
    async def test_leaves_behind_what_was_begun_before_and_starts_later(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        slow, newer = [await site.deployed() for _ in range(2)]
        desired = {row.id: row for row in (await find_desired(workshop.platform)).values()}
        late, first = (desired[_row_id(made["id"])] for made in (slow, newer))

        await go_live(workshop.platform, first)
        await go_live(workshop.platform, late)

        assert [await status(site, made["id"]) for made in (slow, newer)] == ["SUPERSEDED", "LIVE"]

    async def test_drops_no_request(self, workshop: Workshop, shop: Shop, live_server: LiveServer) -> None:
        """Visitors come all the time, some of them for something slow, while one deployment follows another."""
        site = await workshop.site(shop)
        async with hosting(workshop), visiting(live_server, site) as visitor:
            await live(site)
            seen: list[Any] = []
            stopping = asyncio.Event()

            async def visit(path: str) -> None:
                while not stopping.is_set():
                    response = await visitor.get(path)
                    seen.append((response.status_code, "" if path == "/slow" else response.json()["built"]))

            visitors = [asyncio.create_task(visit(path)) for path in ("/", "/a", "/slow", "/slow")]
            for number in ("2", "3"):
                site.change(number)
                await live(site)
                await becomes(number, lambda: version(visitor), 10)
            stopping.set()
            await asyncio.gather(*visitors)

        assert {code for code, _ in seen} == {200}
        built = [built for _, built in seen if built]
        assert built == sorted(built)
        assert {"1", "2", "3"} == set(built)

    async def test_ends_what_is_no_longer_live(self, workshop: Workshop, shop: Shop, live_server: LiveServer) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop), visiting(live_server, site) as visitor:
            first = await live(site)
            pid = (await visitor.sees())["pid"]
            await live(site)

            await becomes(False, lambda: _runs(pid), 30)
            assert await status(site, first) == "SUPERSEDED"
            assert (await visitor.sees())["pid"] != pid


class TestRollback:
    async def test_puts_an_older_deployment_live_again(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop), visiting(live_server, site) as visitor:
            first = await live(site)
            site.change("2")
            second = await live(site)
            await becomes("2", lambda: version(visitor), 10)

            payload = await roll_back(site, first)

            assert payload == {
                "site": {"id": site.id, "liveDeployment": {"id": first, "number": 1}},
                "userErrors": [],
            }
            await becomes("1", lambda: version(visitor), 5)
            assert [await status(site, each) for each in (first, second)] == ["LIVE", "SUPERSEDED"]
            assert (await roll_back(site, first))["userErrors"] == []

    async def test_works_when_the_old_process_is_long_gone(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop), visiting(live_server, site) as visitor:
            first = await live(site)
            pid = (await visitor.sees())["pid"]
            site.change("2")
            await live(site)
            await becomes(False, lambda: _runs(pid), 30)

            payload = await roll_back(site, first)

            assert payload["site"]["liveDeployment"]["number"] == 1
            await becomes("1", lambda: version(visitor), 5)

    async def test_is_refused_to_what_is_not_kept(self, workshop: Workshop, shop: Shop) -> None:
        site, other = await workshop.site(shop, "process.exit(1)"), await workshop.site(shop)
        failed = await site.deployed()
        elsewhere = await other.deployed()

        assert codes(await roll_back(site, failed["id"])) == [("NOT_KEPT", ["deploymentId"])]
        assert codes(await roll_back(site, elsewhere["id"])) == [("NOT_FOUND", ["deploymentId"])]

    async def test_reaches_as_far_as_deployments_are_kept(self, workshop: Workshop, shop: Shop) -> None:
        few = workshop.with_settings(deployments_kept=2)
        site = await few.site(shop)
        async with hosting(few):
            made = [await live(site) for _ in range(3)]

        kept = [(await site.deployment(each))["isKept"] for each in made]
        assert kept == [False, True, True]


class TestIdleSites:
    async def test_are_stopped_and_started_when_somebody_asks(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        sleepy = workshop.with_settings(site_idle_seconds=1.0)
        site = await sleepy.site(shop)
        async with hosting(sleepy), visiting(live_server, site) as visitor:
            await live(site)
            pid = (await visitor.sees())["pid"]
            await becomes("STOPPED", lambda: server_status(site), 20)
            await becomes(False, lambda: _runs(pid), 20)

            seen = await visitor.sees()

            assert seen["built"] == "1"
            assert seen["pid"] != pid


class TestHostThatDies:
    """`python -m tasks.host`, killed."""

    async def test_leaves_its_sites_and_finds_them_again(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        site = await workshop.site(shop)
        async with visiting(live_server, site) as visitor:
            async with host_process(workshop) as killed:
                await live(site)
                pid = (await visitor.sees())["pid"]
                killed.kill()
                await killed.wait()

            assert (await visitor.sees())["pid"] == pid
            checked_at = await _checked_at(site)
            async with host_process(workshop) as host:
                await becomes(True, lambda: _is_later(site, checked_at), 20)
                assert (await visitor.sees())["pid"] == pid
                host.send_signal(signal.SIGTERM)
                assert await asyncio.wait_for(host.wait(), 20) == 0
        assert not runs(pid)

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root, or what a site leaves is found by nobody")
    async def test_is_followed_by_one_that_ends_what_a_dead_site_left(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        """Under the site's user something could wait for the next host to open folders."""
        site = await workshop.site(shop)
        leaves = "require('node:child_process').spawn('/bin/sleep', ['600'], { detached: true, stdio: 'ignore' });"
        (site.folder / "server.js").write_text(SERVER + leaves)
        async with visiting(live_server, site) as visitor, host_process(workshop) as killed:
            await live(site)
            seen = await visitor.sees()
            killed.kill()
            await killed.wait()
        os.kill(seen["pid"], signal.SIGKILL)
        (left,) = set(processes_of(seen["uid"])) - {seen["pid"]}

        async with host_process(workshop):
            await becomes(False, lambda: _runs(left), 20)

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root, or every site is this user's")
    async def test_leaves_no_folder_open_to_a_user_who_may_be_anothers_next(
        self, workshop: Workshop, shop: Shop
    ) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop):
            folder = workshop.builds / "kept" / str(_row_id(await live(site)))
            open_to = folder.stat().st_gid

        assert open_to != 0
        assert (folder.stat().st_uid, folder.stat().st_gid) == (0, 0)

    async def test_is_followed_by_one_that_ends_what_nobody_wants(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        site = await workshop.site(shop)
        async with visiting(live_server, site) as visitor, host_process(workshop) as killed:
            await live(site)
            pid = (await visitor.sees())["pid"]
            killed.kill()
            await killed.wait()
        await shop.admin("mutation ($id: ID!) { siteDelete(id: $id) { deletedSiteId } }", {"id": site.id})

        async with host_process(workshop) as host:
            await becomes(False, lambda: _runs(pid), 20)
            host.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(host.wait(), 20) == 0


class TestHostWithoutPostgres:
    """What is to end ends, though nobody can be told of it: there is nobody else who would end it later."""

    async def test_ends_what_is_no_longer_live(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop, settle=0.5), visiting(live_server, site) as visitor:
            await live(site)
            pid = (await visitor.sees())["pid"]
            monkeypatch.setattr("resolvers.hosting.host.say_stopped", _away)
            await live(site)

            await becomes(False, lambda: _runs(pid), 20)

    async def test_ends_what_does_not_answer(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop, check=0.5), visiting(live_server, site) as visitor:
            await live(site)
            pid = (await visitor.sees())["pid"]
            monkeypatch.setattr("resolvers.hosting.host.note_failed", _away)

            os.kill(pid, signal.SIGSTOP)

            await becomes(False, lambda: _runs(pid), 20)


async def _away(*_: object) -> None:
    raise ConnectionRefusedError


class TestServerThatDies:
    async def test_is_started_again(self, workshop: Workshop, shop: Shop, live_server: LiveServer) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop), visiting(live_server, site) as visitor:
            await live(site)
            pid = (await visitor.sees())["pid"]

            os.kill(pid, signal.SIGKILL)

            seen = await visitor.sees()
            assert seen["pid"] != pid


class TestDeletedSite:
    async def test_is_no_longer_served(self, workshop: Workshop, shop: Shop, live_server: LiveServer) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop), visiting(live_server, site) as visitor:
            await live(site)
            pid = (await visitor.sees())["pid"]

            await shop.admin("mutation ($id: ID!) { siteDelete(id: $id) { deletedSiteId } }", {"id": site.id})

            await becomes(404, lambda: _code(visitor), 10)
            await becomes(False, lambda: _runs(pid), 30)
            assert await shop.sql("select from webhook_endpoint") == []


def _row_id(deployment: str) -> UUID:
    found = uuid_in(deployment, "Deployment")
    assert found
    return found


async def _code(visitor: Visitor) -> object:
    return (await visitor.get()).status_code


async def _checked_at(site: Built) -> Any:
    """When a host said last that it serves the site."""
    (row,) = await site.shop.sql("select checked_at from site_server")
    return row["checked_at"]


async def _is_later(site: Built, moment: Any) -> object:
    return await _checked_at(site) > moment
