"""Building sites' themes, and sweeping what builds left behind."""

from resolvers.deployment import build_next, is_any_build_due, sweep_builds
from resolvers.hosting.switch import fail_unhosted
from tasks.job import Job, Services


class _Running:
    """How many builds this process runs."""

    count = 0


async def _is_due(services: Services) -> bool:
    if _Running.count >= services.platform.settings.builds_at_once:
        return False
    return await is_any_build_due(services.platform)


async def _build(services: Services) -> int:
    """Builds until nothing is due, where this process may run one more."""
    built = 0
    while _Running.count < services.platform.settings.builds_at_once:
        _Running.count += 1
        try:
            if not await build_next(services.platform):
                break
        finally:
            _Running.count -= 1
        built += 1
    return built


async def _always(_services: Services) -> bool:
    """Finding out costs as much as doing it."""
    return True


async def _sweep(services: Services) -> int:
    return await sweep_builds(services.platform)


async def _give_up(services: Services) -> int:
    return await fail_unhosted(services.platform)


GIVE_UP = Job("give_up_deployments", 10.0, _always, _give_up)
BUILD = Job("build_sites", 1.0, _is_due, _build)
SWEEP = Job("sweep_builds", 300.0, _always, _sweep)
