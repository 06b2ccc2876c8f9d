"""Pictures and files of a workspace."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, Base, CreatedAt, RowKey, WorkspaceKey, tenant


class Asset(Base):
    """One picture or file. It is there from when its upload is announced, and can be used once it is READY.

    Its file's key is made of its ids and `filename`, which ends in a hash of what is in it (resolvers/asset/keys.py).
    `sha256` and `mime_type` are the upload's; `byte_size` is what was announced, and then what is kept. While it is
    PROCESSING `due_at` says when a worker is to look at it; `lease_token` is the one that does. `created_by` is a user,
    who may have left.
    """

    __tablename__ = "asset"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        CheckConstraint("kind in ('IMAGE', 'SVG', 'VIDEO', 'FONT', 'DOCUMENT')", name="kind"),
        CheckConstraint("status in ('UPLOADING', 'PROCESSING', 'READY', 'FAILED')", name="status"),
        CheckConstraint("(status = 'PROCESSING') = (due_at is not null)", name="due_at"),
        CheckConstraint("(status = 'READY') = (filename is not null)", name="filename"),
        CheckConstraint("(status = 'FAILED') = (failure_reason is not null)", name="failure_reason"),
        CheckConstraint("byte_size > 0", name="byte_size"),
        Index(None, "workspace_id", "created_at", "id"),
        Index(None, "workspace_id", "updated_at", "id"),
        Index(None, "workspace_id", "original_filename_sort", "id"),
        Index(None, "workspace_id", "byte_size", "id"),
        Index(
            None,
            "due_at",
            postgresql_where=text("due_at is not null"),
            info={"global": "Workers look for what is due in all workspaces."},
        ),
        Index(
            None,
            "upload_expires_at",
            postgresql_where=text("status = 'UPLOADING'"),
            info={"global": "The sweep looks for uploads that never came in all workspaces."},
        ),
        {"info": tenant(app=ALL, system="select, update (due_at, lease_until, lease_token, attempt)")},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    kind: Mapped[str]
    mime_type: Mapped[str]
    filename: Mapped[str | None]
    original_filename: Mapped[str]
    original_filename_sort: Mapped[str] = mapped_column(Computed("lower(original_filename)", persisted=True))
    byte_size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    sha256: Mapped[str | None]
    title: Mapped[str] = mapped_column(server_default="")
    alt_text: Mapped[str] = mapped_column(server_default="")
    description: Mapped[str] = mapped_column(server_default="")
    # `metadata` is SQLAlchemy's own word.
    details: Mapped[dict[str, Any]] = mapped_column("metadata", server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(server_default="UPLOADING")
    failure_reason: Mapped[str | None]
    upload_expires_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    attempt: Mapped[int] = mapped_column(server_default="0")
    revision: Mapped[int] = mapped_column(server_default="1")
    created_by: Mapped[UUID | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class AssetRendition(Base):
    """A smaller size of a picture."""

    __tablename__ = "asset_rendition"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "asset_id"], ["asset.workspace_id", "asset.id"], ondelete="CASCADE"),
        Index(None, "workspace_id", "asset_id", "width", "id"),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    asset_id: Mapped[UUID]
    filename: Mapped[str]
    mime_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    byte_size: Mapped[int]


class AssetSearchToken(Base):
    """One word by which an asset is found, as `ProductSearchToken` is for products."""

    __tablename__ = "asset_search_token"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "asset_id"], ["asset.workspace_id", "asset.id"], ondelete="CASCADE"),
        Index(
            "ix_asset_search_token_by_token",
            "workspace_id",
            "token",
            "asset_id",
            postgresql_where=text("token >= ''"),
        ),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    asset_id: Mapped[UUID] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(primary_key=True)
