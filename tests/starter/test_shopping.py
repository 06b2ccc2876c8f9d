"""A shopper in Chromium: from the home page to their order."""

import json
from typing import Any

import pytest
from playwright.async_api import Page, expect

from core.ids import global_id
from tests.people import becomes
from tests.starter.shopper import SHIFTS, fill_in, put_in_cart, settle
from tests.starter.site import PLENTY, Site
from tests.storefront.api import Desk

# One after the other, in the one worker that builds the theme.
pytestmark = [pytest.mark.xdist_group("starter_theme"), pytest.mark.timeout(600)]


def address(site: Site, product: dict[str, Any]) -> str:
    return f"{site.url}/products/{product['slug']}"


async def counted(desk: Desk, steps: set[str]) -> bool:
    return steps <= {row["name"] for row in await desk.shop.sql("select name from visitor_event")}


async def seen_paths(desk: Desk) -> list[str]:
    """The pages that were told of, products left out."""
    rows = await desk.shop.sql("select distinct path from visitor_event")
    return sorted(row["path"] for row in rows if not row["path"].startswith("/products/"))


class TestShopper:
    """Somebody who wants a lamp."""

    async def test_finds_orders_and_sees_the_order(
        self, told: Site, desk: Desk, page: Page, complaints: list[str]
    ) -> None:
        await desk.shop.product(title="Arc lamp", price="42.00")

        await page.goto(told.url)
        await page.get_by_role("link", name="See everything").click()
        await page.get_by_role("heading", name="All products").wait_for()
        await page.get_by_role("link", name="Arc lamp").click()
        await expect(page.locator(".purchase__price")).to_have_text("€42.00")
        await page.get_by_label("Quantity").fill("2")
        await page.get_by_role("button", name="Add to cart").click()
        await page.get_by_role("link", name="View cart").click()
        await expect(page.get_by_test_id("total")).to_have_text("€84.00")
        await page.get_by_role("link", name="Check out").click()
        await fill_in(page)
        await page.get_by_role("button", name="Place order").click()
        await page.get_by_role("heading", name="Thank you").wait_for()

        await expect(page.locator(".order")).to_contain_text("2 × Arc lamp")  # noqa: RUF001 - as people write it
        await expect(page.locator(".order")).to_contain_text("€84.00")
        await expect(page.get_by_role("link", name="Cart, 0 items")).to_be_visible()
        await page.reload()  # the address is all that it takes
        await page.get_by_role("heading", name="Thank you").wait_for()
        rows = await desk.shop.sql("select email from sales_order")
        assert [row["email"] for row in rows] == ["ada@example.com"]
        assert complaints == []

    async def test_is_counted_step_by_step(self, told: Site, desk: Desk, page: Page) -> None:
        await put_in_cart(page, address(told, await desk.shop.product(title="Arc lamp")))
        await page.get_by_role("link", name="View cart").click()
        await page.get_by_role("link", name="Check out").click()
        await fill_in(page)
        await page.get_by_role("button", name="Place order").click()
        await page.get_by_role("heading", name="Thank you").wait_for()

        steps = {"page_view", "product_view", "add_to_cart", "checkout_initiated", "purchase"}
        await becomes(True, lambda: counted(desk, steps), within=PLENTY)
        (order,) = await desk.shop.sql("select id from sales_order")
        (bought,) = await desk.shop.sql("select properties from visitor_event where name = 'purchase'")
        assert json.loads(bought["properties"])["orderId"] == global_id("Order", order["id"])
        await becomes(["/cart", "/checkout", "/order"], lambda: seen_paths(desk), within=PLENTY)

    async def test_is_shown_at_the_field_what_is_wrong_with_it(self, told: Site, desk: Desk, page: Page) -> None:
        await put_in_cart(page, address(told, await desk.shop.product()))
        await page.goto(f"{told.url}/checkout")
        await fill_in(page, **{"E-mail": "ada@example.com", "Postal code": "6" * 30, "City": ""})
        await page.get_by_role("button", name="Place order").click()
        city = page.get_by_label("City", exact=True)
        await expect(city).to_have_attribute("aria-invalid", "true")
        await city.fill("Lyon")
        await page.get_by_role("button", name="Place order").click()

        code = page.get_by_label("Postal code", exact=True)
        await expect(code).to_have_attribute("aria-invalid", "true")
        await expect(code).to_have_accessible_description("That is too long.")
        assert await desk.shop.sql("select id from sales_order") == []

    async def test_is_told_when_what_they_chose_sells_out_meanwhile(self, told: Site, desk: Desk, page: Page) -> None:
        product = await desk.shop.product(title="Arc lamp", quantity=1)
        await put_in_cart(page, address(told, product))
        await page.goto(f"{told.url}/checkout")
        await fill_in(page)
        await page.get_by_role("button", name="Place order").and_(page.locator(":enabled")).wait_for()
        await desk.shop.order(product["variants"]["nodes"][0]["id"])
        await page.get_by_role("button", name="Place order").click()

        await expect(page.locator(".notice--danger")).to_contain_text("sold out")
        await page.locator(".notice--danger").get_by_role("link", name="View cart").click()
        await expect(page.locator(".line__problem")).to_have_text("Sold out")

    async def test_who_presses_again_after_no_answer_orders_once(self, told: Site, desk: Desk, page: Page) -> None:
        await put_in_cart(page, address(told, await desk.shop.product()))
        await page.goto(f"{told.url}/checkout")
        await fill_in(page)

        async def lose_answer(route: Any) -> None:
            await route.fetch()  # it arrives
            await route.abort()

        await page.route("**/api/checkout", lose_answer, times=1)
        await page.get_by_role("button", name="Place order").click()
        await expect(page.locator(".notice--danger")).to_contain_text("press again")
        await page.get_by_label("City", exact=True).fill("Paris")
        await page.get_by_role("button", name="Place order").click()
        await page.get_by_role("heading", name="Thank you").wait_for()

        await expect(page.locator(".notice")).to_contain_text("first attempt")
        await expect(page.locator("address")).to_contain_text("Lyon")
        assert len(await desk.shop.sql("select id from sales_order")) == 1

    async def test_filters_sorts_and_turns_pages(self, told: Site, desk: Desk, page: Page) -> None:
        draft = await desk.draft(changes={"settings": {"display": {"productsPerPage": 2}}})
        await desk.publish(draft)
        for title, price, quantity in (("Arc", "30", 1), ("Bowl", "10", 0), ("Carafe", "20", 1), ("Dish", "40", 1)):
            await desk.shop.product(title=title, price=price, quantity=quantity)
        titles = page.locator(".cards h3")

        await becomes(True, lambda: told.shows("/products", "4 products"), within=PLENTY)
        await page.goto(f"{told.url}/products")
        await expect(titles).to_have_text(["Dish", "Carafe"])
        await page.get_by_role("link", name="Next").click()
        await expect(titles).to_have_text(["Bowl", "Arc"])
        await page.get_by_role("link", name="Previous").click()
        await expect(titles).to_have_text(["Dish", "Carafe"])
        await page.get_by_label("Sort by").select_option(label="Price, low to high")
        await expect(titles).to_have_text(["Bowl", "Carafe"])
        await page.get_by_label("Available now").check()
        await expect(titles).to_have_text(["Carafe", "Arc"])
        await page.locator(".filters").get_by_label("Search").fill("dis")
        await page.keyboard.press("Enter")
        await expect(titles).to_have_text(["Dish"])

    async def test_gets_through_by_keyboard_alone(self, told: Site, desk: Desk, page: Page) -> None:
        product = await desk.shop.product(title="Arc lamp")
        await page.goto(f"{told.url}/products/{product['slug']}")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await page.keyboard.press("Enter")
        for _ in range(2):  # the quantity, the button
            await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Add to cart")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="View cart")).to_be_focused()

    @pytest.mark.parametrize("path", ["/", "/products", "/cart", "/checkout", "/nowhere"])
    async def test_sees_nothing_move_while_a_page_loads(self, told: Site, desk: Desk, page: Page, path: str) -> None:
        await put_in_cart(page, address(told, await desk.shop.product()))
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.goto(told.url + path)
        await settle(page)

        assert await page.evaluate(SHIFTS) < 0.05
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
