"""note when each endpoint was last tried."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "3e8a1f6b7c90"
down_revision: str | None = "5d0c7e1b9a42"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("webhook_hour", sa.Column("last_tried_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("webhook_hour", "last_tried_at")
