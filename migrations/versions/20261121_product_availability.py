"""keep on products how many of their variants are in stock."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b3f0a9c41d27"
down_revision: str | None = "810096b5bd86"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The owner sees no rows while row-level security is forced.
TABLES = ("product", "product_variant")


def upgrade() -> None:
    op.add_column("product", sa.Column("variants_in_stock", sa.BigInteger(), server_default="0", nullable=False))
    for table in TABLES:
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "update product p set variants_in_stock = c.count from (select workspace_id, product_id, count(*) "
        "from product_variant where deleted_at is null and quantity_available > 0 group by 1, 2) c "
        "where p.workspace_id = c.workspace_id and p.id = c.product_id and p.deleted_at is null"
    )
    for table in TABLES:
        op.execute(f"alter table {table} force row level security")
    op.add_column(
        "product",
        sa.Column(
            "available_for_sale", sa.Boolean(), sa.Computed("variants_in_stock > 0", persisted=True), nullable=False
        ),
    )
    op.create_check_constraint(op.f("ck_product_variants_in_stock"), "product", "variants_in_stock >= 0")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_product_variants_in_stock"), "product", type_="check")
    op.drop_column("product", "available_for_sale")
    op.drop_column("product", "variants_in_stock")
