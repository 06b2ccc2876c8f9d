"""pictures and files of a workspace."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import protect

revision: str = "622230d4a147"
down_revision: str | None = "521967f186aa"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PINNED = "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"
ALL = "select, insert, update, delete"


def upgrade() -> None:
    op.create_table(
        "asset",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("original_filename", sa.Text(), nullable=False),
        sa.Column(
            "original_filename_sort", sa.Text(), sa.Computed("lower(original_filename)", persisted=True), nullable=False
        ),
        sa.Column("byte_size", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("alt_text", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("status", sa.Text(), server_default="UPLOADING", nullable=False),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("upload_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("attempt", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'FAILED') = (failure_reason is not null)", name=op.f("ck_asset_failure_reason")),
        sa.CheckConstraint("(status = 'PROCESSING') = (due_at is not null)", name=op.f("ck_asset_due_at")),
        sa.CheckConstraint("(status = 'READY') = (filename is not null)", name=op.f("ck_asset_filename")),
        sa.CheckConstraint("kind in ('IMAGE', 'SVG', 'VIDEO', 'FONT', 'DOCUMENT')", name=op.f("ck_asset_kind")),
        sa.CheckConstraint("status in ('UPLOADING', 'PROCESSING', 'READY', 'FAILED')", name=op.f("ck_asset_status")),
        sa.CheckConstraint("byte_size > 0", name=op.f("ck_asset_byte_size")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_asset_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_asset")),
    )
    op.create_index(
        op.f("ix_asset_due_at"), "asset", ["due_at"], unique=False, postgresql_where=sa.text("due_at is not null")
    )
    op.create_index(
        op.f("ix_asset_upload_expires_at"),
        "asset",
        ["upload_expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'UPLOADING'"),
    )
    op.create_index(
        op.f("ix_asset_workspace_id_byte_size_id"), "asset", ["workspace_id", "byte_size", "id"], unique=False
    )
    op.create_index(
        op.f("ix_asset_workspace_id_created_at_id"), "asset", ["workspace_id", "created_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_asset_workspace_id_original_filename_sort_id"),
        "asset",
        ["workspace_id", "original_filename_sort", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_asset_workspace_id_updated_at_id"), "asset", ["workspace_id", "updated_at", "id"], unique=False
    )
    op.create_table(
        "asset_rendition",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("byte_size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("fk_asset_rendition_workspace_id_asset_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_asset_rendition")),
    )
    op.create_index(
        op.f("ix_asset_rendition_workspace_id_asset_id_width_id"),
        "asset_rendition",
        ["workspace_id", "asset_id", "width", "id"],
        unique=False,
    )
    op.create_table(
        "asset_search_token",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("fk_asset_search_token_workspace_id_asset_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "asset_id", "token", name=op.f("pk_asset_search_token")),
    )
    op.create_index(
        "ix_asset_search_token_by_token",
        "asset_search_token",
        ["workspace_id", "token", "asset_id"],
        unique=False,
        postgresql_where=sa.text("token >= ''"),
    )
    op.add_column("product_image", sa.Column("asset_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_product_image_workspace_id_asset_id"),
        "product_image",
        "asset",
        ["workspace_id", "asset_id"],
        ["workspace_id", "id"],
    )
    protect(
        "asset",
        policies={"app": PINNED, "system": "true"},
        grants={"app": ALL, "system": "select, update (due_at, lease_until, lease_token, attempt)"},
    )
    protect("asset_rendition", policies={"app": PINNED}, grants={"app": ALL})
    protect("asset_search_token", policies={"app": PINNED}, grants={"app": ALL})


def downgrade() -> None:
    op.drop_constraint(op.f("fk_product_image_workspace_id_asset_id"), "product_image", type_="foreignkey")
    op.drop_column("product_image", "asset_id")
    op.drop_index(
        "ix_asset_search_token_by_token", table_name="asset_search_token", postgresql_where=sa.text("token >= ''")
    )
    op.drop_table("asset_search_token")
    op.drop_index(op.f("ix_asset_rendition_workspace_id_asset_id_width_id"), table_name="asset_rendition")
    op.drop_table("asset_rendition")
    op.drop_index(op.f("ix_asset_workspace_id_updated_at_id"), table_name="asset")
    op.drop_index(op.f("ix_asset_workspace_id_original_filename_sort_id"), table_name="asset")
    op.drop_index(op.f("ix_asset_workspace_id_created_at_id"), table_name="asset")
    op.drop_index(op.f("ix_asset_workspace_id_byte_size_id"), table_name="asset")
    op.drop_index(
        op.f("ix_asset_upload_expires_at"), table_name="asset", postgresql_where=sa.text("status = 'UPLOADING'")
    )
    op.drop_index(op.f("ix_asset_due_at"), table_name="asset", postgresql_where=sa.text("due_at is not null"))
    op.drop_table("asset")
