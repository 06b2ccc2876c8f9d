"""A new password for people who forgot theirs."""

import asyncio
import time
from typing import Any

import orjson
import pytest

from core.crypto import hash_secret, new_secret, pack_token, unpack_token
from core.ids import new_id
from resolvers.account.reset_password import ANSWER_SECONDS, RESET_TOKEN_PREFIX
from resolvers.account.throttle import FOR_EMAIL, RESETS_FROM_ADDRESS, RESETS_TO_EMAIL, resets_from
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Person, Shop
from tests.people import (
    GOOD_PASSWORD,
    VIEWER,
    becomes,
    codes,
    emails_to,
    error_codes,
    new_address,
    new_email,
    register,
    sent_from,
    sessions_of,
    system_sql,
    token_for,
    user_actions,
)

# E-mails are one table of the whole database, and the tests of the worker send what they find in it.
pytestmark = pytest.mark.usefixtures("no_other_worker")

REQUEST = """
mutation ($input: PasswordResetRequestInput!) {
  passwordResetRequest(input: $input) { userErrors { code field message } }
}
"""
RESET = """
mutation ($input: PasswordResetInput!) {
  passwordReset(input: $input) {
    user { email }
    session { accessToken refreshToken expiresAt }
    userErrors { code field message }
  }
}
"""
SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(email: $email, password: $password) { userErrors { code field } }
}
"""
PASSWORD_CHANGE = """
mutation ($input: PasswordChangeInput!) { passwordChange(input: $input) { userErrors { code field } } }
"""
NEW = "an even heavier lamp"
DONE: dict[str, Any] = {"data": {"passwordResetRequest": {"userErrors": []}}}
INVALID = [("INVALID_TOKEN", ["input", "token"])]
LOCKED = [("TOO_MANY_ATTEMPTS", None)]


async def request(graphql: GraphQL, email: str, address: str | None = None, **options: Any) -> dict[str, Any]:
    return await graphql(REQUEST, {"input": {"email": email}}, headers=sent_from(address or new_address()), **options)


def request_codes(answer: dict[str, Any]) -> list[Any]:
    return codes(answer["data"]["passwordResetRequest"])


async def reset(graphql: GraphQL, link: str, password: str = NEW, **options: Any) -> dict[str, Any]:
    """The payload of a reset by a link's token."""
    answer = await graphql(RESET, {"input": {"token": link, "newPassword": password}}, **options)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["passwordReset"]
    return payload


async def sign_in(graphql: GraphQL, email: str, password: str) -> list[Any]:
    answer = await graphql(SIGN_IN, {"email": email, "password": password}, headers=sent_from(new_address()))
    return codes(answer["data"]["signIn"])


async def forgetful(graphql: GraphQL, platform: Platform) -> tuple[str, dict[str, str], str]:
    """Somebody who asked for a link: their e-mail address, the session that they have, and the link's token."""
    email = new_email()
    session: dict[str, str] = (await register(graphql, email))["session"]
    assert await request(graphql, email) == DONE
    return email, session, await token_for(platform, email)


async def resets_of(platform: Platform, email: str) -> list[Any]:
    return await system_sql(
        platform,
        "select r.*, r.expires_at - r.created_at as lifetime from password_reset r join app_user u on u.id = r.user_id "
        "where u.email = $1 order by r.id",
        email,
    )


class TestPasswordResetRequest:
    """`passwordResetRequest`."""

    async def test_sends_a_link(self, graphql: GraphQL, platform: Platform) -> None:
        email = new_email()
        await register(graphql, email)

        answer = await request(graphql, f"  {email.upper()} ")

        assert answer == DONE
        (sent,) = await emails_to(platform, email)
        assert sent["subject"] == "Your new password for Vitrine"
        assert f"\n{platform.settings.base_url}/password-reset#vp_" in sent["text_body"]
        assert "within 60 minutes" in sent["text_body"]
        (row,) = await resets_of(platform, email)
        assert 3590 < row["lifetime"].total_seconds() <= 3601
        assert await user_actions(platform, email) == ["userRegister", "passwordResetRequest"]

    async def test_keeps_only_the_hash_of_the_secret(self, graphql: GraphQL, platform: Platform) -> None:
        _, _, token = await forgetful(graphql, platform)

        parts = unpack_token(RESET_TOKEN_PREFIX, token)

        assert parts
        (row,) = await system_sql(
            platform,
            "select r.secret_hash, r::text || (select string_agg(a::text, '') from user_audit_entry a "
            "where a.user_id = r.user_id) as all from password_reset r where r.id = $1",
            parts[1],
        )
        assert row["secret_hash"] == hash_secret(parts[2])
        assert token not in row["all"]
        assert parts[2].hex() not in row["all"]

    async def test_answers_the_same_where_nobody_has_the_address(self, graphql: GraphQL, platform: Platform) -> None:
        known, unknown = new_email(), new_email()
        await register(graphql, known)

        assert [await request(graphql, email) for email in (known, unknown)] == [DONE, DONE]

        assert len(await emails_to(platform, known)) == 1
        assert await emails_to(platform, unknown) == []

    async def test_takes_the_same_time_for_either(self, graphql: GraphQL) -> None:
        known, unknown = new_email(), new_email()
        await register(graphql, known)

        async def seconds(email: str) -> float:
            taken = []
            for _ in range(RESETS_TO_EMAIL):
                started = time.perf_counter()
                assert await request(graphql, email) == DONE
                taken.append(time.perf_counter() - started)
            return min(taken)

        taken = [await seconds(email) for email in (known, unknown)]

        # Both wait for the same moment, whatever there was to do before it.
        assert all(each >= ANSWER_SECONDS for each in taken), taken

    @pytest.mark.parametrize(
        ("email", "expected"),
        [
            ("ada", "INVALID"),
            ("", "INVALID"),
            ("a\0b@example.com", "INVALID"),
            ("a" * 300 + "@example.com", "TOO_LONG"),
        ],
    )
    async def test_refuses_an_address_that_is_none(self, graphql: GraphQL, email: str, expected: str) -> None:
        assert request_codes(await request(graphql, email)) == [(expected, ["input", "email"])]

    async def test_sends_one_address_few_emails_whether_anybody_has_it_or_not(
        self, graphql: GraphQL, platform: Platform
    ) -> None:
        known, unknown = new_email(), new_email()
        await register(graphql, known)
        refused = []
        for email in (known, unknown):
            assert [await request(graphql, email) for _ in range(RESETS_TO_EMAIL)] == [DONE] * RESETS_TO_EMAIL
            refused.append(await request(graphql, email))

        assert request_codes(refused[0]) == LOCKED
        assert refused[0] == refused[1]
        assert len(await emails_to(platform, known)) == RESETS_TO_EMAIL
        assert len(await resets_of(platform, known)) == RESETS_TO_EMAIL

    async def test_counts_requests_at_once_each(self, graphql: GraphQL, platform: Platform) -> None:
        email = new_email()
        await register(graphql, email)

        answers = await asyncio.gather(*(request(graphql, email) for _ in range(2 * RESETS_TO_EMAIL)))

        assert answers.count(DONE) == RESETS_TO_EMAIL
        assert len(await emails_to(platform, email)) == RESETS_TO_EMAIL

    async def test_locks_a_network_address_over_all_people(self, graphql: GraphQL, platform: Platform) -> None:
        email, address = new_email(), new_address()
        await register(graphql, email)
        assert await request(graphql, new_email(), address) == DONE
        (row,) = await system_sql(
            platform,
            "update sign_in_throttle set failures = failures + $2 where subject = $1 returning failures",
            resets_from(address).name,
            RESETS_FROM_ADDRESS - 1,
        )
        assert row["failures"] == RESETS_FROM_ADDRESS

        assert request_codes(await request(graphql, email, address)) == LOCKED

        assert await emails_to(platform, email) == []
        assert await request(graphql, email) == DONE

    async def test_sends_one_email_for_one_key(self, graphql: GraphQL, platform: Platform) -> None:
        email = new_email()
        await register(graphql, email)

        answers = [await request(graphql, email, idempotency_key=f"key of {email}") for _ in range(RESETS_TO_EMAIL + 1)]

        assert answers == [DONE] * len(answers)
        assert len(await emails_to(platform, email)) == 1
        assert await request(graphql, email) == DONE

    async def test_tells_people_with_the_same_key_apart(self, graphql: GraphQL, platform: Platform) -> None:
        key, emails = f"key of {new_email()}", [new_email(), new_email()]
        for email in emails:
            await register(graphql, email)

        assert [await request(graphql, email, idempotency_key=key) for email in emails] == [DONE, DONE]

        assert [len(await emails_to(platform, email)) for email in emails] == [1, 1]


class TestPasswordReset:
    """`passwordReset`."""

    async def test_sets_the_password_and_signs_in(self, graphql: GraphQL, platform: Platform) -> None:
        email, _, token = await forgetful(graphql, platform)

        payload = await reset(graphql, token)

        session = payload.pop("session")
        assert payload == {"user": {"email": email}, "userErrors": []}
        assert session["refreshToken"].startswith("vr_")
        assert (await graphql(VIEWER, token=session["accessToken"]))["data"] == {"viewer": {"email": email}}
        assert await sign_in(graphql, email, GOOD_PASSWORD) == [("INVALID_CREDENTIALS", None)]
        assert await sign_in(graphql, email, NEW) == []
        actions = ["userRegister", "passwordResetRequest", "passwordReset", "signIn"]
        assert await user_actions(platform, email) == actions

    async def test_ends_all_sessions(self, graphql: GraphQL, platform: Platform) -> None:
        email, session, token = await forgetful(graphql, platform)

        async def ask() -> list[str]:
            return error_codes(await graphql(VIEWER, token=session["accessToken"]))

        assert await ask() == []
        assert codes(await reset(graphql, token)) == []

        await becomes(["UNAUTHENTICATED"], ask)
        old, new = await sessions_of(platform, email)
        assert old["revoked_at"] is not None
        assert new["revoked_at"] is None
        (row,) = await system_sql(
            platform,
            "select details from user_audit_entry where user_id = $1 and action = 'passwordReset'",
            old["user_id"],
        )
        assert orjson.loads(row["details"]) == {"sessions_ended": 1}

    async def test_is_good_once(self, graphql: GraphQL, platform: Platform) -> None:
        email, _, token = await forgetful(graphql, platform)

        answers = await asyncio.gather(*(reset(graphql, token, f"{NEW} {n}") for n in range(5)))
        later = await reset(graphql, token, GOOD_PASSWORD)

        assert sorted(str(codes(answer)) for answer in [*answers, later]) == [str(INVALID)] * 5 + ["[]"]
        assert (later["user"], later["session"]) == (None, None)
        (winner,) = [n for n, answer in enumerate(answers) if not answer["userErrors"]]
        assert await sign_in(graphql, email, f"{NEW} {winner}") == []
        assert len(await sessions_of(platform, email)) == 3  # registering, resetting, signing in

    async def test_voids_the_other_links(self, graphql: GraphQL, platform: Platform) -> None:
        email, _, first = await forgetful(graphql, platform)
        assert await request(graphql, email) == DONE
        second = await token_for(platform, email)

        assert codes(await reset(graphql, first)) == []
        assert codes(await reset(graphql, second, GOOD_PASSWORD)) == INVALID

        assert await sign_in(graphql, email, NEW) == []

    async def test_leaves_the_links_of_others_good(self, graphql: GraphQL, platform: Platform) -> None:
        _, _, token = await forgetful(graphql, platform)
        _, _, theirs = await forgetful(graphql, platform)

        assert codes(await reset(graphql, token)) == []
        assert codes(await reset(graphql, theirs)) == []

    async def test_refuses_a_link_from_before_the_password_was_changed(
        self, graphql: GraphQL, platform: Platform
    ) -> None:
        email, session, token = await forgetful(graphql, platform)
        given = {"currentPassword": GOOD_PASSWORD, "newPassword": NEW}
        changed = await graphql(PASSWORD_CHANGE, {"input": given}, token=session["accessToken"])
        assert codes(changed["data"]["passwordChange"]) == []

        assert codes(await reset(graphql, token, "a third good lamp")) == INVALID

        assert await sign_in(graphql, email, NEW) == []

    async def test_refuses_an_expired_link(self, graphql: GraphQL, platform: Platform) -> None:
        email, _, token = await forgetful(graphql, platform)
        (row,) = await resets_of(platform, email)
        await system_sql(platform, "update password_reset set expires_at = now() where id = $1", row["id"])

        payload = await reset(graphql, token)

        assert (payload["user"], payload["session"], codes(payload)) == (None, None, INVALID)
        assert await sign_in(graphql, email, GOOD_PASSWORD) == []

    async def test_refuses_a_token_that_is_none(self, graphql: GraphQL, platform: Platform) -> None:
        email, session, token = await forgetful(graphql, platform)
        _, _, theirs = await forgetful(graphql, platform)
        ours, other = unpack_token(RESET_TOKEN_PREFIX, token), unpack_token(RESET_TOKEN_PREFIX, theirs)
        assert ours
        assert other
        user_id, reset_id, secret = ours

        for forged in (
            pack_token(RESET_TOKEN_PREFIX, user_id, reset_id, new_secret()),
            pack_token(RESET_TOKEN_PREFIX, user_id, new_id(), secret),
            pack_token(RESET_TOKEN_PREFIX, other[0], reset_id, secret),
            pack_token(RESET_TOKEN_PREFIX, user_id, other[1], other[2]),
            pack_token("vr_", user_id, reset_id, secret),
            session["refreshToken"],
            token[:-1],
            "vp_",
            "vp_\u00e9",
            "x" * 5000,
            "a\0b",
            "",
        ):
            assert codes(await reset(graphql, forged)) == INVALID, forged

        assert await user_actions(platform, email) == ["userRegister", "passwordResetRequest"]
        assert codes(await reset(graphql, token)) == []

    async def test_refuses_the_passwords_that_registering_refuses(self, graphql: GraphQL, platform: Platform) -> None:
        """The link stays good: people choose again."""
        email, _, token = await forgetful(graphql, platform)

        for password, code in (
            ("short one", "TOO_SHORT"),
            ("x1" * 501, "TOO_LONG"),
            ("PassWord123", "GUESSABLE"),
            ("zzzzzzzzzzzz", "GUESSABLE"),
            (email.upper(), "GUESSABLE"),
            (email.partition("@")[0], "GUESSABLE"),
        ):
            payload = await reset(graphql, token, password)
            assert codes(payload) == [(code, ["input", "newPassword"])]
            assert (payload["user"], payload["session"]) == (None, None)

        assert await user_actions(platform, email) == ["userRegister", "passwordResetRequest"]
        assert codes(await reset(graphql, token)) == []

    async def test_lets_somebody_in_who_had_locked_themselves_out(self, graphql: GraphQL, platform: Platform) -> None:
        email, _, token = await forgetful(graphql, platform)
        for _ in range(FOR_EMAIL):
            assert await sign_in(graphql, email, "wrong password") == [("INVALID_CREDENTIALS", None)]
        assert await sign_in(graphql, email, GOOD_PASSWORD) == LOCKED

        assert codes(await reset(graphql, token)) == []

        assert await sign_in(graphql, email, NEW) == []

    async def test_answers_a_repeated_request_alike(self, graphql: GraphQL, platform: Platform) -> None:
        email, _, token = await forgetful(graphql, platform)

        answers = [await reset(graphql, token, idempotency_key="once") for _ in range(2)]

        assert codes(answers[0]) == []
        assert answers[0] == answers[1]
        assert codes(await reset(graphql, token)) == INVALID
        assert len(await sessions_of(platform, email)) == 2

    async def test_tells_links_with_the_same_key_apart(self, graphql: GraphQL, platform: Platform) -> None:
        people = [await forgetful(graphql, platform) for _ in range(2)]

        answers = [await reset(graphql, token, idempotency_key="once") for _, _, token in people]

        assert [answer["user"] for answer in answers] == [{"email": email} for email, _, _ in people]

    async def test_serves_whoever_is_signed_in_as_another(
        self, graphql: GraphQL, platform: Platform, shop: Shop, new_user: Any
    ) -> None:
        """The token alone says whose password it is."""
        other: Person = await new_user()
        for options in ({"token": other.token}, {"token": shop.owner_token, "workspace": shop.slug}):
            email, _, token = await forgetful(graphql, platform)
            payload = await reset(graphql, token, **options)
            assert payload["user"] == {"email": email}

        assert error_codes(await graphql(VIEWER, token=other.token)) == []
