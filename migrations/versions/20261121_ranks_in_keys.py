"""what ranks pages and products in the indexes of their keys."""

from collections.abc import Sequence

from alembic import op

revision: str = "d4f7a30c9b16"
down_revision: str | None = "a5a531c204c5"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# By table: its key, and what its index has besides.
KEYS = {
    "visitor_day_page": ("workspace_id, day, path", "views, entries, exits"),
    "order_day_product": ("workspace_id, day, product_id", "revenue_amount, quantity"),
}


def upgrade() -> None:
    for table, (key, besides) in KEYS.items():
        _make_key(table, f"primary key ({key}) include ({besides})")


def downgrade() -> None:
    for table, (key, _) in KEYS.items():
        _make_key(table, f"primary key ({key})")


def _make_key(table: str, definition: str) -> None:
    op.execute(f"alter table {table} drop constraint pk_{table}, add constraint pk_{table} {definition}")
