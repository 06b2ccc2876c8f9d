"""sites and themes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import protect

revision: str = "4783f3598076"
down_revision: str | None = "9b27c4d6e1f8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PINNED = "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "theme",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme")),
        sa.UniqueConstraint("slug", name=op.f("uq_theme_slug")),
    )
    op.create_table(
        "theme_version",
        sa.Column("theme_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("sections", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["theme_id"], ["theme.id"], name=op.f("fk_theme_version_theme_id")),
        sa.PrimaryKeyConstraint("theme_id", "version", name=op.f("pk_theme_version")),
    )
    op.create_table(
        "site",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("theme_id", sa.Uuid(), nullable=False),
        sa.Column("theme_version", sa.Text(), nullable=False),
        sa.Column("live_version_id", sa.Uuid(), nullable=True),
        sa.Column("version_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_site_slug")),
        sa.ForeignKeyConstraint(
            ["theme_id", "theme_version"],
            ["theme_version.theme_id", "theme_version.version"],
            name=op.f("fk_site_theme_id_theme_version"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_site_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_site")),
    )
    op.create_index(
        op.f("ix_site_workspace_id_created_at_id"),
        "site",
        ["workspace_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.create_table(
        "hostname",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "site_id"],
            ["site.workspace_id", "site.id"],
            name=op.f("fk_hostname_workspace_id_site_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_hostname")),
    )
    op.create_index(op.f("ix_hostname_workspace_id_site_id"), "hostname", ["workspace_id", "site_id"], unique=False)
    op.create_table(
        "storefront_version",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("theme_version", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("seo", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("change_summary", sa.Text(), server_default="", nullable=False),
        sa.Column("change_description", sa.Text(), server_default="", nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "site_id"],
            ["site.workspace_id", "site.id"],
            name=op.f("fk_storefront_version_workspace_id_site_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_storefront_version")),
        sa.UniqueConstraint(
            "workspace_id", "site_id", "number", name=op.f("uq_storefront_version_workspace_id_site_id_number")
        ),
    )
    op.create_foreign_key(
        op.f("fk_site_workspace_id_live_version_id"),
        "site",
        "storefront_version",
        ["workspace_id", "live_version_id"],
        ["workspace_id", "id"],
    )
    op.add_column(
        "app_user", sa.Column("is_platform_admin", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("storefront_token", sa.Column("site_id", sa.Uuid(), nullable=True))
    op.create_index(
        op.f("ix_storefront_token_workspace_id_site_id_created_at_id"),
        "storefront_token",
        ["workspace_id", "site_id", "created_at", "id"],
        unique=False,
    )
    op.create_foreign_key(
        op.f("fk_storefront_token_workspace_id_site_id"),
        "storefront_token",
        "site",
        ["workspace_id", "site_id"],
        ["workspace_id", "id"],
    )
    protect("theme", {"app": "true", "system": "true"}, {"app": "select", "system": "select, insert, update"})
    protect("theme_version", {"app": "true", "system": "true"}, {"app": "select", "system": "select, insert"})
    protect("site", {"app": PINNED}, {"app": "select, insert, update"})
    protect("hostname", {"app": PINNED, "system": "true"}, {"app": "select, insert, delete", "system": "select"})
    protect("storefront_version", {"app": PINNED}, {"app": "select, insert"})


def downgrade() -> None:
    op.drop_constraint(op.f("fk_storefront_token_workspace_id_site_id"), "storefront_token", type_="foreignkey")
    op.drop_index(op.f("ix_storefront_token_workspace_id_site_id_created_at_id"), table_name="storefront_token")
    op.drop_column("storefront_token", "site_id")
    op.drop_column("app_user", "is_platform_admin")
    op.drop_constraint(op.f("fk_site_workspace_id_live_version_id"), "site", type_="foreignkey")
    op.drop_table("storefront_version")
    op.drop_index(op.f("ix_hostname_workspace_id_site_id"), table_name="hostname")
    op.drop_table("hostname")
    op.drop_index(
        op.f("ix_site_workspace_id_created_at_id"), table_name="site", postgresql_where=sa.text("deleted_at is null")
    )
    op.drop_table("site")
    op.drop_table("theme_version")
    op.drop_table("theme")
