"""Logos of sites, and what they were."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, READ_APPEND, Base, CreatedAt, RowKey, WorkspaceKey, tenant


class Logo(Base):
    """A logo of a site, for one place and perhaps for a time. While it is PUBLISHED each change is a version.

    One that lost its picture (`asset_id`) is not shown. `link_url` is empty where it leads nowhere.
    """

    __tablename__ = "logo"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["workspace_id", "asset_id"], ["asset.workspace_id", "asset.id"]),
        ForeignKeyConstraint(["workspace_id", "tablet_asset_id"], ["asset.workspace_id", "asset.id"]),
        ForeignKeyConstraint(["workspace_id", "mobile_asset_id"], ["asset.workspace_id", "asset.id"]),
        CheckConstraint("status in ('DRAFT', 'PUBLISHED', 'ARCHIVED')", name="status"),
        CheckConstraint("logo_type in ('PRIMARY', 'DARK', 'FOOTER', 'MOBILE', 'FAVICON')", name="logo_type"),
        CheckConstraint("alignment in ('LEFT', 'CENTER', 'RIGHT')", name="alignment"),
        CheckConstraint("start_at < end_at", name="end_at"),
        Index(None, "workspace_id", "site_id", "created_at", "id"),
        Index(None, "workspace_id", "asset_id", postgresql_where=text("asset_id is not null")),
        Index(None, "workspace_id", "tablet_asset_id", postgresql_where=text("tablet_asset_id is not null")),
        Index(None, "workspace_id", "mobile_asset_id", postgresql_where=text("mobile_asset_id is not null")),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    site_id: Mapped[UUID]
    name: Mapped[str]
    logo_type: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="DRAFT")
    asset_id: Mapped[UUID | None]
    tablet_asset_id: Mapped[UUID | None]
    mobile_asset_id: Mapped[UUID | None]
    hidden_on: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    max_width: Mapped[int | None]
    max_height: Mapped[int | None]
    alignment: Mapped[str] = mapped_column(server_default="LEFT")
    link_url: Mapped[str] = mapped_column(server_default="")
    start_at: Mapped[datetime | None]
    end_at: Mapped[datetime | None]
    version_count: Mapped[int] = mapped_column(server_default="0")
    revision: Mapped[int] = mapped_column(server_default="1")
    created_by: Mapped[UUID | None]
    author: Mapped[str]
    updated_by: Mapped[UUID | None]
    editor: Mapped[str]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class LogoVersion(Base):
    """A logo as it was published, numbered from 1 on. `snapshot` is JSON in GraphQL's names. None ever changes."""

    __tablename__ = "logo_version"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "logo_id"], ["logo.workspace_id", "logo.id"], ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "logo_id", "number"),
        {"info": tenant(app=READ_APPEND)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    logo_id: Mapped[UUID]
    number: Mapped[int]
    snapshot: Mapped[str]
    created_by: Mapped[UUID | None]
    author: Mapped[str]
    created_at: Mapped[CreatedAt]
