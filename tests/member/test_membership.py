"""Roles, and leaving."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from core.access import Role
from core.ids import global_id, new_id
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Person, Shop, add_member
from tests.people import audit_actions, becomes, codes, error_codes

MEMBERSHIP_UPDATE = """
mutation ($id: ID!, $role: Role!) {
  membershipUpdate(id: $id, input: {role: $role}) { membership { role } userErrors { code field message } }
}
"""
MEMBERSHIP_DELETE = """
mutation ($id: ID!) {
  membershipDelete(id: $id) { deletedMembershipId userErrors { code field message } }
}
"""
LAST_OWNER = [("LAST_OWNER", ["id"])]


async def join(shop: Shop, person: Person, role: Role) -> str:
    """Makes somebody a member; gives the membership's global id."""
    return global_id("Membership", await add_member(shop.platform, shop.workspace_id, person, role))


async def membership_of(shop: Shop, person: Person) -> str:
    (row,) = await shop.sql("select id from membership where user_id = $1", person.id)
    return global_id("Membership", row["id"])


async def update(shop: Shop, caller: Person, membership: str, role: str) -> dict[str, Any]:
    return await shop.graphql(
        MEMBERSHIP_UPDATE, {"id": membership, "role": role}, token=caller.token, workspace=shop.slug
    )


async def delete(shop: Shop, caller: Person, membership: str) -> dict[str, Any]:
    return await shop.graphql(MEMBERSHIP_DELETE, {"id": membership}, token=caller.token, workspace=shop.slug)


async def roles(shop: Shop) -> dict[UUID, str]:
    return {row["user_id"]: row["role"] for row in await shop.sql("select user_id, role from membership")}


class TestMembershipUpdate:
    """`membershipUpdate`."""

    async def test_changes_what_somebody_may_do(self, shop: Shop, new_user: Any) -> None:
        person: Person = await new_user()
        membership = await join(shop, person, Role.VIEWER)
        document = "{ memberships { totalCount } }"

        async def ask() -> list[str]:
            return error_codes(await shop.graphql(document, token=person.token, workspace=shop.slug))

        assert await ask() == ["FORBIDDEN"]

        answer = await update(shop, shop.owner, membership, "ADMIN")

        assert answer["data"]["membershipUpdate"] == {"membership": {"role": "ADMIN"}, "userErrors": []}
        await becomes([], ask)
        await update(shop, shop.owner, membership, "STAFF")
        await becomes(["FORBIDDEN"], ask)
        assert await audit_actions(shop) == ["membershipUpdate"] * 2

    async def test_lets_only_owners_make_owners(self, shop: Shop, new_user: Any) -> None:
        admin, staff = await new_user(), await new_user()
        own, other = await join(shop, admin, Role.ADMIN), await join(shop, staff, Role.STAFF)
        before = await roles(shop)
        expected = [("FORBIDDEN_ROLE", ["input", "role"])]

        for membership in (own, other):
            answer = await update(shop, admin, membership, "OWNER")
            assert codes(answer["data"]["membershipUpdate"]) == expected
            given = {"id": membership, "role": "OWNER"}
            assert codes((await shop.admin(MEMBERSHIP_UPDATE, given))["data"]["membershipUpdate"]) == expected

        assert await roles(shop) == before
        assert await audit_actions(shop) == []
        answer = await update(shop, shop.owner, other, "OWNER")
        assert answer["data"]["membershipUpdate"] == {"membership": {"role": "OWNER"}, "userErrors": []}

    async def test_lets_only_owners_depose_owners(self, shop: Shop, new_user: Any) -> None:
        admin, owner = await new_user(), await new_user()
        await join(shop, admin, Role.ADMIN)
        membership = await join(shop, owner, Role.OWNER)
        before = await roles(shop)

        answers = [
            (await update(shop, admin, membership, "STAFF"))["data"]["membershipUpdate"],
            (await delete(shop, admin, membership))["data"]["membershipDelete"],
            (await shop.admin(MEMBERSHIP_DELETE, {"id": membership}))["data"]["membershipDelete"],
        ]

        assert [codes(answer) for answer in answers] == [[("FORBIDDEN_ROLE", ["id"])]] * 3
        assert await roles(shop) == before

    async def test_lets_no_key_make_people_mightier_than_itself(self, shop: Shop, new_user: Any) -> None:
        membership = await join(shop, await new_user(), Role.VIEWER)
        await shop.sql("update api_key set scopes = $1", ["members:write"])
        before = await roles(shop)

        answer = await shop.admin(MEMBERSHIP_UPDATE, {"id": membership, "role": "ADMIN"})

        assert codes(answer["data"]["membershipUpdate"]) == [("FORBIDDEN_ROLE", ["id"])]
        assert await roles(shop) == before

    async def test_keeps_the_last_owner(self, shop: Shop) -> None:
        membership = await membership_of(shop, shop.owner)

        answers = [
            (await update(shop, shop.owner, membership, "ADMIN"))["data"]["membershipUpdate"],
            (await delete(shop, shop.owner, membership))["data"]["membershipDelete"],
        ]

        assert [codes(answer) for answer in answers] == [LAST_OWNER] * 2
        assert await roles(shop) == {shop.owner.id: "OWNER"}
        assert await audit_actions(shop) == []

    @pytest.mark.parametrize("how", ["leave", "depose"])
    async def test_keeps_an_owner_whatever_happens_at_once(self, new_shop: Any, new_user: Any, how: str) -> None:
        for _ in range(4):
            shop: Shop = await new_shop()
            other: Person = await new_user()
            theirs = await join(shop, other, Role.OWNER)
            ours = await membership_of(shop, shop.owner)
            pairs = [(shop.owner, ours), (other, theirs)]
            if how == "depose":
                pairs = [(shop.owner, theirs), (other, ours)]

            answers = await asyncio.gather(
                *(delete(shop, caller, membership) for caller, membership in pairs),
                *(update(shop, caller, membership, "VIEWER") for caller, membership in pairs),
            )

            assert len(answers) == 4
            assert "OWNER" in (await roles(shop)).values()

    async def test_does_not_find_those_of_others(self, shop: Shop, other_shop: Shop) -> None:
        foreign = await membership_of(other_shop, other_shop.owner)

        for membership in (foreign, global_id("Membership", new_id()), global_id("User", new_id()), "x"):
            answer = await update(shop, shop.owner, membership, "VIEWER")
            assert codes(answer["data"]["membershipUpdate"]) == [("NOT_FOUND", ["id"])]
            answer = await delete(shop, shop.owner, membership)
            assert codes(answer["data"]["membershipDelete"]) == [("NOT_FOUND", ["id"])]

        assert await roles(other_shop) == {other_shop.owner.id: "OWNER"}


class TestMembershipDelete:
    """`membershipDelete`."""

    async def test_shuts_somebody_out(self, shop: Shop, new_user: Any) -> None:
        person: Person = await new_user()
        membership = await join(shop, person, Role.ADMIN)

        async def ask() -> list[str]:
            return error_codes(await shop.graphql("{ workspace { slug } }", token=person.token, workspace=shop.slug))

        assert await ask() == []

        answer = await delete(shop, shop.owner, membership)

        assert answer["data"]["membershipDelete"] == {"deletedMembershipId": membership, "userErrors": []}
        await becomes(["NOT_FOUND"], ask)
        assert await roles(shop) == {shop.owner.id: "OWNER"}
        assert await audit_actions(shop) == ["membershipDelete"]

    async def test_lets_anybody_leave(self, shop: Shop, new_user: Any) -> None:
        person: Person = await new_user()
        membership = await join(shop, person, Role.VIEWER)

        answer = await delete(shop, person, membership)

        assert answer["data"]["membershipDelete"] == {"deletedMembershipId": membership, "userErrors": []}
        assert await roles(shop) == {shop.owner.id: "OWNER"}

    async def test_lets_an_owner_leave_another_behind(self, shop: Shop, new_user: Any) -> None:
        person: Person = await new_user()
        await join(shop, person, Role.OWNER)

        answer = await delete(shop, shop.owner, await membership_of(shop, shop.owner))

        assert answer["data"]["membershipDelete"]["userErrors"] == []
        assert await roles(shop) == {person.id: "OWNER"}

    async def test_needs_the_scope_for_others(self, shop: Shop, new_user: Any) -> None:
        staff, viewer = await new_user(), await new_user()
        await join(shop, staff, Role.STAFF)
        theirs = await join(shop, viewer, Role.VIEWER)
        before = await roles(shop)
        ids = (theirs, global_id("Membership", new_id()), global_id("User", new_id()), "x", "")

        for_staff = [await delete(shop, staff, membership) for membership in ids]
        for_shoppers = [await shop.shopper(MEMBERSHIP_DELETE, {"id": membership}) for membership in ids]

        for answers in (for_staff, for_shoppers):
            assert error_codes(answers[0]) == ["FORBIDDEN"]
            assert answers == [answers[0]] * len(ids)
        assert await roles(shop) == before
        assert await audit_actions(shop) == []


class TestMemberships:
    """`memberships`, and people read within a workspace."""

    async def test_shows_people_and_only_this_workspace_of_theirs(
        self, shop: Shop, other_shop: Shop, platform: Platform
    ) -> None:
        await join(shop, other_shop.owner, Role.VIEWER)
        document = """{
          memberships(sort: {field: CREATED_AT}) {
            totalCount
            nodes { role user { email memberships { nodes { workspace { slug } } } } workspace { slug } }
          }
        }"""

        answer = await shop.admin(document)

        here = {"slug": shop.slug}
        assert answer["data"]["memberships"] == {
            "totalCount": 2,
            "nodes": [
                {
                    "role": role,
                    "user": {"email": person.email, "memberships": {"nodes": [{"workspace": here}]}},
                    "workspace": here,
                }
                for role, person in (("OWNER", shop.owner), ("VIEWER", other_shop.owner))
            ],
        }

    async def test_filters_by_role(self, shop: Shop, new_user: Any) -> None:
        person: Person = await new_user()
        await join(shop, person, Role.STAFF)
        document = "{ memberships(filter: {role: [STAFF, VIEWER]}) { nodes { user { email } } } }"

        answer = await shop.admin(document)

        assert answer["data"]["memberships"]["nodes"] == [{"user": {"email": person.email}}]

    async def test_finds_no_people_of_others(self, shop: Shop, other_shop: Shop, graphql: GraphQL) -> None:
        document = "query ($id: ID!) { node(id: $id) { id ... on User { email } } }"
        ours, theirs = global_id("User", shop.owner.id), global_id("User", other_shop.owner.id)

        found = await shop.admin(document, {"id": ours})
        assert found["data"] == {"node": {"id": ours, "email": shop.owner_email}}
        assert (await shop.admin(document, {"id": theirs}))["data"] == {"node": None}
        assert error_codes(await shop.shopper(document, {"id": ours})) == ["FORBIDDEN"]
