"""Publishing the drafts whose time has come."""

from resolvers.storefront import is_any_due, publish_due
from tasks.job import Job, Services


async def _is_due(services: Services) -> bool:
    return await is_any_due(services.platform)


async def _publish(services: Services) -> int:
    return await publish_due(services.platform)


# A worker that was killed takes a second or two to come back: what is left of 5 s is not to be spent asleep.
JOB = Job("publish_storefronts", 0.5, _is_due, _publish)
