"""note which site polls the changes feed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a7e41c09d5b2"
down_revision: str | None = "fed6acb161d3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("polling_state", sa.Column("site_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("polling_state", "site_id")
