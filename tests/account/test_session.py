"""Sessions: refreshing, stolen tokens, signing out, changing the password."""

import asyncio
from typing import Any
from uuid import UUID

import jwt
import pytest

from core.access_token import issue_access_token
from core.crypto import new_secret, pack_token
from core.ids import new_id
from core.settings import Settings
from resolvers.account.throttle import FOR_EMAIL
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Shop
from tests.people import (
    GOOD_PASSWORD,
    VIEWER,
    becomes,
    codes,
    error_codes,
    new_address,
    new_email,
    register,
    sent_from,
    sessions_of,
    system_sql,
    user_actions,
)

SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(email: $email, password: $password) {
    session { accessToken refreshToken } userErrors { code field }
  }
}
"""
REFRESH = """
mutation ($token: String!) {
  sessionRefresh(refreshToken: $token) {
    session { accessToken refreshToken expiresAt } userErrors { code field message }
  }
}
"""
SIGN_OUT = "mutation { signOut { user { email } userErrors { code } } }"
SIGN_OUT_EVERYWHERE = "mutation { signOutEverywhere { user { email } userErrors { code } } }"
PASSWORD_CHANGE = """
mutation ($input: PasswordChangeInput!) {
  passwordChange(input: $input) { user { email } userErrors { code field message } }
}
"""
INVALID = [("INVALID_TOKEN", ["refreshToken"])]


async def sign_in(graphql: GraphQL, email: str, password: str = GOOD_PASSWORD) -> dict[str, Any]:
    answer = await graphql(SIGN_IN, {"email": email, "password": password}, headers=sent_from(new_address()))
    payload: dict[str, Any] = answer["data"]["signIn"]
    return payload


async def new_session(graphql: GraphQL) -> tuple[str, dict[str, str]]:
    """A new user's e-mail address, and their session."""
    email = new_email()
    session: dict[str, str] = (await register(graphql, email))["session"]
    return email, session


async def refresh(graphql: GraphQL, token: str) -> dict[str, Any]:
    answer = await graphql(REFRESH, {"token": token})
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["sessionRefresh"]
    return payload


async def is_refused(graphql: GraphQL, session: dict[str, str]) -> None:
    """Holds once the access token of the session is refused, which must be soon."""

    async def ask() -> list[str]:
        return error_codes(await graphql(VIEWER, token=session["accessToken"]))

    await becomes(["UNAUTHENTICATED"], ask)


async def works(graphql: GraphQL, session: dict[str, str]) -> bool:
    return error_codes(await graphql(VIEWER, token=session["accessToken"])) == []


async def let_pass(platform: Platform, email: str, interval: str) -> None:
    """Makes the refresh tokens of a user as old as if the time had passed."""
    await system_sql(
        platform,
        "update refresh_token t set created_at = t.created_at - $2::text::interval, "
        "used_at = t.used_at - $2::text::interval "
        "from user_session s join app_user u on u.id = s.user_id where t.session_id = s.id and u.email = $1",
        email,
        interval,
    )


class TestSessionRefresh:
    """`sessionRefresh`."""

    async def test_gives_new_tokens(self, graphql: GraphQL, platform: Platform) -> None:
        email, session = await new_session(graphql)
        (before,) = await sessions_of(platform, email)

        payload = await refresh(graphql, session["refreshToken"])

        assert codes(payload) == []
        assert payload["session"]["refreshToken"] != session["refreshToken"]
        assert await works(graphql, payload["session"])
        again = await refresh(graphql, payload["session"]["refreshToken"])
        assert codes(again) == []
        (after,) = await sessions_of(platform, email)
        assert after["expires_at"] > before["expires_at"]

    async def test_answers_a_retry_with_the_same_token(self, graphql: GraphQL, platform: Platform) -> None:
        """The answer was lost on its way: nobody is signed out, and there still is one token to go on with."""
        email, session = await new_session(graphql)

        answers = await asyncio.gather(*(refresh(graphql, session["refreshToken"]) for _ in range(8)))

        assert [codes(answer) for answer in answers] == [[]] * 8
        assert len({answer["session"]["refreshToken"] for answer in answers}) == 1
        (row,) = await system_sql(
            platform,
            "select count(*) from refresh_token t join user_session s on s.id = t.session_id "
            "join app_user u on u.id = s.user_id where u.email = $1 and t.used_at is null",
            email,
        )
        assert row[0] == 1

    async def test_ends_the_session_of_a_token_that_comes_back(self, graphql: GraphQL, platform: Platform) -> None:
        email, session = await new_session(graphql)
        other = (await sign_in(graphql, email))["session"]
        renewed = (await refresh(graphql, session["refreshToken"]))["session"]
        await let_pass(platform, email, "11 seconds")

        payload = await refresh(graphql, session["refreshToken"])

        assert (payload["session"], codes(payload)) == (None, INVALID)
        assert codes(await refresh(graphql, renewed["refreshToken"])) == INVALID
        await is_refused(graphql, session)
        await is_refused(graphql, renewed)
        assert await works(graphql, other)
        assert await user_actions(platform, email) == ["userRegister", "signIn", "refreshTokenReused"]

    async def test_ends_the_session_at_once_where_both_used_it(self, graphql: GraphQL, platform: Platform) -> None:
        email, session = await new_session(graphql)
        first = (await refresh(graphql, session["refreshToken"]))["session"]
        second = (await refresh(graphql, first["refreshToken"]))["session"]

        payload = await refresh(graphql, session["refreshToken"])

        assert codes(payload) == INVALID
        assert codes(await refresh(graphql, second["refreshToken"])) == INVALID
        (row,) = await sessions_of(platform, email)
        assert row["revoked_at"] is not None

    async def test_leaves_the_session_of_a_forged_token_alone(self, graphql: GraphQL, platform: Platform) -> None:
        """Ids are no secrets: who knows them must not be able to sign anybody out."""
        email, session = await new_session(graphql)
        (row,) = await system_sql(
            platform,
            "select t.id, t.session_id from refresh_token t join user_session s on s.id = t.session_id "
            "join app_user u on u.id = s.user_id where u.email = $1",
            email,
        )

        for token in (
            pack_token("vr_", row["session_id"], row["id"], new_secret()),
            pack_token("vr_", row["session_id"], new_id(), new_secret()),
            pack_token("vr_", new_id(), row["id"], new_secret()),
            session["refreshToken"][:-1],
            session["accessToken"],
            "",
        ):
            assert codes(await refresh(graphql, token)) == INVALID

        assert codes(await refresh(graphql, session["refreshToken"])) == []

    async def test_refuses_an_expired_session(self, graphql: GraphQL, platform: Platform) -> None:
        email, session = await new_session(graphql)
        (row,) = await sessions_of(platform, email)
        await system_sql(platform, "update user_session set expires_at = now() where id = $1", row["id"])

        assert codes(await refresh(graphql, session["refreshToken"])) == INVALID


class TestAccessToken:
    """What a request's access token lets through."""

    @pytest.mark.parametrize("token", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
    async def test_is_refused_where_it_is_none(self, graphql: GraphQL, token: str) -> None:
        assert error_codes(await graphql(VIEWER, token=token)) == ["UNAUTHENTICATED"]

    async def test_is_refused_where_another_key_signed_it(self, graphql: GraphQL, new_user: Any) -> None:
        person = await new_user()
        forger = Settings(secret_key="x" * 32, _env_file=None)
        token, _ = issue_access_token(forger, person.id, person.session_id)

        assert error_codes(await graphql(VIEWER, token=token)) == ["UNAUTHENTICATED"]

    async def test_is_refused_where_it_names_the_session_of_another(
        self, graphql: GraphQL, platform: Platform, new_user: Any
    ) -> None:
        ada, bob = await new_user(), await new_user()
        token, _ = issue_access_token(platform.settings, ada.id, bob.session_id)

        assert error_codes(await graphql(VIEWER, token=token)) == ["UNAUTHENTICATED"]


class TestViewer:
    """`viewer`."""

    async def test_is_nobody_for_keys_and_shoppers(self, graphql: GraphQL, shop: Shop) -> None:
        assert error_codes(await graphql(VIEWER)) == ["UNAUTHENTICATED"]
        assert error_codes(await shop.admin(VIEWER)) == ["FORBIDDEN"]
        assert error_codes(await shop.shopper(VIEWER)) == ["FORBIDDEN"]

    async def test_shows_all_workspaces_whatever_the_request_names(self, new_shop: Any, graphql: GraphQL) -> None:
        first, second = await new_shop(), await new_shop()
        await first.sql(
            "insert into membership (workspace_id, id, user_id, role) values ($1, $2, $3, 'VIEWER')",
            first.workspace_id,
            new_id(),
            second.owner.id,
        )
        document = (
            "{ viewer { memberships(sort: {field: CREATED_AT}) { totalCount nodes { role workspace { slug } } } } }"
        )

        for workspace in (None, first.slug, second.slug):
            answer = await graphql(document, token=second.owner_token, workspace=workspace)
            assert answer["data"]["viewer"]["memberships"] == {
                "totalCount": 2,
                "nodes": [
                    {"role": "OWNER", "workspace": {"slug": second.slug}},
                    {"role": "VIEWER", "workspace": {"slug": first.slug}},
                ],
            }


class TestSignOut:
    """`signOut` and `signOutEverywhere`."""

    async def test_ends_the_session_it_was_sent_with(self, graphql: GraphQL, platform: Platform) -> None:
        email, session = await new_session(graphql)
        other = (await sign_in(graphql, email))["session"]

        answer = await graphql(SIGN_OUT, token=session["accessToken"])

        assert answer["data"]["signOut"] == {"user": {"email": email}, "userErrors": []}
        await is_refused(graphql, session)
        assert codes(await refresh(graphql, session["refreshToken"])) == INVALID
        assert await works(graphql, other)
        assert await user_actions(platform, email) == ["userRegister", "signIn", "signOut"]

    async def test_is_refused_within_5_seconds_without_redis(self, graphql: GraphQL, platform: Platform) -> None:
        """Nobody rings here: the caller is forgotten by time alone."""
        _, session = await new_session(graphql)
        assert await works(graphql, session)
        claims = session["accessToken"]
        await system_sql(
            platform,
            "update user_session set revoked_at = now() where id = $1",
            UUID(_session_id(claims)),
        )

        await is_refused(graphql, session)

    async def test_ends_all_sessions(self, graphql: GraphQL, platform: Platform) -> None:
        email, session = await new_session(graphql)
        other = (await sign_in(graphql, email))["session"]

        answer = await graphql(SIGN_OUT_EVERYWHERE, token=session["accessToken"])

        assert answer["data"]["signOutEverywhere"] == {"user": {"email": email}, "userErrors": []}
        await is_refused(graphql, session)
        await is_refused(graphql, other)
        assert await user_actions(platform, email) == ["userRegister", "signIn", "signOutEverywhere"]

    async def test_needs_a_user(self, graphql: GraphQL, shop: Shop) -> None:
        for document in (SIGN_OUT, SIGN_OUT_EVERYWHERE):
            assert error_codes(await graphql(document)) == ["UNAUTHENTICATED"]
            assert error_codes(await shop.admin(document)) == ["FORBIDDEN"]


def _session_id(access_token: str) -> str:
    claims: dict[str, str] = jwt.decode(access_token, options={"verify_signature": False})
    return claims["sid"]


class TestPasswordChange:
    """`passwordChange`."""

    NEW = "an even heavier lamp"

    async def change(self, graphql: GraphQL, token: str, old: str, new: str, **options: Any) -> dict[str, Any]:
        given = {"currentPassword": old, "newPassword": new}
        return await graphql(PASSWORD_CHANGE, {"input": given}, token=token, **options)

    async def test_changes_it_and_ends_the_other_sessions(self, graphql: GraphQL, platform: Platform) -> None:
        email, session = await new_session(graphql)
        other = (await sign_in(graphql, email))["session"]

        answer = await self.change(graphql, session["accessToken"], GOOD_PASSWORD, self.NEW)

        assert answer["data"]["passwordChange"] == {"user": {"email": email}, "userErrors": []}
        await is_refused(graphql, other)
        assert await works(graphql, session)
        assert codes(await refresh(graphql, session["refreshToken"])) == []
        assert codes(await sign_in(graphql, email)) == [("INVALID_CREDENTIALS", None)]
        assert codes(await sign_in(graphql, email, self.NEW)) == []
        assert await user_actions(platform, email) == ["userRegister", "signIn", "passwordChange", "signIn"]

    async def test_refuses_a_wrong_current_password(self, graphql: GraphQL, platform: Platform) -> None:
        email, session = await new_session(graphql)
        token = session["accessToken"]

        answer = await self.change(graphql, token, "wrong password", self.NEW)

        expected = [("INVALID_CREDENTIALS", ["input", "currentPassword"])]
        assert codes(answer["data"]["passwordChange"]) == expected
        assert codes(await sign_in(graphql, email)) == []
        assert await user_actions(platform, email) == ["userRegister", "signIn"]

    async def test_locks_out_who_guesses_with_a_stolen_token(self, graphql: GraphQL) -> None:
        email, session = await new_session(graphql)
        token = session["accessToken"]
        for _ in range(FOR_EMAIL):
            await self.change(graphql, token, "wrong password", self.NEW)

        answer = await self.change(graphql, token, GOOD_PASSWORD, self.NEW)

        assert codes(answer["data"]["passwordChange"]) == [("TOO_MANY_ATTEMPTS", None)]
        assert codes(await sign_in(graphql, email)) == [("TOO_MANY_ATTEMPTS", None)]

    @pytest.mark.parametrize(
        ("new", "code"), [("short one", "TOO_SHORT"), ("x1" * 501, "TOO_LONG"), ("qwertyuiop", "GUESSABLE")]
    )
    async def test_refuses_a_bad_new_password(self, graphql: GraphQL, new: str, code: str) -> None:
        email, session = await new_session(graphql)

        answer = await self.change(graphql, session["accessToken"], GOOD_PASSWORD, new)

        assert codes(answer["data"]["passwordChange"]) == [(code, ["input", "newPassword"])]
        assert codes(await sign_in(graphql, email)) == []

    async def test_answers_a_repeated_request_alike(self, graphql: GraphQL, platform: Platform) -> None:
        email, session = await new_session(graphql)
        token, key = session["accessToken"], f"key of {email}"

        first = await self.change(graphql, token, GOOD_PASSWORD, self.NEW, idempotency_key=key)
        second = await self.change(graphql, token, GOOD_PASSWORD, self.NEW, idempotency_key=key)
        third = await self.change(graphql, token, GOOD_PASSWORD, self.NEW + "!", idempotency_key=key)

        assert first["data"]["passwordChange"]["userErrors"] == []
        assert second == first
        assert error_codes(third) == ["CONFLICT"]
        assert await user_actions(platform, email) == ["userRegister", "passwordChange"]

    async def test_lets_nobody_in_with_the_old_password_meanwhile(self, graphql: GraphQL) -> None:
        """A sign-in that compared the old password just before is refused, or its session ended with the others."""
        email, session = await new_session(graphql)

        changed, *signed_in = await asyncio.gather(
            self.change(graphql, session["accessToken"], GOOD_PASSWORD, self.NEW),
            *(sign_in(graphql, email) for _ in range(6)),
        )

        assert changed["data"]["passwordChange"]["userErrors"] == []
        for payload in signed_in:
            if payload["session"]:
                await is_refused(graphql, payload["session"])
