"""What editors of logos send, and what shoppers ask."""

from typing import Any

from tests.banner.api import SETTINGS, mutation_of, new_asset
from tests.storefront.api import Desk

LOGO = f"""
  id name logoType status isActive revision startAt endAt author editor
  asset {{ id url }} {SETTINGS} displaySettings {{ maxWidth maxHeight alignment linkUrl }}
"""
CREATE = mutation_of("logoCreate", f"logo {{ {LOGO} }}", id_=False)
UPDATE = mutation_of("logoUpdate", f"logo {{ {LOGO} }}")
PUBLISH = mutation_of("logoPublish", f"logo {{ {LOGO} }}")
ARCHIVE = mutation_of("logoArchive", f"logo {{ {LOGO} }}")
RESTORE = mutation_of("logoVersionRestore", f"logo {{ {LOGO} }}")
DELETE = "mutation ($id: ID!) { logoDelete(id: $id) { deletedLogoId userErrors { code field message } } }"
GET = f"query ($id: ID!) {{ logo(id: $id) {{ {LOGO} versions {{ nodes {{ id number snapshot }} }} }} }}"
LIST = """
query ($id: ID!, $filter: LogoFilter) {
  site(id: $id) { logos(first: 100, filter: $filter) { totalCount nodes { name } } }
}
"""
ACTIVE = "query ($filter: ActiveLogoFilter) { activeLogos(filter: $filter) { nodes { name logoType } } }"


class Sign(Desk):
    """A site whose logos somebody works on: the shop's API key where nobody else is named."""

    async def logo(self, name: str = "Lamp", **given: Any) -> dict[str, Any]:
        """A new draft."""
        told = {"siteId": self.site["id"], "name": name, "logoType": "PRIMARY"} | given
        if "assetId" not in told:
            told["assetId"] = await new_asset(self.shop)
        logo: dict[str, Any] = (await self.done(CREATE, input=told))["logo"]
        return logo

    async def shown(self, name: str = "Lamp", **given: Any) -> dict[str, Any]:
        """A new logo that is published."""
        return await self.change(PUBLISH, await self.logo(name, **given))

    async def change(self, document: str, logo: dict[str, Any], **given: Any) -> dict[str, Any]:
        """The logo, once the mutation was done to it as it was seen."""
        payload = await self.done(document, id=logo["id"], input={"revision": logo["revision"]} | given)
        changed: dict[str, Any] = payload["logo"]
        return changed

    async def read(self, logo: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask(GET, {"id": logo["id"]}))["data"]["logo"]
        return found

    async def names(self, **filter_: Any) -> set[str]:
        """The names of the site's logos, as somebody sees them who works there."""
        answer = await self.ask(LIST, {"id": self.site["id"], "filter": filter_})
        assert "errors" not in answer, answer
        return {node["name"] for node in answer["data"]["site"]["logos"]["nodes"]}

    async def active(self, **filter_: Any) -> dict[str, str]:
        """What shoppers are shown, by type, however fresh the cache is."""
        answer = await self.shop.graphql(
            ACTIVE,
            {"filter": filter_},
            storefront_token=self.site["storefrontToken"],
            headers={"X-Min-Sequence": str(await self.sequence())},
        )
        nodes = answer["data"]["activeLogos"]["nodes"]
        found = {node["logoType"]: node["name"] for node in nodes}
        assert len(found) == len(nodes), nodes
        return found
