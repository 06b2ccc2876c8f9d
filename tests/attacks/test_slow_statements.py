"""A statement that takes too long is stopped in PostgreSQL too, whoever waits for it or has ceased to."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from benchmarks.server import serving
from core.settings import Settings
from tests.attacks.wire import asking, exchange
from tests.factories import Shop

# In place of the role's own, which are too long to wait for: the statement waits for a lock until it is cancelled.
_NAME = "slow_statements"
_SHORT = f"statement_timeout=400&lock_timeout=0&application_name={_NAME}"
_POOL = {"DATABASE_POOL_SIZE": "2", "DATABASE_ACQUIRE_TIMEOUT": "5"}
# A table that few other tests read: what they do waits for the lock too.
TABLE = "persisted_operation"
OPERATIONS = "{ storefrontTokens(first: 1) { nodes { operations(first: 1) { totalCount nodes { id } } } } }"
NO_OPERATIONS = {"storefrontTokens": {"nodes": [{"operations": {"totalCount": 0, "nodes": []}}]}}


@pytest.fixture
async def port(test_settings: Settings, tmp_path: Path) -> AsyncIterator[int]:
    """A server whose statements are given little time."""
    mark = "&" if "?" in test_settings.app_dsn else "?"
    impatient = {"DATABASE_APP_URL": f"{test_settings.app_dsn}{mark}{_SHORT}"}
    with serving({**os.environ, **_POOL, **impatient}, tmp_path / "server.log") as server:
        await server.ready()
        yield server.port


@asynccontextmanager
async def locked(settings: Settings, table: str) -> AsyncIterator[asyncpg.Connection]:
    """Nobody else reads the table within the block."""
    owner = await asyncpg.connect(settings.owner_dsn)
    try:
        async with owner.transaction():
            await owner.execute(f"lock table {table} in access exclusive mode")
            yield owner
    finally:
        await owner.close()


async def waiting(owner: asyncpg.Connection) -> int:
    """How many statements wait for the table."""
    count: int = await owner.fetchval(
        "select count(*) from pg_locks l join pg_stat_activity a using (pid) "
        "where not l.granted and l.relation = $1::text::regclass and a.application_name = $2",
        TABLE,
        _NAME,
    )
    return count


async def until_waiting(owner: asyncpg.Connection, count: int) -> None:
    async with asyncio.timeout(5):
        while await waiting(owner) != count:  # noqa: ASYNC110 - PostgreSQL tells nobody
            await asyncio.sleep(0.02)


class TestSlowStatements:
    """What happens when PostgreSQL does not come to an end."""

    async def test_are_stopped_and_answered(self, test_settings: Settings, shop: Shop, port: int) -> None:
        ask = asking(OPERATIONS, {"Authorization": f"Bearer {shop.owner_token}", "X-Workspace": shop.slug})
        async with locked(test_settings, TABLE) as owner:
            answers = await asyncio.gather(*(exchange(port, ask) for _ in range(4)))

            assert await waiting(owner) == 0
        for answer in answers:
            assert answer.status < 500
            assert [error["extensions"]["code"] for error in answer.json["errors"]] == ["THROTTLED"]
            assert answer.seconds < 4
        # Each connection of the pool serves again.
        for answer in await asyncio.gather(*(exchange(port, ask) for _ in range(4))):
            assert answer.json["data"] == NO_OPERATIONS

    async def test_do_not_outlive_their_client_for_long(self, test_settings: Settings, shop: Shop, port: int) -> None:
        ask = asking(OPERATIONS, {"Authorization": f"Bearer {shop.owner_token}", "X-Workspace": shop.slug})
        async with locked(test_settings, TABLE) as owner:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(ask)
            await until_waiting(owner, 1)
            writer.transport.abort()

            await until_waiting(owner, 0)
        answer = await exchange(port, ask)
        assert answer.json["data"] == NO_OPERATIONS

    async def test_have_bounds_that_outlive_the_server(self, test_settings: Settings) -> None:
        """They are the roles' own: PostgreSQL keeps them for a process that was killed, and through PgBouncer."""
        for dsn in (test_settings.app_dsn, test_settings.system_dsn):
            connection = await asyncpg.connect(dsn)
            found = {
                name: await connection.fetchval("select current_setting($1)", name)
                for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
            }
            await connection.close()
            assert found == {
                "statement_timeout": "10s",
                "lock_timeout": "3s",
                "idle_in_transaction_session_timeout": "15s",
            }
