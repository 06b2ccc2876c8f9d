"""What every table shares: constraint names, column types, and which role may do what.

Row-level security is declared in each table's `info`:

- `policies`: the expression that a row must satisfy, by role. A tenant table has `{"app": PINNED}` and nothing else
  unless one of the few things that cross workspaces needs it; then it also has `{"system": EVERY_ROW}`.
- `grants`: the statements that a role may run, by role. No role may TRUNCATE.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, LargeBinary, MetaData, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

from core.ids import new_id

PINNED = "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"
EVERY_ROW = "true"
READ = "select"
READ_WRITE = "select, insert, update"
READ_APPEND = "select, insert"
READ_REPLACE = "select, insert, delete"
ALL = "select, insert, update, delete"


def tenant(app: str, system: str | None = None) -> dict[str, Any]:
    """The `info` of a tenant table: what the app's role may do to the pinned rows, and the system's to all."""
    if system is None:
        return {"policies": {"app": PINNED}, "grants": {"app": app}}
    return {"policies": {"app": PINNED, "system": EVERY_ROW}, "grants": {"app": app, "system": system}}


class Base(DeclarativeBase):
    """The metadata of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text,
        int: BigInteger,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
    }


WorkspaceKey = Annotated[UUID, mapped_column(primary_key=True, sort_order=-20)]
RowKey = Annotated[UUID, mapped_column(primary_key=True, default=new_id, sort_order=-10)]
CreatedAt = Annotated[datetime, mapped_column(server_default=func.now())]
