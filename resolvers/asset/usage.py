"""Where assets are used. A noun that shows assets enters itself in `USES`, and nowhere else.

With that `Asset.usage` lists it, and an asset that it shows is not deleted unless that is asked for.
"""

from dataclasses import dataclass

from core.events import SyncEventType


@dataclass(frozen=True, slots=True)
class Use:
    """One kind of thing that shows assets.

    `sql` selects the uses: `workspace_id`, `asset_id`, the using row's own `id`, the `entity_id` of what people know it
    by, and a `title` for them. What is gone for people is no use.

    The others are for an asset that is deleted though it is used; `$1` is the workspace and `$2` the asset. `lock`
    locks what `release` changes, in the order in which everybody locks it. `release` takes the asset away wherever it
    is, from what is gone for people too, and gives the `id` of each entity that changed, for an `event` each.
    """

    kind: str
    entity_type: str
    sql: str
    lock: str
    release: str
    event: SyncEventType


USES: tuple[Use, ...] = (
    Use(
        kind="PRODUCT",
        entity_type="Product",
        sql=(
            "select i.workspace_id, i.asset_id, i.id, i.product_id as entity_id, p.title "
            "from product_image i join product p on p.workspace_id = i.workspace_id and p.id = i.product_id "
            "where i.asset_id is not null and p.deleted_at is null"
        ),
        lock=(
            "select id from product p where workspace_id = $1 and exists (select from product_image i "
            "where i.workspace_id = $1 and i.product_id = p.id and i.asset_id = $2) order by id for update"
        ),
        release=(
            "with gone as (delete from product_image where workspace_id = $1 and asset_id = $2 returning product_id) "
            "update product p set revision = p.revision + 1, updated_at = now() "
            "from (select distinct product_id from gone) g "
            "where p.workspace_id = $1 and p.id = g.product_id and p.deleted_at is null returning p.id"
        ),
        event=SyncEventType.PRODUCT_UPDATED,
    ),
)


def _source(use: Use) -> str:
    named = f"'{use.kind}' as kind, '{use.entity_type}' as entity_type"
    return f"select u.workspace_id, u.asset_id, u.id, {named}, u.entity_id, u.title from ({use.sql}) u"  # noqa: S608 - ours


# All uses, as a table is written in a statement.
USAGE = f"({' union all '.join(map(_source, USES))})"
USES_OF_ASSET = f"select kind, title from {USAGE} u where workspace_id = $1 and asset_id = $2 order by id limit $3"  # noqa: S608 - ours
