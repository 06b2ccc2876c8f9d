"""Banners and logos on a site."""

import pytest

from tests.banner.api import ARCHIVE, Board
from tests.logo.api import Sign
from tests.people import becomes
from tests.starter.site import BY_WEBHOOK, PLENTY, Site, seconds_until
from tests.storefront.api import Desk

# One after the other, in the one worker that builds the theme.
pytestmark = [pytest.mark.xdist_group("starter_theme"), pytest.mark.timeout(600)]


class TestBanner:
    async def test_is_shown_where_it_belongs_within_seconds_of_its_publication(self, told: Site, desk: Desk) -> None:
        board = Board(desk.shop, desk.site)
        await told.page("/")
        content = {"text": "Until **Sunday**.", "buttonLabel": "To the lamps"}
        styles = {"background-color": "#123456"}
        await board.shown("A week of lamps", bannerType="PROMOTION", linkUrl="/products", content=content)
        await board.shown("Free from 50 euros", bannerType="ANNOUNCEMENT", customStyles=styles)
        await board.shown("For members alone", bannerType="PROMOTION", targetAudience="CUSTOMERS")
        for title, language in (("For who reads English", "en"), ("For who reads Greek", "el")):
            target = {"targetAudience": "CUSTOM", "customTarget": {"languages": [language]}}
            await board.shown(title, bannerType="PROMOTION", **target)
        await board.shown("All of them brass", bannerType="CATEGORY")

        assert await seconds_until(lambda: told.shows("/products", "All of them brass")) < BY_WEBHOOK
        home, listing = await told.page("/"), await told.page("/products")
        assert "A week of lamps" in home
        assert "<strong>Sunday</strong>" in home
        assert "To the lamps</a>" in home
        assert 'style="background-color:#123456">Free from 50 euros' in home
        assert "Free from 50 euros" in listing
        assert "A week of lamps" not in listing
        assert "All of them brass" not in home
        assert "For who reads English" in home
        assert "For who reads Greek" not in home
        assert "For members alone" not in home

    async def test_is_gone_within_seconds_once_it_is_archived(self, told: Site, desk: Desk) -> None:
        board = Board(desk.shop, desk.site)
        banner = await board.shown("A week of lamps", bannerType="FOOTER")
        await becomes(True, lambda: told.shows("/cart", "A week of lamps"), within=PLENTY)
        await board.change(ARCHIVE, banner)

        assert await seconds_until(lambda: _shows_not(told, "/cart", "A week of lamps")) < BY_WEBHOOK


class TestLogo:
    async def test_stands_in_the_header_the_footer_and_the_tab(self, told: Site, desk: Desk) -> None:
        sign = Sign(desk.shop, desk.site)
        urls = {
            kind: (await sign.shown(logoType=kind, displaySettings=settings))["asset"]["url"]
            for kind, settings in (
                ("PRIMARY", {"maxWidth": 90, "linkUrl": "/products"}),
                ("FOOTER", {}),
                ("FAVICON", {}),
            )
        }

        await becomes(True, lambda: told.shows("/cart", urls["FAVICON"]), within=PLENTY)
        page = await told.page("/cart")
        header, footer = page.partition("<header")[2].partition("</header>")[0], page.partition("<footer")[2]
        assert f'src="{urls["PRIMARY"]}"' in header
        assert "max-width:min(90px, 50vw)" in header
        assert 'href="/products" class="header__brand"' in header or 'class="header__brand" href="/products"' in header
        assert f'src="{urls["FOOTER"]}"' in footer
        assert f'rel="icon" href="{urls["FAVICON"]}"' in page


async def _shows_not(site: Site, path: str, text: str) -> bool:
    return not await site.shows(path, text)
