"""note how often a site's server failed, and what it takes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b8f52d1ae6c3"
down_revision: str | None = "a7e41c09d5b2"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "site_server", sa.Column("failure_count", sa.BigInteger(), server_default=sa.text("'0'"), nullable=False)
    )
    op.add_column("site_server", sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("site_server", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("site_server", sa.Column("memory_bytes", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in ("memory_bytes", "told_at", "failed_at", "failure_count"):
        op.drop_column("site_server", name)
