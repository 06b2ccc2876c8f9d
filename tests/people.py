"""What the tests of people and access share."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from core.ids import new_id
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Shop

USER_REGISTER = """
mutation ($input: UserRegisterInput!) {
  userRegister(input: $input) {
    user { id email name memberships(first: 1) { totalCount } }
    session { accessToken refreshToken expiresAt }
    userErrors { code field message }
  }
}
"""
VIEWER = "{ viewer { email } }"
GOOD_PASSWORD = "a heavy brass lamp"
# A revoked credential is refused within 5 s; a second more is the test's own.
REVOKED_WITHIN = 6.0


def new_address() -> str:
    """A network address of a test's own, so that its failures lock nobody else out."""
    return f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"


def sent_from(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def new_email() -> str:
    return f"person-{new_id().hex[-12:]}@example.com"


async def register(graphql: GraphQL, email: str | None = None, password: str = GOOD_PASSWORD) -> dict[str, Any]:
    """The payload of somebody's registration."""
    answer = await graphql(USER_REGISTER, {"input": {"email": email or new_email(), "password": password}})
    payload: dict[str, Any] = answer["data"]["userRegister"]
    assert payload["userErrors"] == [], answer
    return payload


async def superuser_sql(statement: str, *arguments: Any) -> None:
    """Runs a statement that neither role may."""
    connection = await asyncpg.connect(os.environ["EMBEDDED_SUPERUSER_URL"])
    try:
        await connection.execute(statement, *arguments)
    finally:
        await connection.close()


async def system_sql(platform: Platform, statement: str, *arguments: Any) -> list[Any]:
    """Runs a statement as the system's role, which sees users."""
    async with platform.database.system.acquire() as connection:
        rows: list[Any] = await connection.fetch(statement, *arguments)
        return rows


async def user_actions(platform: Platform, email: str) -> list[str]:
    """What a user's audit log says, in order."""
    rows = await system_sql(
        platform,
        "select a.action from user_audit_entry a join app_user u on u.id = a.user_id where u.email = $1 order by a.id",
        email,
    )
    return [row["action"] for row in rows]


async def sessions_of(platform: Platform, email: str) -> list[Any]:
    return await system_sql(
        platform,
        "select s.* from user_session s join app_user u on u.id = s.user_id where u.email = $1 order by s.id",
        email,
    )


async def emails_to(platform: Platform, address: str) -> list[Any]:
    return await system_sql(platform, "select * from email_message where to_address = $1 order by id", address)


async def token_for(platform: Platform, address: str) -> str:
    """The token in the newest e-mail to the address."""
    body: str = (await emails_to(platform, address))[-1]["text_body"]
    return body.partition("#")[2].split()[0]


async def audit_actions(shop: Shop) -> list[str]:
    rows = await shop.sql("select action from audit_entry order by id")
    return [row["action"] for row in rows]


def codes(payload: dict[str, Any]) -> list[tuple[str, list[str] | None]]:
    """The codes of a payload's userErrors, with their fields."""
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


def error_codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


async def becomes(expected: object, ask: Callable[[], Awaitable[object]], within: float = REVOKED_WITHIN) -> None:
    """Waits until asking gives what is expected."""
    deadline = time.monotonic() + within
    while (found := await ask()) != expected:
        assert time.monotonic() < deadline, f"still {found!r} and not {expected!r}"
        await asyncio.sleep(0.05)


# Any number: what matters is that all tests with workers agree on it.
_WORKER_LOCK = 7_335_001


@asynccontextmanager
async def without_other_workers(platform: Platform) -> AsyncIterator[None]:
    """The database for the block's own workers alone, where processes share one: a worker does whatever is due."""
    async with platform.database.system.acquire() as connection:
        # The role gives up waiting for a lock after seconds, so this asks again and again.
        while not await connection.fetchval("select pg_try_advisory_lock($1)", _WORKER_LOCK):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        try:
            yield
        finally:
            await connection.fetchval("select pg_advisory_unlock($1)", _WORKER_LOCK)


@pytest.fixture
async def no_other_worker(platform: Platform) -> AsyncIterator[None]:
    """The database for this test's own workers alone."""
    async with without_other_workers(platform):
        yield
