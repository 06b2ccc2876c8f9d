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


# What a config says cannot be taken out of it: it names an asset then that is gone.
_RELEASE_CONFIG = (
    "delete from storefront_asset where workspace_id = $1 and asset_id = $2 and draft_id {draft} returning {of} as id"
)
_PICTURES = ("asset_id", "tablet_asset_id", "mobile_asset_id")


def _placement(kind: str, entity_type: str, title: str, event: SyncEventType) -> Use:
    """Banners and logos alike: a table with three columns of pictures. A row is one use, in however many it is."""
    table = entity_type.lower()
    shows = " or ".join(f"{name} = $2" for name in _PICTURES)
    uses = " union all ".join(
        f"select workspace_id, {name} as asset_id, id, site_id, {title} as title from {table} "  # noqa: S608 - ours
        f"where {name} is not null {''.join(f'and {name} is distinct from {other} ' for other in _PICTURES[:place])}"
        for place, name in enumerate(_PICTURES)
    )
    emptied = ", ".join(f"{name} = nullif({name}, $2)" for name in _PICTURES)
    return Use(
        kind=kind,
        entity_type=entity_type,
        sql=(
            f"select p.workspace_id, p.asset_id, p.id, p.id as entity_id, p.title from ({uses}) p "  # noqa: S608 - ours
            "join site s on s.workspace_id = p.workspace_id and s.id = p.site_id where s.deleted_at is null"
        ),
        lock=f"select id from {table} where workspace_id = $1 and ({shows}) order by id for update",  # noqa: S608 - ours
        release=(
            f"update {table} set {emptied}, revision = revision + 1, updated_at = now() "  # noqa: S608 - ours
            f"where workspace_id = $1 and ({shows}) returning id"
        ),
        event=event,
    )


# In the order in which they are locked: a site before what is below it.
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
    Use(
        kind="STOREFRONT",
        entity_type="Site",
        sql=(
            "select a.workspace_id, a.asset_id, a.id, a.site_id as entity_id, s.name as title "
            "from storefront_asset a join site s on s.workspace_id = a.workspace_id and s.id = a.site_id "
            "where a.draft_id is null"
        ),
        lock=(
            "select id from site s where workspace_id = $1 and exists (select from storefront_asset a "
            "where a.workspace_id = $1 and a.site_id = s.id and a.asset_id = $2) order by id for update"
        ),
        release=_RELEASE_CONFIG.format(of="site_id", draft="is null"),
        event=SyncEventType.STOREFRONT_PUBLISHED,
    ),
    Use(
        kind="STOREFRONT_DRAFT",
        entity_type="StorefrontDraft",
        sql=(
            "select a.workspace_id, a.asset_id, a.id, a.draft_id as entity_id, d.name as title "
            "from storefront_asset a join storefront_draft d on d.workspace_id = a.workspace_id and d.id = a.draft_id"
        ),
        lock=(
            "select id from storefront_draft d where workspace_id = $1 and exists (select from storefront_asset a "
            "where a.workspace_id = $1 and a.draft_id = d.id and a.asset_id = $2) order by id for update"
        ),
        release=_RELEASE_CONFIG.format(of="draft_id", draft="is not null"),
        event=SyncEventType.STOREFRONT_DRAFT_UPDATED,
    ),
    _placement("BANNER", "Banner", "title", SyncEventType.BANNER_PUBLISHED),
    _placement("LOGO", "Logo", "name", SyncEventType.LOGO_PUBLISHED),
)


def _source(use: Use) -> str:
    named = f"'{use.kind}' as kind, '{use.entity_type}' as entity_type"
    return f"select u.workspace_id, u.asset_id, u.id, {named}, u.entity_id, u.title from ({use.sql}) u"  # noqa: S608 - ours


# All uses, as a table is written in a statement.
USAGE = f"({' union all '.join(map(_source, USES))})"
USES_OF_ASSET = f"select kind, title from {USAGE} u where workspace_id = $1 and asset_id = $2 order by id limit $3"  # noqa: S608 - ours
