"""What a running site may take, and what is told of one that takes more or does not keep running."""

import os
import signal
from functools import partial

import pytest

from tests.client import LiveServer
from tests.deployment.workshop import SERVER, Built, Workshop
from tests.factories import Shop
from tests.hosting.visitor import PATIENCE, Visitor, hosting, live, server_status, visiting
from tests.people import audit_actions, becomes, emails_to

SERVERS = """
query ($id: ID!) {
  site(id: $id) { liveDeployment {
    server { status error failureCount failedAt memoryBytes checkedAt requestedAt }
    logLines(last: 100) { nodes { status text } }
  } }
}
"""
# More of what the tests' server does when it is asked.
GREEDY = SERVER.replace(
    'if (request.url === "/die")',
    """if (request.url === "/eat") {
      globalThis.eaten = [];
      const eat = () => { globalThis.eaten.push(Buffer.alloc(20e6, 1)); setTimeout(eat, 10); };
      eat(); response.end(); return;
    }
    if (request.url === "/fork") {
      for (let n = 0; n < 30; n++)
        require("node:child_process").spawn("sleep", ["60"]).on("error", () => {});
      response.end(); return;
    }
    if (request.url === "/write") {
      fs.mkdirSync("pages", { recursive: true });
      for (let n = 0; n < 30; n++) fs.writeFileSync(`pages/${n}`, Buffer.alloc(1e6, 1));
      response.end(); return;
    }
    if (request.url === "/temporary") { response.end(require("node:os").tmpdir()); return; }
    if (request.url === "/die")""",
)
CRASHING = (
    SERVER + "\nsetTimeout(() => { console.error('lost ' + process.env.WEBHOOK_SECRET); process.exit(3); }, 700);\n"
)


async def server(site: Built) -> dict[str, object]:
    answer = await site.shop.admin(SERVERS, {"id": site.id})
    assert "errors" not in answer, answer
    found: dict[str, object] = answer["data"]["site"]["liveDeployment"]["server"]
    return found


async def log_of(site: Built) -> list[str]:
    answer = await site.shop.admin(SERVERS, {"id": site.id})
    return [line["text"] for line in answer["data"]["site"]["liveDeployment"]["logLines"]["nodes"]]


async def failures(site: Built) -> object:
    return (await server(site))["failureCount"]


async def is_another(visitor: Visitor, pid: int) -> object:
    return (await visitor.sees())["pid"] != pid


class TestBounds:
    @pytest.mark.parametrize(
        ("path", "bound", "reason"),
        [
            ("/eat", {"site_memory_bytes": 200_000_000}, "Its server took more than 200 MB of memory."),
            ("/fork", {"site_processes": 30}, "Its server ran 30 processes and threads at once, all that it may."),
            ("/write", {"site_disk_bytes": 10_000_000}, "Its server wrote more than 10 MB to the disk."),
        ],
        ids=["memory", "processes", "disk"],
    )
    async def test_end_a_site_that_passes_them_and_it_is_started_anew(
        self,
        workshop: Workshop,
        shop: Shop,
        live_server: LiveServer,
        path: str,
        bound: dict[str, int],
        reason: str,
    ) -> None:
        bounded = workshop.with_settings(**bound)
        greedy = await bounded.site(shop, files={"server.js": GREEDY})
        other = await bounded.site(shop)
        async with (
            hosting(bounded),
            visiting(live_server, greedy) as visitor,
            visiting(live_server, other) as neighbour,
        ):
            await live(greedy)
            await live(other)
            pid, spared = (await visitor.sees())["pid"], (await neighbour.sees())["pid"]

            await visitor.get(path)

            await becomes(True, partial(is_another, visitor, pid), PATIENCE)
            found = await server(greedy)
            assert str(found["error"]).startswith(reason)
            assert found["failureCount"] == 1
            assert f"Its server failed, and is started again. {reason}" in await log_of(greedy)
            assert (await neighbour.sees())["pid"] == spared

    async def test_take_away_what_was_written_and_not_built(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        bounded = workshop.with_settings(site_disk_bytes=10_000_000)
        site = await bounded.site(shop, files={"server.js": GREEDY})
        async with hosting(bounded), visiting(live_server, site) as visitor:
            await live(site)
            pid = (await visitor.sees())["pid"]
            await visitor.get("/write")
            await becomes(True, partial(is_another, visitor, pid), PATIENCE)
            seen = await visitor.sees()

        assert seen["built"] == "1"
        assert list(bounded.builds.glob("kept/*/app/**/pages/*")) == []

    async def test_leave_a_place_for_what_is_temporary(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        site = await workshop.site(shop, files={"server.js": GREEDY})
        async with hosting(workshop), visiting(live_server, site) as visitor:
            await live(site)
            folder = (await visitor.get("/temporary")).text

            assert [path for path in workshop.builds.glob("kept/*/app/.tmp") if str(path) == folder]

    async def test_are_shown_as_they_are_used(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop, check=1.0):
            await live(site)

            async def memory() -> bool:
                return 1_000_000 < int(str((await server(site))["memoryBytes"] or 0)) < 200_000_000

            await becomes(True, memory, PATIENCE)


class TestSiteThatKeepsFailing:
    async def test_says_why_and_tells_its_owners_once(self, workshop: Workshop, shop: Shop) -> None:
        site = await workshop.site(shop, files={"server.js": CRASHING})
        async with hosting(workshop):
            await live(site)
            await becomes(True, lambda: self._has_failed(site, 4), 60)

        found = await server(site)
        assert str(found["error"]).startswith("Its server ended with exit code 3. It said: lost ***")
        assert found["failedAt"] is not None
        about = [mail for mail in await emails_to(shop.platform, shop.owner_email) if "keep running" in mail["subject"]]
        assert len(about) == 1
        assert "exit code 3" in about[0]["text_body"]
        assert "whsec_" not in about[0]["text_body"]
        assert (await audit_actions(shop)).count("siteServerFail") == 1
        events = await shop.sql("select type from sync_event where type = 'site.failing'")
        assert len(events) == 1

    async def _has_failed(self, site: Built, times: int) -> object:
        return int(str(await failures(site))) >= times

    async def test_is_forgiven_once_it_has_run_well(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        site = await workshop.site(shop)
        async with hosting(workshop, check=1.0, steady=5.0), visiting(live_server, site) as visitor:
            await live(site)
            os.kill((await visitor.sees())["pid"], signal.SIGKILL)
            await becomes(1, lambda: failures(site), PATIENCE)

            await becomes(0, lambda: failures(site), PATIENCE)
            found = await server(site)
        assert (found["error"], found["failedAt"], found["status"]) == (None, None, "RUNNING")


class TestSitesOfOneMachine:
    async def test_make_room_for_each_other(self, workshop: Workshop, shop: Shop, live_server: LiveServer) -> None:
        """Two may run, and the third is asked for: the one that was asked for the longest ago is stopped."""
        two = workshop.with_settings(sites_running=2)
        sites = [await two.site(shop) for _ in range(3)]
        async with hosting(two, busy=0.0, settle=0.5):
            for number, site in enumerate(sites):
                await live(site)
                ago = f"now() - interval '{30 - number} seconds'"
                await shop.sql(
                    f"update site_server set requested_at = {ago} where deployment_id = "
                    "(select live_deployment_id from site where id = $1)",
                    site.row_id,
                )
            await becomes(2, partial(self._running, sites), PATIENCE)
            stopped = [site for site in sites if await server_status(site) == "STOPPED"]
            async with visiting(live_server, stopped[0]) as visitor:
                assert (await visitor.sees())["built"] == "1"

            await becomes(2, partial(self._running, sites), PATIENCE)
            assert await server_status(stopped[0]) == "RUNNING"

    async def _running(self, sites: list[Built]) -> object:
        return [await server_status(site) for site in sites].count("RUNNING")


class TestRequestThatEndsTheServer:
    async def test_is_not_sent_again_and_again(self, workshop: Workshop, shop: Shop, live_server: LiveServer) -> None:
        """What only reads is sent to the next server too, as one may end for another reason, and then to none."""
        site = await workshop.site(shop)
        async with hosting(workshop), visiting(live_server, site) as visitor:
            await live(site)

            assert (await visitor.get("/die")).status_code == 502

            await becomes(2, lambda: failures(site), PATIENCE)
            assert (await visitor.sees())["built"] == "1"
            assert await failures(site) == 2
