"""add registered operations and origins of storefront tokens."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import protect

PINNED = "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"

revision: str = "810096b5bd86"
down_revision: str | None = "7769644d6c70"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "persisted_operation",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("storefront_token_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("hash ~ '^[0-9a-f]{64}$'", name=op.f("ck_persisted_operation_hash")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "storefront_token_id"],
            ["storefront_token.workspace_id", "storefront_token.id"],
            name=op.f("fk_persisted_operation_workspace_id_storefront_token_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_persisted_operation")),
        sa.UniqueConstraint(
            "workspace_id",
            "storefront_token_id",
            "hash",
            name=op.f("uq_persisted_operation_workspace_id_storefront_token_id_hash"),
        ),
        info={
            "policies": {"app": PINNED},
            "grants": {"app": "select, insert, delete"},
        },
    )
    op.create_index(
        op.f("ix_persisted_operation_workspace_id_storefront_token_id_id"),
        "persisted_operation",
        ["workspace_id", "storefront_token_id", "id"],
        unique=False,
    )
    op.add_column(
        "storefront_token",
        sa.Column("allowed_origins", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(
        "storefront_token",
        sa.Column("registered_operations_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("storefront_token", sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False))
    protect("persisted_operation", policies={"app": PINNED}, grants={"app": "select, insert, delete"})


def downgrade() -> None:
    op.drop_column("storefront_token", "revision")
    op.drop_column("storefront_token", "registered_operations_only")
    op.drop_column("storefront_token", "allowed_origins")
    op.drop_index(op.f("ix_persisted_operation_workspace_id_storefront_token_id_id"), table_name="persisted_operation")
    op.drop_table("persisted_operation")
