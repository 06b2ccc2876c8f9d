"""keep the domains that sites claim and have."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import protect

revision: str = "d57743b6d40f"
down_revision: str | None = "b8f52d1ae6c3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "site_domain",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("looks", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'PENDING') = (proof is null)", name=op.f("ck_site_domain_proven")),
        sa.CheckConstraint("(status = 'VERIFIED') = (expires_at is null)", name=op.f("ck_site_domain_expires_at")),
        sa.CheckConstraint("proof in ('DNS', 'HTTP')", name=op.f("ck_site_domain_proof")),
        sa.CheckConstraint("status in ('PENDING', 'VERIFIED', 'LAPSING')", name=op.f("ck_site_domain_status")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "site_id"],
            ["site.workspace_id", "site.id"],
            name=op.f("fk_site_domain_workspace_id_site_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_site_domain")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_site_domain_workspace_id_name")),
    )
    op.create_index("ix_site_domain_due_at", "site_domain", ["due_at"], unique=False)
    op.create_index("ix_site_domain_name", "site_domain", ["name"], unique=False)
    op.create_index(
        op.f("ix_site_domain_workspace_id_site_id"), "site_domain", ["workspace_id", "site_id"], unique=False
    )
    op.add_column("site", sa.Column("primary_name", sa.Text(), nullable=True))
    op.add_column(
        "site", sa.Column("redirects_to_primary", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_foreign_key(
        op.f("fk_site_workspace_id_primary_name"),
        "site",
        "site_domain",
        ["workspace_id", "primary_name"],
        ["workspace_id", "name"],
        use_alter=True,
    )
    protect(
        "site_domain",
        {"app": "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid", "system": "true"},
        {"app": "select, insert, update, delete", "system": "select, update (due_at)"},
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_site_workspace_id_primary_name"), "site", type_="foreignkey")
    op.drop_column("site", "redirects_to_primary")
    op.drop_column("site", "primary_name")
    op.drop_index(op.f("ix_site_domain_workspace_id_site_id"), table_name="site_domain")
    op.drop_index("ix_site_domain_name", table_name="site_domain")
    op.drop_index("ix_site_domain_due_at", table_name="site_domain")
    op.drop_table("site_domain")
