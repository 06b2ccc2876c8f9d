"""What may be kept of each query's answer."""

import pytest

from schema.query import Privacy, root_field_of
from schema.transport.operation import GRAPHQL_SCHEMA
from tests.factories import Shop, make_site

# A new field stands here, and is one of the others only where that is meant.
PRIVATE = {
    "analytics",
    "apiKeys",
    "asset",
    "assets",
    "auditEntries",
    "banner",
    "changes",
    "invitations",
    "logo",
    "memberships",
    "nodes",
    "order",
    "orders",
    "pollingStates",
    "deployment",
    "site",
    "siteDomain",
    "sites",
    "storefrontTokens",
    "storefrontDraft",
    "storefrontPeople",
    "storefrontVersion",
    "storefrontVersionDiff",
    "themes",
    "viewer",
    "syncHealth",
    "webhookDeliveries",
    "webhookDelivery",
    "webhookEndpoint",
    "webhookEndpoints",
}
SECRET = {"orderByToken"}
PUBLISHED = {
    "workspace": "{ workspace { id slug name currencyCode revision createdAt } }",
    "product": "query ($id: ID!) { product(id: $id) { %s } }",
    "productBySlug": "query ($slug: String!) { productBySlug(slug: $slug) { %s } }",
    "products": "{ products { totalCount nodes { %s } } }",
    "storefrontConfig": "query ($site: ID) { storefrontConfig(siteId: $site) { version theme layout seo digest } }",
    "activeBanners": "{ activeBanners(filter: { audience: {} }) { totalCount nodes { id title } } }",
    "activeLogos": "{ activeLogos { totalCount nodes { id name } } }",
    "node": "query ($id: ID!) { node(id: $id) { __typename ... on Product { %s } } }",
}
KEY = 'mutation { apiKeyCreate(input: { name: "orders", scopes: ORDERS_READ }) { secret } }'
_FIELDS = """
  availableForSale priceRange { minVariantPrice { amount } }
  id slug title description status revision createdAt updatedAt
  variants { totalCount nodes { id sku quantityAvailable price { amount currencyCode } } }
"""


def fields_of(privacy: Privacy) -> set[str]:
    assert GRAPHQL_SCHEMA.query_type is not None
    fields = GRAPHQL_SCHEMA.query_type.fields.items()
    return {name for name, field in fields if root_field_of(field).privacy is privacy}


class TestPrivacy:
    """`Privacy` of every query."""

    def test_is_what_is_listed_here(self) -> None:
        assert {privacy: fields_of(privacy) for privacy in Privacy} == {
            Privacy.PUBLISHED: set(PUBLISHED),
            Privacy.PRIVATE: PRIVATE,
            Privacy.SECRET: SECRET,
        }

    @pytest.mark.parametrize("name", PUBLISHED)
    @pytest.mark.parametrize("seen", ["ACTIVE", "DRAFT"])
    async def test_published_is_what_everybody_may_see(self, shop: Shop, name: str, seen: str) -> None:
        """A key without `products:read` is told what shoppers are told, whatever the product's status is."""
        product = await shop.product(status=seen)
        await shop.product()
        document = PUBLISHED[name].replace("%s", _FIELDS)
        known = product | {"site": (await make_site(shop))["id"]}
        variables = {key: known[key] for key in ("id", "slug", "site") if f"${key}" in document}
        key = (await shop.admin(KEY))["data"]["apiKeyCreate"]["secret"]

        to_shoppers = await shop.shopper(document, variables)
        to_a_key = await shop.graphql(document, variables, token=key)

        assert to_a_key == to_shoppers
        assert set(to_shoppers["data"]) == {name}
        assert bool(to_shoppers["data"][name]) is (
            seen == "ACTIVE" or name in {"workspace", "products", "storefrontConfig", "activeBanners", "activeLogos"}
        )
