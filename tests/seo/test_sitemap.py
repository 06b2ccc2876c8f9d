"""Sitemaps: what is in them, for whom they are, and what they are held to."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.cache import MAX_ENTRY_BYTES
from core.clock import format_moment
from core.ids import new_id, uuid_in
from resolvers.seo.sitemap import MAX_IMAGES, MAX_PRODUCTS
from tests.asset.elsewhere import elsewhere
from tests.factories import Shop, make_site, make_theme
from tests.people import becomes, new_address, sent_from
from tests.seo.sitemap import files_of, is_index, urls_of
from tests.storefront.api import Desk

UPDATE = """
mutation ($id: ID!, $input: ProductUpdateInput!) {
  productUpdate(id: $id, input: $input) { product { revision updatedAt } userErrors { code message } }
}
"""
DELETE_PRODUCT = "mutation ($id: ID!) { productDelete(id: $id) { deletedProductId userErrors { code } } }"
DELETE_SITE = "mutation ($id: ID!) { siteDelete(id: $id) { deletedSiteId userErrors { code } } }"
# As an application would place them; a page of 20 rows is what `generate_series` is for.
MANY = """
insert into product (workspace_id, id, title, slug, status, currency_code, min_price_amount, max_price_amount)
select $1, uuidv7(), 'Lamp', 'lamp-' || n, 'ACTIVE', 'EUR', 100, 100 from generate_series(1, $2) n
"""


async def get(desk: Desk, file: str = "sitemap.xml", **headers: str) -> httpx.Response:
    """From an address of its own: what others have asked for does not count."""
    path = f"/sites/{desk.site['slug']}/{file}"
    return await desk.shop.graphql.http.get(path, headers=sent_from(new_address()) | headers)


async def slugs(desk: Desk) -> set[str]:
    """Of the products in the sitemap."""
    start = f"{desk.site['url']}/products/"
    return {url.loc.removeprefix(start) for url in urls_of(await get(desk)) if url.loc.startswith(start)}


async def set_section(desk: Desk, **sections: Any) -> None:
    """Publishes these sections."""
    await desk.publish(await desk.draft(changes=sections))


class TestSitemap:
    async def test_has_the_home_page_and_each_product_with_when_it_last_changed(self, desk: Desk) -> None:
        product = await desk.shop.product(slug="brass-lamp")
        (row,) = await desk.shop.sql("select updated_at from product where id = $1", uuid_in(product["id"], "Product"))

        home, lamp = urls_of(await get(desk))

        assert home.loc == f"{desk.site['url']}/"
        assert lamp.loc == f"{desk.site['url']}/products/brass-lamp"
        assert lamp.lastmod[:-1] == format_moment(row["updated_at"])[:19]
        assert (lamp.images, lamp.languages) == ([], {})

    async def test_tells_a_products_pictures(self, desk: Desk) -> None:
        images = ["https://cdn.example/a lamp&co/ä.jpg?x=<1>", "/media/lamp.webp"]
        await desk.shop.product(slug="lamp", images=[{"url": url} for url in images])

        (lamp,) = [url for url in urls_of(await get(desk)) if url.loc.endswith("/lamp")]

        base = desk.shop.platform.settings.base_url
        assert lamp.images == ["https://cdn.example/a%20lamp&co/%C3%A4.jpg?x=%3C1%3E", f"{base}/media/lamp.webp"]

    async def test_tells_no_more_pictures_than_fit(self, desk: Desk) -> None:
        images = [{"url": f"https://cdn.example/{n}.jpg"} for n in range(MAX_IMAGES + 1)]
        await desk.shop.product(slug="lamp", images=images)

        (lamp,) = [url for url in urls_of(await get(desk)) if url.loc.endswith("/lamp")]

        assert lamp.images == [image["url"] for image in images[:MAX_IMAGES]]

    async def test_has_what_is_published_and_nothing_else(self, desk: Desk, other_shop: Shop) -> None:
        await desk.shop.product(slug="draft", status="DRAFT")
        await desk.shop.product(slug="archived", status="ARCHIVED")
        gone = await desk.shop.product(slug="deleted")
        await desk.shop.admin(DELETE_PRODUCT, {"id": gone["id"]})
        await desk.shop.product(slug="active", quantity=0)
        await other_shop.product(slug="theirs")
        await make_site(other_shop)

        assert await slugs(desk) == {"active"}

    @pytest.mark.parametrize("status", ["DRAFT", "ARCHIVED"])
    async def test_loses_a_product_at_once_when_it_is_unpublished(self, desk: Desk, status: str) -> None:
        product = await desk.shop.product(slug="lamp")
        assert await slugs(desk) == {"lamp"}

        given = {"id": product["id"], "input": {"revision": 1, "status": status}}
        assert (await desk.shop.admin(UPDATE, given))["data"]["productUpdate"]["userErrors"] == []

        assert await slugs(desk) == set()

    async def test_moves_with_its_product(self, desk: Desk) -> None:
        product = await desk.shop.product(slug="lamp")
        await desk.shop.admin(UPDATE, {"id": product["id"], "input": {"revision": 1, "slug": "light"}})

        assert await slugs(desk) == {"light"}

    async def test_has_the_paths_of_its_theme(self, themed_desk: Callable[..., Awaitable[Desk]]) -> None:
        desk = await themed_desk(product="/shop/{slug}.html", page="/über/{slug}")
        await set_section(desk, content={"pages": [{"slug": "imprint", "title": "Imprint"}]})
        await desk.shop.product(slug="lamp")

        found = [url.loc.removeprefix(desk.site["url"]) for url in urls_of(await get(desk))]

        assert found == ["/", "/%C3%BCber/imprint", "/shop/lamp.html"]

    async def test_has_no_pages_where_the_theme_does_not_say_where_they_are(
        self, themed_desk: Callable[..., Awaitable[Desk]]
    ) -> None:
        desk = await themed_desk(product="/products/{slug}")
        await set_section(desk, content={"pages": [{"slug": "imprint", "title": "Imprint"}]})

        assert [url.loc for url in urls_of(await get(desk))] == [f"{desk.site['url']}/"]

    async def test_has_each_page_in_each_language(self, themed_desk: Callable[..., Awaitable[Desk]]) -> None:
        desk = await themed_desk(language="/{language}{path}")
        await set_section(desk, settings={"languages": {"default": "en", "available": ["de", "en", "pt-BR"]}})
        await desk.shop.product(slug="lamp", images=[{"url": "https://cdn.example/lamp.jpg"}])

        found = urls_of(await get(desk))

        url = desk.site["url"]
        paths = {"en": "/products/lamp", "de": "/de/products/lamp", "pt-BR": "/pt-BR/products/lamp"}
        languages = {language: url + path for language, path in paths.items()} | {"x-default": f"{url}/products/lamp"}
        assert [each.loc for each in found[3:]] == [url + path for path in paths.values()]
        assert [each.languages for each in found[3:]] == [languages] * 3
        assert [each.images for each in found[3:]] == [["https://cdn.example/lamp.jpg"], [], []]
        assert found[1].loc == f"{url}/de/"

    async def test_has_one_language_where_the_theme_has_no_path_for_others(self, desk: Desk) -> None:
        await set_section(desk, settings={"languages": {"default": "en", "available": ["de", "en"]}})

        assert [each.languages for each in urls_of(await get(desk))] == [{}]

    async def test_is_there_whatever_form_a_themes_own_sections_have(self, shop: Shop) -> None:
        odd: dict[str, Any] = {"schema": {}, "default": {}}
        sections = {
            "seo": odd | {"default": {"robots": ["x"], "social": 1, "structuredData": {"breadcrumbs": {}}}},
            "settings": odd | {"default": {"languages": ["en"]}},
            "content": odd | {"default": {"pages": [1, {"slug": 2}, None]}},
        }
        manifest = {"slug": f"theme-{new_id().hex[-12:]}", "version": "1.0.0", "name": "Odd", "sections": sections}
        desk = Desk(shop, await make_site(shop, await make_theme(shop.platform, manifest)))

        assert [url.loc for url in urls_of(await get(desk))] == [f"{desk.site['url']}/"]
        assert "Allow: /" in (await get(desk, "robots.txt")).text


class TestSitemapOfMany:
    """More pages than one file has."""

    async def test_is_an_index_of_files_that_have_each_page_once(self, desk: Desk) -> None:
        await desk.shop.sql(MANY, desk.shop.workspace_id, 2 * MAX_PRODUCTS)

        response = await get(desk)

        assert is_index(response)
        files = files_of(response)
        start = desk.site["url"]
        assert [file.loc for file in files] == [f"{start}/sitemap-{n}.xml" for n in (1, 2, 3)]
        parts = [urls_of(await get(desk, file.loc.removeprefix(f"{start}/"))) for file in files]
        assert [len(part) for part in parts] == [MAX_PRODUCTS, MAX_PRODUCTS, 1]
        assert [max(url.lastmod for url in part) for part in parts] == [file.lastmod for file in files]
        found = [url.loc.removeprefix(start) for part in parts for url in part]
        assert sorted(found) == sorted(["/", *(f"/products/lamp-{n}" for n in range(1, 2 * MAX_PRODUCTS + 1))])

    async def test_has_no_larger_files_however_many_products_there_are(self, desk: Desk) -> None:
        await desk.shop.sql(MANY, desk.shop.workspace_id, 100_000)

        files = [file.loc.rpartition("/")[2] for file in files_of(await get(desk))]
        found = set()
        for file in files:
            response = await get(desk, file)
            assert len(response.content) < MAX_ENTRY_BYTES
            found |= {url.loc for url in urls_of(response)}

        assert len(files) == 100_000 // MAX_PRODUCTS + 1
        assert len(found) == 100_001

    async def test_is_one_file_as_long_as_all_fit(self, desk: Desk) -> None:
        await desk.shop.sql(MANY, desk.shop.workspace_id, MAX_PRODUCTS - 1)

        assert len(urls_of(await get(desk))) == MAX_PRODUCTS
        assert (await get(desk, "sitemap-2.xml")).status_code == 404

    async def test_has_fewer_pages_a_file_the_more_languages_there_are(
        self, themed_desk: Callable[..., Awaitable[Desk]]
    ) -> None:
        desk = await themed_desk(language="/{language}{path}")
        languages = [f"a{letter}" for letter in "abcdefghijklmnopqrst"]
        await set_section(desk, settings={"languages": {"default": "en", "available": languages}})
        await desk.shop.sql(MANY, desk.shop.workspace_id, 50)

        files = files_of(await get(desk))

        found = [url for file in files for url in urls_of(await get(desk, file.loc.rpartition("/")[2]))]
        assert len(files) > 1
        assert len({url.loc for url in found}) == len(found) == 51 * 21


class TestSitesThatAreNotThere:
    @pytest.mark.parametrize("file", ["sitemap.xml", "sitemap-1.xml", "robots.txt"])
    async def test_have_no_files_once_they_are_deleted(self, desk: Desk, file: str) -> None:
        assert (await get(desk, file)).status_code == 200

        await desk.shop.admin(DELETE_SITE, {"id": desk.site["id"]})

        assert (await get(desk, file)).status_code == 404

    @pytest.mark.parametrize(
        "slug",
        [
            "nobody",
            "%00",
            "..%2f..",
            "UPPER",
            "a" * 64,
            "a" * 5_000,
            "-",
            "%F0%9F%AA%94",
            "%ff",
            "a%0d%0ab",
            "'--",
            "a.b",
        ],
    )
    @pytest.mark.parametrize("file", ["sitemap.xml", "sitemap-1.xml", "robots.txt"])
    async def test_are_not_found_however_they_are_called(self, shop: Shop, slug: str, file: str) -> None:
        response = await shop.graphql.http.get(f"/sites/{slug}/{file}", headers=sent_from(new_address()))

        assert response.status_code == 404

    @pytest.mark.parametrize("number", ["0", "2", "-1", "1e3", "01", "999999", "9" * 30, "%D9%A1", "1.xml", "%00"])
    async def test_are_as_little_there_as_files_that_no_index_names(self, desk: Desk, number: str) -> None:
        assert (await get(desk, f"sitemap-{number}.xml")).status_code == 404


class TestCaching:
    async def test_answers_who_has_it_with_nothing(self, desk: Desk) -> None:
        await desk.shop.product()
        first = await get(desk)

        again = await get(desk, **{"If-None-Match": first.headers["etag"]})

        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == "public, max-age=0, s-maxage=2, must-revalidate"
        assert first.headers["last-modified"].endswith("GMT")

    async def test_has_another_tag_once_a_product_is_gone(self, desk: Desk) -> None:
        product = await desk.shop.product()
        first = await get(desk)

        await desk.shop.admin(DELETE_PRODUCT, {"id": product["id"]})

        assert (await get(desk, **{"If-None-Match": first.headers["etag"]})).status_code == 200

    async def test_reads_no_products_twice(self, desk: Desk) -> None:
        """Behind the server's back: what is kept does not see it. On a busy machine it may have run out meanwhile."""
        await desk.shop.product(slug="lamp")

        async def is_kept() -> bool:
            kept = await get(desk)
            await desk.shop.sql("update product set slug = slug || '-new'")
            return (await get(desk)).content == kept.content

        await becomes(expected=True, ask=is_kept)

    async def test_is_compressed_for_who_takes_it(self, desk: Desk) -> None:
        await desk.shop.sql(MANY, desk.shop.workspace_id, 50)

        response = await get(desk, **{"Accept-Encoding": "gzip"})
        plain = await get(desk, **{"Accept-Encoding": "identity"})

        assert response.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert len(urls_of(response)) == len(urls_of(plain)) == 51

    async def test_is_refused_to_an_address_that_asks_for_too_much(self, desk: Desk, tmp_path: Path) -> None:
        strict = {"THROTTLE_ANONYMOUS_RATE": "1", "THROTTLE_ANONYMOUS_BURST": "210", "DATABASE_POOL_SIZE": "4"}
        async with elsewhere(desk.shop, tmp_path, **strict) as shop:
            asking = Desk(shop, desk.site)
            here = sent_from(new_address())

            files = ["sitemap.xml", "sitemap-1.xml", "robots.txt"]
            answers = [await get(asking, file, **here) for file in files]

            assert [answer.status_code for answer in answers] == [200, 200, 429]
            assert int(answers[-1].headers["retry-after"]) > 1
            assert (await get(asking, "robots.txt")).status_code == 200
