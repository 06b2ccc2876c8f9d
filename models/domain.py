"""Domains of merchants' own under which their sites are served."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, Base, CreatedAt, RowKey, WorkspaceKey, tenant


class SiteDomain(Base):
    """A domain that a site claims, or has. `name` is as the DNS has it: ASCII, in lower case, without a dot at the end.

    It is PENDING until `token` was found where only the domain's owner can put it, then VERIFIED, with the `proof` by
    which it was. Then, and only then, there is a row of `hostname` for it. LAPSING is one whose proof is gone.
    `expires_at` is when one that is not VERIFIED ends. `due_at` is when it is looked at next, `looks` how often it was
    since it is what it is.
    """

    __tablename__ = "site_domain"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"], ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint("status in ('PENDING', 'VERIFIED', 'LAPSING')", name="status"),
        CheckConstraint("proof in ('DNS', 'HTTP')", name="proof"),
        CheckConstraint("(status = 'PENDING') = (proof is null)", name="proven"),
        CheckConstraint("(status = 'VERIFIED') = (expires_at is null)", name="expires_at"),
        Index(None, "workspace_id", "site_id"),
        Index("ix_site_domain_due_at", "due_at", info={"global": "Workers look for what is due in all workspaces."}),
        Index(
            "ix_site_domain_name", "name", info={"global": "Who proves a domain may take it from another workspace."}
        ),
        {"info": tenant(app=ALL, system="select, update (due_at)")},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    site_id: Mapped[UUID]
    name: Mapped[str]
    token: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="PENDING")
    proof: Mapped[str | None]
    problem: Mapped[str | None]
    looks: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
