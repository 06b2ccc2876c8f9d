"""A workspace, the people in it, and the keys to it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, EVERY_ROW, READ_REPLACE, READ_WRITE, Base, CreatedAt, RowKey, WorkspaceKey, tenant


class Workspace(Base):
    """One merchant's shop. Slugs are unique among all workspaces: they are addresses."""

    __tablename__ = "workspace"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug"),
        CheckConstraint("currency_code ~ '^[A-Z]{3}$'", name="currency_code"),
        {
            "info": {
                "policies": {
                    "app": "id = nullif(current_setting('app.workspace_id', true), '')::uuid",
                    "system": EVERY_ROW,
                },
                "grants": {"app": "select, insert, update", "system": "select"},
            }
        },
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    currency_code: Mapped[str]
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    revision: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class Membership(Base):
    """A user's place in a workspace."""

    __tablename__ = "membership"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "user_id"),
        CheckConstraint("role in ('OWNER', 'ADMIN', 'STAFF', 'VIEWER')", name="role"),
        Index(None, "workspace_id", "created_at", "id"),
        Index(None, "user_id", info={"global": "Sign-in looks for a user's workspaces."}),
        {"info": tenant(app=ALL, system="select")},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    role: Mapped[str]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class Invitation(Base):
    """An e-mail address that was asked to join, until it is accepted, revoked or too old."""

    __tablename__ = "invitation"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        CheckConstraint("role in ('OWNER', 'ADMIN', 'STAFF', 'VIEWER')", name="role"),
        Index(
            "uq_invitation_workspace_id_email",
            "workspace_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at is null and revoked_at is null"),
        ),
        Index(None, "workspace_id", "created_at", "id"),
        {"info": tenant(app=READ_WRITE)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    email: Mapped[str]
    role: Mapped[str]
    secret_hash: Mapped[bytes]
    invited_by: Mapped[str]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiKey(Base):
    """A secret for another server; only its hash is kept."""

    __tablename__ = "api_key"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        Index(None, "workspace_id", "created_at", "id"),
        {"info": tenant(app=READ_WRITE)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    name: Mapped[str]
    secret_hash: Mapped[bytes]
    scopes: Mapped[list[str]]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class StorefrontToken(Base):
    """A publishable key for anonymous shoppers. It is no secret, so it is kept as it is and can be shown again."""

    __tablename__ = "storefront_token"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"]),
        Index(None, "workspace_id", "created_at", "id"),
        Index(None, "workspace_id", "site_id", "created_at", "id"),
        {"info": tenant(app=READ_WRITE)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    site_id: Mapped[UUID | None]
    name: Mapped[str]
    token: Mapped[str]
    hides_stock: Mapped[bool] = mapped_column(server_default=text("false"))
    allowed_origins: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    registered_operations_only: Mapped[bool] = mapped_column(server_default=text("false"))
    revision: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[CreatedAt]
    revoked_at: Mapped[datetime | None]


class PersistedOperation(Base):
    """An operation that was registered for a storefront token: the text, byte for byte, and its SHA-256."""

    __tablename__ = "persisted_operation"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "storefront_token_id"],
            ["storefront_token.workspace_id", "storefront_token.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("workspace_id", "storefront_token_id", "hash"),
        CheckConstraint("hash ~ '^[0-9a-f]{64}$'", name="hash"),
        Index(None, "workspace_id", "storefront_token_id", "id"),
        {"info": tenant(app=READ_REPLACE)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    storefront_token_id: Mapped[UUID]
    hash: Mapped[str]
    name: Mapped[str | None]
    document: Mapped[str]
    created_at: Mapped[CreatedAt]
