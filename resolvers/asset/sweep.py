"""Bringing files and rows together again: whatever has no counterpart goes, after a time in which it may yet come.

Uploads that never came, files whose row is gone, rows whose file is gone, what killed processes left half done. Files
are listed before rows are read, and a row is always there before its files: so a file whose row is not there is
nobody's. Any number of workers may do it at once.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, func, select

from core.access import Caller, CallerKind
from core.clock import now
from core.database import pinned
from core.events import SyncEventType
from integrations.storage import StorageUnavailable, StoredFile
from models import Asset, AssetRendition
from resolvers.asset.keys import ASSETS, UPLOADS, asset_key, upload_key
from resolvers.context import Context, Platform
from resolvers.write import write

log = structlog.get_logger()

# Younger files are left alone, and uploads that are not overdue for so long.
GRACE = timedelta(hours=1)
# How long people can read why a file was refused.
KEEP_FAILED = "7 days"
_GONE = "The file is no longer there. Upload it again."

FORGET_UPLOADS = """
delete from asset where workspace_id = $1 and status = 'UPLOADING' and upload_expires_at < now() - $2::interval
"""
_OLD_FAILED = f"workspace_id = $1 and status = 'FAILED' and updated_at < now() - interval '{KEEP_FAILED}'"
HAS_OLD_FAILED = f"select exists (select from asset where {_OLD_FAILED})"  # noqa: S608 - constants of ours
FORGET_FAILED = f"delete from asset where {_OLD_FAILED} returning id"  # noqa: S608 - constants of ours
WORKSPACES = "select distinct workspace_id from asset"
WANTED = """
select a.id, a.status, a.filename,
       array(select r.filename from asset_rendition r where r.workspace_id = $1 and r.asset_id = a.id) as renditions
  from asset a where a.workspace_id = $1
"""


async def sweep_assets(platform: Platform, grace: timedelta = GRACE) -> dict[str, int]:
    """Sweeps all workspaces; gives what was done, by what it was."""
    done = Counter[str]()
    try:
        done["partial"] += platform.storage.forget_partial(grace)
        for workspace_id in await _workspaces(platform):
            done.update(await sweep_workspace(platform, workspace_id, grace))
    except StorageUnavailable as error:
        log.warning("assets not swept, the next time will", error=str(error))
    found = {what: count for what, count in done.items() if count}
    if found:
        log.info("assets swept", **found)
    return found


async def _workspaces(platform: Platform) -> list[UUID]:
    """Those that have assets, or files."""
    async with platform.database.system.acquire() as connection:
        found = {row["workspace_id"] for row in await connection.fetch(WORKSPACES)}
    for folder in (ASSETS, UPLOADS):
        found |= {found_id for name in await platform.storage.folders(folder) if (found_id := _uuid(name))}
    return sorted(found)


async def sweep_workspace(platform: Platform, workspace_id: UUID, grace: timedelta = GRACE) -> dict[str, int]:
    """Sweeps one workspace, which may be gone; gives what was done."""
    forgotten = await _forget_rows(platform, workspace_id, grace)
    files = await _files(platform, workspace_id)
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        rows = await connection.fetch(WANTED, workspace_id)
    wanted = _wanted(workspace_id, rows, files)
    before = now() - grace
    orphans = [key for key, file in files.items() if key not in wanted and file.modified_at < before]
    await platform.storage.delete(orphans)
    lost = await _mark_lost(platform, workspace_id, rows, files)
    return {"uploads": forgotten, "orphans": len(orphans), "lost": lost}


async def _files(platform: Platform, workspace_id: UUID) -> dict[str, StoredFile]:
    found = {}
    for folder in (ASSETS, UPLOADS):
        async for file in platform.storage.files(f"{folder}/{workspace_id.hex}"):
            found[file.key] = file
    return found


def _wanted(workspace_id: UUID, rows: list[Any], files: Mapping[str, StoredFile]) -> set[str]:
    """The keys that some row stands for. A worker may be writing any file of an asset that it looks at."""
    wanted: set[str] = set()
    being_written: set[str] = set()
    for row in rows:
        if row["status"] in {"UPLOADING", "PROCESSING"}:
            wanted.add(upload_key(workspace_id, row["id"]))
        if row["status"] == "PROCESSING":
            being_written.add(row["id"].hex)
        if row["status"] == "READY":
            wanted |= {asset_key(workspace_id, row["id"], name) for name in (row["filename"], *row["renditions"])}
    return wanted | {key for key in files if key.split("/")[2] in being_written}


async def _forget_rows(platform: Platform, workspace_id: UUID, grace: timedelta) -> int:
    """Deletes the rows of uploads that never came and of files that were refused long ago."""
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        uploads = await connection.execute(FORGET_UPLOADS, workspace_id, grace)
        has_failed = await connection.fetchval(HAS_OLD_FAILED, workspace_id)
    if has_failed:
        async with write(_context(platform, workspace_id)) as tx:
            for row in await tx.connection.fetch(FORGET_FAILED, workspace_id):
                tx.event(SyncEventType.ASSET_DELETED, "Asset", row["id"])
    return int(uploads.rpartition(" ")[2])


async def _mark_lost(platform: Platform, workspace_id: UUID, rows: list[Any], files: Mapping[str, StoredFile]) -> int:
    """Says of assets whose file is gone that it is, and forgets sizes that are."""
    lost = 0
    for row in rows:
        if row["status"] != "READY":
            continue
        gone = [
            name
            for name in (row["filename"], *row["renditions"])
            if (key := asset_key(workspace_id, row["id"], name)) not in files
            # It may have been written since the files were listed.
            and await platform.storage.size(key) is None
        ]
        if gone:
            await _say_lost(platform, workspace_id, row, gone)
            lost += 1
    return lost


async def _say_lost(platform: Platform, workspace_id: UUID, row: Any, gone: list[str]) -> None:
    async with write(_context(platform, workspace_id)) as tx:
        statement = select(Asset).where(Asset.id == row["id"], Asset.filename == row["filename"])
        asset = await tx.session.scalar(statement.with_for_update())
        if asset is None:
            return
        if row["filename"] in gone:
            asset.status, asset.filename, asset.failure_reason = "FAILED", None, _GONE
        asset.updated_at = func.now()
        sizes = delete(AssetRendition).where(AssetRendition.asset_id == asset.id, AssetRendition.filename.in_(gone))
        await tx.session.execute(sizes)
        tx.event(SyncEventType.ASSET_UPDATED, "Asset", asset.id)
        tx.audit("assetLose", "Asset", asset.id, {"files": gone})
    log.error("an asset's file is gone", workspace_id=str(workspace_id), asset_id=str(row["id"]), files=gone)


def _context(platform: Platform, workspace_id: UUID) -> Context:
    return Context(platform, Caller(CallerKind.SYSTEM, workspace_id=workspace_id, label="Vitrine"))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
