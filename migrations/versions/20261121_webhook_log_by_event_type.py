"""find deliveries of a kind that few are of."""

from collections.abc import Sequence

from alembic import op

revision: str = "b81f5d2c6e07"
down_revision: str | None = "a5a531c204c5"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEX = "ix_webhook_delivery_by_event_type"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(INDEX, "webhook_delivery", ["workspace_id", "event_type", "id"], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, "webhook_delivery", postgresql_concurrently=True)
