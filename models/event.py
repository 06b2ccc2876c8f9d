"""What every write leaves behind: numbered events, the audit log, idempotency keys.

These are logs: they have no foreign key to the workspace, since each insert would then lock the workspace's row.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, READ_APPEND, READ_WRITE, Base, CreatedAt, RowKey, WorkspaceKey, tenant


class WorkspaceCounter(Base):
    """The last number that was given to an event and to an order. Its row is the last that a transaction locks."""

    __tablename__ = "workspace_counter"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        {"info": tenant(app=READ_WRITE, system="select"), "postgresql_with": {"fillfactor": 20}},
    )

    workspace_id: Mapped[WorkspaceKey]
    sequence: Mapped[int] = mapped_column(server_default="0")
    order_number: Mapped[int] = mapped_column(server_default="1000")


class SyncEvent(Base):
    """One committed change. Sequences follow commit order within a workspace and have no gaps."""

    __tablename__ = "sync_event"
    __table_args__ = (
        UniqueConstraint("workspace_id", "id"),
        {"info": tenant(app=READ_APPEND, system="select, delete")},
    )

    workspace_id: Mapped[WorkspaceKey]
    sequence: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    type: Mapped[str]
    entity_type: Mapped[str]
    entity_id: Mapped[UUID]
    occurred_at: Mapped[CreatedAt]


class AuditEntry(Base):
    """Who changed what, written in the transaction of the change."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index(None, "workspace_id", "at", "id"),
        Index(None, "workspace_id", "entity_id", "at"),
        {"info": tenant(app=READ_APPEND)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    at: Mapped[CreatedAt]
    caller_kind: Mapped[str]
    caller_id: Mapped[UUID | None]
    caller_label: Mapped[str]
    address: Mapped[str]
    request_id: Mapped[str]
    action: Mapped[str]
    entity_type: Mapped[str]
    entity_id: Mapped[UUID]
    changes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class IdempotencyKey(Base):
    """A key that a caller sent with a mutation, and the outcome: ids and sealed secrets, not the response."""

    __tablename__ = "idempotency_key"
    __table_args__ = (
        Index(None, "created_at", info={"global": "The sweeper deletes old keys of all workspaces."}),
        {"info": tenant(app=ALL, system="select, delete")},
    )

    workspace_id: Mapped[WorkspaceKey]
    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    outcome: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
