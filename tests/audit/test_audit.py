"""The audit log."""

from datetime import timedelta
from typing import Any

from core.access import Role
from core.clock import now
from core.ids import global_id, new_id, uuid_in
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Person, Shop, add_member
from tests.people import error_codes, new_address, sent_from

ENTRIES = """
query ($first: Int, $after: String, $filter: AuditEntryFilter, $sort: AuditEntrySort) {
  auditEntries(first: $first, after: $after, filter: $filter, sort: $sort) {
    totalCount
    nodes { action entityType entityId changes callerKind callerId callerLabel address requestId }
    pageInfo { hasNextPage endCursor }
  }
}
"""


async def entries(shop: Shop, **variables: Any) -> dict[str, Any]:
    answer = await shop.admin(ENTRIES, variables)
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["auditEntries"]
    return found


async def actions(shop: Shop, **filter_: Any) -> list[str]:
    found = await entries(shop, filter=filter_, sort={"field": "AT"})
    return [node["action"] for node in found["nodes"]]


class TestAuditEntries:
    """`auditEntries`."""

    async def test_says_who_did_what(self, shop: Shop) -> None:
        address = new_address()
        document = (
            """mutation ($input: WorkspaceUpdateInput!) { workspaceUpdate(input: $input) { workspace { id } } }"""
        )
        await shop.admin(
            document,
            {"input": {"revision": 1, "name": "South Lamps"}},
            token=shop.owner_token,
            workspace=shop.slug,
            headers=sent_from(address) | {"X-Request-Id": "request-1"},
        )

        found = await entries(shop)

        assert found["nodes"] == [
            {
                "action": "workspaceUpdate",
                "entityType": "Workspace",
                "entityId": global_id("Workspace", shop.workspace_id),
                "changes": {"revision": 1, "name": "South Lamps"},
                "callerKind": "USER",
                "callerId": global_id("User", shop.owner.id),
                "callerLabel": shop.owner_email,
                "address": address,
                "requestId": "request-1",
            }
        ]

    async def test_knows_each_kind_of_caller(self, shop: Shop) -> None:
        await shop.order(await shop.variant())

        found = await entries(shop, sort={"field": "AT"})

        assert [(node["action"], node["callerKind"], node["callerId"]) for node in found["nodes"]] == [
            ("productCreate", "API_KEY", global_id("ApiKey", shop.api_key_id)),
            ("orderPlace", "SHOPPER", global_id("StorefrontToken", shop.storefront_token_id)),
        ]

    async def test_filters(self, shop: Shop) -> None:
        product = await shop.product()
        variant = product["variants"]["nodes"][0]["id"]
        await shop.order(variant)
        await shop.admin(f'mutation {{ productDelete(id: "{product["id"]}") {{ deletedProductId }} }}')

        assert await actions(shop, action="orderPlace") == ["orderPlace"]
        assert await actions(shop, entityId=product["id"]) == ["productCreate", "productDelete"]
        assert await actions(shop, callerId=global_id("ApiKey", shop.api_key_id)) == ["productCreate", "productDelete"]
        assert await actions(shop, callerKind="SHOPPER") == ["orderPlace"]
        assert await actions(shop, callerKind="SHOPPER", action="productCreate") == []
        assert await actions(shop, entityId="not an id") == []
        assert await actions(shop, callerId=f"api_key_{shop.api_key_id.hex}") == []
        assert await actions(shop, entityId=global_id("Product", new_id())) == []
        assert await actions(shop, at={"gt": (now() + timedelta(minutes=1)).isoformat()}) == []
        assert len(await actions(shop, at={"gt": (now() - timedelta(minutes=1)).isoformat()})) == 3

    async def test_finds_nothing_by_an_id_of_another_type(self, shop: Shop) -> None:
        product = uuid_in((await shop.product())["id"], "Product")
        assert product

        assert await actions(shop, entityId=global_id("Product", product)) == ["productCreate"]
        assert await actions(shop, callerId=global_id("ApiKey", shop.api_key_id)) == ["productCreate"]
        for other in ("Order", "Workspace", "Thing"):
            assert await actions(shop, entityId=global_id(other, product)) == []
        for other in ("User", "StorefrontToken", "Product", "Thing"):
            assert await actions(shop, callerId=global_id(other, shop.api_key_id)) == []

    async def test_pages(self, shop: Shop) -> None:
        for _ in range(3):
            await shop.product()

        first = await entries(shop, first=2)
        second = await entries(shop, first=2, after=first["pageInfo"]["endCursor"])

        assert (first["totalCount"], len(first["nodes"]), first["pageInfo"]["hasNextPage"]) == (3, 2, True)
        assert (len(second["nodes"]), second["pageInfo"]["hasNextPage"]) == (1, False)
        seen = {node["entityId"] for node in first["nodes"] + second["nodes"]}
        assert len(seen) == 3

    async def test_needs_the_scope(self, shop: Shop, platform: Platform, graphql: GraphQL, new_user: Any) -> None:
        staff: Person = await new_user()
        await add_member(platform, shop.workspace_id, staff, Role.STAFF)

        assert error_codes(await graphql(ENTRIES, token=staff.token, workspace=shop.slug)) == ["FORBIDDEN"]
        assert error_codes(await shop.shopper(ENTRIES)) == ["FORBIDDEN"]

    async def test_shows_nothing_of_others(self, shop: Shop, other_shop: Shop) -> None:
        product = await other_shop.product()

        assert await actions(shop) == []
        assert await actions(shop, entityId=product["id"]) == []

    async def test_cannot_be_changed(self, shop: Shop) -> None:
        """The application's role may add entries and read them, nothing else."""
        (row,) = await shop.sql(
            "select bool_or(has_table_privilege(current_user, 'audit_entry', p)) from unnest($1::text[]) p",
            ["update", "delete", "truncate"],
        )

        assert row[0] is False
