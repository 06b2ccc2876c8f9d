"""Connections to PostgreSQL and the one door through which a workspace is pinned.

Two roles, two pools each:

- `app` is what requests run as. Row-level security holds it to the workspace that the transaction has pinned; with none
  pinned every tenant table is empty to it. Going round `pinned` means reading nothing, never another tenant's rows.
- `system` sees across workspaces, and only the tables that sign-in, the event relay and the sweepers need.

Hot paths and reads use asyncpg itself (SQLAlchemy costs 0.3 ms of CPU a statement over it); everything else uses
SQLAlchemy sessions. Both run the same pin.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from core.connections import Connect, Connection, ConnectionPool
from core.errors import Throttled
from core.settings import Settings

# Makes a statement one that pins its workspace, `$1`, by itself: one round trip. What `inner` reads of tables must
# stand behind `pin.w is not null`; that and `offset 0` keep the planner from a table, and its policy, before the pin.
PIN = "with pin as materialized (select set_config('app.workspace_id', $1::uuid::text, true) w)"
PINNED_STATEMENT = PIN + " select q.* from pin cross join lateral ({inner} offset 0) q"
PIN_FIRST = "pin.w is not null"
STATEMENT_CACHE_SIZE = 500
# Seconds. PostgreSQL stops a statement by itself after the role's `statement_timeout` (migrations/roles.py), also where
# nobody waits for it any more; this is for a PostgreSQL that does not answer.
COMMAND_TIMEOUT = 15.0
CONNECT_TIMEOUT = 10.0
CLOSE_TIMEOUT = 5.0
_BUSY = "The server is busy: all its database connections are in use. Try again in a moment."
# PostgreSQL away, restarting or busy, as loops that go on for ever meet it: they try again. The driver's
# `InternalClientError` is its own confusion about a connection; it is neither of its other two errors.
DATABASE_FAULTS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    DBAPIError,
    OSError,
    Throttled,
)


async def _connect(dsn: str) -> Connection:
    connection = await asyncpg.connect(
        dsn,
        statement_cache_size=STATEMENT_CACHE_SIZE,
        max_cached_statement_lifetime=0,
        command_timeout=COMMAND_TIMEOUT,
    )
    # The driver asks what a type is when a column has it. Inside a record, where lists of lists stand, it cannot.
    try:
        await connection.fetch("select array(select row(1) where false)")
    except BaseException:
        connection.terminate()
        raise
    return connection


@dataclass
class Pool:
    """One role's asyncpg pool and SQLAlchemy engine."""

    connections: ConnectionPool
    connect: Connect
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]

    @classmethod
    def open(cls, dsn: str, size: int, acquire_timeout: float) -> "Pool":
        connect = partial(_connect, dsn)
        connections = ConnectionPool(connect, size, acquire_timeout)
        engine = create_async_engine(
            "postgresql+asyncpg://",
            # asyncpg reads the URL, options such as sslmode included; SQLAlchemy would pass on what it does not know.
            async_creator=partial(asyncpg.connect, dsn, command_timeout=COMMAND_TIMEOUT),
            pool_pre_ping=True,
            pool_size=max(2, size // 2),
            max_overflow=0,
            pool_timeout=acquire_timeout,
            # An error's text may reach the log: it must not hold e-mail addresses and hashes.
            hide_parameters=True,
        )
        return cls(connections, connect, engine, async_sessionmaker(engine, expire_on_commit=False))

    async def close(self) -> None:
        await self.connections.close()
        await self.engine.dispose()

    def acquire(self) -> AbstractAsyncContextManager[Connection]:
        """One asyncpg connection.

        Raises:
            Throttled: none became free in time.

        """
        return self.connections.acquire()

    @asynccontextmanager
    async def snapshot(self, workspace_id: UUID, limits: Mapping[str, str]) -> AsyncIterator[Connection]:
        """All that the workspace has at this moment, to be read for minutes, on a connection beside the pool.

        Nothing that is committed meanwhile is seen. `limits` are settings of PostgreSQL for it, such as time-outs.

        Raises:
            asyncpg.PostgresError, OSError: PostgreSQL is away, or has no room for another connection.

        """
        async with asyncio.timeout(CONNECT_TIMEOUT):
            connection = await self.connect()
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                # The snapshot is taken by the statement that pins; settings are none.
                settings = "".join(f"set local {name} = '{value}'; " for name, value in limits.items())
                pin = f"select set_config('app.workspace_id', '{UUID(bytes=workspace_id.bytes)}', true)"
                await connection.execute(settings + pin)
                yield connection
        finally:
            await connection.close(timeout=CLOSE_TIMEOUT)

    @asynccontextmanager
    async def session(self, workspace_id: UUID | None = None) -> AsyncIterator[AsyncSession]:
        """A session in a transaction, pinned to the workspace; committed at the end, rolled back on an error.

        Raises:
            Throttled: no connection became free in time.

        """
        async with self.sessions() as session:
            try:
                _ = await session.connection()
            except PoolTimeoutError:
                raise Throttled(_BUSY) from None
            async with _committing(session):
                # Also where there is none: the transaction begins with SQLAlchemy's own first statement, and what runs
                # on the `driver_connection` before it would stand outside.
                await session.execute(
                    text("select set_config('app.workspace_id', :workspace_id, true)"),
                    {"workspace_id": str(workspace_id or "")},
                )
                yield session


@asynccontextmanager
async def _committing(session: AsyncSession) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        await session.rollback()
        raise
    await session.commit()


def pinned(connection: Connection, workspace_id: UUID) -> AbstractAsyncContextManager[None]:
    """A transaction on the connection, pinned to the workspace: begun and pinned in one round trip."""
    pin = f"select set_config('app.workspace_id', '{UUID(bytes=workspace_id.bytes)}', true)"
    return transaction(connection, f"begin; {pin}")


@asynccontextmanager
async def transaction(connection: Connection, begin: str = "begin") -> AsyncIterator[None]:
    """A transaction on the connection, rolled back on an error.

    asyncpg's own leaves one open where it is cancelled while it begins.
    """
    try:
        await connection.execute(begin)
        yield
    except BaseException:
        await _roll_back(connection)
        raise
    await connection.execute("commit")


async def _roll_back(connection: Connection) -> None:
    """Ends the transaction; a connection that cannot is closed, so that it never returns to the pool inside one."""
    try:
        await connection.execute("rollback")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        connection.terminate()
    except BaseException:
        # Cancelled once more: nobody knows how far it came.
        connection.terminate()
        raise


async def driver_connection(session: AsyncSession) -> Connection:
    """The asyncpg connection under a session, in the same transaction."""
    raw = await (await session.connection()).get_raw_connection()
    connection = raw.driver_connection
    if not isinstance(connection, asyncpg.Connection):
        raise TypeError("The engine's driver is not asyncpg.")
    return connection


_OVERLOADS = (
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.TooManyConnectionsError,
)


def is_overload(error: BaseException | None) -> bool:
    """Whether PostgreSQL gave up waiting: for a lock, for the statement's end, or for room for a connection."""
    if isinstance(error, DBAPIError):
        error = error.orig.__cause__ if error.orig else None
    return isinstance(error, (*_OVERLOADS, TimeoutError))


_PASSING = (
    Throttled,
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    # Shutting down, crashed, starting.
    asyncpg.OperatorInterventionError,
)


def is_passing(error: BaseException | None) -> bool:
    """Whether PostgreSQL was away, restarting or busy: the same may do in a moment."""
    if is_overload(error):
        return True
    if isinstance(error, DBAPIError):
        error = error.orig.__cause__ if error.orig else None
    return isinstance(error, _PASSING)


@dataclass
class Database:
    """All the connections of one process."""

    app: Pool
    system: Pool

    @classmethod
    async def open(cls, settings: Settings) -> "Database":
        """Connects as both roles.

        Raises:
            RuntimeError: the app's role could go round row-level security.

        """
        timeout = settings.database_acquire_timeout
        app = Pool.open(settings.app_dsn, settings.database_pool_size, timeout)
        system = Pool.open(settings.system_dsn, max(2, settings.database_pool_size // 2), timeout)
        database = cls(app, system)
        try:
            await _refuse_powerful_role(app)
            async with system.acquire():
                pass
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        await self.app.close()
        await self.system.close()


async def _refuse_powerful_role(pool: Pool) -> None:
    async with pool.acquire() as connection:
        row = await connection.fetchrow(
            """select rolsuper or rolbypassrls as above_policies,
                      exists (select from pg_class where relowner = r.oid and relkind in ('r', 'p')) as owns_tables
               from pg_roles r where rolname = current_user"""
        )
    if row is None or row["above_policies"] or row["owns_tables"]:
        raise RuntimeError(
            "The role of DATABASE_APP_URL can go round row-level security. "
            "Use the role that the migrations made, whose name ends in _app."
        )
