"""`python -m tasks.recount SLUG … | --all`: has the figures of workspaces counted anew from their events and orders.

It is for operators, on a machine that has the settings. It only leaves notes: the worker counts.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from redis.asyncio import Redis

from core.database import Database
from core.pubsub import Doorbells
from core.settings import Settings, settings_or_exit
from integrations.storage import new_storage
from resolvers.analytics.recount import all_slugs, recount_workspace
from resolvers.context import Platform


async def run(settings: Settings, slugs: Sequence[str]) -> list[str]:
    """Has these workspaces counted anew, all where none is named; gives the slugs that are no workspace's."""
    redis = Redis.from_url(settings.redis_url.get_secret_value())
    database = await Database.open(settings)
    try:
        platform = Platform(settings, database, redis, Doorbells(redis), new_storage(settings))
        wanted = slugs or await all_slugs(platform)
        return [slug for slug in wanted if not await recount_workspace(platform, slug)]
    finally:
        await database.close()
        await redis.aclose()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tasks.recount")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("slugs", nargs="*", default=[], metavar="SLUG", help="a workspace, by its slug")
    which.add_argument("--all", action="store_true", help="all workspaces")
    given = parser.parse_args()
    unknown = asyncio.run(run(settings_or_exit(), given.slugs))
    for slug in unknown:
        sys.stderr.write(f"There is no workspace with the slug {slug}.\n")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
