"""By which of its names a site calls itself."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.errors import Problem, Refused
from core.pubsub import site_channel
from models import SiteDomain
from resolvers.context import Context
from resolvers.domain.domain import MISSING, set_primary
from resolvers.site.site import locked_site
from resolvers.validation import Input, id_of
from resolvers.write import Outcome, Write, write

DomainId: Any = id_of("SiteDomain", "domain")


class PrimaryDomain(Input):
    """The domain, or none for the name that the slug makes; and whether the site's other names lead there."""

    domain_id: DomainId | None = None
    is_redirecting: bool = False


async def set_primary_domain(context: Context, site_id: UUID, wanted: PrimaryDomain) -> Outcome:
    """Has the site call itself by one of its domains, in links, search engines' files and mail. The outcome has its
    `id`. What its theme has built with the old address says so until it is deployed anew.

    Raises:
        Refused: NOT_FOUND (also: the domain is not the site's), NOT_VERIFIED.

    """
    async with write(context) as tx:
        site = await locked_site(tx, site_id)
        domain = await _domain_of(tx, site_id, wanted.domain_id) if wanted.domain_id else None
        await set_primary(tx, site, domain.name if domain else None, redirects=wanted.is_redirecting)
        noted = {"site": site.slug, "name": site.primary_name, "isRedirecting": site.redirects_to_primary}
        tx.audit("sitePrimaryDomainSet", "Site", site.id, noted)
        outcome = tx.done(id=site.id)
    context.platform.doorbells.ring(site_channel(site_id))
    return outcome


async def _domain_of(tx: Write, site_id: UUID, domain_id: UUID) -> SiteDomain:
    found = await tx.session.scalar(
        select(SiteDomain).where(SiteDomain.id == domain_id, SiteDomain.site_id == site_id).with_for_update()
    )
    if found is None:
        raise Refused(Problem("NOT_FOUND", MISSING, ("input", "domainId")))
    if found.status == "PENDING":
        message = f"{found.name} is not proven yet: nothing is served under it."
        raise Refused(Problem("NOT_VERIFIED", message, ("input", "domainId")))
    return found
