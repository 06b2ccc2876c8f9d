"""What PostgreSQL's own catalog says of the tables: the tests believe it, and neither models nor migrations."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from core.connections import Connection
from core.database import pinned
from resolvers.context import Platform

# A user can be in many workspaces, so these belong to none. Whatever is not named here must have `workspace_id`.
GLOBAL_TABLES = frozenset(
    {
        "app_user",
        "email_message",
        "password_reset",
        "refresh_token",
        "sign_in_throttle",
        "theme",
        "theme_source",
        "theme_version",
        "user_audit_entry",
        "user_idempotency_key",
        "user_session",
        "visitor_salt",
        "worker",
    }
)
# Names that are unique among all workspaces, so that the name alone is the key. The pin holds them like any other.
DIRECTORIES = frozenset({"hostname"})
# The workspaces themselves: pinned by their own id.
ROOT_TABLE = "workspace"
MIGRATIONS_TABLE = "alembic_version"

OUR_SCHEMAS = "n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'"
RELATIONS = f"""
select c.oid, c.relname as name, c.relkind::text as kind, c.relispartition as is_partition,
       c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
       c.reloptions as options, n.nspname as namespace, pg_get_userbyid(c.relowner) as owner
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where {OUR_SCHEMAS} and c.relkind = any($1::"char"[])
 order by c.relname
"""
COLUMNS_OF = """
(select array_agg(a.attname::text order by part.n)
   from unnest({keys}) with ordinality part(number, n)
   left join pg_attribute a on a.attrelid = {table} and a.attnum = part.number)
"""


@asynccontextmanager
async def as_owner(platform: Platform) -> AsyncIterator[Connection]:
    """A connection of the owner, who sees the whole catalog and, policies being forced, none of the rows."""
    connection: Connection = await asyncpg.connect(platform.settings.owner_dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def relations(connection: Connection, *kinds: str) -> list[Any]:
    """Everything of these kinds (`r` and `p` are tables) that is not PostgreSQL's own."""
    return await connection.fetch(RELATIONS, [kind.encode() for kind in kinds])


async def table_names(connection: Connection) -> list[str]:
    """Every table of ours; of one that is partitioned the whole, which is what everybody asks."""
    found = [row["name"] for row in await relations(connection, "r", "p") if not row["is_partition"]]
    return [name for name in found if name != MIGRATIONS_TABLE]


async def tenant_tables(connection: Connection) -> list[str]:
    """Every table whose rows belong to a workspace, the workspaces themselves among them."""
    return [name for name in await table_names(connection) if name not in GLOBAL_TABLES]


def workspace_column(table: str) -> str:
    return "id" if table == ROOT_TABLE else "workspace_id"


# How often a caller was seen and what it asked for are no changes of a shop.
_NOT_A_CHANGE = frozenset({"idempotency_key"})


async def fingerprint(platform: Platform, *workspace_ids: UUID) -> dict[str, str]:
    """What every tenant table holds of the workspaces; equal before and after where nothing was changed."""
    found: dict[str, str] = {}
    async with platform.database.app.acquire() as connection:
        tables = [name for name in await tenant_tables(connection) if name not in _NOT_A_CHANGE]
        for workspace_id in workspace_ids:
            async with pinned(connection, workspace_id):
                for table in tables:
                    found[f"{table} of {workspace_id}"] = await connection.fetchval(
                        f"select count(*) || ' rows ' || coalesce(md5(string_agg(r, '|' order by r)), '') "
                        f"from (select (to_jsonb(t) - 'last_used_at')::text r from {table} t) rows"
                    )
    return found
