"""`python -m tasks.platform_admin EMAIL [--remove]`: makes a registered user a platform administrator, or no longer.

It is for operators, on a machine that has the settings: the API cannot do it.
"""

import argparse
import asyncio
import sys

from redis.asyncio import Redis

from core.database import Database
from core.pubsub import Doorbells
from core.settings import Settings, settings_or_exit
from integrations.storage import new_storage
from resolvers.account.platform_admin import set_platform_admin
from resolvers.context import Platform


async def run(settings: Settings, email: str, *, is_admin: bool) -> bool:
    """Whether there is such a user. They are what they are now within seconds, everywhere."""
    redis = Redis.from_url(settings.redis_url.get_secret_value())
    database = await Database.open(settings)
    try:
        platform = Platform(settings, database, redis, Doorbells(redis), new_storage(settings))
        return await set_platform_admin(platform, email, is_admin=is_admin) is not None
    finally:
        await database.close()
        await redis.aclose()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tasks.platform_admin")
    parser.add_argument("email", help="the e-mail address that the user signs in with")
    parser.add_argument("--remove", action="store_true", help="they are no longer one")
    given = parser.parse_args()
    if not asyncio.run(run(settings_or_exit(), given.email, is_admin=not given.remove)):
        sys.stderr.write(f"There is no user with the address {given.email}: they register first.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
