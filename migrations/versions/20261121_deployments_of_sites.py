"""keep deployments of sites, what they print, and where they are served."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from core.settings import role_name
from migrations.roles import quoted
from migrations.tenancy import allow, disallow, protect

revision: str = "fed6acb161d3"
down_revision: str | None = "c3d9e15b7a40"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "deployment",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("theme_id", sa.Uuid(), nullable=False),
        sa.Column("theme_version", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="QUEUED", nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("source_digest", sa.Text(), nullable=True),
        sa.Column("byte_size", sa.BigInteger(), nullable=True),
        sa.Column("is_kept", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_cancelling", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("line_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempt", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("live_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'STARTING') = (starting_since is not null)", name=op.f("ck_deployment_starting_since")
        ),
        sa.CheckConstraint(
            "status in ('QUEUED', 'BUILDING', 'STARTING', 'LIVE', 'SUPERSEDED', 'FAILED', 'CANCELLED')",
            name=op.f("ck_deployment_status"),
        ),
        sa.CheckConstraint("status not in ('STARTING', 'LIVE') or is_kept", name=op.f("ck_deployment_kept")),
        sa.CheckConstraint(
            "step in ('FETCH', 'INSTALL', 'CONFIGURE', 'BUILD', 'SCAN', 'START', 'SWITCH')",
            name=op.f("ck_deployment_step"),
        ),
        sa.ForeignKeyConstraint(
            ["theme_id", "theme_version"],
            ["theme_version.theme_id", "theme_version.version"],
            name=op.f("fk_deployment_theme_id_theme_version"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "site_id"],
            ["site.workspace_id", "site.id"],
            name=op.f("fk_deployment_workspace_id_site_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_deployment")),
        sa.UniqueConstraint(
            "workspace_id", "site_id", "number", name=op.f("uq_deployment_workspace_id_site_id_number")
        ),
    )
    op.create_index(
        "ix_deployment_open",
        "deployment",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status in ('QUEUED', 'BUILDING', 'STARTING')"),
    )
    op.create_index(
        op.f("ix_deployment_workspace_id_created_at"), "deployment", ["workspace_id", "created_at"], unique=False
    )
    op.create_index(
        "uq_deployment_live",
        "deployment",
        ["workspace_id", "site_id"],
        unique=True,
        postgresql_where=sa.text("status = 'LIVE'"),
    )
    op.create_index(
        "uq_deployment_queued",
        "deployment",
        ["workspace_id", "site_id"],
        unique=True,
        postgresql_where=sa.text("status = 'QUEUED'"),
    )
    op.create_index(
        "uq_deployment_building",
        "deployment",
        ["workspace_id", "site_id"],
        unique=True,
        postgresql_where=sa.text("status = 'BUILDING'"),
    )
    op.create_table(
        "deployment_log_line",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "deployment_id"],
            ["deployment.workspace_id", "deployment.id"],
            name=op.f("fk_deployment_log_line_workspace_id_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_deployment_log_line")),
        sa.UniqueConstraint(
            "workspace_id",
            "deployment_id",
            "number",
            name=op.f("uq_deployment_log_line_workspace_id_deployment_id_number"),
        ),
    )
    op.create_table(
        "site_server",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'RUNNING') = (address is not null)", name=op.f("ck_site_server_address")),
        sa.CheckConstraint("status in ('STARTING', 'RUNNING', 'STOPPED')", name=op.f("ck_site_server_status")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "deployment_id"],
            ["deployment.workspace_id", "deployment.id"],
            name=op.f("fk_site_server_workspace_id_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "deployment_id", name=op.f("pk_site_server")),
    )
    op.add_column("site", sa.Column("live_deployment_id", sa.Uuid(), nullable=True))
    op.add_column("site", sa.Column("deployment_count", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("site", sa.Column("webhook_secret", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_site_workspace_id_live_deployment_id"),
        "site",
        "deployment",
        ["workspace_id", "live_deployment_id"],
        ["workspace_id", "id"],
        use_alter=True,
    )
    op.add_column("webhook_endpoint", sa.Column("site_id", sa.Uuid(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_webhook_endpoint_workspace_id_site_id"), "webhook_endpoint", ["workspace_id", "site_id"]
    )
    op.create_foreign_key(
        op.f("fk_webhook_endpoint_workspace_id_site_id"),
        "webhook_endpoint",
        "site",
        ["workspace_id", "site_id"],
        ["workspace_id", "id"],
        ondelete="CASCADE",
    )
    pinned = "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"
    protect(
        "deployment",
        {"app": pinned, "system": "true"},
        {
            "app": "select, insert, update",
            "system": "select, update (lease_until, lease_token, attempt, status, step, started_at, starting_since)",
        },
    )
    protect("deployment_log_line", {"app": pinned}, {"app": "select, insert, update, delete"})
    protect(
        "site_server",
        {"app": pinned, "system": "true"},
        {"app": "select, insert, update", "system": "select, insert, update, delete"},
    )
    op.execute(f"create policy site_system on site to {_role('system')} using (true) with check (true)")
    allow("site", "system", "select")


def _role(name: str) -> str:
    database = str(op.get_bind().scalar(sa.text("select current_database()")))
    return quoted(role_name(database, name))


def downgrade() -> None:
    disallow("site", "system", "select")
    op.execute("drop policy site_system on site")
    op.drop_constraint(op.f("fk_webhook_endpoint_workspace_id_site_id"), "webhook_endpoint", type_="foreignkey")
    op.drop_constraint(op.f("uq_webhook_endpoint_workspace_id_site_id"), "webhook_endpoint", type_="unique")
    op.drop_column("webhook_endpoint", "site_id")
    op.drop_constraint(op.f("fk_site_workspace_id_live_deployment_id"), "site", type_="foreignkey")
    op.drop_column("site", "webhook_secret")
    op.drop_column("site", "deployment_count")
    op.drop_column("site", "live_deployment_id")
    op.drop_table("site_server")
    op.drop_table("deployment_log_line")
    op.drop_index(
        "uq_deployment_building",
        table_name="deployment",
        postgresql_where=sa.text("status = 'BUILDING'"),
    )
    op.drop_index("uq_deployment_queued", table_name="deployment", postgresql_where=sa.text("status = 'QUEUED'"))
    op.drop_index("uq_deployment_live", table_name="deployment", postgresql_where=sa.text("status = 'LIVE'"))
    op.drop_index(op.f("ix_deployment_workspace_id_created_at"), table_name="deployment")
    op.drop_index(
        "ix_deployment_open",
        table_name="deployment",
        postgresql_where=sa.text("status in ('QUEUED', 'BUILDING', 'STARTING')"),
    )
    op.drop_table("deployment")
