"""Registering."""

import asyncio
from typing import Any

import pytest

from resolvers.account.throttle import TAKEN_FROM_ADDRESS
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Person
from tests.people import (
    GOOD_PASSWORD,
    USER_REGISTER,
    VIEWER,
    codes,
    error_codes,
    new_address,
    new_email,
    register,
    sent_from,
    system_sql,
    user_actions,
)


async def users(platform: Platform, email: str) -> int:
    (row,) = await system_sql(platform, "select count(*) from app_user where email = $1", email)
    return int(row[0])


class TestUserRegister:
    """`userRegister`."""

    async def test_registers_and_signs_in(self, graphql: GraphQL, platform: Platform) -> None:
        email = new_email()
        given = {"email": f"  {email.upper()} ", "password": GOOD_PASSWORD, "name": " Ada "}

        answer = await graphql(USER_REGISTER, {"input": given})

        payload = answer["data"]["userRegister"]
        assert payload["user"].pop("id")
        assert payload["user"] == {"email": email, "name": "Ada", "memberships": {"totalCount": 0}}
        token = payload["session"]["accessToken"]
        assert (await graphql(VIEWER, token=token))["data"] == {"viewer": {"email": email}}
        assert await user_actions(platform, email) == ["userRegister"]

    async def test_keeps_no_password_as_it_is(self, graphql: GraphQL, platform: Platform) -> None:
        email = new_email()

        await register(graphql, email)

        (row,) = await system_sql(platform, "select password_hash from app_user where email = $1", email)
        assert row["password_hash"].startswith("$argon2id$v=19$m=47104,t=1,p=1$")

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"email": "ada"}, [("INVALID", ["input", "email"])]),
            ({"email": ""}, [("INVALID", ["input", "email"])]),
            ({"email": f"{'a' * 300}@example.com"}, [("TOO_LONG", ["input", "email"])]),
            ({"password": "short one"}, [("TOO_SHORT", ["input", "password"])]),
            ({"password": "x1" * 501}, [("TOO_LONG", ["input", "password"])]),
            ({"password": "PassWord123"}, [("GUESSABLE", ["input", "password"])]),
            ({"password": "zzzzzzzzzzzz"}, [("GUESSABLE", ["input", "password"])]),
            ({"name": "x" * 201}, [("TOO_LONG", ["input", "name"])]),
            ({"name": "a\0b"}, [("INVALID", ["input", "name"])]),
        ],
    )
    async def test_refuses_what_is_wrong(
        self, graphql: GraphQL, platform: Platform, given: dict[str, Any], expected: list[Any]
    ) -> None:
        email = new_email()

        answer = await graphql(USER_REGISTER, {"input": {"email": email, "password": GOOD_PASSWORD} | given})

        payload = answer["data"]["userRegister"]
        assert (payload["user"], payload["session"], codes(payload)) == (None, None, expected)
        assert await users(platform, email) == 0

    async def test_refuses_the_address_as_password(self, graphql: GraphQL, platform: Platform) -> None:
        email = new_email()

        for password in (email.upper(), email.partition("@")[0]):
            answer = await graphql(USER_REGISTER, {"input": {"email": email, "password": password}})
            assert codes(answer["data"]["userRegister"]) == [("GUESSABLE", ["input", "password"])]

        assert await users(platform, email) == 0

    async def test_refuses_a_taken_address(self, graphql: GraphQL, platform: Platform, new_user: Any) -> None:
        person: Person = await new_user()
        given = {"email": person.email, "password": GOOD_PASSWORD}

        # With a key too: a refusal stores nothing of it, so the same request again is refused alike.
        for key in (None, "k1", "k1"):
            answer = await graphql(
                USER_REGISTER, {"input": given}, idempotency_key=key, headers=sent_from(new_address())
            )
            assert codes(answer["data"]["userRegister"]) == [("TAKEN", ["input", "email"])]
        assert await users(platform, person.email) == 1
        assert await user_actions(platform, person.email) == []

    async def test_makes_one_user_of_many_at_once(self, graphql: GraphQL, platform: Platform) -> None:
        email, headers = new_email(), sent_from(new_address())
        given = {"input": {"email": email, "password": GOOD_PASSWORD}}

        answers = await asyncio.gather(*(graphql(USER_REGISTER, given, headers=headers) for _ in range(6)))

        found = sorted(str(codes(answer["data"]["userRegister"])) for answer in answers)
        assert found == [str([("TAKEN", ["input", "email"])])] * 5 + ["[]"]
        assert await users(platform, email) == 1

    async def test_locks_out_who_asks_for_many_addresses(
        self, graphql: GraphQL, platform: Platform, new_user: Any
    ) -> None:
        person: Person = await new_user()
        headers = sent_from(new_address())
        taken = {"input": {"email": person.email, "password": GOOD_PASSWORD}}
        for _ in range(TAKEN_FROM_ADDRESS):
            answer = await graphql(USER_REGISTER, taken, headers=headers)
            assert codes(answer["data"]["userRegister"]) == [("TAKEN", ["input", "email"])]
        email = new_email()

        answer = await graphql(USER_REGISTER, {"input": {"email": email, "password": GOOD_PASSWORD}}, headers=headers)

        assert codes(answer["data"]["userRegister"]) == [("TOO_MANY_ATTEMPTS", None)]
        assert await users(platform, email) == 0

    async def test_does_not_count_who_registers_in_earnest(self, graphql: GraphQL) -> None:
        headers = sent_from(new_address())

        for _ in range(TAKEN_FROM_ADDRESS + 2):
            given = {"email": new_email(), "password": GOOD_PASSWORD}
            answer = await graphql(USER_REGISTER, {"input": given}, headers=headers)
            assert codes(answer["data"]["userRegister"]) == []

    async def test_answers_a_repeated_request_alike(self, graphql: GraphQL, platform: Platform) -> None:
        email = new_email()
        given = {"input": {"email": email, "password": GOOD_PASSWORD}}
        key = f"key of {email}"

        first = await graphql(USER_REGISTER, given, idempotency_key=key)
        second = await graphql(USER_REGISTER, given, idempotency_key=key)

        assert first["data"]["userRegister"]["userErrors"] == []
        assert second == first
        assert await user_actions(platform, email) == ["userRegister"]

    async def test_refuses_the_key_for_another_request(self, graphql: GraphQL) -> None:
        email, key = new_email(), f"key of {new_email()}"
        await graphql(USER_REGISTER, {"input": {"email": email, "password": GOOD_PASSWORD}}, idempotency_key=key)

        other = {"input": {"email": email, "password": GOOD_PASSWORD + "!"}}
        answer = await graphql(USER_REGISTER, other, idempotency_key=key)

        assert error_codes(answer) == ["CONFLICT"]

    async def test_tells_people_with_the_same_key_apart(self, graphql: GraphQL) -> None:
        key = f"key of {new_email()}"
        emails = [new_email(), new_email()]

        answers = [
            await graphql(USER_REGISTER, {"input": {"email": e, "password": GOOD_PASSWORD}}, idempotency_key=key)
            for e in emails
        ]

        assert [answer["data"]["userRegister"]["user"]["email"] for answer in answers] == emails

    async def test_keeps_what_was_asked_under_a_key_of_its_own(self, graphql: GraphQL, platform: Platform) -> None:
        """The stored fingerprint is of a request with a password in it: without the server's key it tells nothing."""
        email, key = new_email(), f"key of {new_email()}"
        given = {"input": {"email": email, "password": GOOD_PASSWORD}}
        first = await graphql(USER_REGISTER, given, idempotency_key=key)

        (row,) = await system_sql(platform, "select outcome from user_idempotency_key where key = $1", key)

        session = first["data"]["userRegister"]["session"]
        assert session["accessToken"] not in row["outcome"]
        assert session["refreshToken"] not in row["outcome"]
