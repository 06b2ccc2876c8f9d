"""The operations of the examples, one after the other, as an editor and a theme send them."""

from datetime import timedelta
from typing import Any

from core.clock import now
from tests.factories import Shop, starter_theme
from tests.operations import ADMIN, STOREFRONT

DARK = {"colors": {"primary": "#102030"}, "mode": "dark"}


async def send(shop: Shop, name: str, **variables: Any) -> Any:
    """What the owner's operation answers, below its one root field; nothing may be refused."""
    answer = await shop.graphql(ADMIN, variables, operation=name, token=shop.owner_token, workspace=shop.slug)
    assert "errors" not in answer, answer
    (found,) = answer["data"].values()
    if "userErrors" in found:
        assert found.pop("userErrors") == []
        (found,) = found.values()
    return found


async def test_the_life_of_a_config(shop: Shop) -> None:
    await starter_theme(shop.platform)
    themes = (await send(shop, "Themes", first=100))["nodes"]
    theme = next(each for each in themes if each["slug"] == "starter")
    site = await send(shop, "SiteCreate", input={"name": "Shop", "slug": shop.slug, "themeId": theme["id"]})
    assert site["url"] == shop.platform.settings.site_url(shop.slug)

    draft = await send(shop, "DraftCreate", input={"siteId": site["id"], "name": "Dark", "changes": {"theme": DARK}})
    assert draft | {"id": ""} == {
        "id": "",
        "name": "Dark",
        "status": "OPEN",
        "revision": 1,
        "changes": {"theme": DARK},
        "baseVersion": {"number": 1},
    }
    draft = await send(shop, "DraftUpdate", id=draft["id"], input={"revision": 1, "changes": {"seo": {"title": "x"}}})
    assert (draft["changes"], draft["revision"]) == ({"theme": DARK, "seo": {"title": "x"}}, 2)
    second = await send(shop, "DraftPublish", id=draft["id"], input={"revision": 2, "changeSummary": "Dark"})
    assert (second["number"], second["changeSummary"]) == (2, "Dark")

    config = await shop.graphql(STOREFRONT, {}, operation="StorefrontConfig", storefront_token=site["storefrontToken"])
    shown = config["data"]["storefrontConfig"]
    assert (shown["version"], shown["theme"], shown["seo"]) == (2, DARK, {"title": "x"})
    versions = (await send(shop, "Versions", siteId=site["id"], first=10))["storefrontVersions"]["nodes"]
    assert [(each["number"], each["createdBy"]) for each in versions] == [
        (2, {"email": shop.owner_email}),
        (1, {"email": shop.owner_email}),
    ]
    difference = await send(shop, "VersionDiff", **{"from": versions[1]["id"], "to": versions[0]["id"]})
    assert {change["path"].split("/")[1] for change in difference} == {"theme", "seo"}

    restored = await send(shop, "VersionRestore", id=versions[1]["id"])
    assert restored["baseVersion"] == {"number": 1}
    later = (now() + timedelta(days=365)).isoformat()
    scheduled = await send(shop, "DraftSchedule", id=restored["id"], input={"revision": 1, "publishAt": later})
    assert (scheduled["status"], scheduled["revision"]) == ("SCHEDULED", 2)
    sites = (await send(shop, "Sites", first=10))["nodes"]
    assert [each["liveStorefrontVersion"]["number"] for each in sites] == [2]
