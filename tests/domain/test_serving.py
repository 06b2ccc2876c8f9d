"""Serving sites under their domains: the way there, the primary one, certificates."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest

from resolvers.deployment.theme import find_site_theme
from routes.hosted import REDIRECT_SECONDS, SiteNames
from tests.client import LiveServer
from tests.deployment.workshop import Workshop
from tests.domain.api import SITE, Registrar, new_name
from tests.domain.zone import Zone
from tests.factories import Shop
from tests.hosting.visitor import Visitor, hosting, live, visiting
from tests.people import audit_actions, becomes, codes

ALLOWED = "select allowed_origins from storefront_token where site_id is not null"


@pytest.fixture
async def http(live_server: LiveServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=live_server.url, timeout=30) as client:
        yield client


class TestServing:
    async def test_begins_with_the_proof_and_ends_with_the_removal(
        self, registrar: Registrar, http: httpx.AsyncClient
    ) -> None:
        """Of the site's page and of the API's: under a name that is nobody's the API answers."""
        domain = await registrar.add()

        async def is_shop() -> bool:
            response = await http.get("/healthz", headers={"Host": domain["name"]})
            return "not open yet" in response.text

        assert not await is_shop()
        registrar.zone.prove(domain)
        await registrar.verify(domain)
        await becomes(True, is_shop)
        await registrar.remove(domain)
        await becomes(False, is_shop)

    async def test_shows_the_site_under_each_of_its_names(
        self, workshop: Workshop, shop: Shop, zone: Zone, live_server: LiveServer
    ) -> None:
        site = await workshop.site(shop)
        registrar = Registrar(shop, site.site, zone)
        domain = await registrar.proven()
        async with hosting(workshop), visiting(live_server, site) as visitor:
            await live(site)
            by_domain = replace(visitor, host=f"{domain['name'].upper()}:8000")

            async def seen() -> dict[str, Any]:
                return {key: (await by_domain.sees())[key] for key in ("site", "url")}

            await becomes({"site": site.id, "url": "/"}, seen)
            assert (await by_domain.sees())["headers"]["host"] == by_domain.host
            assert (await visitor.sees())["site"] == site.id
            await _redirects(registrar, domain, by_domain, visitor)

    async def test_asks_no_database_for_the_apis_own_name(self, live_server: LiveServer, shop: Shop) -> None:
        names = SiteNames(shop.platform.settings)

        assert names.name_in(live_server.url.partition("://")[2].encode()) is None


async def _redirects(registrar: Registrar, domain: dict[str, Any], by_domain: Visitor, visitor: Visitor) -> None:
    """The names that are not the primary one lead there, once that is wanted."""
    settings = registrar.shop.platform.settings
    await registrar.make_primary(domain, is_redirecting=True)

    async def status() -> int:
        return (await visitor.get("/a%2Fb//c?d=e%20f")).status_code

    await becomes(308, status)
    response = await visitor.get("/a%2Fb//c?d=e%20f")
    assert response.headers["location"] == f"{settings.domain_url(domain['name'])}/a%2Fb//c?d=e%20f"
    assert response.headers["cache-control"] == f"max-age={REDIRECT_SECONDS}"
    assert (await by_domain.get("/")).status_code == 200
    assert (await visitor.get("/_next/static/app.js")).status_code == 200
    await registrar.make_primary(domain)
    await becomes(200, status)


class TestSitePrimaryDomainSet:
    async def test_is_what_the_site_calls_itself_by(self, registrar: Registrar, http: httpx.AsyncClient) -> None:
        shop, settings = registrar.shop, registrar.shop.platform.settings
        domain = await registrar.proven()
        await registrar.add()

        payload = await registrar.make_primary(domain)

        url = settings.domain_url(domain["name"])
        assert payload["userErrors"] == []
        assert payload["site"]["url"] == url
        assert payload["site"]["isRedirecting"] is False
        assert payload["site"]["primaryDomain"] == {"id": domain["id"]}
        assert [each["isPrimary"] for each in payload["site"]["domains"]["nodes"]] == [True, False]
        config = await shop.graphql(
            "{ storefrontConfig { structuredData } }", storefront_token=registrar.site["storefrontToken"]
        )
        graph = orjson.loads(config["data"]["storefrontConfig"]["structuredData"])["@graph"]
        assert {each["url"] for each in graph} == {f"{url}/"}
        robots = (await http.get(f"/sites/{registrar.site['slug']}/robots.txt")).text
        assert f"Sitemap: {url}/sitemap.xml" in robots
        assert (await registrar.events())[-1] == "site.updated"
        assert (await audit_actions(shop))[-1] == "sitePrimaryDomainSet"

    async def test_goes_back_to_the_slugs_name(self, registrar: Registrar) -> None:
        await registrar.make_primary(await registrar.proven(), is_redirecting=True)

        payload = await registrar.make_primary(None, is_redirecting=True)

        assert payload["site"]["url"] == registrar.site["url"]
        assert (payload["site"]["primaryDomain"], payload["site"]["isRedirecting"]) == (None, False)

    async def test_refuses_what_is_not_proven(self, registrar: Registrar) -> None:
        domain = await registrar.add()

        assert codes(await registrar.make_primary(domain)) == [("NOT_VERIFIED", ["input", "domainId"])]
        assert (await registrar.shop.admin(SITE, {"id": registrar.site["id"]}))["data"]["site"]["primaryDomain"] is None

    async def test_refuses_the_domain_of_another_site(self, registrar: Registrar, other_registrar: Registrar) -> None:
        elsewhere = await Registrar.of(registrar.shop, registrar.zone)
        for domain in (await elsewhere.proven(), await other_registrar.proven()):
            assert codes(await registrar.make_primary(domain)) == [("NOT_FOUND", ["input", "domainId"])]

    async def test_is_what_the_theme_is_told(self, workshop: Workshop, shop: Shop, zone: Zone) -> None:
        """And where its webhooks are said to go."""
        site = await workshop.site(shop)
        registrar = Registrar(shop, site.site, zone)
        domain = await registrar.proven()
        await registrar.make_primary(domain)
        async with hosting(workshop):
            await live(site)
            told = await find_site_theme(workshop.platform, shop.workspace_id, site.row_id, "1.0.0")
            assert told.environment["SITE_URL"] == domain["url"]
            (endpoint,) = await shop.sql("select url from webhook_endpoint where site_id is not null")
            assert endpoint["url"] == f"{domain['url']}/api/sync/webhook"
            await registrar.make_primary(None)
            (endpoint,) = await shop.sql("select url from webhook_endpoint where site_id is not null")
            assert endpoint["url"] == f"{site.site['url']}/api/sync/webhook"


class TestOrigins:
    """Which pages may use the site's storefront token."""

    async def test_of_a_domain_come_and_go_with_it(self, registrar: Registrar) -> None:
        await registrar.shop.sql(
            "update storefront_token set allowed_origins = array['https://own.example'] where site_id is not null"
        )

        domain = await registrar.proven()

        (row,) = await registrar.shop.sql(ALLOWED)
        assert row["allowed_origins"] == ["https://own.example", domain["url"]]
        await registrar.remove(domain)
        (row,) = await registrar.shop.sql(ALLOWED)
        assert row["allowed_origins"] == ["https://own.example"]

    async def test_stay_open_where_no_list_was_made(self, registrar: Registrar) -> None:
        await registrar.proven()

        (row,) = await registrar.shop.sql(ALLOWED)
        assert row["allowed_origins"] == []

    async def test_never_open_by_a_domains_end(self, registrar: Registrar) -> None:
        """An empty list would let everybody in."""
        domain = await registrar.proven()
        await registrar.shop.sql(
            "update storefront_token set allowed_origins = array[$1] where site_id is not null", domain["url"]
        )

        await registrar.remove(domain)

        (row,) = await registrar.shop.sql(ALLOWED)
        assert row["allowed_origins"] == [registrar.site["url"]]


class TestCertificates:
    """What a proxy asks before it gets one."""

    async def test_are_for_proven_domains_alone(self, registrar: Registrar, http: httpx.AsyncClient) -> None:
        async def asked(name: str) -> int:
            return (await http.get("/domains/tls", params={"domain": name})).status_code

        pending, slug_name = await registrar.add(), f"{registrar.site['slug']}.localhost"
        for name in (pending["name"], slug_name, new_name(), "", "localhost", "x" * 300, "\0", "127.0.0.1"):
            assert await asked(name) == 404, name
        domain = await registrar.proven()
        assert await asked(f"{domain['name'].upper()}.") == 200
        await registrar.remove(domain)

        async def now() -> int:
            return await asked(domain["name"])

        await becomes(404, now)

    async def test_are_not_asked_for_without_a_name(self, http: httpx.AsyncClient) -> None:
        assert (await http.get("/domains/tls")).status_code == 404
