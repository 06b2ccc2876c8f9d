"""Webhook endpoints, what is delivered to them, and which worker is at it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, EVERY_ROW, READ_APPEND, READ_WRITE, Base, CreatedAt, RowKey, WorkspaceKey, tenant


class Worker(Base):
    """A worker process that delivers webhooks. One that does not say in time that it lives has lost its endpoints."""

    __tablename__ = "worker"
    __table_args__ = ({"info": {"policies": {"system": EVERY_ROW}, "grants": {"system": ALL}}},)

    id: Mapped[RowKey]
    started_at: Mapped[CreatedAt]
    alive_until: Mapped[datetime]


class WebhookRelay(Base):
    """How far the events of a workspace were turned into deliveries. A workspace without endpoints has no row."""

    __tablename__ = "webhook_relay"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        {"info": tenant(app=READ_APPEND, system="select, update"), "postgresql_with": {"fillfactor": 20}},
    )

    workspace_id: Mapped[WorkspaceKey]
    sequence: Mapped[int]


class WebhookEndpoint(Base):
    """Where events are posted. `worker_id` is the worker that delivers to it; no other does at the same time.

    Secrets are encrypted. Of `event_types`, none named means all. It is told of the events behind `since_sequence`.
    `failing_since` is the first failure behind the last success. One with a `site_id` is that site's own: what is sent
    to it goes to wherever the site is served, and not to its `url`.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        CheckConstraint("is_active = (disabled_reason is null)", name="disabled_reason"),
        CheckConstraint("disabled_reason in ('BY_HAND', 'FAILING', 'GONE')", name="known_reason"),
        ForeignKeyConstraint(["workspace_id", "site_id"], ["site.workspace_id", "site.id"], ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "site_id"),
        Index(None, "workspace_id", "created_at", "id"),
        Index(
            None,
            "worker_id",
            postgresql_where=text("worker_id is not null"),
            info={"global": "A worker that died leaves endpoints of all workspaces."},
        ),
        {
            "info": tenant(
                app=ALL,
                system="select, update (worker_id, failing_since)",
            )
        },
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    site_id: Mapped[UUID | None]
    url: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    event_types: Mapped[list[str] | None]
    secret: Mapped[str]
    previous_secret: Mapped[str | None]
    previous_secret_expires_at: Mapped[datetime | None]
    since_sequence: Mapped[int]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    disabled_reason: Mapped[str | None]
    disabled_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    worker_id: Mapped[UUID | None]
    revision: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class WebhookDelivery(Base):
    """One event for one endpoint: its bytes, and when the next try is due. `tries` are those since it was last begun.

    A log: it has no foreign key to its endpoint, since deleting one must not wait for a million rows to go.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("workspace_id", "endpoint_id", "event_id"),
        CheckConstraint("status in ('PENDING', 'DELIVERED', 'FAILED')", name="status"),
        CheckConstraint("(status = 'PENDING') = (due_at is not null)", name="due_at"),
        Index(None, "workspace_id", "endpoint_id", "due_at", "id", postgresql_where=text("due_at is not null")),
        Index("ix_webhook_delivery_by_created_at", "workspace_id", "status", "created_at", "id"),
        Index(
            "ix_webhook_delivery_of_endpoint_by_created_at",
            "workspace_id",
            "endpoint_id",
            "status",
            "created_at",
            "id",
        ),
        Index(
            "ix_webhook_delivery_finished_by_created_at",
            "created_at",
            postgresql_where=text("due_at is null"),
            info={"global": "The sweeper deletes old deliveries of all workspaces."},
        ),
        {"info": tenant(app=READ_WRITE, system=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    endpoint_id: Mapped[UUID]
    event_id: Mapped[UUID]
    event_type: Mapped[str]
    sequence: Mapped[int]
    body: Mapped[bytes]
    status: Mapped[str] = mapped_column(server_default="PENDING")
    tries: Mapped[int] = mapped_column(server_default="0")
    attempt_count: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime | None] = mapped_column(server_default=text("now()"))
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]


class WebhookAttempt(Base):
    """One try of a delivery."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "delivery_id"],
            ["webhook_delivery.workspace_id", "webhook_delivery.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("workspace_id", "delivery_id", "number"),
        {"info": tenant(app="select", system=READ_APPEND)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    delivery_id: Mapped[UUID]
    number: Mapped[int]
    started_at: Mapped[datetime]
    duration_ms: Mapped[int]
    status_code: Mapped[int | None]
    error: Mapped[str | None]
    response_body: Mapped[str]


class WebhookHour(Base):
    """What an endpoint's tries of one hour came to. Retries are tries that are not a delivery's first.

    `last_tried_at` is when the last one's result was written, by the database's clock.
    """

    __tablename__ = "webhook_hour"
    __table_args__ = (
        Index(
            None,
            "hour",
            info={"global": "The sweeper deletes old hours of all workspaces."},
        ),
        {"info": tenant(app="select", system=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    tries: Mapped[int]
    delivered: Mapped[int]
    retries: Mapped[int]
    retries_delivered: Mapped[int]
    given_up: Mapped[int]
    last_delivered_at: Mapped[datetime | None]
    last_tried_at: Mapped[datetime | None]
