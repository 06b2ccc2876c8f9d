"""keep how far CloudFront before a site has come."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import protect

revision: str = "9f4422e01832"
down_revision: str | None = "d57743b6d40f"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "site_edge",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="WAITING", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("names", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("certificate_arn", sa.Text(), nullable=True),
        sa.Column("certificate_names", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("next_certificate_arn", sa.Text(), nullable=True),
        sa.Column(
            "next_certificate_names", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("old_certificate_arn", sa.Text(), nullable=True),
        sa.Column("certificate_number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("records", sa.Text(), server_default="{}", nullable=False),
        sa.Column("distribution_id", sa.Text(), nullable=True),
        sa.Column("distribution_domain", sa.Text(), nullable=True),
        sa.Column("config_digest", sa.Text(), nullable=True),
        sa.Column("uploaded_deployment_id", sa.Uuid(), nullable=True),
        sa.Column("attempt", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status in ('WAITING', 'DEPLOYING', 'LIVE', 'ENDING')", name=op.f("ck_site_edge_status")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "site_id"],
            ["site.workspace_id", "site.id"],
            name=op.f("fk_site_edge_workspace_id_site_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "site_id", name=op.f("pk_site_edge")),
    )
    protect(
        "site_edge",
        {"app": "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid", "system": "true"},
        {"app": "select", "system": "select, insert, update, delete"},
    )


def downgrade() -> None:
    op.drop_table("site_edge")
