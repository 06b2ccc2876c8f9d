"""Changing what is said of an asset. What is not named stays as it is; its file never changes."""

from uuid import UUID

from sqlalchemy import func

from core.errors import Problem, Refused
from core.events import SyncEventType
from resolvers.asset.asset import locked_asset, renew_tokens
from resolvers.asset.input import AssetChanges
from resolvers.context import Context
from resolvers.write import Outcome, write


async def update_asset(context: Context, asset_id: UUID, changes: AssetChanges) -> Outcome:
    """Changes an asset; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, CONFLICT (the revision is stale).

    """
    async with write(context) as tx:
        asset = await locked_asset(tx, asset_id)
        if asset.revision != changes.revision:
            message = f"The asset was changed since: it is at revision {asset.revision} now. Read it again."
            raise Refused(Problem("CONFLICT", message, ("input", "revision")))
        for name in ("title", "alt_text", "description"):
            value = getattr(changes, name)
            if value is not None:
                setattr(asset, name, value)
        if changes.metadata is not None:
            asset.details = changes.metadata
        asset.revision += 1
        asset.updated_at = func.now()
        await renew_tokens(tx, asset)
        tx.event(SyncEventType.ASSET_UPDATED, "Asset", asset.id)
        tx.audit("assetUpdate", "Asset", asset.id, changes.model_dump(mode="json", exclude_unset=True))
        return tx.done(id=asset.id)
