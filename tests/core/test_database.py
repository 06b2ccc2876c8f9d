"""Connections and transactions."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from core.database import DATABASE_FAULTS, transaction
from resolvers.context import Platform


class TestTransaction:
    """`transaction`."""

    async def test_is_not_left_open_when_it_is_cancelled_at_any_moment(self, platform: Platform) -> None:
        async def work() -> None:
            async with platform.database.system.acquire() as connection, transaction(connection):
                await connection.execute("select pg_sleep(0.001)")

        for moment in range(20):
            task = asyncio.create_task(work())
            for _ in range(moment):
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

            # The pool lends what was given back last.
            async with platform.database.system.acquire() as connection:
                await connection.execute("select 1")
                assert not connection.is_in_transaction(), f"cancelled at moment {moment}"


class TestDatabaseFaults:
    """`DATABASE_FAULTS`."""

    def test_are_whatever_the_driver_raises(self) -> None:
        raised = [
            each
            for each in vars(asyncpg.exceptions).values()
            if isinstance(each, type) and issubclass(each, Exception) and not issubclass(each, Warning)
        ]
        assert len(raised) > 200
        assert [each for each in raised if not issubclass(each, DATABASE_FAULTS)] == []


class TestConnections:
    """`Pool.acquire`."""

    async def test_says_what_went_wrong_where_the_connection_closed(self, platform: Platform) -> None:
        async def lose() -> None:
            async with platform.database.system.acquire() as connection:
                connection.terminate()
                raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await lose()

    async def test_lends_none_again_that_the_driver_is_confused_about(self, platform: Platform) -> None:
        with pytest.raises(asyncpg.ConnectionDoesNotExistError, match="another operation"):
            async with platform.database.system.acquire() as confused:
                raise asyncpg.InternalClientError("another operation is in progress")

        async with platform.database.system.acquire() as connection:
            assert connection is not confused
            assert await connection.fetchval("select 1") == 1
        assert confused.is_closed()
