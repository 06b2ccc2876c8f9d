"""say where the code of a theme's version is."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import protect

revision: str = "c3d9e15b7a40"
down_revision: str | None = "d4f7a30c9b16"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "theme_source",
        sa.Column("theme_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("commit", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('FOLDER', 'GIT')", name=op.f("ck_theme_source_kind")),
        sa.CheckConstraint("(kind = 'GIT') = (commit is not null)", name=op.f("ck_theme_source_commit")),
        sa.CheckConstraint("commit ~ '^[0-9a-f]{40}$'", name=op.f("ck_theme_source_commit_pinned")),
        sa.ForeignKeyConstraint(
            ["theme_id", "version"],
            ["theme_version.theme_id", "theme_version.version"],
            name=op.f("fk_theme_source_theme_id_version"),
        ),
        sa.PrimaryKeyConstraint("theme_id", "version", name=op.f("pk_theme_source")),
    )
    protect(
        "theme_source",
        {"app": "true", "system": "true"},
        {"app": "select", "system": "select, insert"},
    )


def downgrade() -> None:
    op.drop_table("theme_source")
