"""let themes name the paths of their pages."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c7d15e90ab34"
down_revision: str | None = "a41c8e0d5b76"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    default = '{"product":"/products/{slug}"}'
    op.add_column("theme_version", sa.Column("paths", sa.Text(), server_default=default, nullable=False))


def downgrade() -> None:
    op.drop_column("theme_version", "paths")
