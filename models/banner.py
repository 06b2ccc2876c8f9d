"""Banners of sites, and what they were."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, READ_APPEND, Base, CreatedAt, RowKey, WorkspaceKey, tenant

_NONE = text("'{}'")


class Banner(Base):
    """Something that a site shows for a time, to whom it is for. While it is PUBLISHED each change is a version.

    The pictures for tablets and mobiles stand in for `asset_id` there. `content` and `custom_styles` are JSON, byte for
    byte. The `target_…` lists count where `target_audience` is CUSTOM: each that is not empty must be met.
    """

    __tablename__ = "banner"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["workspace_id", "asset_id"], ["asset.workspace_id", "asset.id"]),
        ForeignKeyConstraint(["workspace_id", "tablet_asset_id"], ["asset.workspace_id", "asset.id"]),
        ForeignKeyConstraint(["workspace_id", "mobile_asset_id"], ["asset.workspace_id", "asset.id"]),
        CheckConstraint("status in ('DRAFT', 'PUBLISHED', 'ARCHIVED')", name="status"),
        CheckConstraint(
            "banner_type in ('HERO', 'PROMOTION', 'ANNOUNCEMENT', 'CATEGORY', 'SIDEBAR', 'POPUP', 'FOOTER')",
            name="banner_type",
        ),
        CheckConstraint(
            "target_audience in ('ALL', 'NEW_VISITORS', 'RETURNING_VISITORS', 'CUSTOMERS', 'CUSTOM')",
            name="target_audience",
        ),
        CheckConstraint("start_at < end_at", name="end_at"),
        Index(None, "workspace_id", "site_id", "display_order", "id"),
        Index(None, "workspace_id", "site_id", "created_at", "id"),
        Index(None, "workspace_id", "asset_id", postgresql_where=text("asset_id is not null")),
        Index(None, "workspace_id", "tablet_asset_id", postgresql_where=text("tablet_asset_id is not null")),
        Index(None, "workspace_id", "mobile_asset_id", postgresql_where=text("mobile_asset_id is not null")),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    site_id: Mapped[UUID]
    title: Mapped[str]
    banner_type: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="DRAFT")
    asset_id: Mapped[UUID | None]
    tablet_asset_id: Mapped[UUID | None]
    mobile_asset_id: Mapped[UUID | None]
    hidden_on: Mapped[list[str]] = mapped_column(server_default=_NONE)
    link_url: Mapped[str] = mapped_column(server_default="")
    content: Mapped[str] = mapped_column(server_default="{}")
    custom_styles: Mapped[str] = mapped_column(server_default="{}")
    start_at: Mapped[datetime | None]
    end_at: Mapped[datetime | None]
    display_order: Mapped[int]
    target_audience: Mapped[str] = mapped_column(server_default="ALL")
    target_countries: Mapped[list[str]] = mapped_column(server_default=_NONE)
    target_languages: Mapped[list[str]] = mapped_column(server_default=_NONE)
    target_devices: Mapped[list[str]] = mapped_column(server_default=_NONE)
    target_utm_sources: Mapped[list[str]] = mapped_column(server_default=_NONE)
    target_utm_campaigns: Mapped[list[str]] = mapped_column(server_default=_NONE)
    version_count: Mapped[int] = mapped_column(server_default="0")
    revision: Mapped[int] = mapped_column(server_default="1")
    created_by: Mapped[UUID | None]
    author: Mapped[str]
    updated_by: Mapped[UUID | None]
    editor: Mapped[str]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class BannerVersion(Base):
    """A banner as it was published, numbered from 1 on. `snapshot` is JSON in GraphQL's names. None ever changes."""

    __tablename__ = "banner_version"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "banner_id"], ["banner.workspace_id", "banner.id"], ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "banner_id", "number"),
        {"info": tenant(app=READ_APPEND)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    banner_id: Mapped[UUID]
    number: Mapped[int]
    snapshot: Mapped[str]
    created_by: Mapped[UUID | None]
    author: Mapped[str]
    created_at: Mapped[CreatedAt]
