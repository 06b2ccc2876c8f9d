"""Which deployments are kept, to be rolled back to, and which files are nobody's any more."""

import asyncio
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from core.settings import MEGABYTE
from integrations.build.base import BuildFailed
from models import Deployment
from resolvers.context import Platform
from resolvers.write import Write

# Seconds. What is younger may be of a build whose row is about to be written.
YOUNG = 600.0
KEPT = "select id from deployment where is_kept and id = any($1::uuid[])"
SITES = "select id from site where deleted_at is null and id = any($1::uuid[])"
BUILDING = "select lease_token from deployment where status = 'BUILDING' and lease_until > now()"


async def make_room(tx: Write, newest: Deployment) -> None:
    """Lets go of what the site keeps beyond its number, and of the site's oldest where the workspace keeps too much.

    Raises:
        BuildFailed: the workspace keeps too much all the same.

    """
    settings = tx.context.platform.settings
    await tx.session.flush()
    statement = select(Deployment).where(
        Deployment.site_id == newest.site_id, Deployment.is_kept, Deployment.status == "SUPERSEDED"
    )
    older = list(await tx.session.scalars(statement.order_by(Deployment.live_at.desc().nulls_last()).with_for_update()))
    # Besides the newest there is the live one.
    for deployment in older[max(0, settings.deployments_kept - 2) :]:
        deployment.is_kept = False
    kept = [deployment for deployment in older if deployment.is_kept]
    while (taken := await _taken(tx)) > settings.deployments_workspace_bytes:
        if not kept:
            raise BuildFailed(
                f"The workspace's deployments would take {taken // MEGABYTE:,} MB, and may take "
                f"{settings.deployments_workspace_bytes // MEGABYTE:,} MB: delete a site that is no longer needed."
            )
        kept.pop().is_kept = False


async def _taken(tx: Write) -> int:
    await tx.session.flush()
    return int(await tx.session.scalar(select(func.sum(Deployment.byte_size)).where(Deployment.is_kept)) or 0)


async def sweep_builds(platform: Platform) -> int:
    """Deletes what lies below BUILDS_DIR and is nobody's: of builds that ended with their worker, of deployments that
    are no longer kept, and of sites that were deleted. Gives how many folders went.
    """
    root = platform.settings.builds_path
    kept_folders = await asyncio.to_thread(_old, root / "kept")
    work_folders = await asyncio.to_thread(_old, root / "work")
    cache_folders = await asyncio.to_thread(_old, root / "cache")
    async with platform.database.system.acquire() as connection:
        rows = await connection.fetch(KEPT, _ids(kept_folders))
        rows += await connection.fetch(SITES, _ids(cache_folders))
        tokens = {row[0].hex for row in await connection.fetch(BUILDING)}
    needed = {str(row["id"]) for row in rows}
    gone = [folder for folder in (*kept_folders, *cache_folders) if folder.name not in needed]
    gone += [folder for folder in work_folders if folder.suffix.removeprefix(".") not in tokens]
    await asyncio.to_thread(_remove, gone)
    return len(gone)


def _old(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    before = time.time() - YOUNG
    return [path for path in folder.iterdir() if path.lstat().st_mtime < before]


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _ids(folders: Iterable[Path]) -> list[UUID]:
    """Those that the folders are named by; what is named otherwise is nobody's."""
    found = []
    for folder in folders:
        with suppress(ValueError):
            found.append(UUID(folder.name))
    return found
