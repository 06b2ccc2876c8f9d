"""What a worker does with an upload: looks into it, keeps what is to be served, and lets go of the rest.

PostgreSQL holds what is due. A worker leases an asset, writes files under names that hold their own hashes, and then
says in one transaction that the asset is ready. Killed at any moment, it leaves a lease that runs out and files that
are written again or swept away. Nothing is believed of what `complete` saw: the upload may have been replaced since.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select

from core.access import Caller, CallerKind
from core.events import SyncEventType
from core.ids import new_id
from integrations.files import TYPES, AssetKind, Kept, KeptFile, Unfit, check_structure, keep_picture
from integrations.files.bounded import ChildFailed
from integrations.storage import StorageUnavailable
from models import Asset, AssetRendition
from resolvers.asset.complete import sha256_of
from resolvers.asset.figures import KEPT_BYTES, LOOK_SECONDS, LOOKS
from resolvers.asset.keys import asset_folder, asset_key, hashed_filename, upload_key
from resolvers.context import Context, Platform
from resolvers.write import write

log = structlog.get_logger()

# How many are looked at at once, each in a process of its own that may take 1.5 GB.
BATCH = 2
LEASE = "5 minutes"
MAX_ATTEMPTS = 5
# Seconds until the next attempt, where one failed by no fault of the file.
RETRY_SECONDS = 20
_CHANGED = "The file was changed while it was looked at. Upload it again."
_GAVE_UP = "The file could not be looked at. Upload it again; if that fails too, it may be damaged."

IS_ANY_DUE = "select exists (select from asset where due_at <= now() and (lease_until is null or lease_until <= now()))"
LEASE_BATCH = f"""
with due as (
  select workspace_id, id from asset
   where due_at <= now() and (lease_until is null or lease_until <= now())
   order by due_at limit {BATCH} for update skip locked)
update asset a set lease_until = now() + interval '{LEASE}', lease_token = $1, attempt = a.attempt + 1
  from due where a.workspace_id = due.workspace_id and a.id = due.id
returning a.workspace_id, a.id, a.kind, a.mime_type, a.original_filename, a.byte_size, a.sha256, a.attempt
"""  # noqa: S608 - constants of ours
# A storage that is away is no reason to give up.
POSTPONE = f"""
update asset set due_at = now() + interval '{RETRY_SECONDS} seconds', lease_until = null, lease_token = null,
                 attempt = attempt - $4
 where workspace_id = $1 and id = $2 and lease_token = $3 and due_at is not null
"""  # noqa: S608 - a constant of ours


@dataclass(frozen=True, slots=True)
class _Stored:
    """A file that is in its place."""

    filename: str
    media_type: str
    byte_size: int
    width: int | None
    height: int | None


async def is_any_asset_due(platform: Platform) -> bool:
    """Whether there is an upload that no worker is at."""
    async with platform.database.system.acquire() as connection:
        return bool(await connection.fetchval(IS_ANY_DUE))


async def process_due_assets(platform: Platform) -> int:
    """Looks at what is due, batch by batch, until nothing is left that is; gives how many were looked at."""
    count = 0
    while rows := await _lease(platform, token := new_id()):
        await asyncio.gather(*(_process(platform, row, token) for row in rows))
        count += len(rows)
    return count


async def _lease(platform: Platform, token: UUID) -> list[Any]:
    async with platform.database.system.acquire() as connection:
        rows: list[Any] = await connection.fetch(LEASE_BATCH, token)
    return rows


async def _process(platform: Platform, row: Any, token: UUID) -> None:
    try:
        if row["attempt"] > MAX_ATTEMPTS:
            raise Unfit(_GAVE_UP)
        with LOOK_SECONDS.labels(row["kind"]).time():
            stored = await _stored(platform, row)
    except Unfit as unfit:
        await _fail(platform, row, token, str(unfit))
        LOOKS.labels("refused").inc()
    except (StorageUnavailable, ChildFailed) as error:
        log.warning("asset not looked at, trying again", asset_id=str(row["id"]), error=str(error))
        await _postpone(platform, row, token, uncounted=isinstance(error, StorageUnavailable))
        LOOKS.labels("postponed").inc()
    else:
        await _publish(platform, row, token, stored)
        LOOKS.labels("ready").inc()
        KEPT_BYTES.inc(sum(file.byte_size for file in stored))


async def _stored(platform: Platform, row: Any) -> list[_Stored]:
    """The files that are kept of the upload, in their places: the asset's own, then smaller sizes.

    Raises:
        Unfit: it is refused.

    """
    try:
        if row["kind"] in {AssetKind.IMAGE, AssetKind.SVG}:
            return await _stored_picture(platform, row)
        return [await _stored_copy(platform, row)]
    except FileNotFoundError:
        raise Unfit(_CHANGED) from None


async def _stored_picture(platform: Platform, row: Any) -> list[_Stored]:
    key = upload_key(row["workspace_id"], row["id"])
    if await platform.storage.size(key) != row["byte_size"]:
        raise Unfit(_CHANGED)
    content = await platform.storage.read(key)
    if hashlib.sha256(content).hexdigest() != row["sha256"]:
        raise Unfit(_CHANGED)
    kept: Kept = await keep_picture(content, row["mime_type"])
    renditions = [await _written(platform, row, file, width=file.width) for file in kept.renditions]
    return [await _written(platform, row, kept.file), *renditions]


async def _written(platform: Platform, row: Any, file: KeptFile, width: int | None = None) -> _Stored:
    digest = hashlib.sha256(file.content).hexdigest()
    extension = TYPES[file.media_type].extension
    filename = hashed_filename(row["original_filename"], digest, extension, width)
    key = asset_key(row["workspace_id"], row["id"], filename)
    await platform.storage.write(key, file.content, file.media_type)
    return _Stored(filename, file.media_type, len(file.content), file.width, file.height)


async def _stored_copy(platform: Platform, row: Any) -> _Stored:
    """What is served as it came is copied first and then looked at: nobody can change the copy."""
    storage, size, media_type = platform.storage, row["byte_size"], row["mime_type"]
    filename = hashed_filename(row["original_filename"], row["sha256"], TYPES[media_type].extension)
    key = asset_key(row["workspace_id"], row["id"], filename)
    await storage.copy(upload_key(row["workspace_id"], row["id"]), key)
    if await storage.size(key) != size or await sha256_of(storage, key, size) != row["sha256"]:
        raise Unfit(_CHANGED)

    async def read(start: int, length: int) -> bytes:
        length = min(length, size - start)
        return await storage.read(key, start, length) if length > 0 else b""

    await check_structure(read, size, media_type)
    return _Stored(filename, media_type, size, None, None)


async def _publish(platform: Platform, row: Any, token: UUID, stored: Sequence[_Stored]) -> None:
    """Says that the asset is ready. One that was deleted meanwhile takes its files with it."""
    file, renditions = stored[0], stored[1:]
    async with write(_context(platform, row)) as tx:
        asset = await tx.session.scalar(select(Asset).where(Asset.id == row["id"]).with_for_update())
        if asset is not None and asset.lease_token != token:
            # Another worker's by now, which writes the same files.
            return
        if asset is not None:
            asset.status, asset.filename = "READY", file.filename
            asset.byte_size, asset.width, asset.height = file.byte_size, file.width, file.height
            asset.due_at = asset.lease_until = asset.lease_token = None
            asset.updated_at = func.now()
            tx.session.add_all(
                AssetRendition(
                    workspace_id=tx.workspace_id,
                    asset_id=asset.id,
                    filename=each.filename,
                    mime_type=each.media_type,
                    width=each.width,
                    height=each.height,
                    byte_size=each.byte_size,
                )
                for each in renditions
            )
            tx.event(SyncEventType.ASSET_CREATED, "Asset", asset.id)
    await forget_files(platform, row["workspace_id"], row["id"], upload_only=asset is not None)


async def _fail(platform: Platform, row: Any, token: UUID, reason: str) -> None:
    """Says why the file is not taken, and lets go of all of it."""
    async with write(_context(platform, row)) as tx:
        asset = await tx.session.scalar(select(Asset).where(Asset.id == row["id"]).with_for_update())
        if asset is not None and asset.lease_token != token:
            return
        if asset is not None:
            asset.status, asset.failure_reason = "FAILED", reason
            asset.due_at = asset.lease_until = asset.lease_token = None
            asset.updated_at = func.now()
            tx.event(SyncEventType.ASSET_UPDATED, "Asset", asset.id)
            tx.audit("assetRefuse", "Asset", asset.id, {"reason": reason})
    await forget_files(platform, row["workspace_id"], row["id"])


async def _postpone(platform: Platform, row: Any, token: UUID, *, uncounted: bool) -> None:
    async with platform.database.system.acquire() as connection:
        await connection.execute(POSTPONE, row["workspace_id"], row["id"], token, int(uncounted))


async def forget_files(platform: Platform, workspace_id: UUID, asset_id: UUID, *, upload_only: bool = False) -> None:
    """Deletes an asset's files. Where the storage does not answer the sweep does it later."""
    storage = platform.storage
    try:
        await storage.delete([upload_key(workspace_id, asset_id)])
        if not upload_only:
            await storage.delete([file.key async for file in storage.files(asset_folder(workspace_id, asset_id))])
    except StorageUnavailable as error:
        log.warning("files not deleted, the sweep will", asset_id=str(asset_id), error=str(error))


def _context(platform: Platform, row: Any) -> Context:
    return Context(platform, Caller(CallerKind.SYSTEM, workspace_id=row["workspace_id"], label="Vitrine"))
