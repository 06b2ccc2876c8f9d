"""Runs migrations as the owner: roles first, then each revision, with timeouts so that none blocks a live shop."""

import asyncio
import re
from functools import partial

import asyncpg
from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from core.settings import settings_or_exit
from migrations.roles import ensure_roles
from models import Base

LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "5min"
# Weeks of visitor events: the worker makes and drops them.
_PARTITION = re.compile(r"visitor_event_\d{8}")


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not _PARTITION.fullmatch(name or "")


def _run(connection: Connection) -> None:
    connection.execute(text(f"set lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"set statement_timeout = '{STATEMENT_TIMEOUT}'"))
    ensure_roles(connection, settings_or_exit())
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_server_default=True,
        include_name=_is_ours,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _main() -> None:
    connect = partial(asyncpg.connect, settings_or_exit().owner_dsn)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
    await engine.dispose()


asyncio.run(_main())
