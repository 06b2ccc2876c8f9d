"""webhook endpoints and deliveries."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import protect

revision: str = "eddf57630c46"
down_revision: str | None = "5c2e7d80f6a3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PINNED = "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"
POLICIES = {"app": PINNED, "system": "true"}
READ_WRITE = "select, insert, update"


def upgrade() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempt_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'PENDING') = (due_at is not null)", name=op.f("ck_webhook_delivery_due_at")),
        sa.CheckConstraint("status in ('PENDING', 'DELIVERED', 'FAILED')", name=op.f("ck_webhook_delivery_status")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint(
            "workspace_id",
            "endpoint_id",
            "event_id",
            name=op.f("uq_webhook_delivery_workspace_id_endpoint_id_event_id"),
        ),
    )
    op.create_index(
        op.f("ix_webhook_delivery_created_at"),
        "webhook_delivery",
        ["created_at"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_index(
        "ix_webhook_delivery_by_created_at",
        "webhook_delivery",
        ["workspace_id", "status", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_webhook_delivery_of_endpoint_by_created_at",
        "webhook_delivery",
        ["workspace_id", "endpoint_id", "status", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_webhook_delivery_workspace_id_endpoint_id_due_at_id"),
        "webhook_delivery",
        ["workspace_id", "endpoint_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("due_at is not null"),
    )
    op.create_table(
        "worker",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("alive_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
    )
    op.create_table(
        "webhook_attempt",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("status_code", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("response_body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "delivery_id"],
            ["webhook_delivery.workspace_id", "webhook_delivery.id"],
            name=op.f("fk_webhook_attempt_workspace_id_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_webhook_attempt")),
        sa.UniqueConstraint(
            "workspace_id", "delivery_id", "number", name=op.f("uq_webhook_attempt_workspace_id_delivery_id_number")
        ),
    )
    op.create_table(
        "webhook_endpoint",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("event_types", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous_secret", sa.Text(), nullable=True),
        sa.Column("previous_secret_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("since_sequence", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "disabled_reason in ('BY_HAND', 'FAILING', 'GONE')", name=op.f("ck_webhook_endpoint_known_reason")
        ),
        sa.CheckConstraint("is_active = (disabled_reason is null)", name=op.f("ck_webhook_endpoint_disabled_reason")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_webhook_endpoint_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_webhook_endpoint")),
    )
    op.create_index(
        op.f("ix_webhook_endpoint_worker_id"),
        "webhook_endpoint",
        ["worker_id"],
        unique=False,
        postgresql_where=sa.text("worker_id is not null"),
    )
    op.create_index(
        op.f("ix_webhook_endpoint_workspace_id_created_at_id"),
        "webhook_endpoint",
        ["workspace_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "webhook_relay",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_webhook_relay_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_webhook_relay")),
        postgresql_with={"fillfactor": 20},
    )
    op.create_table(
        "webhook_hour",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("retries", sa.BigInteger(), nullable=False),
        sa.Column("retries_delivered", sa.BigInteger(), nullable=False),
        sa.Column("given_up", sa.BigInteger(), nullable=False),
        sa.Column("last_delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "endpoint_id", "hour", name=op.f("pk_webhook_hour")),
    )
    op.create_index(op.f("ix_webhook_hour_hour"), "webhook_hour", ["hour"], unique=False, postgresql_using="brin")
    protect("webhook_hour", policies=POLICIES, grants={"app": "select", "system": f"{READ_WRITE}, delete"})
    protect("webhook_delivery", policies=POLICIES, grants={"app": READ_WRITE, "system": f"{READ_WRITE}, delete"})
    protect("webhook_attempt", policies=POLICIES, grants={"app": "select", "system": "select, insert"})
    protect(
        "webhook_endpoint",
        policies=POLICIES,
        grants={
            "app": f"{READ_WRITE}, delete",
            "system": "select, update (worker_id, failing_since)",
        },
    )
    protect("webhook_relay", policies=POLICIES, grants={"app": "select, insert", "system": "select, update"})
    protect("worker", policies={"system": "true"}, grants={"system": f"{READ_WRITE}, delete"})


def downgrade() -> None:
    op.drop_index(op.f("ix_webhook_hour_hour"), table_name="webhook_hour", postgresql_using="brin")
    op.drop_table("webhook_hour")
    op.drop_table("webhook_relay")
    op.drop_index(op.f("ix_webhook_endpoint_workspace_id_created_at_id"), table_name="webhook_endpoint")
    op.drop_index(
        op.f("ix_webhook_endpoint_worker_id"),
        table_name="webhook_endpoint",
        postgresql_where=sa.text("worker_id is not null"),
    )
    op.drop_table("webhook_endpoint")
    op.drop_table("webhook_attempt")
    op.drop_table("worker")
    op.drop_index(
        op.f("ix_webhook_delivery_workspace_id_endpoint_id_due_at_id"),
        table_name="webhook_delivery",
        postgresql_where=sa.text("due_at is not null"),
    )
    op.drop_index("ix_webhook_delivery_of_endpoint_by_created_at", table_name="webhook_delivery")
    op.drop_index("ix_webhook_delivery_by_created_at", table_name="webhook_delivery")
    op.drop_index(op.f("ix_webhook_delivery_created_at"), table_name="webhook_delivery", postgresql_using="brin")
    op.drop_table("webhook_delivery")
