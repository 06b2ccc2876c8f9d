"""A pool of asyncpg connections that does nothing but lend them.

asyncpg's own pool costs 0.09 ms of CPU each time a connection is used, as much as reading one product: it resets
sessions, which are never changed here, and runs each release as a task of its own.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from core.errors import Throttled

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Connect = Callable[[], Awaitable[Connection]]

_BUSY = "The server is busy: all its database connections are in use. Try again in a moment."
_CLOSE_SECONDS = 5.0


class ConnectionPool:
    """At most `size` connections, opened when they are needed, the one that was used last lent first.

    Who comes first is served first; who waits longer than `patience` seconds is refused. A connection that was left
    inside a transaction is closed instead of being lent again.
    """

    def __init__(self, connect: Connect, size: int, patience: float) -> None:
        self.size = size
        self._connect = connect
        self._patience = patience
        self._idle: list[Connection] = []
        self._open = 0
        # Given a connection, or None where there is room to open one.
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """One connection.

        Raises:
            Throttled: none became free in time.
            asyncpg.ConnectionDoesNotExistError: it broke while it was used.

        """
        connection = self._take() or await self._wait()
        try:
            yield connection
        except asyncpg.InternalClientError as error:
            # The driver's own confusion, as where PostgreSQL dies between two statements.
            connection.terminate()
            raise asyncpg.ConnectionDoesNotExistError(f"The connection broke: {error}") from error
        except BaseException:
            # A statement that was cut off is cancelled by asyncpg, before it sends the next one. One whose connection
            # is closed has no state that could be asked.
            if not connection.is_closed() and connection.is_in_transaction():
                connection.terminate()
            raise
        finally:
            self._give_back(connection)

    async def close(self) -> None:
        """Closes what is idle; nobody uses the pool any more."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close(timeout=_CLOSE_SECONDS)

    def _take(self) -> "Connection | None":
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._open -= 1
        return None

    async def _wait(self) -> Connection:
        """Opens a connection, or waits until one is given back or there is room for one."""
        try:
            async with asyncio.timeout(self._patience):
                while self._open >= self.size:
                    connection = await self._next_free()
                    if connection is not None:
                        return connection
                return await self._open_one()
        except TimeoutError:
            raise Throttled(_BUSY) from None

    async def _next_free(self) -> "Connection | None":
        free: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(free)
        try:
            return await free
        except asyncio.CancelledError:
            if free in self._waiting:
                self._waiting.remove(free)
            elif not free.cancelled() and (connection := free.result()) is not None:
                self._give_back(connection)
            else:
                self._tell_next(None)
            raise

    async def _open_one(self) -> Connection:
        self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._open -= 1
            self._tell_next(None)
            raise

    def _give_back(self, connection: Connection) -> None:
        if connection.is_closed():
            self._open -= 1
            self._tell_next(None)
        elif not self._tell_next(connection):
            self._idle.append(connection)

    def _tell_next(self, connection: "Connection | None") -> bool:
        """Gives the connection, or the room for one, to who has waited longest."""
        while self._waiting:
            free = self._waiting.popleft()
            if not free.done():
                free.set_result(connection)
                return True
        return False
