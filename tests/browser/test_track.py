"""`track.js` in Chromium, on a shop's pages of another origin: what people do there is what is stored."""

import asyncio
import gzip
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route as Path

from tests.analytics.tracking import stored
from tests.browser.test_graphiql import CHROMIUM, CHROMIUM_ARGS, STEP_TIMEOUT
from tests.client import LiveServer
from tests.factories import Shop

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed.")

MAX_SIZE = 3_000  # bytes, compressed
WITHIN = 20.0  # s
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
PAGE = """<!doctype html><title>{path}</title><body style="height: 5000px">
<script src="{script}" data-endpoint="{endpoint}" {attributes}></script>
"""


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            # Not as the context's: what is sent when a page is gone has the browser's own.
            args=[*CHROMIUM_ARGS, f"--user-agent={CHROME}"],
        )
        try:
            yield browser
        finally:
            await browser.close()


@pytest.fixture
async def site(live_server: LiveServer, shop: Shop) -> AsyncIterator[str]:
    """A storefront at an origin of its own, whose pages below `/optional` ask for consent."""

    async def page(request: Request) -> HTMLResponse:
        path = request.url.path
        attributes = f'data-token="{shop.storefront_token}"'
        if path.startswith("/optional"):
            attributes += ' data-consent="required"'
        script, endpoint = f"{live_server.url}/track.js", f"{live_server.url}/track"
        return HTMLResponse(PAGE.format(path=path, script=script, endpoint=endpoint, attributes=attributes))

    listening = socket.create_server(("127.0.0.1", 0))
    application = Starlette(routes=[Path("/{path:path}", page)])
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving
    listening.close()


@pytest.fixture
async def visit(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A visitor's own browser, with a window of 800 by 1,000 pixels."""
    context = await chromium.new_context(viewport={"width": 800, "height": 1_000})
    context.set_default_timeout(STEP_TIMEOUT)
    yield context
    await context.close()


async def events_of(shop: Shop, when: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The shop's events in the order in which they happened, once they are as is said."""
    deadline = time.monotonic() + WITHIN
    while not when(found := sorted(await stored(shop), key=lambda event: event["sequence"])):
        assert time.monotonic() < deadline, [(event["name"], event["path"]) for event in found]
        await asyncio.sleep(0.1)
    return found


async def scroll_to(page: Page, top: int) -> None:
    await page.evaluate(f"window.scrollTo(0, {top})")
    await page.wait_for_function(f"window.scrollY === {top}")
    # The event comes with the next frame.
    await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def told(event: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(event["properties"] or "{}")
    return found


class TestTrackScript:
    """`track.js`."""

    async def test_sends_nothing_that_stands_behind_a_hash(self, shop: Shop, site: str, visit: BrowserContext) -> None:
        page, sent = await visit.new_page(), []
        page.on("request", lambda request: sent.append(request.post_data or ""))
        await page.goto(f"{site}/order#the-shoppers-token")
        await page.evaluate("vitrine.purchase({ orderId: 'Order_1' })")
        await events_of(shop, lambda found: {event["name"] for event in found} >= {"page_view", "purchase"})

        assert any("purchase" in each for each in sent)
        assert [each for each in sent if "the-shoppers-token" in each] == []

    async def test_tells_of_views_navigations_time_and_depth(
        self, shop: Shop, site: str, visit: BrowserContext
    ) -> None:
        page = await visit.new_page()
        await page.goto(f"{site}/?utm_source=news")
        await scroll_to(page, 1_000)
        await asyncio.sleep(1.1)
        await page.evaluate("document.title = 'Lamps'; history.pushState({}, '', '/lamps')")
        await events_of(shop, lambda events: len(events) == 3)
        await page.evaluate("history.replaceState({ open: true }, '', '#filters')")
        await page.go_back()
        await page.goto(f"{site}/about")
        await page.close(run_before_unload=True)

        events = await events_of(shop, lambda events: len(events) == 8)

        assert [(event["name"], event["path"]) for event in events] == [
            ("page_view", "/"),
            ("page_leave", "/"),
            ("page_view", "/lamps"),
            ("page_leave", "/lamps"),
            ("page_view", "/"),
            ("page_leave", "/"),
            ("page_view", "/about"),
            ("page_leave", "/about"),
        ]
        assert len({event["session_id"] for event in events}) == 1
        assert len({event["visitor_id"] for event in events}) == 1
        assert [event["sequence"] for event in events] == list(range(1, 9))
        assert [event["source"] for event in events[:2]] == ["news"] * 2
        assert events[2]["title"] == "Lamps"
        assert not any(event["is_bot"] for event in events)
        # A window of 1,000 pixels, 1,000 pixels down, on 5,000 and the body's margins.
        assert told(events[1])["scroll"] in {39, 40}
        assert 1 <= told(events[1])["seconds"] <= 10

    async def test_tells_when_a_page_is_left_for_good(self, shop: Shop, site: str, visit: BrowserContext) -> None:
        """Beacons leave with the page: nobody is there any more to send them."""
        page = await visit.new_page()
        await page.goto(f"{site}/lamps")
        await scroll_to(page, 4_016)
        await page.goto("about:blank")

        events = await events_of(shop, lambda events: len(events) == 2)

        assert [event["name"] for event in events] == ["page_view", "page_leave"]
        assert told(events[1])["scroll"] == 100

    async def test_begins_a_session_in_each_tab_and_sets_no_cookie(
        self, shop: Shop, site: str, visit: BrowserContext
    ) -> None:
        page, other = await visit.new_page(), await visit.new_page()
        await page.goto(f"{site}/")
        await other.goto(f"{site}/")
        events = await events_of(shop, lambda events: len(events) >= 2)

        assert len({event["session_id"] for event in events}) == 2
        assert await visit.cookies() == []
        assert await page.evaluate("document.cookie + Object.keys(localStorage)") == ""

    async def test_begins_another_session_after_half_an_hour(
        self, shop: Shop, site: str, visit: BrowserContext
    ) -> None:
        page = await visit.new_page()
        await page.goto(f"{site}/")
        await page.evaluate(
            """() => { const kept = JSON.parse(sessionStorage.vitrine);
                       sessionStorage.vitrine = JSON.stringify({ ...kept, at: kept.at - 31 * 60 * 1000 }); }"""
        )
        await page.evaluate("vitrine.track('click')")

        events = await events_of(shop, lambda events: len(events) == 2)

        assert len({event["session_id"] for event in events}) == 2

    async def test_tells_what_the_theme_tells_it(self, shop: Shop, site: str, visit: BrowserContext) -> None:
        page = await visit.new_page()
        await page.goto(f"{site}/lamps")
        await page.evaluate(
            """vitrine.productView({ productId: "Product_1" });
               vitrine.click("buy", { colour: "brass" });
               vitrine.addToCart({ productId: "Product_1", quantity: 2 });
               vitrine.form("newsletter");
               vitrine.checkout();
               vitrine.purchase({ orderId: "Order_1" });
               vitrine.track("chat_opened")"""
        )

        events = await events_of(shop, lambda events: len(events) == 8)

        assert [(event["name"], told(event)) for event in events[1:]] == [
            ("product_view", {"productId": "Product_1"}),
            ("click", {"target": "buy", "colour": "brass"}),
            ("add_to_cart", {"productId": "Product_1", "quantity": 2}),
            ("form_submit", {"form": "newsletter"}),
            ("checkout_initiated", {}),
            ("purchase", {"orderId": "Order_1"}),
            ("chat_opened", {}),
        ]

    @pytest.mark.parametrize("wish", ["doNotTrack: '1'", "globalPrivacyControl: true"])
    async def test_sends_nothing_of_who_does_not_want_it(
        self, shop: Shop, site: str, visit: BrowserContext, wish: str
    ) -> None:
        name, _, value = wish.partition(": ")
        await visit.add_init_script(f"Object.defineProperty(navigator, '{name}', {{ get: () => {value} }})")
        asked: list[str] = []
        visit.on("request", lambda request: asked.append(request.url))
        page = await visit.new_page()
        await page.goto(f"{site}/")
        await page.evaluate("vitrine.track('click'); vitrine.consent(true)")
        await page.goto(f"{site}/lamps")
        await asyncio.sleep(1.5)
        await page.close(run_before_unload=True)

        assert asked
        assert [url for url in asked if "/track?" in url] == []
        assert await stored(shop) == []

    async def test_waits_for_consent_and_forgets_when_it_is_taken_back(
        self, shop: Shop, site: str, visit: BrowserContext
    ) -> None:
        page = await visit.new_page()
        await page.goto(f"{site}/optional")
        await page.evaluate("vitrine.track('click'); history.pushState({}, '', '/optional/lamps')")
        await asyncio.sleep(1.5)
        assert await page.evaluate("sessionStorage.length") == 0
        assert await stored(shop) == []

        await page.evaluate("vitrine.consent(true)")
        await events_of(shop, lambda events: len(events) == 1)
        await page.evaluate("vitrine.track('click'); vitrine.consent(false); vitrine.track('click')")
        await page.goto("about:blank")
        await asyncio.sleep(1.5)

        events = await stored(shop)
        assert [(event["name"], event["path"]) for event in events] == [("page_view", "/optional/lamps")]

    async def test_sends_again_what_was_not_taken(self, shop: Shop, site: str, visit: BrowserContext) -> None:
        tries = 0

        async def fail_at_first(route: Route) -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                await route.abort()
            elif tries == 2:
                await route.fulfill(status=503, headers={"Access-Control-Allow-Origin": "*"})
            elif tries == 3:
                # Taken, and the answer lost.
                await route.fetch()
                await route.abort()
            else:
                await route.continue_()

        await visit.route("**/track?*", fail_at_first)
        page = await visit.new_page()
        await page.goto(f"{site}/")
        events = await events_of(shop, lambda events: tries >= 4 and len(events) > 0)

        assert [event["name"] for event in events] == ["page_view"]


class TestTrackScriptFile:
    """`GET /track.js`."""

    async def test_is_small(self, shop: Shop) -> None:
        response = await shop.graphql.http.get("/track.js", headers={"Accept-Encoding": "gzip"})

        assert response.headers["content-encoding"] == "gzip"
        assert int(response.headers["content-length"]) < MAX_SIZE
        assert response.headers["content-type"] == "text/javascript; charset=utf-8"
        assert response.headers["cross-origin-resource-policy"] == "cross-origin"

    async def test_is_kept_by_browsers(self, shop: Shop) -> None:
        http = shop.graphql.http
        plain = await http.get("/track.js", headers={"Accept-Encoding": "identity"})
        again = await http.get("/track.js", headers={"If-None-Match": plain.headers["etag"]})

        assert len(gzip.compress(plain.content)) < MAX_SIZE
        assert (again.status_code, again.content) == (304, b"")
        assert "max-age" in again.headers["cache-control"]
