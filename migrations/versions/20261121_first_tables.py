"""first tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.tenancy import allow_connecting, protect

PINNED = "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"

revision: str = "7769644d6c70"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "app_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("email", name=op.f("uq_app_user_email")),
        info={
            "policies": {
                "app": "exists (select from membership m where m.user_id = app_user.id and m.workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)",
                "system": "true",
            },
            "grants": {"app": "select (id, email, name, created_at)", "system": "select, insert, update"},
        },
    )
    op.create_table(
        "audit_entry",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("caller_kind", sa.Text(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=True),
        sa.Column("caller_label", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_audit_entry")),
        info={
            "policies": {"app": PINNED},
            "grants": {"app": "select, insert"},
        },
    )
    op.create_index(
        op.f("ix_audit_entry_workspace_id_at_id"), "audit_entry", ["workspace_id", "at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_audit_entry_workspace_id_entity_id_at"),
        "audit_entry",
        ["workspace_id", "entity_id", "at"],
        unique=False,
    )
    op.create_table(
        "email_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text_body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempt", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_message")),
        info={
            "policies": {"app": "true", "system": "true"},
            "grants": {"app": "insert", "system": "select, insert, update, delete"},
        },
    )
    op.create_index(
        op.f("ix_email_message_due_at"),
        "email_message",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("sent_at is null and failed_at is null"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "caller", "key", name=op.f("pk_idempotency_key")),
        info={
            "policies": {
                "app": PINNED,
                "system": "true",
            },
            "grants": {"app": "select, insert, update, delete", "system": "select, delete"},
        },
    )
    op.create_index(op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "sign_in_throttle",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("window_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_throttle")),
        info={"policies": {"system": "true"}, "grants": {"system": "select, insert, update, delete"}},
    )
    op.create_index(
        op.f("ix_sign_in_throttle_window_started_at"), "sign_in_throttle", ["window_started_at"], unique=False
    )
    op.create_table(
        "sync_event",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "sequence", name=op.f("pk_sync_event")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_sync_event_workspace_id_id")),
        info={
            "policies": {
                "app": PINNED,
                "system": "true",
            },
            "grants": {"app": "select, insert", "system": "select"},
        },
    )
    op.create_table(
        "user_audit_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_audit_entry")),
        info={"policies": {"system": "true"}, "grants": {"system": "select, insert"}},
    )
    op.create_index(op.f("ix_user_audit_entry_user_id_at"), "user_audit_entry", ["user_id", "at"], unique=False)
    op.create_table(
        "user_idempotency_key",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_user_idempotency_key")),
        info={"policies": {"system": "true"}, "grants": {"system": "select, insert, update, delete"}},
    )
    op.create_index(op.f("ix_user_idempotency_key_created_at"), "user_idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "workspace",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency_code ~ '^[A-Z]{3}$'", name=op.f("ck_workspace_currency_code")),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_workspace_slug")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
        sa.UniqueConstraint("slug", name=op.f("uq_workspace_slug")),
        info={
            "policies": {"app": "id = nullif(current_setting('app.workspace_id', true), '')::uuid", "system": "true"},
            "grants": {"app": "select, insert, update", "system": "select"},
        },
    )
    op.create_table(
        "api_key",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_api_key_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_api_key")),
        info={
            "policies": {"app": PINNED},
            "grants": {"app": "select, insert, update"},
        },
    )
    op.create_index(
        op.f("ix_api_key_workspace_id_created_at_id"), "api_key", ["workspace_id", "created_at", "id"], unique=False
    )
    op.create_table(
        "invitation",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role in ('OWNER', 'ADMIN', 'STAFF', 'VIEWER')", name=op.f("ck_invitation_role")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_invitation_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_invitation")),
        info={
            "policies": {"app": PINNED},
            "grants": {"app": "select, insert, update"},
        },
    )
    op.create_index(
        op.f("ix_invitation_workspace_id_created_at_id"),
        "invitation",
        ["workspace_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_invitation_workspace_id_email",
        "invitation",
        ["workspace_id", "email"],
        unique=True,
        postgresql_where=sa.text("accepted_at is null and revoked_at is null"),
    )
    op.create_table(
        "membership",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role in ('OWNER', 'ADMIN', 'STAFF', 'VIEWER')", name=op.f("ck_membership_role")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_membership_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_membership_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_membership")),
        sa.UniqueConstraint("workspace_id", "user_id", name=op.f("uq_membership_workspace_id_user_id")),
        info={
            "policies": {
                "app": PINNED,
                "system": "true",
            },
            "grants": {"app": "select, insert, update, delete", "system": "select"},
        },
    )
    op.create_index(op.f("ix_membership_user_id"), "membership", ["user_id"], unique=False)
    op.create_index(
        op.f("ix_membership_workspace_id_created_at_id"),
        "membership",
        ["workspace_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "password_reset",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_password_reset_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_reset")),
        info={"policies": {"system": "true"}, "grants": {"system": "select, insert, update, delete"}},
    )
    op.create_index(op.f("ix_password_reset_expires_at"), "password_reset", ["expires_at"], unique=False)
    op.create_index(op.f("ix_password_reset_user_id"), "password_reset", ["user_id"], unique=False)
    op.create_table(
        "product",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_sort", sa.Text(), sa.Computed("lower(title)", persisted=True), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("min_price_amount", sa.BigInteger(), nullable=False),
        sa.Column("max_price_amount", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status in ('DRAFT', 'ACTIVE', 'ARCHIVED')", name=op.f("ck_product_status")),
        sa.CheckConstraint(
            "min_price_amount >= 0 and max_price_amount >= min_price_amount", name=op.f("ck_product_price_range")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_product_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_product")),
        info={
            "policies": {"app": PINNED},
            "grants": {"app": "select, insert, update"},
        },
    )
    op.create_index(
        op.f("ix_product_workspace_id_created_at_id"), "product", ["workspace_id", "created_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_product_workspace_id_min_price_amount_id"),
        "product",
        ["workspace_id", "min_price_amount", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_product_workspace_id_title_sort_id"), "product", ["workspace_id", "title_sort", "id"], unique=False
    )
    op.create_index(
        op.f("ix_product_workspace_id_updated_at_id"), "product", ["workspace_id", "updated_at", "id"], unique=False
    )
    op.create_index(
        "uq_product_workspace_id_slug",
        "product",
        ["workspace_id", "slug"],
        unique=True,
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.create_table(
        "sales_order",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("total_amount", sa.BigInteger(), nullable=False),
        sa.Column("shipping_address", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("status in ('PLACED', 'CANCELLED')", name=op.f("ck_sales_order_status")),
        sa.CheckConstraint("total_amount >= 0", name=op.f("ck_sales_order_total_amount")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_sales_order_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sales_order")),
        sa.UniqueConstraint("workspace_id", "number", name=op.f("uq_sales_order_workspace_id_number")),
        info={
            "policies": {"app": PINNED},
            "grants": {"app": "select, insert, update"},
        },
    )
    op.create_index(
        op.f("ix_sales_order_workspace_id_email_placed_at"),
        "sales_order",
        ["workspace_id", "email", "placed_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sales_order_workspace_id_placed_at_id"),
        "sales_order",
        ["workspace_id", "placed_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sales_order_workspace_id_total_amount_id"),
        "sales_order",
        ["workspace_id", "total_amount", "id"],
        unique=False,
    )
    op.create_table(
        "storefront_token",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("hides_stock", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_storefront_token_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_storefront_token")),
        info={
            "policies": {"app": PINNED},
            "grants": {"app": "select, insert, update"},
        },
    )
    op.create_index(
        op.f("ix_storefront_token_workspace_id_created_at_id"),
        "storefront_token",
        ["workspace_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_session_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        info={"policies": {"system": "true"}, "grants": {"system": "select, insert, update, delete"}},
    )
    op.create_index(op.f("ix_user_session_expires_at"), "user_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"], unique=False)
    op.create_table(
        "workspace_counter",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("order_number", sa.BigInteger(), server_default="1000", nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_workspace_counter_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_workspace_counter")),
        info={
            "policies": {
                "app": PINNED,
                "system": "true",
            },
            "grants": {"app": "select, insert, update", "system": "select"},
        },
        postgresql_with={"fillfactor": 20},
    )
    op.create_table(
        "product_image",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("alt_text", sa.Text(), server_default="", nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["product.workspace_id", "product.id"],
            name=op.f("fk_product_image_workspace_id_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_product_image")),
        info={
            "policies": {"app": PINNED},
            "grants": {"app": "select, insert, update, delete"},
        },
    )
    op.create_index(
        op.f("ix_product_image_workspace_id_product_id_position_id"),
        "product_image",
        ["workspace_id", "product_id", "position", "id"],
        unique=False,
    )
    op.create_table(
        "product_search_token",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["product.workspace_id", "product.id"],
            name=op.f("fk_product_search_token_workspace_id_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "token", "product_id", name=op.f("pk_product_search_token")),
        info={
            "policies": {"app": PINNED},
            "grants": {"app": "select, insert, update, delete"},
        },
    )
    op.create_index(
        op.f("ix_product_search_token_workspace_id_product_id"),
        "product_search_token",
        ["workspace_id", "product_id"],
        unique=False,
    )
    op.create_table(
        "product_variant",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("quantity_available", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("price_amount >= 0", name=op.f("ck_product_variant_price_amount")),
        sa.CheckConstraint("quantity_available >= 0", name=op.f("ck_product_variant_quantity_available")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["product.workspace_id", "product.id"],
            name=op.f("fk_product_variant_workspace_id_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_product_variant")),
        info={
            "policies": {"app": PINNED},
            "grants": {"app": "select, insert, update"},
        },
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        op.f("ix_product_variant_workspace_id_product_id_position_id"),
        "product_variant",
        ["workspace_id", "product_id", "position", "id"],
        unique=False,
    )
    op.create_index(
        "uq_product_variant_workspace_id_sku",
        "product_variant",
        ["workspace_id", "sku"],
        unique=True,
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.create_table(
        "refresh_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["user_session.id"], name=op.f("fk_refresh_token_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_token")),
        info={"policies": {"system": "true"}, "grants": {"system": "select, insert, update, delete"}},
    )
    op.create_index(op.f("ix_refresh_token_session_id"), "refresh_token", ["session_id"], unique=False)
    op.create_table(
        "order_line",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("variant_title", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price_amount", sa.BigInteger(), nullable=False),
        sa.Column("total_amount", sa.BigInteger(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_line_quantity")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "order_id"],
            ["sales_order.workspace_id", "sales_order.id"],
            name=op.f("fk_order_line_workspace_id_order_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "variant_id"],
            ["product_variant.workspace_id", "product_variant.id"],
            name=op.f("fk_order_line_workspace_id_variant_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_order_line")),
        info={
            "policies": {"app": PINNED},
            "grants": {"app": "select, insert"},
        },
    )
    op.create_index(
        op.f("ix_order_line_workspace_id_order_id_position_id"),
        "order_line",
        ["workspace_id", "order_id", "position", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_order_line_workspace_id_variant_id"), "order_line", ["workspace_id", "variant_id"], unique=False
    )

    allow_connecting()
    protect(
        "app_user",
        policies={
            "app": "exists (select from membership m where m.user_id = app_user.id and m.workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)",
            "system": "true",
        },
        grants={"app": "select (id, email, name, created_at)", "system": "select, insert, update"},
    )
    protect("audit_entry", policies={"app": PINNED}, grants={"app": "select, insert"})
    protect(
        "email_message",
        policies={"app": "true", "system": "true"},
        grants={"app": "insert", "system": "select, insert, update, delete"},
    )
    protect(
        "idempotency_key",
        policies={"app": PINNED, "system": "true"},
        grants={"app": "select, insert, update, delete", "system": "select, delete"},
    )
    protect("sign_in_throttle", policies={"system": "true"}, grants={"system": "select, insert, update, delete"})
    protect(
        "sync_event", policies={"app": PINNED, "system": "true"}, grants={"app": "select, insert", "system": "select"}
    )
    protect("user_audit_entry", policies={"system": "true"}, grants={"system": "select, insert"})
    protect("user_idempotency_key", policies={"system": "true"}, grants={"system": "select, insert, update, delete"})
    protect(
        "workspace",
        policies={"app": "id = nullif(current_setting('app.workspace_id', true), '')::uuid", "system": "true"},
        grants={"app": "select, insert, update", "system": "select"},
    )
    protect("api_key", policies={"app": PINNED}, grants={"app": "select, insert, update"})
    protect("invitation", policies={"app": PINNED}, grants={"app": "select, insert, update"})
    protect(
        "membership",
        policies={"app": PINNED, "system": "true"},
        grants={"app": "select, insert, update, delete", "system": "select"},
    )
    protect("password_reset", policies={"system": "true"}, grants={"system": "select, insert, update, delete"})
    protect("product", policies={"app": PINNED}, grants={"app": "select, insert, update"})
    protect("sales_order", policies={"app": PINNED}, grants={"app": "select, insert, update"})
    protect("storefront_token", policies={"app": PINNED}, grants={"app": "select, insert, update"})
    protect("user_session", policies={"system": "true"}, grants={"system": "select, insert, update, delete"})
    protect(
        "workspace_counter",
        policies={"app": PINNED, "system": "true"},
        grants={"app": "select, insert, update", "system": "select"},
    )
    protect("product_image", policies={"app": PINNED}, grants={"app": "select, insert, update, delete"})
    protect("product_search_token", policies={"app": PINNED}, grants={"app": "select, insert, update, delete"})
    protect("product_variant", policies={"app": PINNED}, grants={"app": "select, insert, update"})
    protect("refresh_token", policies={"system": "true"}, grants={"system": "select, insert, update, delete"})
    protect("order_line", policies={"app": PINNED}, grants={"app": "select, insert"})


def downgrade() -> None:
    op.execute("drop policy app_user_app on app_user")
    op.drop_index(op.f("ix_order_line_workspace_id_variant_id"), table_name="order_line")
    op.drop_index(op.f("ix_order_line_workspace_id_order_id_position_id"), table_name="order_line")
    op.drop_table("order_line")
    op.drop_index(op.f("ix_refresh_token_session_id"), table_name="refresh_token")
    op.drop_table("refresh_token")
    op.drop_index(
        "uq_product_variant_workspace_id_sku",
        table_name="product_variant",
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.drop_index(op.f("ix_product_variant_workspace_id_product_id_position_id"), table_name="product_variant")
    op.drop_table("product_variant")
    op.drop_index(op.f("ix_product_search_token_workspace_id_product_id"), table_name="product_search_token")
    op.drop_table("product_search_token")
    op.drop_index(op.f("ix_product_image_workspace_id_product_id_position_id"), table_name="product_image")
    op.drop_table("product_image")
    op.drop_table("workspace_counter")
    op.drop_index(op.f("ix_user_session_user_id"), table_name="user_session")
    op.drop_index(op.f("ix_user_session_expires_at"), table_name="user_session")
    op.drop_table("user_session")
    op.drop_index(op.f("ix_storefront_token_workspace_id_created_at_id"), table_name="storefront_token")
    op.drop_table("storefront_token")
    op.drop_index(op.f("ix_sales_order_workspace_id_total_amount_id"), table_name="sales_order")
    op.drop_index(op.f("ix_sales_order_workspace_id_placed_at_id"), table_name="sales_order")
    op.drop_index(op.f("ix_sales_order_workspace_id_email_placed_at"), table_name="sales_order")
    op.drop_table("sales_order")
    op.drop_index("uq_product_workspace_id_slug", table_name="product", postgresql_where=sa.text("deleted_at is null"))
    op.drop_index(op.f("ix_product_workspace_id_updated_at_id"), table_name="product")
    op.drop_index(op.f("ix_product_workspace_id_title_sort_id"), table_name="product")
    op.drop_index(op.f("ix_product_workspace_id_min_price_amount_id"), table_name="product")
    op.drop_index(op.f("ix_product_workspace_id_created_at_id"), table_name="product")
    op.drop_table("product")
    op.drop_index(op.f("ix_password_reset_user_id"), table_name="password_reset")
    op.drop_index(op.f("ix_password_reset_expires_at"), table_name="password_reset")
    op.drop_table("password_reset")
    op.drop_index(op.f("ix_membership_workspace_id_created_at_id"), table_name="membership")
    op.drop_index(op.f("ix_membership_user_id"), table_name="membership")
    op.drop_table("membership")
    op.drop_index(
        "uq_invitation_workspace_id_email",
        table_name="invitation",
        postgresql_where=sa.text("accepted_at is null and revoked_at is null"),
    )
    op.drop_index(op.f("ix_invitation_workspace_id_created_at_id"), table_name="invitation")
    op.drop_table("invitation")
    op.drop_index(op.f("ix_api_key_workspace_id_created_at_id"), table_name="api_key")
    op.drop_table("api_key")
    op.drop_table("workspace")
    op.drop_index(op.f("ix_user_idempotency_key_created_at"), table_name="user_idempotency_key")
    op.drop_table("user_idempotency_key")
    op.drop_index(op.f("ix_user_audit_entry_user_id_at"), table_name="user_audit_entry")
    op.drop_table("user_audit_entry")
    op.drop_table("sync_event")
    op.drop_index(op.f("ix_sign_in_throttle_window_started_at"), table_name="sign_in_throttle")
    op.drop_table("sign_in_throttle")
    op.drop_index(op.f("ix_idempotency_key_created_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index(
        op.f("ix_email_message_due_at"),
        table_name="email_message",
        postgresql_where=sa.text("sent_at is null and failed_at is null"),
    )
    op.drop_table("email_message")
    op.drop_index(op.f("ix_audit_entry_workspace_id_entity_id_at"), table_name="audit_entry")
    op.drop_index(op.f("ix_audit_entry_workspace_id_at_id"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_table("app_user")
