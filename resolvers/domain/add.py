"""Claiming a domain for a site. Nobody is kept from it before it is proven."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.clock import now
from core.crypto import new_secret
from core.errors import Problem, Refused
from core.events import SyncEventType
from core.ids import new_id
from models import Site, SiteDomain, Workspace
from resolvers.context import Context
from resolvers.domain.name import DomainName, refuse_own_names
from resolvers.domain.schedule import FIRST_LOOK
from resolvers.site.site import locked_site
from resolvers.validation import Input, id_of
from resolvers.write import Outcome, Write, write

SiteId: Any = id_of("Site", "site")


class NewDomain(Input):
    """A domain that a site is to be served under."""

    site_id: SiteId
    name: DomainName


async def add_domain(context: Context, new: NewDomain) -> Outcome:
    """Claims a domain for a site; the outcome has its `id`. It is looked at soon, and again and again until it ends.

    Raises:
        Refused: NOT_FOUND, TAKEN (it is Vitrine's own, or another site of the workspace has it), LIMIT_REACHED.

    """
    settings = context.platform.settings
    refuse_own_names(settings, new.name)
    async with write(context) as tx:
        site = await locked_site(tx, new.site_id, ("input", "siteId"))
        await _refuse_too_many(tx)
        await _refuse_twice(tx, new.name, site.id)
        moment = now()
        domain = SiteDomain(
            workspace_id=tx.workspace_id,
            id=new_id(),
            site_id=site.id,
            name=new.name,
            token=f"vitrine-domain={new_secret().hex()}",
            due_at=moment + FIRST_LOOK,
            expires_at=moment + timedelta(days=settings.domain_claim_days),
        )
        tx.session.add(domain)
        await tx.session.flush()
        tx.event(SyncEventType.SITE_DOMAIN_ADDED, "SiteDomain", domain.id)
        tx.audit("siteDomainAdd", "SiteDomain", domain.id, {"site": site.slug, "name": domain.name})
        return tx.done(id=domain.id)


async def _refuse_too_many(tx: Write) -> None:
    """The workspace is locked, so that nobody else is adding to it."""
    await tx.session.execute(select(Workspace.id).with_for_update(key_share=True))
    most = tx.context.platform.settings.domains_per_workspace
    count = await tx.session.scalar(select(func.count()).select_from(SiteDomain)) or 0
    if count >= most:
        message = f"The workspace has {count} domains, as many as it may have: remove one that is no longer needed."
        raise Refused(Problem("LIMIT_REACHED", message, ("input",)))


async def _refuse_twice(tx: Write, name: str, site_id: UUID) -> None:
    statement = select(Site.id, Site.name).join(SiteDomain, SiteDomain.site_id == Site.id)
    found = (await tx.session.execute(statement.where(SiteDomain.name == name))).first()
    if found is not None:
        whose = "The site has this domain already" if found.id == site_id else f"The site {found.name} has this domain"
        raise Refused(Problem("TAKEN", f"{whose}: remove it there first.", ("input", "name")))
