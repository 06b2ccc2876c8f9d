"""Assets that are to be shown as pictures, by whatever shows them."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from core.errors import Problem, Refused
from integrations.files import AssetKind
from models import Asset
from resolvers.asset.asset import MISSING
from resolvers.write import Write

_PICTURES = {AssetKind.IMAGE, AssetKind.SVG}


async def picture_assets(tx: Write, wanted: Mapping[UUID, tuple[str, ...]]) -> dict[UUID, Asset]:
    """The assets with these ids, by id, none of which can be deleted before the write is done.

    `wanted` says where in the arguments each id stands.

    Raises:
        Refused: NOT_FOUND, NOT_READY, INVALID (it is no picture).

    """
    if not wanted:
        return {}
    statement = select(Asset).where(Asset.id.in_(wanted)).order_by(Asset.id)
    rows = await tx.session.scalars(statement.with_for_update(read=True, key_share=True))
    found = {asset.id: asset for asset in rows}
    problems = [problem for asset_id, at in wanted.items() if (problem := _problem(found.get(asset_id), at))]
    if problems:
        raise Refused(*problems)
    return found


def _problem(asset: Asset | None, at: tuple[str, ...]) -> Problem | None:
    if asset is None:
        return Problem("NOT_FOUND", MISSING, at)
    if asset.kind not in _PICTURES:
        return Problem("INVALID", "The asset is no picture.", at)
    if asset.status != "READY":
        return Problem("NOT_READY", "The asset is not ready: complete its upload and wait until it is.", at)
    return None
