"""The deployed theme as a browser judges it: nothing complained of, nothing that moves, everything by keyboard."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.pipeline.goods import make_goods
from tests.pipeline.machine import Deployed
from tests.starter.shopper import SHIFTS, fill_in, put_in_cart, settle

# One after the other, in the one worker that builds the theme.
pytestmark = [pytest.mark.xdist_group("starter_theme"), pytest.mark.timeout(600)]

# Below 0.1 is good, says web.dev; half of it leaves room.
MAX_SHIFT = 0.05
MAX_STOPS = 60
# Pictures whose place is not known before they are there.
UNSIZED = """
[...document.images].filter((image) => !(image.getAttribute("width") && image.getAttribute("height"))
  && getComputedStyle(image).aspectRatio === "auto").map((image) => image.src)
"""
NAMELESS = """
[...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea")].filter((element) =>
  !(element.textContent?.trim() || element.getAttribute("aria-label") || element.labels?.length
    || element.querySelector("img[alt]:not([alt=''])"))).map((element) => element.outerHTML.slice(0, 100))
"""
JUMPING = "[...document.querySelectorAll('[tabindex]')].filter((element) => element.tabIndex > 0).length"
# Where the keyboard is, whether it can be seen there, and by what.
FOCUS = """
(() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  // Cards mark themselves around the link, and options at the label beside their input.
  const marks = [[element], [element, "::after"], [element.nextElementSibling ?? element]];
  const isMarked = marks.map((of) => getComputedStyle(...of))
    .some(({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && parseFloat(outlineWidth) > 0);
  const box = element.getBoundingClientRect();
  return {
    name: (element.getAttribute("aria-label") || element.innerText || element.name || element.tagName).slice(0, 40),
    isSeen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
    isMarked,
  };
})()
"""


async def faults(page: Page, url: str, width: int) -> dict[str, Any]:
    """What is wrong with a page, by what it is; nothing where all is well."""
    await page.goto("about:blank")  # or another `#…` of the same page would load nothing
    await page.goto(url)
    await settle(page)
    shift = await page.evaluate(SHIFTS)
    found = {
        "moved": shift if shift >= MAX_SHIFT else 0,
        "wide": await page.evaluate("document.documentElement.scrollWidth") - width,
        "unsized": await page.evaluate(UNSIZED),
        "nameless": await page.evaluate(NAMELESS),
        "jumping": await page.evaluate(JUMPING),
        "headings": await page.locator("h1").count() - 1,
    }
    return {name: value for name, value in found.items() if value}


async def unmarked_stops(page: Page) -> list[dict[str, Any]]:
    """Where the Tab key leads on the page and nobody sees where that is."""
    found = []
    for _ in range(MAX_STOPS):
        await page.keyboard.press("Tab")
        stop = await page.evaluate(FOCUS)
        if stop is None:
            break
        if not (stop["isSeen"] and stop["isMarked"]):
            found.append(stop)
    return found


@pytest.mark.parametrize("width", [390, 1280])
class TestLook:
    async def test_is_steady_sized_and_uncomplained_of_on_every_page(
        self, deployed: Deployed, page: Page, complaints: list[str], width: int
    ) -> None:
        await page.set_viewport_size({"width": width, "height": 844})
        url = deployed.url
        found = {"empty checkout": await faults(page, f"{url}/checkout", width)}
        for path in ("/", "/products", "/cart"):
            found[path] = await faults(page, url + path, width)
        await page.goto(f"{url}/products")
        product = url + str(await page.locator(".cards a").first.get_attribute("href"))
        found["product"] = await faults(page, product, width)
        await put_in_cart(page, (await make_goods(deployed, f"look-{width}", "30.00")).url)
        for path in ("/cart", "/checkout"):
            found[f"{path} with a product"] = await faults(page, url + path, width)
        await fill_in(page)
        await page.get_by_role("button", name="Place order").click()
        await expect(page.get_by_role("heading", name="Thank you")).to_be_in_viewport()
        found["order"] = await faults(page, page.url, width)

        assert {where: what for where, what in found.items() if what} == {}
        assert complaints == []

    async def test_shows_where_the_keyboard_is(self, deployed: Deployed, page: Page, width: int) -> None:
        await page.set_viewport_size({"width": width, "height": 844})
        await page.goto(f"{deployed.url}/products")
        product = deployed.url + str(await page.locator(".cards a").first.get_attribute("href"))
        found = {}
        await put_in_cart(page, (await make_goods(deployed, f"keys-{width}", "30.00")).url)
        for url in (
            deployed.url,
            f"{deployed.url}/products",
            product,
            *(deployed.url + p for p in ("/cart", "/checkout")),
        ):
            await page.goto(url)
            await settle(page)
            found[url] = await unmarked_stops(page)

        assert [(where, stop["name"]) for where, stops in found.items() for stop in stops] == []
