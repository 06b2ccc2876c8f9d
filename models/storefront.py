"""What sites look like: versions that never change, drafts of the next one, and who may edit them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, READ_APPEND, READ_REPLACE, READ_WRITE, Base, CreatedAt, RowKey, WorkspaceKey, tenant


class StorefrontVersion(Base):
    """One version of a site's config, numbered without gaps. Sections are JSON, byte for byte.

    Nobody may change or delete one: the app's role is granted neither. `digest` is the SHA-256 of all sections.
    """

    __tablename__ = "storefront_version"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"], ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "site_id", "number"),
        {"info": tenant(app=READ_APPEND)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    site_id: Mapped[UUID]
    number: Mapped[int]
    theme_version: Mapped[str]
    theme: Mapped[str]
    layout: Mapped[str]
    content: Mapped[str]
    seo: Mapped[str]
    settings: Mapped[str]
    digest: Mapped[str]
    change_summary: Mapped[str] = mapped_column(server_default="")
    change_description: Mapped[str] = mapped_column(server_default="")
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    created_by: Mapped[UUID | None]
    author: Mapped[str]
    created_at: Mapped[CreatedAt]


class StorefrontDraft(Base):
    """A change in progress: the sections that it replaces of `base_version_id`; a null section stays as it is there.

    `against_version_id` was live when it was begun, or last rebased: publishing wants it to be so still. While it is
    scheduled it says with what it is to be published. `failure` is why a schedule came to nothing.
    """

    __tablename__ = "storefront_draft"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["workspace_id", "base_version_id"], ["storefront_version.workspace_id", "storefront_version.id"]
        ),
        ForeignKeyConstraint(
            ["workspace_id", "against_version_id"], ["storefront_version.workspace_id", "storefront_version.id"]
        ),
        ForeignKeyConstraint(
            ["workspace_id", "published_version_id"], ["storefront_version.workspace_id", "storefront_version.id"]
        ),
        CheckConstraint("status in ('OPEN', 'SCHEDULED', 'PUBLISHED', 'DISCARDED')", name="status"),
        CheckConstraint("(status = 'SCHEDULED') = (publish_at is not null)", name="publish_at"),
        CheckConstraint("(status = 'PUBLISHED') = (published_version_id is not null)", name="published_version_id"),
        Index(None, "workspace_id", "site_id", "created_at", "id"),
        Index("ix_storefront_draft_of_status", "workspace_id", "site_id", "status", "created_at", "id"),
        Index(
            None,
            "publish_at",
            postgresql_where=text("publish_at is not null"),
            info={"global": "The worker publishes what is due in all workspaces."},
        ),
        Index(
            "ix_storefront_draft_finished_by_updated_at",
            "updated_at",
            postgresql_where=text("status in ('PUBLISHED', 'DISCARDED')"),
            info={"global": "The sweeper deletes old drafts of all workspaces."},
        ),
        {"info": tenant(app=READ_WRITE, system="select (workspace_id, id, publish_at, status, updated_at), delete")},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    site_id: Mapped[UUID]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="OPEN")
    base_version_id: Mapped[UUID]
    against_version_id: Mapped[UUID]
    theme: Mapped[str | None]
    layout: Mapped[str | None]
    content: Mapped[str | None]
    seo: Mapped[str | None]
    settings: Mapped[str | None]
    revision: Mapped[int] = mapped_column(server_default="1")
    publish_at: Mapped[datetime | None]
    change_summary: Mapped[str] = mapped_column(server_default="")
    change_description: Mapped[str] = mapped_column(server_default="")
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    scheduled_by: Mapped[UUID | None]
    scheduler: Mapped[str] = mapped_column(server_default="")
    failure: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    published_version_id: Mapped[UUID | None]
    created_by: Mapped[UUID | None]
    author: Mapped[str]
    updated_by: Mapped[UUID | None]
    editor: Mapped[str]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class StorefrontMember(Base):
    """What somebody who works in the workspace may do to one site's look."""

    __tablename__ = "storefront_member"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["workspace_id", "user_id"], ["membership.workspace_id", "membership.user_id"], ondelete="CASCADE"
        ),
        CheckConstraint("role in ('VIEWER', 'EDITOR', 'PUBLISHER', 'ADMIN')", name="role"),
        UniqueConstraint("workspace_id", "site_id", "user_id"),
        Index(None, "workspace_id", "user_id"),
        {"info": tenant(app=ALL, system="select")},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    site_id: Mapped[UUID]
    user_id: Mapped[UUID]
    role: Mapped[str]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class StorefrontGrant(Base):
    """One part of a site's look that somebody may edit: a section, or what lies at a JSON Pointer in it."""

    __tablename__ = "storefront_grant"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["workspace_id", "user_id"], ["membership.workspace_id", "membership.user_id"], ondelete="CASCADE"
        ),
        CheckConstraint("section in ('theme', 'layout', 'content', 'seo', 'settings')", name="section"),
        UniqueConstraint("workspace_id", "site_id", "user_id", "section", "component"),
        Index(None, "workspace_id", "user_id"),
        {"info": tenant(app=READ_REPLACE, system="select")},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    site_id: Mapped[UUID]
    user_id: Mapped[UUID]
    section: Mapped[str]
    component: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[CreatedAt]


class StorefrontAsset(Base):
    """An asset that a site's live config names, or (with `draft_id`) what an open or scheduled draft comes to."""

    __tablename__ = "storefront_asset"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["workspace_id", "draft_id"], ["storefront_draft.workspace_id", "storefront_draft.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["workspace_id", "asset_id"], ["asset.workspace_id", "asset.id"]),
        UniqueConstraint("workspace_id", "site_id", "draft_id", "asset_id", postgresql_nulls_not_distinct=True),
        Index(None, "workspace_id", "asset_id", "id"),
        {"info": tenant(app=READ_REPLACE)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    site_id: Mapped[UUID]
    draft_id: Mapped[UUID | None]
    asset_id: Mapped[UUID]
