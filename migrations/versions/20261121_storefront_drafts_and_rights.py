"""storefront drafts and rights."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import protect

revision: str = "521967f186aa"
down_revision: str | None = "4783f3598076"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

POLICIES = {
    "app": "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid",
    "system": "true",
}


def upgrade() -> None:
    op.create_table(
        "storefront_grant",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "section in ('theme', 'layout', 'content', 'seo', 'settings')", name=op.f("ck_storefront_grant_section")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "site_id"],
            ["site.workspace_id", "site.id"],
            name=op.f("fk_storefront_grant_workspace_id_site_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["membership.workspace_id", "membership.user_id"],
            name=op.f("fk_storefront_grant_workspace_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_storefront_grant")),
        sa.UniqueConstraint(
            "workspace_id",
            "site_id",
            "user_id",
            "section",
            "component",
            name=op.f("uq_storefront_grant_workspace_id_site_id_user_id_section_component"),
        ),
    )
    op.create_index(
        op.f("ix_storefront_grant_workspace_id_user_id"), "storefront_grant", ["workspace_id", "user_id"], unique=False
    )
    op.create_table(
        "storefront_member",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "role in ('VIEWER', 'EDITOR', 'PUBLISHER', 'ADMIN')", name=op.f("ck_storefront_member_role")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "site_id"],
            ["site.workspace_id", "site.id"],
            name=op.f("fk_storefront_member_workspace_id_site_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["membership.workspace_id", "membership.user_id"],
            name=op.f("fk_storefront_member_workspace_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_storefront_member")),
        sa.UniqueConstraint(
            "workspace_id", "site_id", "user_id", name=op.f("uq_storefront_member_workspace_id_site_id_user_id")
        ),
    )
    op.create_index(
        op.f("ix_storefront_member_workspace_id_user_id"),
        "storefront_member",
        ["workspace_id", "user_id"],
        unique=False,
    )
    op.create_table(
        "storefront_draft",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="OPEN", nullable=False),
        sa.Column("base_version_id", sa.Uuid(), nullable=False),
        sa.Column("against_version_id", sa.Uuid(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=True),
        sa.Column("layout", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("seo", sa.Text(), nullable=True),
        sa.Column("settings", sa.Text(), nullable=True),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("change_summary", sa.Text(), server_default="", nullable=False),
        sa.Column("change_description", sa.Text(), server_default="", nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("scheduled_by", sa.Uuid(), nullable=True),
        sa.Column("scheduler", sa.Text(), server_default="", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_version_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("editor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(status = 'PUBLISHED') = (published_version_id is not null)",
            name=op.f("ck_storefront_draft_published_version_id"),
        ),
        sa.CheckConstraint(
            "(status = 'SCHEDULED') = (publish_at is not null)", name=op.f("ck_storefront_draft_publish_at")
        ),
        sa.CheckConstraint(
            "status in ('OPEN', 'SCHEDULED', 'PUBLISHED', 'DISCARDED')", name=op.f("ck_storefront_draft_status")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "against_version_id"],
            ["storefront_version.workspace_id", "storefront_version.id"],
            name=op.f("fk_storefront_draft_workspace_id_against_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "base_version_id"],
            ["storefront_version.workspace_id", "storefront_version.id"],
            name=op.f("fk_storefront_draft_workspace_id_base_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "published_version_id"],
            ["storefront_version.workspace_id", "storefront_version.id"],
            name=op.f("fk_storefront_draft_workspace_id_published_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "site_id"],
            ["site.workspace_id", "site.id"],
            name=op.f("fk_storefront_draft_workspace_id_site_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_storefront_draft")),
    )
    op.create_index(
        "ix_storefront_draft_of_status",
        "storefront_draft",
        ["workspace_id", "site_id", "status", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_storefront_draft_publish_at"),
        "storefront_draft",
        ["publish_at"],
        unique=False,
        postgresql_where=sa.text("publish_at is not null"),
    )
    op.create_index(
        op.f("ix_storefront_draft_workspace_id_site_id_created_at_id"),
        "storefront_draft",
        ["workspace_id", "site_id", "created_at", "id"],
        unique=False,
    )
    protect(
        "storefront_draft",
        POLICIES,
        {"app": "select, insert, update", "system": "select (workspace_id, id, publish_at)"},
    )
    protect("storefront_member", POLICIES, {"app": "select, insert, update, delete", "system": "select"})
    protect("storefront_grant", POLICIES, {"app": "select, insert, delete", "system": "select"})


def downgrade() -> None:
    op.drop_index(op.f("ix_storefront_draft_workspace_id_site_id_created_at_id"), table_name="storefront_draft")
    op.drop_index(
        op.f("ix_storefront_draft_publish_at"),
        table_name="storefront_draft",
        postgresql_where=sa.text("publish_at is not null"),
    )
    op.drop_index("ix_storefront_draft_of_status", table_name="storefront_draft")
    op.drop_table("storefront_draft")
    op.drop_index(op.f("ix_storefront_member_workspace_id_user_id"), table_name="storefront_member")
    op.drop_table("storefront_member")
    op.drop_index(op.f("ix_storefront_grant_workspace_id_user_id"), table_name="storefront_grant")
    op.drop_table("storefront_grant")
