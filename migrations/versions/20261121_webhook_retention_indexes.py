"""find old deliveries in their order, also where rows took the place of older ones.

A BRIN index says of a range of pages which times are in it, which is all times once rows were replaced.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "9b27c4d6e1f8"
down_revision: str | None = "3e8a1f6b7c90"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FINISHED = "ix_webhook_delivery_finished_by_created_at"
CREATED = "ix_webhook_delivery_created_at"
HOUR = "ix_webhook_hour_hour"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            FINISHED,
            "webhook_delivery",
            ["created_at"],
            postgresql_where=sa.text("due_at is null"),
            postgresql_concurrently=True,
        )
        op.drop_index(op.f(CREATED), "webhook_delivery", postgresql_concurrently=True)
        op.drop_index(op.f(HOUR), "webhook_hour", postgresql_concurrently=True)
        op.create_index(op.f(HOUR), "webhook_hour", ["hour"], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(op.f(HOUR), "webhook_hour", postgresql_concurrently=True)
        op.create_index(op.f(HOUR), "webhook_hour", ["hour"], postgresql_using="brin", postgresql_concurrently=True)
        op.create_index(
            op.f(CREATED), "webhook_delivery", ["created_at"], postgresql_using="brin", postgresql_concurrently=True
        )
        op.drop_index(FINISHED, "webhook_delivery", postgresql_concurrently=True)
