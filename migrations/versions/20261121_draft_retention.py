"""let the sweeper find and delete old drafts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import allow, disallow

revision: str = "e2a94c17d6f0"
down_revision: str | None = "5320ccc38163"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEX = "ix_storefront_draft_finished_by_updated_at"


def upgrade() -> None:
    allow("storefront_draft", "system", "select (status, updated_at), delete")
    with op.get_context().autocommit_block():
        op.create_index(
            INDEX,
            "storefront_draft",
            ["updated_at"],
            postgresql_where=sa.text("status in ('PUBLISHED', 'DISCARDED')"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, "storefront_draft", postgresql_concurrently=True)
    disallow("storefront_draft", "system", "select (status, updated_at), delete")
