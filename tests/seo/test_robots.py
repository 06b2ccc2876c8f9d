"""robots.txt: where search engines may go."""

from urllib.robotparser import RobotFileParser

from tests.seo.test_sitemap import get, set_section
from tests.storefront.api import Desk


async def rules(desk: Desk) -> RobotFileParser:
    response = await get(desk, "robots.txt")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    parser = RobotFileParser()
    parser.parse(response.text.splitlines())
    return parser


class TestRobots:
    async def test_lets_them_in_and_names_the_sitemap(self, desk: Desk) -> None:
        found = await rules(desk)

        assert found.can_fetch("anybody", "/products/lamp")
        assert found.site_maps() == [f"{desk.site['url']}/sitemap.xml"]

    async def test_keeps_them_out_of_what_the_config_names(self, desk: Desk) -> None:
        await set_section(desk, seo={"robots": {"disallow": ["/cart", "/search?q=", "/*.pdf$"]}})

        found = await rules(desk)

        assert not found.can_fetch("anybody", "/cart/2")
        assert found.can_fetch("anybody", "/products/cart")
        text = (await get(desk, "robots.txt")).text
        assert "Disallow: /search?q=\nDisallow: /*.pdf$\n" in text

    async def test_has_a_line_for_a_path_whatever_is_in_it(self, desk: Desk) -> None:
        await set_section(desk, seo={"robots": {"disallow": ["/a\nAllow: /", "/b # c", "/ä"]}})

        text = (await get(desk, "robots.txt")).text

        paths = ["/a%0AAllow:%20/", "/b%20%23%20c", "/%C3%A4"]
        assert [line for line in text.splitlines() if line.startswith(("Allow", "Disallow"))] == [
            f"Disallow: {path}" for path in paths
        ]

    async def test_keeps_them_out_of_a_site_that_is_not_to_be_indexed(self, desk: Desk) -> None:
        assert (await rules(desk)).can_fetch("anybody", "/")

        await set_section(desk, seo={"robots": {"index": False}})

        found = await rules(desk)
        assert not found.can_fetch("anybody", "/")
        assert found.site_maps() is None
        assert (await get(desk)).status_code == 404
        assert (await get(desk, "sitemap-1.xml")).status_code == 404

    async def test_tells_nothing_of_drafts(self, desk: Desk) -> None:
        await desk.draft(changes={"seo": {"robots": {"index": False}}})

        assert (await rules(desk)).can_fetch("anybody", "/")
