"""From `siteDeploy` to a shop in the browser, and from there back: everything runs as on a merchant's machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.live.socket import signed_in
from tests.people import becomes
from tests.pipeline.goods import euros, make_goods
from tests.pipeline.machine import Deployed, Machine, operation
from tests.starter.shopper import fill_in, put_in_cart
from tests.starter.site import BY_POLL, BY_WEBHOOK, PLENTY, seconds_until

# One after the other, in the one worker that builds the theme; the first waits for all that is started and built.
pytestmark = [pytest.mark.xdist_group("starter_theme"), pytest.mark.timeout(600)]

TITLES = "{ products(first: 100, filter: { status: [ACTIVE] }) { nodes { title } } }"
ENDPOINTS = "{ webhookEndpoints(first: 10) { nodes { id revision isActive url } } }"
ENDPOINT_UPDATE = """
mutation ($id: ID!, $input: WebhookEndpointUpdateInput!) {
  webhookEndpointUpdate(id: $id, input: $input) { webhookEndpoint { revision } userErrors { code field message } }
}
"""
FIGURES = """
query ($range: AnalyticsRange!) { analytics(range: $range) { orders topPages(limit: 100) { path views } } }
"""
ROLLBACK = """
mutation ($id: ID!, $deploymentId: ID!) {
  siteRollback(id: $id, deploymentId: $deploymentId) {
    site { liveDeployment { id } } userErrors { code field message }
  }
}
"""
# Those in view; pictures further down are fetched when somebody scrolls there.
PICTURES = """
[...document.images].filter((image) => image.getBoundingClientRect().top < innerHeight)
  .every((image) => image.complete && image.naturalWidth > 0)
"""


async def shows(page: Page, url: str, text: str) -> bool:
    """Whether somebody who opens the page now reads the text."""
    await page.goto(url)
    return text in await page.locator("body").inner_text()


@asynccontextmanager
async def untold(machine: Machine) -> AsyncIterator[None]:
    """Nothing is posted to the site for the block."""
    (endpoint,) = (await machine.ask(ENDPOINTS))["nodes"]
    given = {"revision": endpoint["revision"], "isActive": False}
    changed = (await machine.send(ENDPOINT_UPDATE, id=endpoint["id"], input=given))["webhookEndpoint"]
    try:
        yield
    finally:
        given = {"revision": changed["revision"], "isActive": True}
        await machine.send(ENDPOINT_UPDATE, id=endpoint["id"], input=given)


class TestSiteDeploy:
    async def test_opens_the_shop_with_its_products_and_pictures(
        self, deployed: Deployed, page: Page, complaints: list[str]
    ) -> None:
        titles = {product["title"] for product in (await deployed.machine.ask(TITLES))["nodes"]}

        await page.goto(deployed.url)
        await expect(page.locator(".cards h3").first).to_be_visible()
        await becomes(True, lambda: page.evaluate(PICTURES), within=PLENTY)
        await page.get_by_role("link", name="See everything").click()
        await page.get_by_role("heading", name="All products").wait_for()
        await becomes(True, lambda: page.evaluate(PICTURES), within=PLENTY)
        shown = await page.locator(".cards h3").all_inner_texts()
        await page.locator(".cards a").first.click()
        await page.get_by_role("heading", name=shown[0]).wait_for()
        await becomes(True, lambda: page.evaluate(PICTURES), within=PLENTY)

        assert len(shown) > 10
        assert set(shown) <= titles
        assert complaints == []


class TestLiveSite:
    async def test_shows_a_new_price_within_seconds(self, deployed: Deployed, page: Page) -> None:
        goods = await make_goods(deployed, "told", "12.50")
        await becomes(True, lambda: goods.costs(page, "€12.50"), within=PLENTY)
        await goods.reprice("13.75")

        assert await seconds_until(lambda: goods.costs(page, "€13.75")) < BY_WEBHOOK

    async def test_shows_a_published_config_within_seconds_without_a_build(
        self, deployed: Deployed, page: Page
    ) -> None:
        machine = deployed.machine
        hero = {"type": "Hero", "props": {"id": "Hero-1", "title": "Lamps of brass"}}
        layout = {"content": [hero], "root": {"props": {}}, "zones": {}}
        given = {"siteId": deployed.id, "name": "Brass", "changes": {"layout": layout}}
        draft = (await machine.send(operation("DraftCreate"), input=given))["storefrontDraft"]
        assert not await shows(page, deployed.url, "Lamps of brass")
        await machine.send(operation("DraftPublish"), id=draft["id"], input={"revision": draft["revision"]})

        assert await seconds_until(lambda: shows(page, deployed.url, "Lamps of brass")) < BY_WEBHOOK

    async def test_shows_a_new_price_within_a_minute_where_it_is_not_told(self, deployed: Deployed, page: Page) -> None:
        async with untold(deployed.machine):
            goods = await make_goods(deployed, "untold", "12.50")
            await becomes(True, lambda: goods.costs(page, "€12.50"), within=PLENTY)
            await becomes(True, lambda: goods.is_kept(page), within=PLENTY)
            await goods.reprice("13.75")

            assert await seconds_until(lambda: goods.costs(page, "€13.75")) < BY_POLL

    async def test_tells_the_dashboard_of_an_order_and_of_the_visit(self, deployed: Deployed, page: Page) -> None:
        machine = deployed.machine
        goods = await make_goods(deployed, "ordered", "42.00")
        await becomes(True, lambda: goods.costs(page, "€42.00"), within=PLENTY)
        ordered_before = (await figures(machine))["orders"]
        async with signed_in(machine.server, machine.api_key) as dashboard:
            await dashboard.subscribe(operation("OrderEvents"))
            await put_in_cart(page, goods.url)
            await page.get_by_role("link", name="View cart").click()
            await page.get_by_role("link", name="Check out").click()
            await fill_in(page)
            await page.get_by_role("button", name="Place order").click()
            await page.get_by_role("heading", name="Thank you").wait_for()
            heard = (await dashboard.next())["orderEvents"]

        assert (heard["type"], heard["order"]["total"]) == ("ORDER_CREATED", euros("42.00"))
        await expect(page.locator(".order")).to_contain_text(str(heard["order"]["number"]))
        visited = {goods.path, "/cart", "/checkout", "/order"}
        await becomes((1, visited), lambda: counted(machine, ordered_before, visited), within=PLENTY)


class TestRollback:
    async def test_shows_the_older_deployment_again(self, deployed: Deployed, page: Page) -> None:
        machine, listing = deployed.machine, f"{deployed.url}/products"
        texts = machine.folder / "themes" / "starter" / "texts" / "en.ts"
        texts.write_text(texts.read_text().replace('"All products"', '"Every single thing"'))
        await deployed.deploy()
        await becomes(True, lambda: shows(page, listing, "Every single thing"), within=PLENTY)

        site = (await machine.send(ROLLBACK, id=deployed.id, deploymentId=deployed.first))["site"]

        assert site["liveDeployment"] == {"id": deployed.first}
        await becomes(True, lambda: shows(page, listing, "All products"), within=PLENTY)


async def figures(machine: Machine) -> dict[str, Any]:
    return await machine.ask(FIGURES, range={"days": 1})


async def counted(machine: Machine, ordered_before: int, wanted: set[str]) -> tuple[int, set[str]]:
    """The orders since then, and which of the pages were seen by somebody."""
    found = await figures(machine)
    return found["orders"] - ordered_before, wanted & {page["path"] for page in found["topPages"]}
