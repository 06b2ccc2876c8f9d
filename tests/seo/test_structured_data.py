"""JSON-LD: what search engines are told of products and of sites."""

import json
from collections.abc import Awaitable, Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.factories import Shop, make_site
from tests.seo.test_sitemap import UPDATE, set_section
from tests.storefront.api import PREVIEW, Desk

PRODUCT = "query ($slug: String!) { productBySlug(slug: $slug) { structuredData } }"
LISTED = "{ products(first: 10, sort: { field: TITLE }) { nodes { title structuredData } } }"
SITE = "{ storefrontConfig { structuredData } }"
IN_STOCK, OUT_OF_STOCK = "https://schema.org/InStock", "https://schema.org/OutOfStock"
# What ends a script element, begins a comment, ends a line of a script, or an attribute.
HOSTILE = "</script><script>alert(1)</script><!-- ' \" & \u2028 \u2029 ]]> \\u003c"


class Scripts(HTMLParser):
    """The texts of a page's script elements, as a browser finds them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert (tag, attrs) == ("script", [("type", "application/ld+json")])
        self.found.append("")

    def handle_data(self, data: str) -> None:
        self.found[-1] += data


def in_page(data: str) -> Any:
    """What a page with the data in a script element tells."""
    scripts = Scripts()
    scripts.feed(f'<script type="application/ld+json">{data}</script>')
    (text,) = scripts.found
    assert "\u2028" not in text
    return json.loads(text)


async def product_data(desk: Desk, slug: str = "lamp") -> Any:
    answer = await desk.shop.graphql(PRODUCT, {"slug": slug}, storefront_token=desk.site["storefrontToken"])
    return in_page(answer["data"]["productBySlug"]["structuredData"])


async def site_data(desk: Desk, **headers: str) -> Any:
    answer = await desk.shop.graphql(SITE, storefront_token=desk.site["storefrontToken"], headers=headers)
    return in_page(answer["data"]["storefrontConfig"]["structuredData"])


class TestProduct:
    async def test_is_offered_at_its_price(self, desk: Desk) -> None:
        images = ["https://cdn.example/1.jpg", "/media/2.jpg"]
        variants = [{"sku": "L-1", "price": {"amount": "12.50", "currencyCode": "EUR"}, "quantity": 1}]
        await desk.shop.product(
            slug="lamp",
            title="Lamp",
            description="Bright.",
            images=[{"url": url} for url in images],
            variants=variants,
        )

        url = f"{desk.site['url']}/products/lamp"
        assert await product_data(desk) == {
            "@context": "https://schema.org",
            "@type": "Product",
            "name": "Lamp",
            "description": "Bright.",
            "image": [images[0], f"{desk.shop.platform.settings.base_url}/media/2.jpg"],
            "sku": "L-1",
            "url": url,
            "offers": {
                "@type": "Offer",
                "sku": "L-1",
                "price": "12.50",
                "priceCurrency": "EUR",
                "availability": IN_STOCK,
                "url": url,
            },
        }

    async def test_of_several_variants_is_offered_from_the_lowest_to_the_highest(self, desk: Desk) -> None:
        prices = {"S": ("9.00", 0), "M": ("10.00", 3), "L": ("11.50", 0)}
        variants = [
            {"sku": sku, "title": sku, "price": {"amount": price, "currencyCode": "EUR"}, "quantity": quantity}
            for sku, (price, quantity) in prices.items()
        ]
        await desk.shop.product(slug="lamp", variants=variants)

        found = await product_data(desk)

        offers = found["offers"]
        assert "sku" not in found
        assert (offers["@type"], offers["offerCount"], offers["priceCurrency"]) == ("AggregateOffer", 3, "EUR")
        assert (offers["lowPrice"], offers["highPrice"], offers["availability"]) == ("9.00", "11.50", IN_STOCK)
        assert [(each["name"], each["price"], each["availability"]) for each in offers["offers"]] == [
            ("S", "9.00", OUT_OF_STOCK),
            ("M", "10.00", IN_STOCK),
            ("L", "11.50", OUT_OF_STOCK),
        ]

    async def test_has_the_decimals_of_its_currency(self, new_shop: Any) -> None:
        shop: Shop = await new_shop(currency_code="JPY")
        await shop.product(slug="lamp", price="1250", quantity=0)

        offer = (await product_data(Desk(shop, await make_site(shop))))["offers"]

        assert (offer["price"], offer["priceCurrency"], offer["availability"]) == ("1250", "JPY", OUT_OF_STOCK)

    async def test_has_the_address_that_its_theme_gives_it(self, themed_desk: Callable[..., Awaitable[Desk]]) -> None:
        desk = await themed_desk(product="/shop/{slug}.html")
        await desk.shop.product(slug="lamp")

        assert (await product_data(desk))["url"] == f"{desk.site['url']}/shop/lamp.html"

    async def test_has_no_address_for_who_asks_for_no_site(self, desk: Desk) -> None:
        await desk.shop.product(slug="lamp")

        for answer in (await desk.shop.admin(LISTED), await desk.shop.shopper(LISTED)):
            (node,) = answer["data"]["products"]["nodes"]
            data = in_page(node["structuredData"])
            assert "url" not in data
            assert "url" not in data["offers"]

    async def test_has_the_address_of_the_site_that_asks(self, desk: Desk) -> None:
        """The sites share a plan and a statement; what is kept for one is not shown by the other."""
        other = Desk(desk.shop, await make_site(desk.shop))
        await desk.shop.product(slug="lamp")

        found = [(await product_data(each))["url"] for each in (desk, other, desk)]

        assert found == [f"{each.site['url']}/products/lamp" for each in (desk, other, desk)]

    @pytest.mark.parametrize("field", ["title", "description"])
    async def test_stays_within_its_script_element_whatever_it_is_called(self, desk: Desk, field: str) -> None:
        hostile: dict[str, Any] = {"slug": "lamp", field: HOSTILE}
        await desk.shop.product(**hostile)

        assert (await product_data(desk))["name" if field == "title" else field] == HOSTILE

    async def test_follows_its_product(self, desk: Desk) -> None:
        product = await desk.shop.product(slug="lamp", title="Old")
        assert (await product_data(desk))["name"] == "Old"

        await desk.shop.admin(UPDATE, {"id": product["id"], "input": {"revision": 1, "title": "New"}})

        assert (await product_data(desk))["name"] == "New"


class TestSite:
    async def test_is_an_organization_with_a_website(self, desk: Desk) -> None:
        home = f"{desk.site['url']}/"

        assert await site_data(desk) == {
            "@context": "https://schema.org",
            "@graph": [
                {"@type": "Organization", "@id": f"{home}#organization", "name": "Lamps", "url": home},
                {
                    "@type": "WebSite",
                    "@id": f"{home}#website",
                    "name": "Lamps",
                    "url": home,
                    "publisher": {"@id": f"{home}#organization"},
                    "inLanguage": "en",
                },
            ],
        }

    async def test_says_what_its_config_says(self, desk: Desk) -> None:
        profiles = ["https://social.example/lamps"]
        given = {
            "organization": {"@type": "OnlineStore", "name": HOSTILE, "logo": "https://cdn.example/logo.png"},
            "website": {"alternateName": "L & Co"},
            "breadcrumbs": [{"name": "Home", "path": "/"}, {"name": "Lämpchen", "path": "/lämpchen"}, {"name": "Here"}],
        }
        seo = {"title": "Bright", "description": "Lamps.", "social": {"profiles": profiles}, "structuredData": given}
        await set_section(desk, seo=seo)

        organization, website, crumbs = (await site_data(desk))["@graph"]

        assert organization["@type"] == "OnlineStore"
        assert (organization["name"], organization["logo"]) == (HOSTILE, "https://cdn.example/logo.png")
        assert organization["sameAs"] == profiles
        assert (website["name"], website["description"]) == ("Bright", "Lamps.")
        assert website["alternateName"] == "L & Co"
        url = desk.site["url"]
        assert crumbs == {
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": 1, "name": "Home", "item": f"{url}/"},
                {"@type": "ListItem", "position": 2, "name": "Lämpchen", "item": f"{url}/l%C3%A4mpchen"},
                {"@type": "ListItem", "position": 3, "name": "Here"},
            ],
        }

    async def test_is_shown_as_a_draft_would_make_it(self, desk: Desk) -> None:

        draft = await desk.draft(changes={"seo": {"title": "Next"}})
        token = (await desk.done(PREVIEW, id=draft["id"]))["previewToken"]

        _, live = (await site_data(desk))["@graph"]
        _, website = (await site_data(desk, **{"X-Preview-Token": token}))["@graph"]

        assert (live["name"], website["name"]) == ("Lamps", "Next")
