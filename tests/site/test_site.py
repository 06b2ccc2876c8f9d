"""Sites: what one begins with, its name, and what is left of it."""

from typing import Any

import orjson
import pytest

from core.ids import global_id, new_id
from core.settings import Settings
from resolvers.context import Platform
from resolvers.storefront.sections import SECTIONS
from resolvers.theme import read_manifest
from tests.factories import SITE_CREATE, STARTER, Shop, make_site, make_theme, starter_theme
from tests.people import audit_actions, becomes, codes, error_codes
from tests.storefront.api import Desk

SITE = """
query ($id: ID!) {
  site(id: $id) {
    id name slug url themeVersion storefrontToken revision
    theme { slug }
    liveStorefrontVersion { number digest author changeSummary }
    storefrontVersions(first: 5) { totalCount nodes { number } }
  }
}
"""
UPDATE = """
mutation ($id: ID!, $input: SiteUpdateInput!) {
  siteUpdate(id: $id, input: $input) { site { name slug url themeVersion revision } userErrors { code field message } }
}
"""
DELETE = "mutation ($id: ID!) { siteDelete(id: $id) { deletedSiteId userErrors { code field message } } }"
CONFIG = "query { storefrontConfig { version theme layout content seo settings } }"


async def refusal(shop: Shop, document: str, variables: dict[str, Any]) -> list[tuple[str, list[str] | None]]:
    """What a mutation is refused with."""
    answer = await shop.admin(document, variables)
    (payload,) = answer["data"].values()
    return codes(payload)


async def events(shop: Shop) -> list[str]:
    return [row["type"] for row in await shop.sql("select type from sync_event order by sequence")]


class TestSiteCreate:
    async def test_gives_it_an_address_a_token_and_a_live_look(self, shop: Shop) -> None:
        site = await make_site(shop)

        found = (await shop.admin(SITE, {"id": site["id"]}))["data"]["site"]
        assert found["url"] == shop.platform.settings.site_url(site["slug"])
        assert found["theme"] == {"slug": "starter"}
        assert found["themeVersion"] == STARTER["version"]
        assert found["liveStorefrontVersion"]["number"] == 1
        assert found["liveStorefrontVersion"]["author"] == "tests"
        assert found["storefrontVersions"] == {"totalCount": 1, "nodes": [{"number": 1}]}
        assert await events(shop) == ["site.created"]
        assert await audit_actions(shop) == ["siteCreate"]

    async def test_shows_shoppers_the_themes_defaults_byte_for_byte(self, shop: Shop) -> None:
        site = await make_site(shop)

        response = await shop.graphql.response(CONFIG, storefront_token=site["storefrontToken"])

        sections = orjson.loads(read_manifest(STARTER).sections)
        config = b'{"storefrontConfig":{"version":1' + b"".join(
            b',"%b":%b' % (name.encode(), orjson.dumps(sections[name]["default"])) for name in SECTIONS
        )
        assert response.content.startswith(b'{"data":' + config + b"}}")

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"name": ""}, ("BLANK", ["input", "name"])),
            ({"slug": "No slug"}, ("INVALID", ["input", "slug"])),
            ({"slug": "www"}, ("TAKEN", ["input", "slug"])),
            ({"slug": "x" * 64}, ("TOO_LONG", ["input", "slug"])),
            ({"themeId": global_id("Theme", new_id())}, ("NOT_FOUND", ["input", "themeId"])),
        ],
    )
    async def test_refuses_what_no_site_can_be(self, shop: Shop, given: Any, expected: Any) -> None:
        theme_id = global_id("Theme", await starter_theme(shop.platform))
        wanted = {"name": "Lamps", "slug": "lamps", "themeId": theme_id} | given

        assert await refusal(shop, SITE_CREATE, {"input": wanted}) == [expected]
        assert await shop.sql("select from site") == []
        assert await events(shop) == []

    async def test_refuses_a_slug_of_another_workspace(self, shop: Shop, other_shop: Shop) -> None:
        taken = (await make_site(other_shop))["slug"]
        given = {"name": "Lamps", "slug": taken, "themeId": global_id("Theme", await starter_theme(shop.platform))}

        assert await refusal(shop, SITE_CREATE, {"input": given}) == [("TAKEN", ["input", "slug"])]
        assert await shop.sql("select from site") == []
        assert await shop.sql("select from storefront_version") == []

    async def test_refuses_more_than_a_workspace_may_have(self, shop: Shop) -> None:
        for _ in range(shop.platform.settings.sites_per_workspace):
            await make_site(shop)
        theme_id = global_id("Theme", await starter_theme(shop.platform))
        given = {"name": "One more", "slug": f"more-{new_id().hex[-12:]}", "themeId": theme_id}

        assert await refusal(shop, SITE_CREATE, {"input": given}) == [("LIMIT_REACHED", ["input"])]


class TestSiteUpdate:
    async def test_moves_it_and_frees_its_old_slug(self, shop: Shop, other_shop: Shop) -> None:
        site = await make_site(shop)
        slug = f"moved-{new_id().hex[-12:]}"

        answer = await shop.admin(UPDATE, {"id": site["id"], "input": {"revision": 1, "name": "New", "slug": slug}})

        url = shop.platform.settings.site_url(slug)
        moved = {"name": "New", "slug": slug, "url": url, "themeVersion": STARTER["version"], "revision": 2}
        assert answer["data"]["siteUpdate"] == {"site": moved, "userErrors": []}
        assert (await make_site(other_shop, slug=site["slug"]))["slug"] == site["slug"]
        assert await events(shop) == ["site.created", "site.updated"]

    async def test_refuses_a_stale_revision_and_a_taken_slug(self, shop: Shop, other_shop: Shop) -> None:
        site, other = await make_site(shop), await make_site(other_shop)

        stale = await refusal(shop, UPDATE, {"id": site["id"], "input": {"revision": 2, "name": "New"}})
        taken = await refusal(shop, UPDATE, {"id": site["id"], "input": {"revision": 1, "slug": other["slug"]}})

        assert (stale, taken) == ([("CONFLICT", ["input", "revision"])], [("TAKEN", ["input", "slug"])])
        found = (await shop.admin(SITE, {"id": site["id"]}))["data"]["site"]
        assert (found["slug"], found["name"], found["revision"]) == (site["slug"], "Lamps", 1)

    async def test_takes_a_version_of_its_theme_and_no_other(self, shop: Shop, platform: Platform) -> None:
        manifest = {"slug": f"theme-{new_id().hex[-12:]}", "version": "1.0.0", "name": "Brass"}
        theme_id = await make_theme(platform, manifest)
        site = await make_site(shop, theme_id)
        await make_theme(platform, manifest | {"version": "2.0.0"})

        missing = await refusal(shop, UPDATE, {"id": site["id"], "input": {"revision": 1, "themeVersion": "3.0.0"}})
        answer = await shop.admin(UPDATE, {"id": site["id"], "input": {"revision": 1, "themeVersion": "2.0.0"}})

        assert missing == [("NOT_FOUND", ["input", "themeVersion"])]
        assert answer["data"]["siteUpdate"]["site"]["themeVersion"] == "2.0.0"


class TestSiteDelete:
    async def test_takes_its_shoppers_and_its_name_away(self, shop: Shop, other_shop: Shop) -> None:
        site = await make_site(shop)
        token = site["storefrontToken"]
        assert (await shop.graphql(CONFIG, storefront_token=token))["data"]["storefrontConfig"]["version"] == 1

        answer = await shop.admin(DELETE, {"id": site["id"]})

        assert answer["data"]["siteDelete"] == {"deletedSiteId": site["id"], "userErrors": []}
        assert (await shop.admin(SITE, {"id": site["id"]}))["data"] == {"site": None}
        assert (await make_site(other_shop, slug=site["slug"]))["slug"] == site["slug"]

        async def shut_out() -> list[str]:
            return error_codes(await shop.graphql(CONFIG, storefront_token=token))

        await becomes(["UNAUTHENTICATED"], shut_out)
        assert await refusal(shop, DELETE, {"id": site["id"]}) == [("NOT_FOUND", ["id"])]

    async def test_keeps_what_it_looked_like(self, shop: Shop) -> None:
        site = await make_site(shop)
        await shop.admin(DELETE, {"id": site["id"]})

        version_id = site["liveStorefrontVersion"]["id"]
        document = "query ($id: ID!) { storefrontVersion(id: $id) { number site { id } } }"
        answer = await shop.admin(document, {"id": version_id})

        assert answer == {"data": {"storefrontVersion": {"number": 1, "site": None}}}


class TestStorefrontToken:
    CREATE = """
    mutation ($input: StorefrontTokenCreateInput!) {
      storefrontTokenCreate(input: $input) {
        storefrontToken { token site { id } } userErrors { code field message }
      }
    }
    """

    async def test_shows_the_config_of_its_own_site(self, shop: Shop) -> None:
        """From the cache too, where the same is asked for another one."""
        site, other = await make_site(shop), await make_site(shop)
        answer = await shop.admin(self.CREATE, {"input": {"name": "Second", "siteId": other["id"]}})
        made = answer["data"]["storefrontTokenCreate"]["storefrontToken"]
        assert made["site"] == {"id": other["id"]}
        desk = Desk(shop, other)
        await desk.publish(await desk.draft())

        for _ in range(2):
            for token, version in ((site["storefrontToken"], 1), (made["token"], 2)):
                answer = await shop.graphql("{ storefrontConfig { version } }", storefront_token=token)

                assert answer == {"data": {"storefrontConfig": {"version": version}}}
        document = "query ($id: ID) { storefrontConfig(siteId: $id) { version } }"
        named = await shop.graphql(document, {"id": other["id"]}, storefront_token=site["storefrontToken"])
        assert named == {"data": {"storefrontConfig": {"version": 2}}}

    async def test_of_no_site_shows_none(self, shop: Shop) -> None:
        await make_site(shop)

        assert await shop.shopper(CONFIG) == {"data": {"storefrontConfig": None}}

    async def test_of_a_missing_site_is_refused(self, shop: Shop, other_shop: Shop) -> None:
        foreign = await make_site(other_shop)
        given = {"name": "Theirs", "siteId": foreign["id"]}

        assert await refusal(shop, self.CREATE, {"input": given}) == [("NOT_FOUND", ["input", "siteId"])]


class TestStorefrontVersion:
    async def test_cannot_be_changed_or_deleted(self, shop: Shop) -> None:
        await make_site(shop)
        for statement in ("update storefront_version set theme = '{}'", "delete from storefront_version"):
            with pytest.raises(Exception, match="permission denied"):
                await shop.sql(statement)


def test_the_settings_say_where_sites_are(test_settings: Settings) -> None:
    there = test_settings.model_copy(update={"sites_url": "https://{slug}.shops.example/"})

    assert there.site_url("lamps") == "https://lamps.shops.example"
