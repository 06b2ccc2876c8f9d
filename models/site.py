"""Themes that sites are made of, sites, and the names that they are reached by."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import (
    EVERY_ROW,
    PINNED,
    READ,
    READ_APPEND,
    READ_REPLACE,
    READ_WRITE,
    Base,
    CreatedAt,
    RowKey,
    WorkspaceKey,
    tenant,
)

_ALL_MAY_READ = {"app": EVERY_ROW, "system": EVERY_ROW}


class Theme(Base):
    """What sites are made of, for all workspaces. `version` is the one that was registered last."""

    __tablename__ = "theme"
    __table_args__ = ({"info": {"policies": _ALL_MAY_READ, "grants": {"app": READ, "system": READ_WRITE}}},)

    id: Mapped[RowKey]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    version: Mapped[str]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class ThemeVersion(Base):
    """One version of a theme, which never changes: the manifest as it was registered, and for each section of a site's
    config its JSON Schema and default, those of the project filled in; both are JSON, byte for byte. `paths`, JSON too,
    are the patterns of its pages.
    """

    __tablename__ = "theme_version"
    __table_args__ = ({"info": {"policies": _ALL_MAY_READ, "grants": {"app": READ, "system": READ_APPEND}}},)

    theme_id: Mapped[UUID] = mapped_column(ForeignKey("theme.id"), primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    manifest: Mapped[str]
    sections: Mapped[str]
    paths: Mapped[str] = mapped_column(server_default='{"product":"/products/{slug}"}')
    created_at: Mapped[CreatedAt]


class ThemeSource(Base):
    """Where the code of a theme's version is: a folder below THEMES_DIR, or a commit at a git address.

    `location` is the folder's name or the address. A version without one can be edited, and not built.
    """

    __tablename__ = "theme_source"
    __table_args__ = (
        ForeignKeyConstraint(["theme_id", "version"], ["theme_version.theme_id", "theme_version.version"]),
        CheckConstraint("kind in ('FOLDER', 'GIT')", name="kind"),
        CheckConstraint("(kind = 'GIT') = (commit is not null)", name="commit"),
        CheckConstraint("commit ~ '^[0-9a-f]{40}$'", name="commit_pinned"),
        {"info": {"policies": _ALL_MAY_READ, "grants": {"app": READ, "system": READ_APPEND}}},
    )

    theme_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    location: Mapped[str]
    commit: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class Site(Base):
    """One storefront of a workspace. `version_count` is the number of its last config version; one is always live.

    `live_deployment_id` is what is served, `deployment_count` the number of its last deployment. `webhook_secret`, made
    with the first one, is encrypted: with it the site's webhooks are signed. `primary_name` is the domain by which it
    calls itself, if that is not the name of its slug; with `redirects_to_primary` all its other names lead there.
    """

    __tablename__ = "site"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["theme_id", "theme_version"], ["theme_version.theme_id", "theme_version.version"]),
        ForeignKeyConstraint(
            ["workspace_id", "live_version_id"],
            ["storefront_version.workspace_id", "storefront_version.id"],
            use_alter=True,
        ),
        ForeignKeyConstraint(
            ["workspace_id", "live_deployment_id"], ["deployment.workspace_id", "deployment.id"], use_alter=True
        ),
        ForeignKeyConstraint(
            ["workspace_id", "primary_name"], ["site_domain.workspace_id", "site_domain.name"], use_alter=True
        ),
        CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug"),
        Index(None, "workspace_id", "created_at", "id", postgresql_where=text("deleted_at is null")),
        {"info": tenant(app=READ_WRITE, system=READ)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    name: Mapped[str]
    slug: Mapped[str]
    theme_id: Mapped[UUID]
    theme_version: Mapped[str]
    live_version_id: Mapped[UUID | None]
    version_count: Mapped[int] = mapped_column(server_default="0")
    live_deployment_id: Mapped[UUID | None]
    deployment_count: Mapped[int] = mapped_column(server_default="0")
    webhook_secret: Mapped[str | None]
    primary_name: Mapped[str | None]
    redirects_to_primary: Mapped[bool] = mapped_column(server_default=text("false"))
    revision: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
    deleted_at: Mapped[datetime | None]


class Hostname(Base):
    """A name that a site is reached by. It is unique among all workspaces, so it is the key by itself."""

    __tablename__ = "hostname"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"], ondelete="CASCADE"),
        Index(None, "workspace_id", "site_id"),
        {
            "info": {
                "policies": {"app": PINNED, "system": EVERY_ROW},
                "grants": {"app": READ_REPLACE, "system": READ},
            }
        },
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID]
    site_id: Mapped[UUID]
    created_at: Mapped[CreatedAt]
