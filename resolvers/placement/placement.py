"""Finding a placement for a write, who may write it, and what every write of one leaves behind."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.access import CallerKind, StorefrontRole
from core.errors import Problem, Refused
from core.ids import new_id
from models import Site
from resolvers.asset.picture import picture_assets
from resolvers.placement.kind import Kind, Placement
from resolvers.placement.snapshot import snapshot_of
from resolvers.site.site import locked_site
from resolvers.storefront.rights import need_role, rights_of
from resolvers.write import Write

# The columns of pictures, and where in an input each stands.
PICTURES = {
    "asset_id": ("input", "assetId"),
    "tablet_asset_id": ("input", "responsiveSettings", "tabletAssetId"),
    "mobile_asset_id": ("input", "responsiveSettings", "mobileAssetId"),
}


async def locked_placement(tx: Write, kind: Kind, row_id: UUID, revision: int | None) -> Placement:
    """The placement, locked until the write is done, if the caller may change it as it is.

    Raises:
        Refused: NOT_FOUND, CONFLICT (it has another revision than the one that was seen; it is shown as it is).
        Forbidden: the caller may not change it.

    """
    found: Placement | None = await tx.session.scalar(
        select(kind.model).where(kind.model.id == row_id).with_for_update()
    )
    is_there = found is not None and await tx.session.scalar(
        select(Site.id).where(Site.id == found.site_id, Site.deleted_at.is_(None))
    )
    if found is None or not is_there:
        raise Refused(Problem("NOT_FOUND", f"There is no {kind.noun} with this id.", ("id",)))
    await need_change(tx, found)
    if revision is not None and found.revision != revision:
        message = (
            f"The {kind.noun} was changed since: {found.editor} made it revision {found.revision}. Nothing of yours "
            "was written. Look at it as it is now, and send what you want of it."
        )
        raise Refused(Problem("CONFLICT", message, ("input", "revision")), current={"id": found.id})
    return found


async def need_change(tx: Write, placement: Placement) -> None:
    """Lets through who may change the placement: what shoppers see a publisher only, anything else an editor.

    Raises:
        Forbidden: the caller may not.

    """
    is_shown = placement.status == "PUBLISHED"
    role = StorefrontRole.PUBLISHER if is_shown else StorefrontRole.EDITOR
    need_role(await rights_of(tx, placement.site_id), role)


async def entered_site(tx: Write, site_id: UUID) -> Site:
    """The site, locked so that its lists change one at a time, if the caller is an editor of it.

    Raises:
        Refused: NOT_FOUND.
        Forbidden: the caller is no editor.

    """
    site = await locked_site(tx, site_id, ("input", "siteId"))
    need_role(await rights_of(tx, site.id), StorefrontRole.EDITOR)
    return site


async def refuse_too_many(tx: Write, kind: Kind, site_id: UUID, most: int) -> None:
    """Refuses one more where the site, which is locked, has as many as it may have.

    Raises:
        Refused: LIMIT_REACHED.

    """
    count = await tx.session.scalar(select(func.count()).where(kind.model.site_id == site_id)) or 0
    if count >= most:
        message = f"The site has {count} {kind.noun}s, as many as it may have: delete one that is no longer needed."
        raise Refused(Problem("LIMIT_REACHED", message, ("input",)))


async def hold_pictures(tx: Write, columns: Mapping[str, Any], at: tuple[str, ...] = ()) -> None:
    """Sees to it that the pictures among columns that are to be set can be shown, and stay until the write is done.

    They are asked for before the columns are set; `at` is where all of them come from, if not from the input.

    Raises:
        Refused: NOT_FOUND, NOT_READY, INVALID (it is no picture).

    """
    wanted = {columns[name]: at or place for name, place in PICTURES.items() if columns.get(name)}
    await picture_assets(tx, wanted)


def by_caller(tx: Write) -> dict[str, Any]:
    """The columns that say who makes something: the user, if it is one, and what they are called."""
    caller = tx.context.caller
    user_id = caller.id if caller.kind is CallerKind.USER else None
    return {"created_by": user_id, "author": caller.label}


def touch(tx: Write, kind: Kind, placement: Placement, *, was_shown: bool) -> None:
    """Notes that the caller changed it, for all who follow it; a version is kept of what is published now."""
    by = by_caller(tx)
    placement.revision += 1
    placement.updated_at = func.now()
    placement.updated_by, placement.editor = by["created_by"], by["author"]
    is_shown = placement.status == "PUBLISHED"
    if is_shown:
        _keep_version(tx, kind, placement)
    tx.event(kind.published if was_shown or is_shown else kind.edited, kind.name, placement.id)


def _keep_version(tx: Write, kind: Kind, placement: Placement) -> None:
    placement.version_count += 1
    made: Any = kind.version
    tx.session.add(
        made(
            workspace_id=tx.workspace_id,
            id=new_id(),
            **{kind.of: placement.id},
            number=placement.version_count,
            snapshot=snapshot_of(kind, placement),
            **by_caller(tx),
        )
    )
