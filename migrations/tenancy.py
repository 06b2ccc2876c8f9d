"""The statements that put a table under row-level security and give the roles what they may do to it."""

from collections.abc import Mapping

from alembic import op
from sqlalchemy import text

from core.settings import role_name
from migrations.roles import ROLES, quoted


def protect(table: str, policies: Mapping[str, str], grants: Mapping[str, str]) -> None:
    """Forces row-level security on the table: a policy and a grant for each role named, nothing for others."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    names = _role_names()
    for role, expression in policies.items():
        policy = f"create policy {table}_{role} on {table} to {names[role]}"
        op.execute(f"{policy} using ({expression}) with check ({expression})")
    for role, grant in grants.items():
        op.execute(f"grant {grant} on {table} to {names[role]}")


def allow(table: str, role: str, grant: str) -> None:
    """Lets a role do more to a table."""
    op.execute(f"grant {grant} on {table} to {_role_names()[role]}")


def disallow(table: str, role: str, grant: str) -> None:
    """Takes back what `allow` gave."""
    op.execute(f"revoke {grant} on {table} from {_role_names()[role]}")


def allow_running(function: str, role: str) -> None:
    """Lets a role, and nobody else, run a function that is named with its arguments' types."""
    op.execute(f"revoke all on function {function} from public")
    op.execute(f"grant execute on function {function} to {_role_names()[role]}")


def allow_connecting() -> None:
    """Lets the roles, and nobody else, use the database's schema."""
    op.execute("revoke all on schema public from public")
    for name in _role_names().values():
        op.execute(f"grant usage on schema public to {name}")


def _role_names() -> dict[str, str]:
    database = str(op.get_bind().scalar(text("select current_database()")))
    return {role: quoted(role_name(database, role)) for role in ROLES}
