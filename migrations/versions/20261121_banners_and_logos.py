"""banners and logos."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import protect

revision: str = "9916a7fdf9f6"
down_revision: str | None = "e2a94c17d6f0"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

POLICIES = {"app": "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"}


def upgrade() -> None:
    op.create_table(
        "banner",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("banner_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="DRAFT", nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("tablet_asset_id", sa.Uuid(), nullable=True),
        sa.Column("mobile_asset_id", sa.Uuid(), nullable=True),
        sa.Column("hidden_on", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("link_url", sa.Text(), server_default="", nullable=False),
        sa.Column("content", sa.Text(), server_default="{}", nullable=False),
        sa.Column("custom_styles", sa.Text(), server_default="{}", nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("display_order", sa.BigInteger(), nullable=False),
        sa.Column("target_audience", sa.Text(), server_default="ALL", nullable=False),
        sa.Column("target_countries", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("target_languages", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("target_devices", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("target_utm_sources", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("target_utm_campaigns", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("editor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "banner_type in ('HERO', 'PROMOTION', 'ANNOUNCEMENT', 'CATEGORY', 'SIDEBAR', 'POPUP', 'FOOTER')",
            name=op.f("ck_banner_banner_type"),
        ),
        sa.CheckConstraint("status in ('DRAFT', 'PUBLISHED', 'ARCHIVED')", name=op.f("ck_banner_status")),
        sa.CheckConstraint(
            "target_audience in ('ALL', 'NEW_VISITORS', 'RETURNING_VISITORS', 'CUSTOMERS', 'CUSTOM')",
            name=op.f("ck_banner_target_audience"),
        ),
        sa.CheckConstraint("start_at < end_at", name=op.f("ck_banner_end_at")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("fk_banner_workspace_id_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "mobile_asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("fk_banner_workspace_id_mobile_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "site_id"],
            ["site.workspace_id", "site.id"],
            name=op.f("fk_banner_workspace_id_site_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "tablet_asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("fk_banner_workspace_id_tablet_asset_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_banner")),
    )
    op.create_index(
        op.f("ix_banner_workspace_id_asset_id"),
        "banner",
        ["workspace_id", "asset_id"],
        unique=False,
        postgresql_where=sa.text("asset_id is not null"),
    )
    op.create_index(
        op.f("ix_banner_workspace_id_mobile_asset_id"),
        "banner",
        ["workspace_id", "mobile_asset_id"],
        unique=False,
        postgresql_where=sa.text("mobile_asset_id is not null"),
    )
    op.create_index(
        op.f("ix_banner_workspace_id_site_id_created_at_id"),
        "banner",
        ["workspace_id", "site_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_banner_workspace_id_site_id_display_order_id"),
        "banner",
        ["workspace_id", "site_id", "display_order", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_banner_workspace_id_tablet_asset_id"),
        "banner",
        ["workspace_id", "tablet_asset_id"],
        unique=False,
        postgresql_where=sa.text("tablet_asset_id is not null"),
    )
    op.create_table(
        "logo",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("logo_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="DRAFT", nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("tablet_asset_id", sa.Uuid(), nullable=True),
        sa.Column("mobile_asset_id", sa.Uuid(), nullable=True),
        sa.Column("hidden_on", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("max_width", sa.BigInteger(), nullable=True),
        sa.Column("max_height", sa.BigInteger(), nullable=True),
        sa.Column("alignment", sa.Text(), server_default="LEFT", nullable=False),
        sa.Column("link_url", sa.Text(), server_default="", nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("editor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("alignment in ('LEFT', 'CENTER', 'RIGHT')", name=op.f("ck_logo_alignment")),
        sa.CheckConstraint(
            "logo_type in ('PRIMARY', 'DARK', 'FOOTER', 'MOBILE', 'FAVICON')", name=op.f("ck_logo_logo_type")
        ),
        sa.CheckConstraint("status in ('DRAFT', 'PUBLISHED', 'ARCHIVED')", name=op.f("ck_logo_status")),
        sa.CheckConstraint("start_at < end_at", name=op.f("ck_logo_end_at")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"], ["asset.workspace_id", "asset.id"], name=op.f("fk_logo_workspace_id_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "mobile_asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("fk_logo_workspace_id_mobile_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "site_id"],
            ["site.workspace_id", "site.id"],
            name=op.f("fk_logo_workspace_id_site_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "tablet_asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("fk_logo_workspace_id_tablet_asset_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_logo")),
    )
    op.create_index(
        op.f("ix_logo_workspace_id_asset_id"),
        "logo",
        ["workspace_id", "asset_id"],
        unique=False,
        postgresql_where=sa.text("asset_id is not null"),
    )
    op.create_index(
        op.f("ix_logo_workspace_id_mobile_asset_id"),
        "logo",
        ["workspace_id", "mobile_asset_id"],
        unique=False,
        postgresql_where=sa.text("mobile_asset_id is not null"),
    )
    op.create_index(
        op.f("ix_logo_workspace_id_site_id_created_at_id"),
        "logo",
        ["workspace_id", "site_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_logo_workspace_id_tablet_asset_id"),
        "logo",
        ["workspace_id", "tablet_asset_id"],
        unique=False,
        postgresql_where=sa.text("tablet_asset_id is not null"),
    )
    op.create_table(
        "banner_version",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("banner_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "banner_id"],
            ["banner.workspace_id", "banner.id"],
            name=op.f("fk_banner_version_workspace_id_banner_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_banner_version")),
        sa.UniqueConstraint(
            "workspace_id", "banner_id", "number", name=op.f("uq_banner_version_workspace_id_banner_id_number")
        ),
    )
    op.create_table(
        "logo_version",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("logo_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "logo_id"],
            ["logo.workspace_id", "logo.id"],
            name=op.f("fk_logo_version_workspace_id_logo_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_logo_version")),
        sa.UniqueConstraint(
            "workspace_id", "logo_id", "number", name=op.f("uq_logo_version_workspace_id_logo_id_number")
        ),
    )
    for table in ("banner", "logo"):
        protect(table, POLICIES, {"app": "select, insert, update, delete"})
        protect(f"{table}_version", POLICIES, {"app": "select, insert"})


def downgrade() -> None:
    op.drop_table("logo_version")
    op.drop_table("banner_version")
    op.drop_index(
        op.f("ix_logo_workspace_id_tablet_asset_id"),
        table_name="logo",
        postgresql_where=sa.text("tablet_asset_id is not null"),
    )
    op.drop_index(op.f("ix_logo_workspace_id_site_id_created_at_id"), table_name="logo")
    op.drop_index(
        op.f("ix_logo_workspace_id_mobile_asset_id"),
        table_name="logo",
        postgresql_where=sa.text("mobile_asset_id is not null"),
    )
    op.drop_index(
        op.f("ix_logo_workspace_id_asset_id"), table_name="logo", postgresql_where=sa.text("asset_id is not null")
    )
    op.drop_table("logo")
    op.drop_index(
        op.f("ix_banner_workspace_id_tablet_asset_id"),
        table_name="banner",
        postgresql_where=sa.text("tablet_asset_id is not null"),
    )
    op.drop_index(op.f("ix_banner_workspace_id_site_id_display_order_id"), table_name="banner")
    op.drop_index(op.f("ix_banner_workspace_id_site_id_created_at_id"), table_name="banner")
    op.drop_index(
        op.f("ix_banner_workspace_id_mobile_asset_id"),
        table_name="banner",
        postgresql_where=sa.text("mobile_asset_id is not null"),
    )
    op.drop_index(
        op.f("ix_banner_workspace_id_asset_id"), table_name="banner", postgresql_where=sa.text("asset_id is not null")
    )
    op.drop_table("banner")
