"""Every table, as PostgreSQL's catalog lists them: a table that somebody adds tomorrow is held to this too."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from core.connections import Connection
from core.database import PIN_FIRST, PINNED_STATEMENT, pinned
from core.ids import new_id
from core.settings import role_name
from models import Base
from models.base import PINNED
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Shop
from tests.tenancy.catalog import (
    COLUMNS_OF,
    DIRECTORIES,
    GLOBAL_TABLES,
    OUR_SCHEMAS,
    ROOT_TABLE,
    as_owner,
    relations,
    table_names,
    tenant_tables,
    workspace_column,
)
from tests.tenancy.world import filled_shop

ROLES = ("app", "system")
PINNED_BY_ID = PINNED.replace("workspace_id", "id", 1)
# Functions that run with the owner's rights: the roles can neither make nor drop tables.
AS_OWNER = {"make_visitor_event_partitions", "drop_visitor_event_partitions"}
# A row must find its partition before any policy looks at it.
PARTITIONED_BY = {"visitor_event": (", occurred_at", ", now()")}
HARMLESS = {"SELECT", "INSERT", "UPDATE", "DELETE"}
_GRANT = re.compile(r"(\w+)\s*(?:\(([^)]*)\))?")


async def database_roles(connection: Connection) -> dict[str, str]:
    """The names of the roles in this database, by what they are called in the models."""
    database = await connection.fetchval("select current_database()")
    return {role: role_name(database, role) for role in ROLES}


def declared(table: str) -> Mapping[str, Any]:
    return Base.metadata.tables[table].info


def declared_grants(table: str) -> set[tuple[str, str, str | None]]:
    """(role, statement, column) for each thing that the models let a role do."""
    found: set[tuple[str, str, str | None]] = set()
    for role, text in declared(table)["grants"].items():
        for statement, columns in _GRANT.findall(text):
            names = [name.strip() for name in columns.split(",")] if columns else [None]
            found |= {(role, statement.upper(), name) for name in names}
    return found


class TestGlobalTables:
    """The list of tables that belong to no workspace."""

    async def test_the_database_has_the_tables_of_the_models_and_no_others(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            assert set(await table_names(owner)) == set(Base.metadata.tables)

    async def test_names_only_tables_that_exist_and_have_no_workspace(self) -> None:
        without = {name for name, table in Base.metadata.tables.items() if "workspace_id" not in table.columns}

        assert without == GLOBAL_TABLES | {ROOT_TABLE}


class TestPolicies:
    """Row-level security."""

    async def test_is_enabled_and_forced_on_every_table(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            rows = await relations(owner, "r", "p")
        open_tables = [r["name"] for r in rows if not (r["enabled"] and r["forced"]) and r["name"] != "alembic_version"]

        assert open_tables == []

    async def test_the_app_sees_tenant_tables_by_the_pin_alone(self) -> None:
        wrong = {
            name: declared(name)["policies"].get("app")
            for name in Base.metadata.tables
            if name not in GLOBAL_TABLES
            and declared(name)["policies"].get("app") != (PINNED_BY_ID if name == ROOT_TABLE else PINNED)
        }

        assert wrong == {}

    async def test_are_exactly_those_that_the_models_declare(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            roles = await database_roles(owner)
            for table in await table_names(owner):
                expected = {
                    (roles[role], await _deparsed(owner, table, expression))
                    for role, expression in declared(table)["policies"].items()
                }
                rows = await owner.fetch(
                    "select permissive, roles::text[], cmd, qual, with_check from pg_policies where tablename = $1",
                    table,
                )
                found = {(role, row["qual"]) for row in rows for role in row["roles"]}
                kinds = {(row["permissive"], row["cmd"], row["qual"] == row["with_check"]) for row in rows}

                assert found == expected, table
                assert len(rows) == len(expected), f"{table}: one policy a role"
                assert kinds == {("PERMISSIVE", "ALL", True)}, table


class TestPartitions:
    """Parts of tables: whoever asks one by its own name goes past the whole table's policies."""

    async def test_are_closed_to_every_role_but_through_their_table(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            parts = [row["name"] for row in await relations(owner, "r", "p") if row["is_partition"]]
            granted = await owner.fetch(
                "select c.relname, a.grantee::regrole from pg_class c cross join lateral aclexplode(c.relacl) a "
                "where c.relname = any($1::text[]) and a.grantee <> c.relowner",
                parts,
            )
            policies = await owner.fetch("select tablename from pg_policies where tablename = any($1::text[])", parts)

        assert len(parts) >= 5
        assert granted == []
        assert policies == []

    async def test_have_the_primary_key_of_their_table(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            rows = await owner.fetch(
                """select i.inhrelid::regclass::text as part, pg_get_constraintdef(own.oid) as own,
                          pg_get_constraintdef(whole.oid) as whole
                     from pg_inherits i join pg_class c on c.oid = i.inhparent and c.relkind = 'p'
                          join pg_constraint whole on whole.conrelid = i.inhparent and whole.contype = 'p'
                          left join pg_constraint own on own.conrelid = i.inhrelid and own.contype = 'p'"""
            )

        assert rows
        assert [row["part"] for row in rows if row["own"] != row["whole"]] == []


async def _deparsed(connection: Connection, table: str, expression: str) -> str:
    """The expression as PostgreSQL writes it, read from a policy on a temporary table of the same name and columns."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f"create temp table {table} (like public.{table})")
        await connection.execute(f"create policy expected on pg_temp.{table} using ({expression})")
        found: str = await connection.fetchval(
            "select pg_get_expr(polqual, polrelid) from pg_policy where polname = 'expected'"
        )
    finally:
        await transaction.rollback()
    return found


class TestKeys:
    """What Citus distributes and what keeps workspaces from being mixed: `workspace_id` first, everywhere."""

    async def test_every_index_begins_with_the_workspace(self, platform: Platform) -> None:
        """Primary keys and unique constraints are indexes too. The models give the reason for each exception."""
        async with as_owner(platform) as owner:
            names = [name for name in await tenant_tables(owner) if name not in DIRECTORIES]
            rows = await owner.fetch(
                f"""select c.relname as table, i.relname as name,
                           {COLUMNS_OF.format(keys="x.indkey", table="c.oid")} as columns
                      from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
                     where c.relname = any($1::text[])""",
                names,
            )
        exceptions = {
            index.name
            for table in Base.metadata.tables.values()
            for index in table.indexes
            if index.info.get("global") and not index.unique
        }
        wrong = [
            f"{row['name']} on {row['table']} {row['columns']}"
            for row in rows
            if row["table"] != ROOT_TABLE and row["columns"][:1] != ["workspace_id"] and row["name"] not in exceptions
        ]

        assert {row["table"] for row in rows} == set(names)
        assert wrong == []

    async def test_every_tenant_table_has_a_primary_key(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            found = await owner.fetch("select conrelid::regclass::text as name from pg_constraint where contype = 'p'")

            assert set(await table_names(owner)) <= {row["name"] for row in found}

    async def test_every_foreign_key_between_tenant_tables_begins_with_the_workspace(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            tenants = set(await tenant_tables(owner))
            rows = await owner.fetch(
                f"""select k.conname as name, k.confrelid::regclass::text as parent,
                           {COLUMNS_OF.format(keys="k.conkey", table="k.conrelid")} as child_columns,
                           {COLUMNS_OF.format(keys="k.confkey", table="k.confrelid")} as parent_columns
                      from pg_constraint k where k.contype = 'f'"""
            )
        wrong = [
            row["name"]
            for row in rows
            if row["parent"] in tenants
            and (row["child_columns"][0], row["parent_columns"][0]) != ("workspace_id", workspace_column(row["parent"]))
        ]

        assert rows
        assert wrong == []


class TestRoles:
    """The two roles that requests and the system run as."""

    async def test_have_no_power_over_the_cluster(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            names = list((await database_roles(owner)).values())
            rows = await owner.fetch(
                "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles "
                "where rolname = any($1::text[])",
                names,
            )
            inherited = await owner.fetch(
                "select pg_get_userbyid(roleid) from pg_auth_members where pg_get_userbyid(member) = any($1::text[])",
                names,
            )

        assert {row["rolname"]: [*row.values()][1:] for row in rows} == dict.fromkeys(names, [False] * 5)
        assert inherited == [], "a member of another role can become it"

    async def test_own_nothing(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            names = list((await database_roles(owner)).values())
            owned = await owner.fetch(
                "select classid::regclass, objid from pg_shdepend d join pg_roles r on r.oid = d.refobjid "
                "where d.deptype = 'o' and d.refclassid = 'pg_authid'::regclass and r.rolname = any($1::text[])",
                names,
            )

        assert owned == []

    async def test_the_owner_owns_every_relation(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            rows = await relations(owner, "r", "p", "v", "m", "S", "f", "i", "I")

            assert {row["owner"] for row in rows} == {await owner.fetchval("select current_user")}

    async def test_may_do_exactly_what_the_models_say(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            roles = {name: role for role, name in (await database_roles(owner)).items()}
            rows = await owner.fetch(
                f"""select c.relname, null::text as column, coalesce(g.rolname, 'PUBLIC') as grantee, a.privilege_type,
                           a.is_grantable
                      from pg_class c join pg_namespace n on n.oid = c.relnamespace
                           cross join lateral aclexplode(c.relacl) a left join pg_roles g on g.oid = a.grantee
                     where {OUR_SCHEMAS} and a.grantee <> c.relowner
                    union all
                    select c.relname, t.attname, coalesce(g.rolname, 'PUBLIC'), a.privilege_type, a.is_grantable
                      from pg_attribute t join pg_class c on c.oid = t.attrelid
                           join pg_namespace n on n.oid = c.relnamespace
                           cross join lateral aclexplode(t.attacl) a left join pg_roles g on g.oid = a.grantee
                     where {OUR_SCHEMAS} and a.grantee <> c.relowner"""
            )
        found: dict[str, set[tuple[str, str, str | None]]] = {}
        for row in rows:
            role = roles.get(row["grantee"], row["grantee"])
            found.setdefault(row["relname"], set()).add((role, row["privilege_type"], row["column"]))

        assert found == {table: declared_grants(table) for table in Base.metadata.tables}
        assert not any(row["is_grantable"] for row in rows)
        assert {row["privilege_type"] for row in rows} <= HARMLESS, "neither TRUNCATE nor REFERENCES nor TRIGGER"

    async def test_may_use_the_schema_and_make_nothing_in_it(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            names = set((await database_roles(owner)).values())
            rows = await owner.fetch(
                f"""select coalesce(g.rolname, 'PUBLIC') as grantee, a.privilege_type
                      from pg_namespace n cross join lateral aclexplode(n.nspacl) a
                           left join pg_roles g on g.oid = a.grantee
                     where {OUR_SCHEMAS} and a.grantee <> n.nspowner"""
            )
            defaults = await owner.fetch("select defaclacl from pg_default_acl")

        assert {tuple(row) for row in rows} == {(name, "USAGE") for name in names}
        assert defaults == [], "what is made tomorrow is granted to nobody by default"


class TestOtherObjects:
    """What could read tables with somebody else's rights."""

    async def test_views_run_with_the_rights_of_who_asks(self, platform: Platform) -> None:
        async with as_owner(platform) as owner:
            views = await relations(owner, "v")
            others = await relations(owner, "m", "f")

        assert [v["name"] for v in views if "security_invoker=true" not in (v["options"] or [])] == []
        assert others == [], "a materialized view holds rows without policies"

    async def test_functions_run_with_the_rights_of_who_calls(self, platform: Platform) -> None:
        """But for those that make and drop partitions, which only the system may call; they look names up in no schema
        that a caller could put something into.
        """
        async with as_owner(platform) as owner:
            system = (await database_roles(owner))["system"]
            functions = await owner.fetch(
                f"""select p.proname as name, p.proconfig[1] as path,
                           array(select g.grantee::regrole::text from aclexplode(p.proacl) g
                                  where g.grantee <> p.proowner) as callers
                      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                     where {OUR_SCHEMAS} and p.prosecdef"""
            )

        assert {row["name"] for row in functions} == AS_OWNER
        assert {row["path"] for row in functions} == {"search_path=pg_catalog, public, pg_temp"}
        assert [row["callers"] for row in functions] == [[system]] * len(AS_OWNER)

    async def test_there_are_no_sequences(self, platform: Platform) -> None:
        """They count for all workspaces together, and would tell one how busy the others are."""
        async with as_owner(platform) as owner:
            assert await relations(owner, "S") == []


@pytest.fixture
async def mine(graphql: GraphQL, shop: Shop) -> Shop:
    """A workspace with rows in every tenant table."""
    return (await filled_shop(graphql, shop)).shop


@pytest.fixture
async def theirs(graphql: GraphQL, other_shop: Shop) -> Shop:
    """Another one."""
    return (await filled_shop(graphql, other_shop)).shop


async def workspaces_seen(connection: Connection) -> dict[str, set[UUID]]:
    """Whose rows are there, by table, for the tables that the connection's role may read."""
    found: dict[str, set[UUID]] = {}
    for table in await tenant_tables(connection):
        rows = await connection.fetch(f"select distinct {workspace_column(table)} as id from {table}")
        found[table] = {row["id"] for row in rows}
    return found


class TestPin:
    """What the app's role sees and can write, with a workspace pinned and with none."""

    async def test_without_one_every_table_is_empty(self, platform: Platform, mine: Shop, theirs: Shop) -> None:
        async with platform.database.app.acquire() as connection:
            seen = await workspaces_seen(connection)
            people = await connection.fetchval("select count(*) from app_user")

        assert seen
        assert {table for table, workspaces in seen.items() if workspaces} == set()
        assert people == 0

    async def test_shows_the_rows_of_its_workspace_alone(self, platform: Platform, mine: Shop, theirs: Shop) -> None:
        for shop in (mine, theirs):
            async with platform.database.app.acquire() as connection, pinned(connection, shop.workspace_id):
                seen = await workspaces_seen(connection)
                people = await connection.fetch("select id from app_user")
                members = await connection.fetch("select user_id from membership")
            empty = sorted(table for table, workspaces in seen.items() if not workspaces)

            assert empty == [], "give each of them a row in filled_shop of tests/tenancy/world.py"
            assert {t: w for t, w in seen.items() if w != {shop.workspace_id}} == {}
            assert {row["id"] for row in people} == {row["user_id"] for row in members}

    async def test_shows_a_workspace_that_does_not_exist_as_empty(self, platform: Platform, mine: Shop) -> None:
        async with platform.database.app.acquire() as connection, pinned(connection, new_id()):
            assert set().union(*(await workspaces_seen(connection)).values()) == set()

    async def test_refuses_rows_of_another_workspace(self, platform: Platform, mine: Shop, theirs: Shop) -> None:
        """Each insert holds nothing but the workspace: policies are checked before any constraint."""
        async with platform.database.app.acquire() as connection:
            for table in await tenant_tables(connection):
                column = workspace_column(table)
                also, value = PARTITIONED_BY.get(table, ("", ""))
                refusal = await _refusal(
                    connection, mine, f"insert into {table} ({column}{also}) values ($1{value})", theirs.workspace_id
                )

                may_insert = ("app", "INSERT", None) in declared_grants(table)
                expected = "row-level security" if may_insert else "permission denied"

                assert expected in refusal, f"{table}: {refusal}"

    async def test_refuses_to_move_rows_to_another_workspace(
        self, platform: Platform, mine: Shop, theirs: Shop
    ) -> None:
        async with platform.database.app.acquire() as connection:
            for table in await tenant_tables(connection):
                refusal = await _refusal(
                    connection, mine, f"update {table} set {workspace_column(table)} = $1", theirs.workspace_id
                )
                may_update = ("app", "UPDATE", None) in declared_grants(table)
                expected = "row-level security" if may_update else "permission denied"

                assert expected in refusal, f"{table}: {refusal}"

    async def test_reaches_no_rows_of_another_workspace(self, platform: Platform, mine: Shop, theirs: Shop) -> None:
        async with platform.database.app.acquire() as connection:
            for table in await tenant_tables(connection):
                column, grants = workspace_column(table), declared_grants(table)
                statements = {
                    "UPDATE": f"update {table} set {column} = {column} where {column} = $1",
                    "DELETE": f"delete from {table} where {column} = $1",
                }
                for statement in (sql for verb, sql in statements.items() if ("app", verb, None) in grants):
                    async with pinned(connection, mine.workspace_id):
                        done = await connection.execute(statement, theirs.workspace_id)

                    assert done.endswith(" 0"), f"{statement}: {done}"

    async def test_nobody_but_the_owner_can_empty_a_table(self, platform: Platform, mine: Shop) -> None:
        for pool in (platform.database.app, platform.database.system):
            async with pool.acquire() as connection:
                for table in await table_names(connection):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(f"truncate {table}")

    async def test_hides_what_is_the_systems_alone(self, platform: Platform, mine: Shop) -> None:
        async with platform.database.app.acquire() as connection, pinned(connection, mine.workspace_id):
            await connection.execute("savepoint before")
            for secret in ("password_hash from app_user", "* from user_session", "* from refresh_token"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(f"select {secret}")
                await connection.execute("rollback to before")

    @pytest.mark.parametrize("ends", ["commit", "rollback"])
    async def test_ends_with_its_transaction(self, platform: Platform, mine: Shop, ends: str) -> None:
        async with platform.database.app.acquire() as connection:
            await connection.execute(f"begin; select set_config('app.workspace_id', '{mine.workspace_id}', true)")
            within = await connection.fetchval("select count(*) from workspace")
            await connection.execute(ends)

            assert within == 1
            assert await connection.fetchval("select current_setting('app.workspace_id', true)") == ""
            assert set().union(*(await workspaces_seen(connection)).values()) == set()

    async def test_ends_with_the_statement_that_holds_it(self, platform: Platform, mine: Shop) -> None:
        statement = PINNED_STATEMENT.format(inner=f"select count(*) from product where {PIN_FIRST}")
        async with platform.database.app.acquire() as connection:
            assert await connection.fetchval(statement, mine.workspace_id) == 1
            assert set().union(*(await workspaces_seen(connection)).values()) == set()

    async def test_ends_with_a_session(self, platform: Platform, mine: Shop) -> None:
        for _ in range(20):
            async with platform.database.app.session(mine.workspace_id):
                pass
            async with platform.database.app.session() as session:
                connection = await (await session.connection()).get_raw_connection()
                driver = connection.driver_connection
                assert isinstance(driver, asyncpg.Connection)
                assert set().union(*(await workspaces_seen(driver)).values()) == set()

    async def test_ends_when_the_transaction_fails(self, platform: Platform, mine: Shop) -> None:
        async with platform.database.app.acquire() as connection:
            with pytest.raises(asyncpg.DivisionByZeroError):
                await _fail(connection, mine)

            assert set().union(*(await workspaces_seen(connection)).values()) == set()


async def _fail(connection: Connection, shop: Shop) -> None:
    async with pinned(connection, shop.workspace_id):
        await connection.execute("select 1 / 0")


async def _refusal(connection: Connection, shop: Shop, statement: str, *arguments: Any) -> str:
    """Why the statement is refused when it is pinned to the shop; empty where it is not."""
    try:
        async with pinned(connection, shop.workspace_id):
            await connection.execute(statement, *arguments)
    except asyncpg.PostgresError as error:
        return str(error)
    return ""
