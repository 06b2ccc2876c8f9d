"""A shopper in Chromium: what they do, and what the browser says of it."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import ConsoleMessage, Page, async_playwright

from tests.browser.test_graphiql import CHROMIUM, CHROMIUM_ARGS, STEP_TIMEOUT
from tests.people import becomes
from tests.pipeline.machine import cannot

# Chromium's own says that nobody looks at it, and such visits are counted apart, as bots'.
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version} Safari/537.36"
# What the page asks for by itself is there, and so are the pictures in view. That no request is under way any more
# cannot be waited for: of what is sent while a page is left Chromium does not always say that it is done.
SETTLED = """
!document.querySelector("main").innerText.includes("One moment") && [...document.images]
  .every((image) => image.complete || image.getBoundingClientRect().top > innerHeight)
"""
# All that moved while the page loaded, as Cumulative Layout Shift counts it.
SHIFTS = """
new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { sum += entry.value; }))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})
"""


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page in Chromium."""
    if CHROMIUM is None:
        cannot("Chromium is not installed.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        try:
            page = await browser.new_page(user_agent=USER_AGENT.format(version=browser.version))
            page.set_default_timeout(STEP_TIMEOUT)
            yield page
        finally:
            await browser.close()


@pytest.fixture
async def complaints(page: Page) -> list[str]:
    """What the browser complains of."""
    found: list[str] = []

    def take(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            found.append(f"{message.text} ({message.location.get('url')})")

    page.on("console", take)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


async def settle(page: Page) -> None:
    """Waits until the page that was opened shows what it has to show.

    It is asked from outside: the page's own Content-Security-Policy keeps it from waiting for an expression itself.
    """
    await becomes(True, lambda: page.evaluate(SETTLED), within=STEP_TIMEOUT / 1000)


async def fill_in(page: Page, **more: str) -> None:
    """The checkout's form, with these values by their labels besides."""
    given = {"E-mail": "ada@example.com", "Full name": "Ada Lamp", "Street and number": "1 Brass Row", "City": "Lyon"}
    for label, text in (given | more).items():
        await page.get_by_label(label, exact=True).fill(text)
    await page.get_by_label("Country", exact=True).select_option("FR")


async def put_in_cart(page: Page, url: str) -> None:
    """The product of that page."""
    await page.goto(url)
    await page.get_by_role("button", name="Add to cart").click()
    await page.get_by_role("link", name="View cart").wait_for()
