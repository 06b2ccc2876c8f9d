"""How soon a change of the shop shows on its site, and what shows when the API is away."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from core.ids import global_id
from tests.client import LiveServer
from tests.people import becomes
from tests.starter import site
from tests.starter.site import BY_POLL, BY_WEBHOOK, PLENTY, Site, change_price, seconds_until
from tests.storefront.api import Desk
from tests.webhook.world import dispatching

# One after the other, in the one worker that builds the theme.
pytestmark = [pytest.mark.xdist_group("starter_theme"), pytest.mark.timeout(600)]


class Line:
    """The way to the API, which can be cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: set[asyncio.StreamWriter] = set()
        self.is_cut = False
        self.sent = b""
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        self._server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        self.is_cut = True
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self.is_cut = False

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._open |= {writer, back}
        try:
            await asyncio.gather(self._pass(reader, back, is_sent=True), self._pass(there, writer))
        finally:
            self._open -= {writer, back}
            for end in (writer, back):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_sent: bool = False) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if is_sent:
                    self.sent += data
                writer.write(data)
                await writer.drain()
            writer.write_eof()


class TestWebhook:
    """A change that a webhook tells of."""

    async def test_shows_a_new_price_on_every_page_within_seconds(self, told: Site, desk: Desk) -> None:
        product = await desk.shop.product(price="12.50")
        path = f"/products/{product['slug']}"
        await becomes(True, lambda: told.shows("/", "€12.50"), within=PLENTY)
        assert await told.shows(path, "€12.50")
        await change_price(desk.shop, product, "13.75")

        assert await seconds_until(lambda: told.shows(path, "€13.75")) < BY_WEBHOOK
        assert await told.shows("/", "€13.75")
        assert await told.shows("/products", "€13.75")
        assert not await told.shows(path, "€12.50")

    async def test_shows_a_published_config_within_seconds_without_a_build(self, told: Site, desk: Desk) -> None:
        await told.page("/")
        hero = {"type": "Hero", "props": {"id": "Hero-1", "title": "Lamps of brass"}}
        layout = {"content": [hero], "root": {"props": {}}, "zones": {}}
        theme = {"colors": {"primary": "#123456"}}
        draft = await desk.draft(changes={"layout": layout, "theme": theme})
        await desk.publish(draft)

        assert await seconds_until(lambda: told.shows("/", "Lamps of brass")) < BY_WEBHOOK
        assert await told.shows("/", "--primary:#123456")

    async def test_leaves_other_pages_as_they_are(self, told: Site, desk: Desk) -> None:
        kept = await desk.shop.product(price="12.50")
        changed = await desk.shop.product(price="12.50", quantity=0)  # sold out: not among others' "more to look at"
        kept_path, changed_path = f"/products/{kept['slug']}", f"/products/{changed['slug']}"
        await becomes(True, lambda: _was_told(told, "product.created", 2), within=PLENTY)
        others = ("/cart", kept_path)
        for path in (*others, changed_path):
            await told.page(path)
        await change_price(desk.shop, changed, "13.75")
        await becomes(True, lambda: told.shows(changed_path, "€13.75"), within=PLENTY)

        assert [(await told.http.get(path)).headers["x-nextjs-cache"] for path in others] == ["HIT", "HIT"]

    async def test_leaves_no_page_unkept_that_was_made_since(self, told: Site, desk: Desk) -> None:
        product = await desk.shop.product(price="12.50")
        path = f"/products/{product['slug']}"
        await becomes(True, lambda: _was_told(told, "product.created"), within=PLENTY)
        await told.page(path)
        await change_price(desk.shop, product, "13.75")
        await becomes(True, lambda: told.shows(path, "€13.75"), within=PLENTY)

        # What else the page shows is 60 s old at the most: soon enough to be no reason by then.
        await becomes("HIT", lambda: _kept(told, path), within=20.0)

    async def test_that_nobody_signed_changes_nothing(self, told: Site, desk: Desk) -> None:
        body = (
            b'{"event_type":"product.updated","entity_id":"Product_1","workspace_id":"'
            + global_id("Workspace", desk.shop.workspace_id).encode()
            + b'","id":"x","sequence":999999999}'
        )
        headers = {"webhook-id": "x", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}

        refused = await told.http.post("/api/sync/webhook", content=body, headers=headers)
        unsigned = await told.http.post("/api/sync/webhook", content=body)
        large = await told.http.post("/api/sync/webhook", content=b"x" * 20_000)

        assert [refused.status_code, unsigned.status_code, large.status_code] == [401, 401, 413]
        assert '"result":"wrong signature"' in told.log.read_text()


class TestPoll:
    """A change that no webhook tells of."""

    async def test_shows_within_a_minute(
        self, built: Path, desk: Desk, live_server: LiveServer, tmp_path: Path
    ) -> None:
        product = await desk.shop.product(price="12.50")
        path = f"/products/{product['slug']}"
        async with site.running(built, desk, live_server.url, tmp_path, is_told=False, POLL_SECONDS="1") as alone:
            await alone.page(path)
            await becomes(True, lambda: _says(alone, '"event":"poll","result":"begun"'), within=PLENTY)
            await alone.page(path)
            await change_price(desk.shop, product, "13.75")

            assert await seconds_until(lambda: alone.shows(path, "€13.75")) < BY_POLL


class TestApiAway:
    """A site whose API does not answer."""

    async def test_shows_the_last_good_pages_and_then_what_changed(
        self, built: Path, desk: Desk, live_server: LiveServer, tmp_path: Path, no_other_worker: None
    ) -> None:
        product = await desk.shop.product(title="Arc lamp", price="12.50")
        path = f"/products/{product['slug']}"
        async with (
            Line(live_server.port) as line,
            dispatching(desk.shop.platform),
            site.running(built, desk, line.url, tmp_path, is_told=True, POLL_SECONDS="60") as cut_off,
        ):
            await cut_off.page(path)
            await cut_off.page("/products")
            line.cut()
            await change_price(desk.shop, product, "13.75")
            await becomes(True, lambda: _was_told(cut_off), within=PLENTY)

            assert await cut_off.shows(path, "€12.50")
            assert await cut_off.shows("/products", "Arc lamp")
            line.mend()
            await becomes(True, lambda: cut_off.shows(path, "€13.75"), within=PLENTY)

    async def test_of_a_site_that_starts_meanwhile_shows_what_an_earlier_one_knew(
        self, built: Path, desk: Desk, live_server: LiveServer, tmp_path: Path
    ) -> None:
        product = await desk.shop.product(title="Arc lamp", price="12.50")
        path = f"/products/{product['slug']}"
        state = tmp_path / "state" / "answers.json"
        async with Line(live_server.port) as line:
            async with site.running(built, desk, line.url, tmp_path, is_told=False) as before:
                await before.page(path)
                await becomes(True, lambda: asyncio.to_thread(state.exists), within=PLENTY)
            line.cut()
            async with site.running(built, desk, line.url, tmp_path, is_told=False) as after:
                assert await after.shows(path, "€12.50")

    async def test_asks_for_what_is_as_new_as_it_was_told(
        self, built: Path, desk: Desk, live_server: LiveServer, tmp_path: Path, no_other_worker: None
    ) -> None:
        product = await desk.shop.product(price="12.50")
        path = f"/products/{product['slug']}"
        async with (
            Line(live_server.port) as line,
            dispatching(desk.shop.platform),
            site.running(built, desk, line.url, tmp_path, is_told=True, POLL_SECONDS="60") as told,
        ):
            await change_price(desk.shop, product, "13.75")
            await becomes(True, lambda: _was_told(told), within=PLENTY)
            line.sent = b""
            await told.page(path)

            assert f"x-min-sequence: {await desk.sequence()}".encode() in line.sent.lower()


class TestStart:
    """A theme without what it needs."""

    async def test_ends_with_a_sentence(self, built: Path) -> None:
        environment = site.plain_environment() | {"PORT": "0", "HOSTNAME": "127.0.0.1", "SITE_URL": "http://localhost"}
        process = await asyncio.create_subprocess_exec(
            "node",
            "server.js",
            cwd=built,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(PLENTY):
            said, _ = await process.communicate()

        assert process.returncode == 1
        assert b"cannot start without NEXT_PUBLIC_WORKSPACE_ID, NEXT_PUBLIC_SITE_ID" in said


async def _says(running: Site, text: str, times: int = 1) -> bool:
    """Whether the site's log has it so often."""
    return running.log.read_text().count(text) >= times


async def _kept(running: Site, path: str) -> object:
    return (await running.http.get(path)).headers.get("x-nextjs-cache")


async def _was_told(running: Site, kind: str = "product.updated", times: int = 1) -> bool:
    return await _says(running, f'"type":"{kind}","result":"ok"', times)
