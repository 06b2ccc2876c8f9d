"""Inviting people and accepting."""

import asyncio
from typing import Any

import pytest

from core.access import Role
from core.crypto import new_secret, pack_token
from core.ids import global_id, new_id, uuid_in
from resolvers.account.throttle import INVITATIONS_TO_EMAIL
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Person, Shop, add_member
from tests.people import (
    audit_actions,
    becomes,
    codes,
    emails_to,
    error_codes,
    new_email,
    register,
    token_for,
)

# E-mails are one table of the whole database, and the tests of the worker send what they find in it.
pytestmark = pytest.mark.usefixtures("no_other_worker")

INVITATION_CREATE = """
mutation ($input: InvitationCreateInput!) {
  invitationCreate(input: $input) {
    invitation { id email role invitedBy acceptedAt revokedAt } userErrors { code field message }
  }
}
"""
INVITATION_REVOKE = """
mutation ($id: ID!) {
  invitationRevoke(id: $id) { invitation { id revokedAt } userErrors { code field message } }
}
"""
INVITATION_ACCEPT = """
mutation ($token: String!) {
  invitationAccept(token: $token) {
    membership { id role user { email } workspace { slug } } userErrors { code field message }
  }
}
"""
NOT_FOUND = [("NOT_FOUND", ["token"])]


async def invite(shop: Shop, email: str, role: str = "STAFF", **options: Any) -> dict[str, Any]:
    answer = await shop.admin(INVITATION_CREATE, {"input": {"email": email, "role": role}}, **options)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["invitationCreate"]
    return payload


async def as_owner(shop: Shop, email: str, role: str) -> dict[str, Any]:
    return await invite(shop, email, role, token=shop.owner_token, workspace=shop.slug)


async def accept(graphql: GraphQL, token: str, bearer: str, **options: Any) -> dict[str, Any]:
    answer = await graphql(INVITATION_ACCEPT, {"token": token}, token=bearer, **options)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["invitationAccept"]
    return payload


async def members(shop: Shop) -> list[str]:
    rows = await shop.sql("select role from membership order by id")
    return [row["role"] for row in rows]


class TestInvitationCreate:
    """`invitationCreate`."""

    async def test_sends_a_link(self, shop: Shop, platform: Platform) -> None:
        email = new_email()

        payload = await as_owner(shop, email.upper(), "ADMIN")

        assert payload["invitation"].pop("id")
        assert payload == {
            "invitation": {
                "email": email,
                "role": "ADMIN",
                "invitedBy": shop.owner_email,
                "acceptedAt": None,
                "revokedAt": None,
            },
            "userErrors": [],
        }
        (sent,) = await emails_to(platform, email)
        assert sent["subject"] == "Join Lamps & Co on Vitrine"
        assert f"{platform.settings.base_url}/invitation#vi_" in sent["text_body"]
        assert await audit_actions(shop) == ["invitationCreate"]

    async def test_keeps_no_secret(self, shop: Shop, platform: Platform) -> None:
        email = new_email()
        await invite(shop, email)

        token = await token_for(platform, email)

        (row,) = await shop.sql("select i::text, (select string_agg(a::text, '') from audit_entry a) from invitation i")
        assert token not in row[0] + row[1]

    async def test_renews_an_open_invitation(self, shop: Shop, platform: Platform, graphql: GraphQL) -> None:
        email = new_email()
        session = (await register(graphql, email))["session"]
        first = await invite(shop, email, "STAFF")
        old = await token_for(platform, email)

        second = await invite(shop, email, "VIEWER")

        assert second["invitation"]["id"] == first["invitation"]["id"]
        assert codes(await accept(graphql, old, session["accessToken"])) == NOT_FOUND
        payload = await accept(graphql, await token_for(platform, email), session["accessToken"])
        assert payload["membership"]["role"] == "VIEWER"

    async def test_makes_one_invitation_of_many_at_once(self, shop: Shop) -> None:
        email = new_email()

        answers = await asyncio.gather(*(invite(shop, email) for _ in range(5)))

        assert len({answer["invitation"]["id"] for answer in answers}) == 1
        assert [row[0] for row in await shop.sql("select count(*) from invitation")] == [1]

    async def test_refuses_a_member(self, shop: Shop, platform: Platform) -> None:
        payload = await invite(shop, shop.owner_email)

        assert (payload["invitation"], codes(payload)) == (None, [("TAKEN", ["input", "email"])])
        assert await emails_to(platform, shop.owner_email) == []
        assert await audit_actions(shop) == []

    async def test_refuses_an_address_that_is_none(self, shop: Shop) -> None:
        payload = await invite(shop, "ada@")

        assert (payload["invitation"], codes(payload)) == (None, [("INVALID", ["input", "email"])])
        assert await audit_actions(shop) == []

    async def test_lets_only_owners_invite_owners(
        self, shop: Shop, platform: Platform, graphql: GraphQL, new_user: Any
    ) -> None:
        admin: Person = await new_user()
        await add_member(platform, shop.workspace_id, admin, Role.ADMIN)
        email = new_email()
        expected = [("FORBIDDEN_ROLE", ["input", "role"])]

        assert codes(await invite(shop, email, "OWNER")) == expected
        assert codes(await invite(shop, email, "OWNER", token=admin.token, workspace=shop.slug)) == expected
        assert await emails_to(platform, email) == []
        assert codes(await as_owner(shop, email, "OWNER")) == []

    async def test_lets_no_key_invite_beyond_itself(self, shop: Shop, platform: Platform) -> None:
        await shop.sql("update api_key set scopes = $1", ["members:write", "members:read", "products:read"])
        email = new_email()

        assert codes(await invite(shop, email, "ADMIN")) == [("FORBIDDEN_ROLE", ["input", "role"])]
        assert await emails_to(platform, email) == []

    async def test_needs_the_scope(self, shop: Shop, platform: Platform, graphql: GraphQL, new_user: Any) -> None:
        staff: Person = await new_user()
        await add_member(platform, shop.workspace_id, staff, Role.STAFF)
        given = {"input": {"email": new_email(), "role": "VIEWER"}}

        answer = await graphql(INVITATION_CREATE, given, token=staff.token, workspace=shop.slug)

        assert error_codes(answer) == ["FORBIDDEN"]
        assert await audit_actions(shop) == []

    async def test_sends_one_email_for_one_key(self, shop: Shop, platform: Platform) -> None:
        email = new_email()

        answers = [await invite(shop, email, idempotency_key="once") for _ in range(2)]

        assert answers[0] == answers[1]
        assert len(await emails_to(platform, email)) == 1

    async def test_sends_one_address_few_emails(self, shop: Shop, other_shop: Shop, platform: Platform) -> None:
        email = new_email()
        for role in ("STAFF", "VIEWER", "ADMIN", "STAFF", "VIEWER")[:INVITATIONS_TO_EMAIL]:
            assert codes(await invite(shop, email, role)) == []
        before = await shop.sql("select i::text from invitation i")
        actions = await audit_actions(shop)

        refused = await invite(shop, f" {email.upper()}", "ADMIN")
        elsewhere = await invite(other_shop, email)

        assert (refused["invitation"], codes(refused)) == (None, [("TOO_MANY_ATTEMPTS", None)])
        assert (elsewhere["invitation"], codes(elsewhere)) == (None, [("TOO_MANY_ATTEMPTS", None)])
        assert len(await emails_to(platform, email)) == INVITATIONS_TO_EMAIL
        assert await shop.sql("select i::text from invitation i") == before
        assert await other_shop.sql("select i::text from invitation i") == []
        assert await audit_actions(shop) == actions
        assert codes(await invite(shop, new_email())) == []

    async def test_counts_no_repeated_request(self, shop: Shop) -> None:
        email = new_email()

        answers = [await invite(shop, email, idempotency_key="once") for _ in range(INVITATIONS_TO_EMAIL + 1)]

        assert answers == [answers[0]] * len(answers)
        assert codes(await invite(shop, email, "VIEWER")) == []

    async def test_writes_a_subject_of_one_line(self, shop: Shop, platform: Platform) -> None:
        await shop.sql("update workspace set name = E'Lamps\\nBcc: all@example.com'")
        email = new_email()

        await invite(shop, email)

        (sent,) = await emails_to(platform, email)
        assert sent["subject"] == "Join Lamps Bcc: all@example.com on Vitrine"


class TestInvitationAccept:
    """`invitationAccept`."""

    async def test_makes_a_member_of_somebody_who_just_registered(
        self, shop: Shop, platform: Platform, graphql: GraphQL
    ) -> None:
        email = new_email()
        await invite(shop, email, "STAFF")
        session = (await register(graphql, email))["session"]
        bearer = session["accessToken"]
        document = "{ products(first: 1) { nodes { id } } }"
        refused = await graphql(document, token=bearer, workspace=shop.slug)
        assert error_codes(refused) == ["NOT_FOUND"]

        payload = await accept(graphql, await token_for(platform, email), bearer)

        assert payload["membership"].pop("id")
        assert payload == {
            "membership": {"role": "STAFF", "user": {"email": email}, "workspace": {"slug": shop.slug}},
            "userErrors": [],
        }
        assert await audit_actions(shop) == ["invitationCreate", "invitationAccept"]

        async def ask() -> list[str]:
            return error_codes(await graphql(document, token=bearer, workspace=shop.slug))

        await becomes([], ask)

    async def test_works_from_within_another_workspace(
        self, shop: Shop, other_shop: Shop, platform: Platform, graphql: GraphQL
    ) -> None:
        await invite(shop, other_shop.owner_email, "VIEWER")
        token = await token_for(platform, other_shop.owner_email)

        payload = await accept(graphql, token, other_shop.owner_token, workspace=other_shop.slug)

        assert payload["membership"]["workspace"] == {"slug": shop.slug}
        assert sorted(await members(shop)) == ["OWNER", "VIEWER"]
        assert await members(other_shop) == ["OWNER"]

    async def test_is_good_once(self, shop: Shop, platform: Platform, graphql: GraphQL) -> None:
        email = new_email()
        await invite(shop, email)
        bearer = (await register(graphql, email))["session"]["accessToken"]
        token = await token_for(platform, email)

        answers = await asyncio.gather(*(accept(graphql, token, bearer) for _ in range(5)))

        assert sorted(str(codes(answer)) for answer in answers) == [str(NOT_FOUND)] * 4 + ["[]"]
        assert sorted(await members(shop)) == ["OWNER", "STAFF"]

    async def test_answers_a_repeated_request_alike(self, shop: Shop, platform: Platform, graphql: GraphQL) -> None:
        email = new_email()
        await invite(shop, email)
        bearer = (await register(graphql, email))["session"]["accessToken"]
        token = await token_for(platform, email)

        answers = [await accept(graphql, token, bearer, idempotency_key="once") for _ in range(2)]

        assert codes(answers[0]) == []
        assert answers[0] == answers[1]

    async def test_refuses_another_address(
        self, shop: Shop, platform: Platform, graphql: GraphQL, new_user: Any
    ) -> None:
        other: Person = await new_user()
        email = new_email()
        await invite(shop, email)

        payload = await accept(graphql, await token_for(platform, email), other.token)

        assert (payload["membership"], codes(payload)) == (None, [("WRONG_EMAIL", ["token"])])
        assert await members(shop) == ["OWNER"]

    async def test_refuses_an_expired_invitation(
        self, shop: Shop, platform: Platform, graphql: GraphQL, new_user: Any
    ) -> None:
        person: Person = await new_user()
        await invite(shop, person.email)
        await shop.sql("update invitation set expires_at = now()")

        payload = await accept(graphql, await token_for(platform, person.email), person.token)

        assert (payload["membership"], codes(payload)) == (None, [("EXPIRED", ["token"])])
        assert await members(shop) == ["OWNER"]

    async def test_refuses_a_token_that_is_none(
        self, shop: Shop, other_shop: Shop, platform: Platform, graphql: GraphQL, new_user: Any
    ) -> None:
        person: Person = await new_user()
        made = await invite(shop, person.email)
        invitation_id = uuid_in(made["invitation"]["id"], "Invitation")
        assert invitation_id

        for token in (
            "",
            "vi_",
            "x" * 5000,
            pack_token("vi_", shop.workspace_id, invitation_id, new_secret()),
            pack_token("vi_", other_shop.workspace_id, invitation_id, new_secret()),
            pack_token("vi_", new_id(), new_id(), new_secret()),
        ):
            assert codes(await accept(graphql, token, person.token)) == NOT_FOUND

        assert await members(shop) == ["OWNER"]

    async def test_refuses_a_member(self, shop: Shop, platform: Platform, graphql: GraphQL, new_user: Any) -> None:
        person: Person = await new_user()
        await invite(shop, person.email, "ADMIN")
        await add_member(platform, shop.workspace_id, person, Role.VIEWER)

        payload = await accept(graphql, await token_for(platform, person.email), person.token)

        assert (payload["membership"], codes(payload)) == (None, [("TAKEN", ["token"])])
        assert sorted(await members(shop)) == ["OWNER", "VIEWER"]

    async def test_needs_a_user(self, shop: Shop, graphql: GraphQL) -> None:
        assert error_codes(await graphql(INVITATION_ACCEPT, {"token": "vi_"})) == ["UNAUTHENTICATED"]
        assert error_codes(await shop.admin(INVITATION_ACCEPT, {"token": "vi_"})) == ["FORBIDDEN"]


class TestInvitationRevoke:
    """`invitationRevoke`."""

    async def test_voids_the_link(self, shop: Shop, platform: Platform, graphql: GraphQL, new_user: Any) -> None:
        person: Person = await new_user()
        made = await invite(shop, person.email)

        for _ in range(2):
            answer = await shop.admin(INVITATION_REVOKE, {"id": made["invitation"]["id"]})
            payload = answer["data"]["invitationRevoke"]
            assert payload["userErrors"] == []
            assert payload["invitation"]["revokedAt"]

        token = await token_for(platform, person.email)
        assert codes(await accept(graphql, token, person.token)) == NOT_FOUND
        assert await audit_actions(shop) == ["invitationCreate", "invitationRevoke"]
        again = await invite(shop, person.email)
        assert again["invitation"]["id"] != made["invitation"]["id"]

    async def test_refuses_one_that_was_accepted(
        self, shop: Shop, platform: Platform, graphql: GraphQL, new_user: Any
    ) -> None:
        person: Person = await new_user()
        made = await invite(shop, person.email)
        await accept(graphql, await token_for(platform, person.email), person.token)

        answer = await shop.admin(INVITATION_REVOKE, {"id": made["invitation"]["id"]})

        payload = answer["data"]["invitationRevoke"]
        assert (payload["invitation"], codes(payload)) == (None, [("ALREADY_ACCEPTED", ["id"])])
        assert sorted(await members(shop)) == ["OWNER", "STAFF"]

    async def test_does_not_find_those_of_others(self, shop: Shop, other_shop: Shop) -> None:
        foreign = (await invite(other_shop, new_email()))["invitation"]["id"]

        for invitation_id in (foreign, global_id("Invitation", new_id()), global_id("Product", new_id()), "x"):
            answer = await shop.admin(INVITATION_REVOKE, {"id": invitation_id})
            assert codes(answer["data"]["invitationRevoke"]) == [("NOT_FOUND", ["id"])]

        (row,) = await other_shop.sql("select revoked_at from invitation")
        assert row["revoked_at"] is None


class TestInvitations:
    """`invitations`."""

    async def test_finds_the_open_ones(self, shop: Shop) -> None:
        emails = [new_email() for _ in range(4)]
        made = [(await invite(shop, email))["invitation"]["id"] for email in emails]
        await shop.admin(INVITATION_REVOKE, {"id": made[0]})
        await shop.sql("update invitation set expires_at = now() where email = $1", emails[1])
        document = """query ($open: Boolean) {
          invitations(filter: {isOpen: $open}, sort: {field: CREATED_AT}) { totalCount nodes { email } }
        }"""

        opened = (await shop.admin(document, {"open": True}))["data"]["invitations"]
        closed = (await shop.admin(document, {"open": False}))["data"]["invitations"]

        assert opened == {"totalCount": 2, "nodes": [{"email": email} for email in emails[2:]]}
        assert closed == {"totalCount": 2, "nodes": [{"email": email} for email in emails[:2]]}
