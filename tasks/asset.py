"""Looking at uploads, and sweeping what has no counterpart."""

import asyncio

from resolvers.asset import is_any_asset_due, process_due_assets, sweep_assets
from tasks.job import Job, Services

_PROCESSING = asyncio.Lock()


async def _is_due(services: Services) -> bool:
    return await is_any_asset_due(services.platform)


async def _process(services: Services) -> int:
    """One run at a time in a process: it goes on until nothing is due, and each picture takes much memory."""
    if _PROCESSING.locked():
        return 0
    async with _PROCESSING:
        return await process_due_assets(services.platform)


async def _always(_services: Services) -> bool:
    """Finding out costs as much as doing it."""
    return True


async def _sweep(services: Services) -> dict[str, int]:
    return await sweep_assets(services.platform)


PROCESS = Job("process_assets", 1.0, _is_due, _process)
SWEEP = Job("sweep_assets", 600.0, _always, _sweep)
