"""note who polls the changes feed, and let old events be deleted."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import allow, disallow, protect

PINNED = "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"
GRANTS = {"app": "select", "system": "select, insert, update, delete"}

revision: str = "5d0c7e1b9a42"
down_revision: str | None = "eddf57630c46"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "polling_state",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("caller_kind", sa.Text(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("caller_label", sa.Text(), nullable=False),
        sa.Column("last_polled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("caller_kind in ('API_KEY', 'SHOPPER')", name=op.f("ck_polling_state_caller_kind")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_polling_state")),
        sa.UniqueConstraint("workspace_id", "caller_id", name=op.f("uq_polling_state_workspace_id_caller_id")),
        postgresql_with={"fillfactor": 50},
    )
    protect("polling_state", policies={"app": PINNED, "system": "true"}, grants=GRANTS)
    allow("sync_event", "system", "delete")


def downgrade() -> None:
    disallow("sync_event", "system", "delete")
    op.drop_table("polling_state")
