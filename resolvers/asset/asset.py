"""Finding an asset for a write, and the words by which one is found."""

from uuid import UUID

from sqlalchemy import delete, select

from core.errors import Problem, Refused
from core.words import search_words
from models import Asset, AssetSearchToken
from resolvers.write import Write

MAX_TOKENS = 200
MISSING = "There is no asset with this id."


async def locked_asset(tx: Write, asset_id: UUID) -> Asset:
    """The asset, locked until the write is done.

    Raises:
        Refused: NOT_FOUND.

    """
    asset = await tx.session.scalar(select(Asset).where(Asset.id == asset_id).with_for_update())
    if asset is None:
        raise Refused(Problem("NOT_FOUND", MISSING, ("id",)))
    return asset


async def renew_tokens(tx: Write, asset: Asset) -> None:
    """Enters the asset under the words of its title, its file's name, its alternative text and its description."""
    await tx.session.execute(delete(AssetSearchToken).where(AssetSearchToken.asset_id == asset.id))
    name = asset.original_filename
    # Cameras write DSC_0042, of which people may remember the half.
    named = f"{name} {name.replace('_', ' ')}"
    words = search_words(f"{asset.title} {named} {asset.alt_text} {asset.description}")
    tx.session.add_all(
        AssetSearchToken(workspace_id=tx.workspace_id, asset_id=asset.id, token=word) for word in words[:MAX_TOKENS]
    )
