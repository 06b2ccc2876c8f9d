"""Products of the machine's shop, which tests make and change."""

from typing import Any

from playwright.async_api import Page

from tests.pipeline.machine import Deployed, operation


class Goods:
    """A product of the shop, whose price changes."""

    def __init__(self, deployed: Deployed, made: dict[str, Any]) -> None:
        self._machine = deployed.machine
        self._made = made
        self._revision = made["revision"]
        self.path = f"/products/{made['slug']}"
        self.url = deployed.url + self.path

    async def reprice(self, amount: str) -> None:
        variants = [{"id": self._made["variants"]["nodes"][0]["id"], "price": euros(amount)}]
        given = {"revision": self._revision, "variants": variants}
        payload = await self._machine.send(operation("ProductUpdate"), id=self._made["id"], input=given)
        self._revision = payload["product"]["revision"]

    async def costs(self, page: Page, price: str) -> bool:
        """Whether somebody who opens its page now reads that price."""
        await page.goto(self.url)
        return await page.locator(".purchase__price").inner_text() == price

    async def is_kept(self, page: Page) -> bool:
        """Whether its page is shown as it was made before."""
        response = await page.goto(self.url)
        return response is not None and response.headers.get("x-nextjs-cache") == "HIT"


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "EUR"}


async def make_goods(deployed: Deployed, sku: str, amount: str) -> Goods:
    variants = [{"sku": sku, "price": euros(amount), "quantity": 5}]
    given = {"title": f"Lamp {sku}", "status": "ACTIVE", "variants": variants}
    return Goods(deployed, (await deployed.machine.send(operation("ProductCreate"), input=given))["product"])
