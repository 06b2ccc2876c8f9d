"""Who gives roles in a site's look sees to whom: by name and address, and nothing else of them."""

from typing import Any

import pytest

from core.access import Role
from core.ids import global_id
from tests.factories import Person, Shop, add_member, make_user
from tests.people import error_codes
from tests.storefront.api import GRANT_ADD, MEMBER_SET, Desk, open_desk

PEOPLE = "{ storefrontPeople(first: 100) { totalCount nodes { userId name email } } }"
GIVEN = """
query ($id: ID!) {
  site(id: $id) {
    storefrontMembers(first: 9) { nodes { role person { userId email } } }
    storefrontGrants(first: 9) { nodes { section person { userId email } } }
  }
}
"""
MORE = (
    "{ memberships(first: 1) { totalCount } }",
    "{ invitations(first: 1) { totalCount } }",
    "query ($id: ID!) { node(id: $id) { id } }",
)


async def employee(desk: Desk, role: str | None = None, workspace_role: Role = Role.STAFF) -> tuple[Person, Desk]:
    """Somebody who works here, with a role in the site's look if one is named."""
    person = await make_user(desk.shop.platform)
    await add_member(desk.shop.platform, desk.shop.workspace_id, person, workspace_role)
    if role:
        given = {"siteId": desk.site["id"], "userId": global_id("User", person.id), "role": role}
        await desk.done(MEMBER_SET, input=given)
    return person, desk.of(token=person.token, workspace=desk.shop.slug)


class TestStorefrontPeople:
    @pytest.mark.parametrize("workspace_role", [Role.STAFF, Role.VIEWER])
    async def test_are_shown_to_a_sites_administrator(self, desk: Desk, other_shop: Shop, workspace_role: Role) -> None:
        person, administrator = await employee(desk, "ADMIN", workspace_role)
        await add_member(other_shop.platform, other_shop.workspace_id, await make_user(other_shop.platform), Role.STAFF)

        shown = (await administrator.ask(PEOPLE, {}))["data"]["storefrontPeople"]

        expected = {(global_id("User", each.id), each.email) for each in (person, desk.shop.owner)}
        assert {(node["userId"], node["email"]) for node in shown["nodes"]} == expected
        assert shown["totalCount"] == 2

    async def test_can_be_given_a_role_by_what_is_shown(self, desk: Desk) -> None:
        _, administrator = await employee(desk, "ADMIN")
        colleague, _ = await employee(desk)
        nodes = (await administrator.ask(PEOPLE, {}))["data"]["storefrontPeople"]["nodes"]
        (user_id,) = [node["userId"] for node in nodes if node["email"] == colleague.email]

        given = {"siteId": desk.site["id"], "userId": user_id}
        await administrator.done(MEMBER_SET, input=given | {"role": "EDITOR"})
        await administrator.done(GRANT_ADD, input=given | {"section": "SEO"})

        site = (await administrator.ask(GIVEN, {"id": desk.site["id"]}))["data"]["site"]
        person: dict[str, Any] = {"userId": user_id, "email": colleague.email}
        assert {"role": "EDITOR", "person": person} in site["storefrontMembers"]["nodes"]
        assert site["storefrontGrants"]["nodes"] == [{"section": "SEO", "person": person}]

    @pytest.mark.parametrize("role", [None, "VIEWER", "EDITOR", "PUBLISHER"])
    async def test_are_not_shown_to_who_gives_no_roles(self, desk: Desk, role: str | None) -> None:
        _, colleague = await employee(desk, role)

        assert error_codes(await colleague.ask(PEOPLE, {})) == ["FORBIDDEN"]
        shown = await colleague.ask(GIVEN, {"id": desk.site["id"]})
        assert set(error_codes(shown)) <= {"FORBIDDEN"}
        assert [node["person"] for node in shown["data"]["site"]["storefrontMembers"]["nodes"]] == [None] * bool(role)

    async def test_are_all_that_a_sites_administrator_sees_of_members(self, desk: Desk) -> None:
        person, administrator = await employee(desk, "ADMIN")

        for document in MORE:
            answer = await administrator.ask(
                document, {"id": global_id("User", person.id)} if "$id" in document else {}
            )

            assert error_codes(answer) == ["FORBIDDEN"], document

    async def test_are_shown_to_the_administrator_of_any_site(self, desk: Desk) -> None:
        _, administrator = await employee(await open_desk(desk.shop), "ADMIN")

        assert "errors" not in await administrator.ask(PEOPLE, {})
