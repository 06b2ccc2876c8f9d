"""Taking a domain from a site."""

from uuid import UUID

from core.pubsub import site_channel
from resolvers.context import Context
from resolvers.domain.domain import end_domain, locked_domain
from resolvers.write import Outcome, write


async def remove_domain(context: Context, domain_id: UUID) -> Outcome:
    """Removes a domain, proven or not; the site is no longer served under it within seconds. The outcome has its `id`.

    Raises:
        Refused: NOT_FOUND.

    """
    async with write(context) as tx:
        site, domain = await locked_domain(tx, domain_id)
        await end_domain(tx, site, domain)
        tx.audit("siteDomainRemove", "SiteDomain", domain.id, {"site": site.slug, "name": domain.name})
        outcome, site_id = tx.done(id=domain.id), site.id
    context.platform.doorbells.ring(site_channel(site_id))
    return outcome
