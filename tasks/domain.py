"""Looking at domains: whether claims are proven, and whether what proved the others is still there."""

from resolvers.domain import is_any_domain_due, verify_due_domains
from tasks.job import Job, Services


async def _is_due(services: Services) -> bool:
    return await is_any_domain_due(services.platform)


async def _verify(services: Services) -> int:
    return await verify_due_domains(services.platform)


JOB = Job("verify_domains", 5.0, _is_due, _verify)
