"""Signing in, and being locked out."""

import asyncio
import time
from typing import Any

import pytest

from core.errors import Throttled
from resolvers.account.password import MAX_WAITING, hash_password
from resolvers.account.throttle import FOR_EMAIL, FROM_ADDRESS, guesses_from
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Person, Shop
from tests.operations import ADMIN
from tests.people import (
    GOOD_PASSWORD,
    VIEWER,
    codes,
    new_address,
    new_email,
    register,
    sent_from,
    sessions_of,
    system_sql,
    user_actions,
)

WRONG = {
    "session": None,
    "user": None,
    "userErrors": [
        {
            "code": "INVALID_CREDENTIALS",
            "field": None,
            "message": "The e-mail address or the password is wrong.",
        }
    ],
}
LOCKED = [("TOO_MANY_ATTEMPTS", None)]


async def sign_in(graphql: GraphQL, email: str, password: str, address: str) -> dict[str, Any]:
    answer = await graphql(
        ADMIN, {"email": email, "password": password}, operation="SignIn", headers=sent_from(address)
    )
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["signIn"]
    return payload


class TestSignIn:
    """`signIn`."""

    async def test_answers_what_dashboards_send(self, graphql: GraphQL, shop: Shop, platform: Platform) -> None:
        payload = await sign_in(graphql, f" {shop.owner_email.title()}", shop.owner_password, new_address())

        assert payload["userErrors"] == []
        assert payload["user"].pop("id")
        (membership,) = payload["user"].pop("memberships")["nodes"]
        assert payload["user"] == {"email": shop.owner_email}
        assert membership["role"] == "OWNER"
        assert membership["workspace"].pop("id")
        assert membership["workspace"] == {"slug": shop.slug, "name": "Lamps & Co"}
        assert payload["session"]["refreshToken"].startswith("vr_")
        token = payload["session"]["accessToken"]
        assert (await graphql(VIEWER, token=token))["data"]["viewer"] == {"email": shop.owner_email}
        assert await user_actions(platform, shop.owner_email) == ["signIn"]

    async def test_says_the_same_of_a_wrong_address_and_a_wrong_password(
        self, graphql: GraphQL, platform: Platform, new_user: Any
    ) -> None:
        person: Person = await new_user()
        address = new_address()

        answers = [
            await sign_in(graphql, person.email, "wrong password", address),
            await sign_in(graphql, new_email(), person.password, address),
            await sign_in(graphql, "no address", person.password, address),
            await sign_in(graphql, "", "", address),
            await sign_in(graphql, person.email, person.password * 100, address),
            await sign_in(graphql, "a\0b@example.com", "\0", address),
        ]

        assert answers == [WRONG] * 6
        assert len(await sessions_of(platform, person.email)) == 1  # the one that the factory made
        assert await user_actions(platform, person.email) == []

    async def test_does_the_same_work_for_either(self, graphql: GraphQL) -> None:
        email = new_email()
        await register(graphql, email)

        async def cpu_seconds(address: str) -> float:
            taken = []
            for _ in range(FOR_EMAIL - 4):
                started = time.process_time()
                await sign_in(graphql, address, "wrong password", "10.0.0.1")
                taken.append(time.process_time() - started)
            return min(taken)

        known, unknown = await cpu_seconds(email), await cpu_seconds(new_email())

        # CPU time, since a busy machine's clock says nothing: a password's hash is most of it, there or not.
        assert 0.5 < known / unknown < 2

    async def test_renews_a_hash_of_other_parameters(self, graphql: GraphQL, platform: Platform, new_user: Any) -> None:
        person: Person = await new_user()
        statement = "select password_hash from app_user where email = $1"
        (old,) = await system_sql(platform, statement, person.email)

        for _ in range(2):
            assert codes(await sign_in(graphql, person.email, person.password, new_address())) == []

        (new,) = await system_sql(platform, statement, person.email)
        assert "m=1024," in old["password_hash"]
        assert "m=47104," in new["password_hash"]

    async def test_knows_a_password_however_it_is_composed(self, graphql: GraphQL) -> None:
        email = new_email()
        await register(graphql, email, "cafe\u0301 au lait, s'il vous plai\u0302t")

        payload = await sign_in(graphql, email, "caf\u00e9 au lait, s'il vous pla\u00eet", new_address())

        assert codes(payload) == []


class TestLockOut:
    """Too many attempts."""

    async def test_locks_an_address_whether_anybody_has_it_or_not(
        self, graphql: GraphQL, platform: Platform, new_user: Any
    ) -> None:
        person: Person = await new_user()
        words = []
        for email in (person.email, new_email()):
            failures = [await sign_in(graphql, email, "wrong password", new_address()) for _ in range(FOR_EMAIL)]
            locked = await sign_in(graphql, email, person.password, new_address())
            assert failures == [WRONG] * FOR_EMAIL
            assert codes(locked) == LOCKED
            words.append(locked)

        assert words[0] == words[1]
        assert len(await sessions_of(platform, person.email)) == 1

    async def test_counts_attempts_at_once_each(self, graphql: GraphQL, new_user: Any) -> None:
        person: Person = await new_user()

        answers = await asyncio.gather(
            *(sign_in(graphql, person.email, "wrong password", new_address()) for _ in range(3 * FOR_EMAIL))
        )

        assert answers.count(WRONG) == FOR_EMAIL
        assert [codes(answer) for answer in answers if answer != WRONG] == [LOCKED] * (2 * FOR_EMAIL)

    async def test_locks_a_network_address_over_all_people(
        self, graphql: GraphQL, platform: Platform, new_user: Any
    ) -> None:
        person: Person = await new_user()
        address = new_address()
        await sign_in(graphql, new_email(), "wrong password", address)
        await system_sql(
            platform,
            "update sign_in_throttle set failures = $2 where subject = $1",
            guesses_from(address).name,
            FROM_ADDRESS,
        )

        assert codes(await sign_in(graphql, person.email, person.password, address)) == LOCKED
        assert codes(await sign_in(graphql, person.email, person.password, new_address())) == []

    def test_counts_a_whole_network_of_ipv6(self) -> None:
        assert guesses_from("2001:db8:1:2::1") == guesses_from("2001:db8:1:2:ffff::9")
        assert guesses_from("2001:db8:1:2::1") != guesses_from("2001:db8:1:3::1")
        assert guesses_from("::ffff:192.0.2.1") == guesses_from("192.0.2.1")

    async def test_forgives_after_a_success(self, graphql: GraphQL, new_user: Any) -> None:
        person: Person = await new_user()
        for _ in range(2):
            for _ in range(FOR_EMAIL - 1):
                assert await sign_in(graphql, person.email, "wrong password", new_address()) == WRONG
            assert codes(await sign_in(graphql, person.email, person.password, new_address())) == []

    async def test_keeps_counting_a_network_address_that_signs_in_between(
        self, graphql: GraphQL, platform: Platform, new_user: Any
    ) -> None:
        """Whoever guesses at others cannot clear their record with an account of their own."""
        person: Person = await new_user()
        address = new_address()

        for _ in range(3):
            await sign_in(graphql, new_email(), "wrong password", address)
        await sign_in(graphql, person.email, person.password, address)

        statement = "select failures from sign_in_throttle where subject = $1"
        (row,) = await system_sql(platform, statement, guesses_from(address).name)
        assert row["failures"] == 3

    async def test_ends_after_a_quarter_of_an_hour(self, graphql: GraphQL, platform: Platform, new_user: Any) -> None:
        person: Person = await new_user()
        address = new_address()
        for _ in range(FOR_EMAIL + 1):
            await sign_in(graphql, person.email, "wrong password", address)
        assert codes(await sign_in(graphql, person.email, person.password, address)) == LOCKED
        await system_sql(
            platform,
            "update sign_in_throttle set window_started_at = window_started_at - interval '15 minutes 1 second' "
            "where failures > $1",
            FOR_EMAIL,
        )

        assert codes(await sign_in(graphql, person.email, person.password, address)) == []


class TestHashPassword:
    """`hash_password`."""

    async def test_turns_a_flood_away(self) -> None:
        answers = await asyncio.gather(
            *(hash_password(GOOD_PASSWORD) for _ in range(MAX_WAITING + 5)), return_exceptions=True
        )

        refused = [answer for answer in answers if isinstance(answer, Throttled)]
        assert len(refused) == 5
        assert len({answer for answer in answers if isinstance(answer, str)}) == MAX_WAITING

    async def test_serves_again_after_a_flood(self) -> None:
        with pytest.raises(Throttled):
            await asyncio.gather(*(hash_password(GOOD_PASSWORD) for _ in range(MAX_WAITING + 1)))
        await asyncio.sleep(MAX_WAITING * 0.1)

        assert (await hash_password(GOOD_PASSWORD)).startswith("$argon2id$")
