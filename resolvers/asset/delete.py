"""Deleting an asset with its files, and taking it away from what shows it where that is asked for."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from core.errors import Problem, Refused
from core.events import SyncEventType
from resolvers.asset.asset import locked_asset
from resolvers.asset.process import forget_files
from resolvers.asset.usage import USES, USES_OF_ASSET
from resolvers.context import Context
from resolvers.write import Outcome, Write, workspace_of, write

# How many of its uses a refusal names.
MAX_NAMED = 3


async def delete_asset(context: Context, asset_id: UUID, *, force: bool = False) -> Outcome:
    """Deletes an asset; the outcome has its `id`. Its files go after the commit, or with the next sweep.

    Raises:
        Refused: NOT_FOUND, IN_USE (unless `force`, or where something came to use it at this very moment).

    """
    async with write(context) as tx:
        if force:
            # What shows assets is locked before the assets that it shows, here as where it is edited.
            for use in USES:
                await tx.connection.execute(use.lock, tx.workspace_id, asset_id)
        asset = await locked_asset(tx, asset_id)
        if force:
            await _release(tx, asset_id)
        else:
            await _refuse_used(tx, asset_id)
            await release_hidden(tx, asset_id)
        await tx.session.delete(asset)
        try:
            await tx.session.flush()
        except IntegrityError:
            raise Refused(Problem("IN_USE", "Something has just come to use the asset. Try again.", ("id",))) from None
        if asset.status != "UPLOADING":
            tx.event(SyncEventType.ASSET_DELETED, "Asset", asset.id)
        tx.audit("assetDelete", "Asset", asset.id, {"force": force, "original_filename": asset.original_filename})
        outcome = tx.done(id=asset.id)
    await forget_files(context.platform, workspace_of(context), asset_id)
    return outcome


async def _refuse_used(tx: Write, asset_id: UUID) -> None:
    rows = await tx.connection.fetch(USES_OF_ASSET, tx.workspace_id, asset_id, MAX_NAMED + 1)
    if not rows:
        return
    named = ", ".join(f"{row['kind'].lower().replace('_', ' ')} “{row['title']}”" for row in rows[:MAX_NAMED])
    more = " and others" if len(rows) > MAX_NAMED else ""
    message = f"The asset is used by {named}{more}. Take it away from there first, or delete it with force."
    raise Refused(Problem("IN_USE", message, ("id",)))


async def _release(tx: Write, asset_id: UUID) -> None:
    for use in USES:
        for row in await tx.connection.fetch(use.release, tx.workspace_id, asset_id):
            tx.event(use.event, use.entity_type, row["id"])


async def release_hidden(tx: Write, asset_id: UUID) -> None:
    """Takes it away from what is gone for people but not from the tables; nobody needs to hear of that."""
    for use in USES:
        await tx.connection.execute(use.release, tx.workspace_id, asset_id)
