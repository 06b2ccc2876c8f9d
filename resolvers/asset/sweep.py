"""Bringing files and rows together again: whatever has no counterpart goes, after a time in which it may yet come.

Uploads that never came, files whose row is gone, rows whose file is gone, what killed processes left half done. Files
are listed before rows are read, and a row is always there before its files: so a file whose row is not there is
nobody's. Any number of workers may do it at once.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, func, select

from core.access import Caller, CallerKind
from core.clock import now
from core.database import is_passing, pinned
from core.events import SyncEventType
from integrations.storage import StorageUnavailable
from models import Asset, AssetRendition
from resolvers.asset.delete import release_hidden
from resolvers.asset.keys import ASSETS, UPLOADS, asset_key, upload_key
from resolvers.asset.usage import USAGE
from resolvers.context import Context, Platform
from resolvers.write import write

log = structlog.get_logger()

# Younger files are left alone, and uploads that are not overdue for so long.
GRACE = timedelta(hours=1)
# How long people can read why a file was refused.
KEEP_FAILED = "7 days"
_GONE = "The file is no longer there. Upload it again."

# Rows that go in one transaction; the rest goes with the next sweep.
AT_ONCE = 500
# What something names stays, whatever became of it: a draft may name an upload that never came, a product a file that
# was lost.
_OLD = f"""
select a.id, a.status from asset a
 where a.workspace_id = $1
   and (a.status = 'UPLOADING' and a.upload_expires_at < now() - $2::interval
        or a.status = 'FAILED' and a.updated_at < now() - interval '{KEEP_FAILED}')
   and not exists (select from {USAGE} u where u.workspace_id = $1 and u.asset_id = a.id)
"""  # noqa: S608 - constants of ours
HAS_OLD = f"select exists ({_OLD})"
LOCK_OLD = f"{_OLD} order by a.id limit {AT_ONCE} for update of a skip locked"
FORGET = "delete from asset where workspace_id = $1 and id = any($2::uuid[])"
WORKSPACES = "select distinct workspace_id from asset"
AWAITED = "select id from asset where workspace_id = $1 and status in ('UPLOADING', 'PROCESSING')"
KEPT = """
select a.id, a.filename,
       array(select r.filename from asset_rendition r where r.workspace_id = $1 and r.asset_id = a.id) as renditions
  from asset a where a.workspace_id = $1 and a.status in ('PROCESSING', 'READY')
"""


@dataclass(frozen=True, slots=True)
class _Finding:
    """What is amiss in one workspace: files without a row, rows without a file; and how many files have their row."""

    workspace_id: UUID
    orphans: list[str]
    lost: list[tuple[Any, list[str]]]
    matched: int


async def sweep_assets(
    platform: Platform, grace: timedelta = GRACE, these: Sequence[UUID] | None = None
) -> dict[str, int]:
    """Sweeps these workspaces, or all; gives what was done, by what it was."""
    done = Counter[str]()
    try:
        workspace_ids = await _workspaces(platform) if these is None else these
        await _sweep(platform, workspace_ids, grace, done)
    except StorageUnavailable as error:
        log.warning("assets not swept, the next time will", error=str(error))
    found = {what: count for what, count in done.items() if count}
    if found:
        log.info("assets swept", **found)
    return found


async def _sweep(platform: Platform, workspace_ids: Sequence[UUID], grace: timedelta, done: Counter[str]) -> None:
    done["partial"] = await asyncio.to_thread(platform.storage.forget_partial, grace)
    findings = []
    for workspace_id in workspace_ids:
        try:
            done["rows"] += await _forget_rows(platform, workspace_id, grace)
            done["uploads"] += await _forget_uploads(platform, workspace_id, grace)
            findings.append(await _find(platform, workspace_id, grace))
        except Exception as error:
            if isinstance(error, StorageUnavailable) or is_passing(error):
                raise
            # Whatever it is, it is this workspace's own: the others are swept.
            log.exception("workspace not swept", workspace_id=str(workspace_id))
    amiss = sum(len(finding.orphans) + len(finding.lost) for finding in findings)
    if amiss and not any(finding.matched for finding in findings):
        # Another bucket, a disk that is not mounted, another database: whatever was done now would be wrong.
        log.error("not one file belongs to this database, nothing swept", amiss=amiss)
        return
    for finding in findings:
        await platform.storage.delete(finding.orphans)
        done["orphans"] += len(finding.orphans)
        for row, names in finding.lost:
            await _say_lost(platform, finding.workspace_id, row, names)
            done["lost"] += 1


async def _workspaces(platform: Platform) -> list[UUID]:
    """Those that have assets, or files."""
    async with platform.database.system.acquire() as connection:
        found = {row["workspace_id"] for row in await connection.fetch(WORKSPACES)}
    for folder in (ASSETS, UPLOADS):
        found |= {found_id for name in await platform.storage.folders(folder) if (found_id := _uuid(name))}
    return sorted(found)


async def _forget_uploads(platform: Platform, workspace_id: UUID, grace: timedelta) -> int:
    """Deletes what was uploaded and is waited for no longer."""
    files = [file async for file in platform.storage.files(f"{UPLOADS}/{workspace_id.hex}")]
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        rows = await connection.fetch(AWAITED, workspace_id)
    awaited = {upload_key(workspace_id, row["id"]) for row in rows}
    before = now() - grace
    gone = [file.key for file in files if file.key not in awaited and file.modified_at < before]
    await platform.storage.delete(gone)
    return len(gone)


async def _find(platform: Platform, workspace_id: UUID, grace: timedelta) -> _Finding:
    files = {file.key: file async for file in platform.storage.files(f"{ASSETS}/{workspace_id.hex}")}
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        rows = await connection.fetch(KEPT, workspace_id)
    wanted = {
        asset_key(workspace_id, row["id"], name): (row, name)
        for row in rows
        if row["filename"]
        for name in (row["filename"], *row["renditions"])
    }
    # A worker may be writing any file of an asset that it looks at.
    being_written = {row["id"].hex for row in rows if row["filename"] is None}
    before = now() - grace
    orphans = [
        key
        for key, file in files.items()
        if key not in wanted and file.modified_at < before and key.split("/")[2] not in being_written
    ]
    lost: dict[UUID, tuple[Any, list[str]]] = {}
    for key, (row, name) in wanted.items():
        # It may have been written since the files were listed.
        if key not in files and await platform.storage.size(key) is None:
            lost.setdefault(row["id"], (row, []))[1].append(name)
    return _Finding(workspace_id, orphans, list(lost.values()), matched=len(wanted.keys() & files.keys()))


async def _forget_rows(platform: Platform, workspace_id: UUID, grace: timedelta) -> int:
    """Deletes the rows of uploads that never came and of files that were refused long ago; gives how many never came.

    What comes to be named while they are looked for stops it, with nothing done.
    """
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        if not await connection.fetchval(HAS_OLD, workspace_id, grace):
            return 0
    async with write(_context(platform, workspace_id)) as tx:
        rows = await tx.connection.fetch(LOCK_OLD, workspace_id, grace)
        for row in rows:
            await release_hidden(tx, row["id"])
            if row["status"] == "FAILED":
                tx.event(SyncEventType.ASSET_DELETED, "Asset", row["id"])
        await tx.connection.execute(FORGET, workspace_id, [row["id"] for row in rows])
    return sum(row["status"] == "UPLOADING" for row in rows)


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
