"""What editors of a site's look send."""

from dataclasses import dataclass, field
from typing import Any

from core.ids import uuid_in
from tests.factories import Shop, make_site

DRAFT = """
  id name description status revision changes isBehind publishAt failure failedAt
  baseVersion { id number } againstVersion { number } publishedVersion { number }
  theme layout content seo settings author editor
"""
CREATE = f"""
mutation ($input: StorefrontDraftCreateInput!) {{
  storefrontDraftCreate(input: $input) {{ storefrontDraft {{ {DRAFT} }} userErrors {{ code field message }} }}
}}
"""
RESTORE = f"""
mutation ($id: ID!) {{
  storefrontVersionRestore(id: $id) {{ storefrontDraft {{ {DRAFT} }} userErrors {{ code field message }} }}
}}
"""
PUBLISH = f"""
mutation ($id: ID!, $input: StorefrontDraftPublishInput!) {{
  storefrontDraftPublish(id: $id, input: $input) {{
    storefrontVersion {{ id number digest changeSummary changeDescription tags author createdBy {{ email }} }}
    storefrontDraft {{ {DRAFT} }}
    userErrors {{ code field message }}
  }}
}}
"""
PREVIEW = """
mutation ($id: ID!, $input: StorefrontDraftPreviewCreateInput) {
  storefrontDraftPreviewCreate(id: $id, input: $input) {
    previewToken expiresAt storefrontDraft { id } userErrors { code field message }
  }
}
"""
MEMBER_SET = """
mutation ($input: StorefrontMemberSetInput!) {
  storefrontMemberSet(input: $input) { storefrontMember { id role } userErrors { code field message } }
}
"""
MEMBER_REMOVE = """
mutation ($id: ID!) {
  storefrontMemberRemove(id: $id) { deletedStorefrontMemberId userErrors { code field message } }
}
"""
GRANT_ADD = """
mutation ($input: StorefrontGrantAddInput!) {
  storefrontGrantAdd(input: $input) {
    storefrontGrant { id section component } userErrors { code field message }
  }
}
"""
GRANT_REMOVE = """
mutation ($id: ID!) { storefrontGrantRemove(id: $id) { deletedStorefrontGrantId userErrors { code field message } } }
"""
GET = f"query ($id: ID!) {{ storefrontDraft(id: $id) {{ {DRAFT} }} }}"
CONFIG = "{ storefrontConfig { version theme layout content seo settings digest } }"
VERSIONS = """
query ($id: ID!) {
  site(id: $id) {
    liveStorefrontVersion { id number digest }
    storefrontVersions(first: 100, sort: { field: NUMBER }) { nodes { id number digest } }
  }
}
"""
DIFF = """
query ($from: ID!, $to: ID!) { storefrontVersionDiff(from: $from, to: $to) { path operation before after } }
"""


def _on_draft(name: str) -> str:
    title = name[0].upper() + name[1:]
    return f"""
    mutation ($id: ID!, $input: {title}Input!) {{
      {name}(id: $id, input: $input) {{ storefrontDraft {{ {DRAFT} }} userErrors {{ code field message }} }}
    }}
    """


VALIDATE = """
mutation ($input: StorefrontDraftValidateInput!) {
  storefrontDraftValidate(input: $input) { changedSections userErrors { code field message } }
}
"""
UPDATE = _on_draft("storefrontDraftUpdate")
SCHEDULE = _on_draft("storefrontDraftSchedule")
UNSCHEDULE = _on_draft("storefrontDraftUnschedule")
REBASE = _on_draft("storefrontDraftRebase")
DISCARD = _on_draft("storefrontDraftDiscard")


@dataclass
class Desk:
    """A site, and somebody who works on its look: the shop's API key where nobody else is named."""

    shop: Shop
    site: dict[str, Any]
    credentials: dict[str, Any] = field(default_factory=dict)

    @property
    def site_id(self) -> Any:
        return uuid_in(self.site["id"], "Site")

    def of(self, **credentials: Any) -> "Desk":
        """The same site, and somebody else."""
        return Desk(self.shop, self.site, credentials)

    async def ask(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The whole answer."""
        return await self.shop.graphql(document, variables, **(self.credentials or {"token": self.shop.api_key}))

    async def send(self, document: str, **variables: Any) -> dict[str, Any]:
        """The payload of a mutation that nothing forbids."""
        answer = await self.ask(document, variables)
        assert "errors" not in answer, answer
        payload: dict[str, Any] = next(iter(answer["data"].values()))
        return payload

    async def done(self, document: str, **variables: Any) -> dict[str, Any]:
        """The payload of a mutation that was done."""
        payload = await self.send(document, **variables)
        assert payload["userErrors"] == [], payload
        return payload

    async def draft(self, name: str = "Spring", **given: Any) -> dict[str, Any]:
        payload = await self.done(CREATE, input={"siteId": self.site["id"], "name": name} | given)
        draft: dict[str, Any] = payload["storefrontDraft"]
        return draft

    async def update(self, draft: dict[str, Any], **given: Any) -> dict[str, Any]:
        payload = await self.done(UPDATE, id=draft["id"], input={"revision": draft["revision"]} | given)
        found: dict[str, Any] = payload["storefrontDraft"]
        return found

    async def publish(self, draft: dict[str, Any], **said: Any) -> dict[str, Any]:
        payload = await self.done(PUBLISH, id=draft["id"], input={"revision": draft["revision"]} | said)
        version: dict[str, Any] = payload["storefrontVersion"]
        return version

    async def get(self, draft: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask(GET, {"id": draft["id"]}))["data"]["storefrontDraft"]
        return found

    async def config(self, **headers: str) -> dict[str, Any]:
        """What shoppers see, however fresh the cache is."""
        fresh = {"X-Min-Sequence": str(await self.sequence())} | headers
        answer = await self.shop.graphql(CONFIG, storefront_token=self.site["storefrontToken"], headers=fresh)
        found: dict[str, Any] = answer["data"]["storefrontConfig"]
        return found

    async def sequence(self) -> int:
        (row,) = await self.shop.sql("select sequence from workspace_counter")
        found: int = row["sequence"]
        return found

    async def events(self) -> list[str]:
        return [row["type"] for row in await self.shop.sql("select type from sync_event order by sequence")]

    async def live(self) -> dict[str, Any]:
        answer = await self.shop.admin(VERSIONS, {"id": self.site["id"]})
        found: dict[str, Any] = answer["data"]["site"]["liveStorefrontVersion"]
        return found


async def open_desk(shop: Shop, **options: Any) -> Desk:
    return Desk(shop, await make_site(shop, **options))
