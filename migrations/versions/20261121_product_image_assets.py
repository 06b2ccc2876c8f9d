"""find the product pictures that are an asset's."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a41c8e0d5b76"
down_revision: str | None = "622230d4a147"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            op.f("ix_product_image_workspace_id_asset_id_id"),
            "product_image",
            ["workspace_id", "asset_id", "id"],
            unique=False,
            postgresql_where=sa.text("asset_id is not null"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index(op.f("ix_product_image_workspace_id_asset_id_id"), table_name="product_image")
