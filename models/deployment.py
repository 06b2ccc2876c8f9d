"""Deployments of sites: builds of their themes, what they printed, and where they are served."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, READ, READ_WRITE, Base, CreatedAt, RowKey, WorkspaceKey, tenant

_LEASE = "lease_until, lease_token, attempt, status, step, started_at, starting_since"


class Deployment(Base):
    """One build of a site's theme, and what became of it.

    It is QUEUED until a worker leases it, BUILDING as long as one is at it, STARTING when it is built and a host is to
    start it, and then LIVE. SUPERSEDED is one in whose place a newer one came, before it was live or
    after. `is_kept` says whether its files are there: then the site can be rolled back to it. `byte_size` is what they
    take. `line_count` is the number of its last log line. `starting_since` is when a host was asked for it.
    """

    __tablename__ = "deployment"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["theme_id", "theme_version"], ["theme_version.theme_id", "theme_version.version"]),
        UniqueConstraint("workspace_id", "site_id", "number"),
        CheckConstraint(
            "status in ('QUEUED', 'BUILDING', 'STARTING', 'LIVE', 'SUPERSEDED', 'FAILED', 'CANCELLED')", name="status"
        ),
        CheckConstraint("step in ('FETCH', 'INSTALL', 'CONFIGURE', 'BUILD', 'SCAN', 'START', 'SWITCH')", name="step"),
        CheckConstraint("(status = 'STARTING') = (starting_since is not null)", name="starting_since"),
        CheckConstraint("status not in ('STARTING', 'LIVE') or is_kept", name="kept"),
        # One waits, one is built, one is live: of each site.
        Index(
            "uq_deployment_queued", "workspace_id", "site_id", unique=True, postgresql_where=text("status = 'QUEUED'")
        ),
        Index(
            "uq_deployment_building",
            "workspace_id",
            "site_id",
            unique=True,
            postgresql_where=text("status = 'BUILDING'"),
        ),
        Index("uq_deployment_live", "workspace_id", "site_id", unique=True, postgresql_where=text("status = 'LIVE'")),
        Index(None, "workspace_id", "created_at"),
        Index(
            "ix_deployment_open",
            "created_at",
            postgresql_where=text("status in ('QUEUED', 'BUILDING', 'STARTING')"),
            info={"global": "Workers and hosts look for what is to be done in all workspaces."},
        ),
        {"info": tenant(app=READ_WRITE, system=f"select, update ({_LEASE})")},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    site_id: Mapped[UUID]
    number: Mapped[int]
    theme_id: Mapped[UUID]
    theme_version: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="QUEUED")
    step: Mapped[str | None]
    error: Mapped[str | None]
    source_digest: Mapped[str | None]
    byte_size: Mapped[int | None]
    is_kept: Mapped[bool] = mapped_column(server_default=text("false"))
    is_cancelling: Mapped[bool] = mapped_column(server_default=text("false"))
    line_count: Mapped[int] = mapped_column(server_default="0")
    attempt: Mapped[int] = mapped_column(server_default="0")
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    created_by: Mapped[UUID | None]
    author: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[CreatedAt]
    started_at: Mapped[datetime | None]
    starting_since: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    live_at: Mapped[datetime | None]


class DeploymentLogLine(Base):
    """One line of a deployment's log, and how far it was by then. Numbered from 1 without gaps."""

    __tablename__ = "deployment_log_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "deployment_id"], ["deployment.workspace_id", "deployment.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("workspace_id", "deployment_id", "number"),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    deployment_id: Mapped[UUID]
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    status: Mapped[str]
    step: Mapped[str | None]
    text: Mapped[str]


class SiteEdge(Base):
    """CloudFront before a site that has domains, as far as it has come. There are some where hosting is AWS's.

    `names` are the domains that it was last made for. `certificate_arn` is the certificate in use, for
    `certificate_names`; `next_…` the one that is to take its place once AWS has issued it, by the DNS records in
    `records` (JSON: name and target by domain), `old_certificate_arn` the one before. `certificate_number` counts
    requests that came to nothing. It is WAITING for its first certificate, then DEPLOYING whenever it was changed.
    """

    __tablename__ = "site_edge"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"], ondelete="CASCADE"),
        CheckConstraint("status in ('WAITING', 'DEPLOYING', 'LIVE', 'ENDING')", name="status"),
        {"info": tenant(app=READ, system=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(server_default="WAITING")
    error: Mapped[str | None]
    names: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    certificate_arn: Mapped[str | None]
    certificate_names: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    next_certificate_arn: Mapped[str | None]
    next_certificate_names: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    old_certificate_arn: Mapped[str | None]
    certificate_number: Mapped[int] = mapped_column(server_default="0")
    records: Mapped[str] = mapped_column(server_default="{}")
    distribution_id: Mapped[str | None]
    distribution_domain: Mapped[str | None]
    config_digest: Mapped[str | None]
    uploaded_deployment_id: Mapped[UUID | None]
    attempt: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class SiteServer(Base):
    """The process that serves a deployment: `address` is where, while it is RUNNING.

    One that nobody asked for is STOPPED, and started again when `wanted_at` is later than `stopped_at`. `requested_at`
    is when somebody asked for something of it last, within seconds.

    `failure_count` says how often in a row it ended by itself, was ended or did not start, `error` why at the last
    time, and `told_at` when the shop's owners were told. All of it is forgotten once it has run well for a while.
    `memory_bytes` is what it took when it was looked at.
    """

    __tablename__ = "site_server"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "deployment_id"], ["deployment.workspace_id", "deployment.id"], ondelete="CASCADE"
        ),
        CheckConstraint("status in ('STARTING', 'RUNNING', 'STOPPED')", name="status"),
        CheckConstraint("(status = 'RUNNING') = (address is not null)", name="address"),
        {"info": tenant(app=READ_WRITE, system=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    deployment_id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str]
    address: Mapped[str | None]
    error: Mapped[str | None]
    failure_count: Mapped[int] = mapped_column(server_default="0")
    failed_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    memory_bytes: Mapped[int | None]
    checked_at: Mapped[datetime | None]
    requested_at: Mapped[datetime | None]
    wanted_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
