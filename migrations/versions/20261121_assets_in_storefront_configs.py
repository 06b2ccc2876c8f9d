"""assets in storefront configs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import protect

revision: str = "b79109ceb024"
down_revision: str | None = "9916a7fdf9f6"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The owner sees no rows while row-level security is forced.
TABLES = ("asset", "site", "storefront_version", "storefront_draft")
# What each live version is, and what each draft in progress comes to.
CONFIGS = """
select s.workspace_id, s.id as site_id, null::uuid as draft_id,
       concat_ws(' ', v.theme, v.layout, v.content, v.seo, v.settings) as config
  from site s join storefront_version v on v.workspace_id = s.workspace_id and v.id = s.live_version_id
 where s.deleted_at is null
union all
select d.workspace_id, d.site_id, d.id,
       concat_ws(' ', coalesce(d.theme, v.theme), coalesce(d.layout, v.layout), coalesce(d.content, v.content),
                 coalesce(d.seo, v.seo), coalesce(d.settings, v.settings))
  from storefront_draft d join storefront_version v on v.workspace_id = d.workspace_id and v.id = d.base_version_id
 where d.status in ('OPEN', 'SCHEDULED')
"""
BACKFILL = f"""
insert into storefront_asset (workspace_id, id, site_id, draft_id, asset_id)
select c.workspace_id, uuidv7(), c.site_id, c.draft_id, a.id
  from ({CONFIGS}) c
 cross join lateral (
   select distinct coalesce(m[1], m[2])::uuid as asset_id
     from regexp_matches(
       c.config, 'Asset_([0-9a-f]{{32}})|/assets/' || replace(c.workspace_id::text, '-', '') || '/([0-9a-f]{{32}})', 'g'
     ) m
 ) named
  join asset a on a.workspace_id = c.workspace_id and a.id = named.asset_id
"""


def upgrade() -> None:
    op.create_table(
        "storefront_asset",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=True),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("fk_storefront_asset_workspace_id_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "draft_id"],
            ["storefront_draft.workspace_id", "storefront_draft.id"],
            name=op.f("fk_storefront_asset_workspace_id_draft_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "site_id"],
            ["site.workspace_id", "site.id"],
            name=op.f("fk_storefront_asset_workspace_id_site_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_storefront_asset")),
        sa.UniqueConstraint(
            "workspace_id",
            "site_id",
            "draft_id",
            "asset_id",
            name=op.f("uq_storefront_asset_workspace_id_site_id_draft_id_asset_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        op.f("ix_storefront_asset_workspace_id_asset_id_id"),
        "storefront_asset",
        ["workspace_id", "asset_id", "id"],
        unique=False,
    )
    for table in TABLES:
        op.execute(f"alter table {table} no force row level security")
    op.execute(BACKFILL)
    for table in TABLES:
        op.execute(f"alter table {table} force row level security")
    policies = {"app": "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"}
    protect("storefront_asset", policies, {"app": "select, insert, delete"})


def downgrade() -> None:
    op.drop_index(op.f("ix_storefront_asset_workspace_id_asset_id_id"), table_name="storefront_asset")
    op.drop_table("storefront_asset")
