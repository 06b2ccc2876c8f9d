"""What editors of banners send, and what shoppers ask."""

from typing import Any

from core.ids import global_id, new_id
from tests.factories import Shop
from tests.storefront.api import Desk
from tests.tenancy.world import ASSET

SETTINGS = "responsiveSettings { tabletAsset { id } mobileAsset { id } hiddenOn }"
BANNER = f"""
  id title bannerType status isActive revision displayOrder linkUrl content customStyles startAt endAt targetAudience
  asset {{ id url }} {SETTINGS}
  customTarget {{ countries languages devices utmSources utmCampaigns }}
  author editor
"""


def mutation_of(name: str, selected: str, *, id_: bool = True) -> str:
    """A mutation that takes an input, and with `id_` the id of what it changes."""
    title = name[0].upper() + name[1:]
    declared = "$id: ID!, " if id_ else ""
    passed = "id: $id, " if id_ else ""
    return f"""
    mutation ({declared}$input: {title}Input!) {{
      {name}({passed}input: $input) {{ {selected} userErrors {{ code field message }} }}
    }}
    """


CREATE = mutation_of("bannerCreate", f"banner {{ {BANNER} }}", id_=False)
UPDATE = mutation_of("bannerUpdate", f"banner {{ {BANNER} }}")
PUBLISH = mutation_of("bannerPublish", f"banner {{ {BANNER} }}")
ARCHIVE = mutation_of("bannerArchive", f"banner {{ {BANNER} }}")
RESTORE = mutation_of("bannerVersionRestore", f"banner {{ {BANNER} }}")
REORDER = mutation_of("bannersReorder", "site { banners(first: 100) { nodes { title displayOrder } } }", id_=False)
DELETE = "mutation ($id: ID!) { bannerDelete(id: $id) { deletedBannerId userErrors { code field message } } }"
GET = f"query ($id: ID!) {{ banner(id: $id) {{ {BANNER} versions {{ nodes {{ id number author snapshot }} }} }} }}"
LIST = """
query ($id: ID!, $filter: BannerFilter, $sort: BannerSort) {
  site(id: $id) { banners(first: 100, filter: $filter, sort: $sort) { totalCount nodes { title } } }
}
"""
ACTIVE = """
query ($filter: ActiveBannerFilter!) {
  activeBanners(first: 100, filter: $filter) { totalCount nodes { title } }
}
"""


class Board(Desk):
    """A site whose banners somebody works on: the shop's API key where nobody else is named."""

    async def banner(self, title: str = "Spring", **given: Any) -> dict[str, Any]:
        """A new draft."""
        told = {"siteId": self.site["id"], "title": title, "bannerType": "HERO"} | given
        banner: dict[str, Any] = (await self.done(CREATE, input=told))["banner"]
        return banner

    async def shown(self, title: str = "Spring", **given: Any) -> dict[str, Any]:
        """A new banner that is published."""
        banner = await self.banner(title, **given)
        return await self.change(PUBLISH, banner)

    async def change(self, document: str, banner: dict[str, Any], **given: Any) -> dict[str, Any]:
        """The banner, once the mutation was done to it as it was seen."""
        payload = await self.done(document, id=banner["id"], input={"revision": banner["revision"]} | given)
        changed: dict[str, Any] = payload["banner"]
        return changed

    async def read(self, banner: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask(GET, {"id": banner["id"]}))["data"]["banner"]
        return found

    async def titles(self, **variables: Any) -> list[str]:
        """The titles of the site's banners, as somebody sees them who works there."""
        answer = await self.ask(LIST, {"id": self.site["id"]} | variables)
        assert "errors" not in answer, answer
        return [node["title"] for node in answer["data"]["site"]["banners"]["nodes"]]

    async def active(self, audience: dict[str, Any] | None = None, **more: Any) -> list[str]:
        """The titles of what a shopper is shown, however fresh the cache is."""
        return [node["title"] for node in (await self.seen(ACTIVE, audience, **more))["nodes"]]

    async def seen(self, document: str, audience: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        answer = await self.shop.graphql(
            document,
            {"filter": {"audience": audience or {}} | more},
            storefront_token=self.site["storefrontToken"],
            headers={"X-Min-Sequence": str(await self.sequence())},
        )
        assert "errors" not in answer, answer
        found: dict[str, Any] = answer["data"]["activeBanners"]
        return found


async def new_asset(shop: Shop) -> str:
    """The id of a picture that is READY, with a smaller size; nobody asks for its files."""
    asset_id = new_id()
    await shop.sql(ASSET, shop.workspace_id, asset_id, new_id(), shop.owner.id)
    return global_id("Asset", asset_id)
