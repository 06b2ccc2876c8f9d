"""What sites look like: versions that never change."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import READ_APPEND, Base, CreatedAt, RowKey, WorkspaceKey, tenant


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
