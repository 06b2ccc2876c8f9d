"""Whether running sites keep to what they may take."""

import asyncio
from collections.abc import Collection
from typing import NamedTuple

from core.settings import MEGABYTE, Settings
from integrations.build.processes import Usage, usage_of
from integrations.hosting import SiteProcess


class Excess(NamedTuple):
    """Why a site is ended; `is_disk` where what it wrote must go before it is started again."""

    reason: str
    is_disk: bool = False


async def look(processes: Collection[SiteProcess]) -> dict[SiteProcess, Usage]:
    """What each of them takes, by one look at all processes of the machine."""
    if not processes:
        return {}
    used = await asyncio.to_thread(
        usage_of, {process.owner for process in processes}, are_users=SiteProcess.have_users()
    )
    return {process: used[process.owner] for process in processes}


def excess_of(settings: Settings, used: Usage) -> Excess | None:
    """Which bound of memory and processes is passed, if one is."""
    if used.memory > settings.site_memory_bytes:
        return Excess(f"Its server took more than {settings.site_memory_bytes // MEGABYTE:,} MB of memory.")
    # The kernel lets it have no more, so it is the last of them that counts.
    if used.threads >= settings.site_processes:
        return Excess(f"Its server ran {settings.site_processes:,} processes and threads at once, all that it may.")
    return None


async def excess_on_disk(settings: Settings, process: SiteProcess) -> Excess | None:
    """The same of what it has written."""
    if await asyncio.to_thread(process.written) > settings.site_disk_bytes:
        return Excess(
            f"Its server wrote more than {settings.site_disk_bytes // MEGABYTE:,} MB to the disk.", is_disk=True
        )
    return None
