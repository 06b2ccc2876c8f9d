"""indexes for every filter and sort of products."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5c2e7d80f6a3"
down_revision: str | None = "b3f0a9c41d27"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SORTS = {
    "created_at": "'-infinity'::timestamptz",
    "updated_at": "'-infinity'::timestamptz",
    "title_sort": "''",
    "min_price_amount": "0",
}
UNIQUE = {"product": "slug", "product_variant": "sku"}
VARIANTS = "ix_product_variant_workspace_id_product_id_position_id"
TOKENS = "ix_product_search_token_workspace_id_product_id"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for table, column in UNIQUE.items():
            op.create_index(
                f"{table}_new",
                table,
                ["workspace_id", column, "deleted_at"],
                unique=True,
                postgresql_nulls_not_distinct=True,
                postgresql_concurrently=True,
            )
            op.drop_index(f"uq_{table}_workspace_id_{column}", table, postgresql_concurrently=True)
            op.execute(f"alter index {table}_new rename to uq_{table}_workspace_id_{column}")
        for column, least in SORTS.items():
            op.create_index(
                f"ix_product_by_{column}",
                "product",
                ["workspace_id", "status", "available_for_sale", column, "id"],
                postgresql_where=sa.text(f"deleted_at is null and {column} >= {least}"),
                postgresql_concurrently=True,
            )
            op.drop_index(op.f(f"ix_product_workspace_id_{column}_id"), "product", postgresql_concurrently=True)
        op.create_index(
            "ix_product_variant_by_product",
            "product_variant",
            ["workspace_id", "product_id", "position", "id"],
            postgresql_where=sa.text("deleted_at is null"),
            postgresql_concurrently=True,
        )
        op.drop_index(op.f(VARIANTS), "product_variant", postgresql_concurrently=True)
        op.create_index(
            "ix_product_search_token_by_token",
            "product_search_token",
            ["workspace_id", "token", "product_id"],
            postgresql_where=sa.text("token >= ''"),
            postgresql_concurrently=True,
        )
        _change_token_key("product_id, token")
        op.drop_index(op.f(TOKENS), "product_search_token", postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            op.f(TOKENS), "product_search_token", ["workspace_id", "product_id"], postgresql_concurrently=True
        )
        _change_token_key("token, product_id")
        op.drop_index("ix_product_search_token_by_token", "product_search_token", postgresql_concurrently=True)
        op.create_index(
            op.f(VARIANTS),
            "product_variant",
            ["workspace_id", "product_id", "position", "id"],
            postgresql_concurrently=True,
        )
        op.drop_index("ix_product_variant_by_product", "product_variant", postgresql_concurrently=True)
        for column in SORTS:
            op.create_index(
                op.f(f"ix_product_workspace_id_{column}_id"),
                "product",
                ["workspace_id", column, "id"],
                postgresql_concurrently=True,
            )
            op.drop_index(f"ix_product_by_{column}", "product", postgresql_concurrently=True)
        for table, column in UNIQUE.items():
            op.create_index(
                f"{table}_old",
                table,
                ["workspace_id", column],
                unique=True,
                postgresql_where=sa.text("deleted_at is null"),
                postgresql_concurrently=True,
            )
            op.drop_index(f"uq_{table}_workspace_id_{column}", table, postgresql_concurrently=True)
            op.execute(f"alter index {table}_old rename to uq_{table}_workspace_id_{column}")


def _change_token_key(columns: str) -> None:
    """Puts the columns behind the workspace in another order, without a moment in which the key is missing."""
    op.execute(f"create unique index concurrently new_key on product_search_token (workspace_id, {columns})")
    op.execute(
        "alter table product_search_token drop constraint pk_product_search_token, "
        "add constraint pk_product_search_token primary key using index new_key"
    )
