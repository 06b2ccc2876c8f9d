"""`python -m tasks.host`: runs the sites that are live on this machine, until SIGTERM or SIGINT.

One for each BUILDS_DIR: a second one waits until the first is gone.
"""

import asyncio
import fcntl
import signal
import sys
from pathlib import Path
from typing import TextIO

import structlog
from redis.asyncio import Redis

from core.database import Database
from core.pubsub import Doorbells
from core.settings import Settings, settings_or_exit
from core.telemetry import configure_logging
from integrations.storage import new_storage
from resolvers.context import Platform
from resolvers.hosting.host import Host

log = structlog.get_logger()

LOCK_SECONDS = 0.5
REDIS_TIMEOUT = 2.0


async def run(settings: Settings) -> int:
    """Runs the host; gives the process's exit status."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    settings.builds_path.mkdir(mode=0o711, parents=True, exist_ok=True)
    lock = await _locked(settings.builds_path / "host.lock", stopping)
    if lock is None:
        return 0
    redis = Redis.from_url(settings.redis_url.get_secret_value(), socket_connect_timeout=REDIS_TIMEOUT)
    database = await Database.open(settings)
    doorbells = Doorbells(redis)
    platform = Platform(settings, database, redis, doorbells, new_storage(settings))
    host = Host(platform)
    working = [asyncio.create_task(doorbells.run()), asyncio.create_task(host.run())]
    if settings.hosting == "aws":
        working.append(asyncio.create_task(_tend_edges(platform)))
    waiting = asyncio.create_task(stopping.wait())
    log.info("host started", folder=str(settings.builds_path))
    try:
        done, _ = await asyncio.wait([*working, waiting], return_when=asyncio.FIRST_COMPLETED)
        died = [task for task in done if task is not waiting]
        for task in died:
            log.error("host died", exc_info=task.exception())
        return 1 if died else 0
    finally:
        for task in [*working, waiting]:
            task.cancel()
        await asyncio.gather(*working, waiting, return_exceptions=True)
        await host.close()
        await database.close()
        await redis.aclose()
        lock.close()
        log.info("host stopped")


async def _tend_edges(platform: Platform) -> None:
    """Tells CloudFront what it is to serve. What asks AWS takes a second to load, which others start without."""
    from integrations.hosting.aws import new_aws  # noqa: PLC0415
    from resolvers.hosting.edge import tend_for_ever  # noqa: PLC0415

    await tend_for_ever(platform, new_aws(platform.settings))


async def _locked(path: Path, stopping: asyncio.Event) -> TextIO | None:
    """The lock of the folder, which ends with this process; None where it is told to stop before it has it."""
    file: TextIO = await asyncio.to_thread(path.open, "a")
    told = False
    while not stopping.is_set():
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                log.warning("another host has this folder, waiting for its end", path=str(path))
                told = True
            await asyncio.sleep(LOCK_SECONDS)
        else:
            return file
    file.close()
    return None


def main() -> int:
    settings = settings_or_exit()
    configure_logging(settings.log_level)
    return asyncio.run(run(settings))


if __name__ == "__main__":
    sys.exit(main())
