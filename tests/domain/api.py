"""Whoever adds domains to a site of theirs."""

from dataclasses import dataclass
from typing import Any

from core.ids import new_id, uuid_in
from resolvers.domain.verify import verify_due_domains
from tests.domain.zone import Zone
from tests.factories import Shop, make_site

FIELDS = """
  id name displayName url status proof problem isPrimary dnsRecordName token tokenUrl cnameTarget checkedAt verifiedAt
  expiresAt site { id }
"""
ADD = """
mutation ($input: SiteDomainAddInput!) {
  siteDomainAdd(input: $input) { siteDomain { %s } userErrors { code field message } }
}
""".replace("%s", FIELDS)
VERIFY = """
mutation ($id: ID!) { siteDomainVerify(id: $id) { siteDomain { %s } userErrors { code field message } } }
""".replace("%s", FIELDS)
REMOVE = """
mutation ($id: ID!) { siteDomainRemove(id: $id) { deletedSiteDomainId userErrors { code field message } } }
"""
SET_PRIMARY = """
mutation ($id: ID!, $input: SitePrimaryDomainSetInput!) {
  sitePrimaryDomainSet(id: $id, input: $input) {
    site { url isRedirecting primaryDomain { id } domains { nodes { name isPrimary } } }
    userErrors { code field message }
  }
}
"""
DOMAIN = "query ($id: ID!) { siteDomain(id: $id) { %s } }".replace("%s", FIELDS)
SITE = """
query ($id: ID!) {
  site(id: $id) { url isRedirecting primaryDomain { name } domains { totalCount nodes { name status } } }
}
"""


def new_name() -> str:
    """A domain that nobody else has."""
    return f"lamps-{new_id().hex[-12:]}.example"


@dataclass(frozen=True)
class Registrar:
    """A shop with a site, and the DNS of its domains."""

    shop: Shop
    site: dict[str, Any]
    zone: Zone

    @classmethod
    async def of(cls, shop: Shop, zone: Zone) -> "Registrar":
        return cls(shop, await make_site(shop), zone)

    async def try_add(self, name: str, **options: Any) -> dict[str, Any]:
        """The payload."""
        given = {"siteId": self.site["id"], "name": name}
        answer = await self.shop.admin(ADD, {"input": given}, **options)
        assert "errors" not in answer, answer
        payload: dict[str, Any] = answer["data"]["siteDomainAdd"]
        return payload

    async def add(self, name: str | None = None) -> dict[str, Any]:
        """A domain that was added, and is not proven."""
        payload = await self.try_add(name or new_name())
        assert payload["userErrors"] == [], payload
        found: dict[str, Any] = payload["siteDomain"]
        return found

    async def verify(self, domain: dict[str, Any]) -> dict[str, Any]:
        """The payload of looking whether it is proven."""
        answer = await self.shop.admin(VERIFY, {"id": domain["id"]})
        assert "errors" not in answer, answer
        payload: dict[str, Any] = answer["data"]["siteDomainVerify"]
        return payload

    async def proven(self, name: str | None = None) -> dict[str, Any]:
        """A domain that was added and proven by a record."""
        domain = await self.add(name)
        self.zone.prove(domain)
        payload = await self.verify(domain)
        assert payload["userErrors"] == []
        assert payload["siteDomain"]["status"] == "VERIFIED", payload
        found: dict[str, Any] = payload["siteDomain"]
        return found

    async def find(self, domain: dict[str, Any]) -> dict[str, Any] | None:
        answer = await self.shop.admin(DOMAIN, {"id": domain["id"]})
        assert "errors" not in answer, answer
        found: dict[str, Any] | None = answer["data"]["siteDomain"]
        return found

    async def status(self, domain: dict[str, Any]) -> str | None:
        found = await self.find(domain)
        return found["status"] if found else None

    async def remove(self, domain: dict[str, Any]) -> dict[str, Any]:
        answer = await self.shop.admin(REMOVE, {"id": domain["id"]})
        payload: dict[str, Any] = answer["data"]["siteDomainRemove"]
        return payload

    async def make_primary(self, domain: dict[str, Any] | None, *, is_redirecting: bool = False) -> dict[str, Any]:
        """The payload."""
        given = {"domainId": domain["id"] if domain else None, "isRedirecting": is_redirecting}
        answer = await self.shop.admin(SET_PRIMARY, {"id": self.site["id"], "input": given})
        assert "errors" not in answer, answer
        payload: dict[str, Any] = answer["data"]["sitePrimaryDomainSet"]
        return payload

    async def look(self, domain: dict[str, Any]) -> None:
        """Has a worker look at the domain, whose time has come."""
        await self.shop.sql("update site_domain set due_at = now() where id = $1", uuid_in(domain["id"], "SiteDomain"))
        while await verify_due_domains(self.shop.platform):
            pass

    async def pass_time(self, domain: dict[str, Any], days: float) -> None:
        """Has so many days gone by for what is to end."""
        await self.shop.sql(
            "update site_domain set expires_at = expires_at - $2 * interval '1 day' where id = $1",
            uuid_in(domain["id"], "SiteDomain"),
            days,
        )

    async def served_names(self) -> list[str]:
        """Those of merchants' own."""
        rows = await self.shop.sql("select name from hostname where name like '%.example' order by name")
        return [row["name"] for row in rows]

    async def events(self) -> list[str]:
        rows = await self.shop.sql("select type from sync_event where type like 'site.%' order by sequence")
        return [row["type"] for row in rows]
