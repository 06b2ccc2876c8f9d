"""Finding a domain for a write, and what a domain brings with it. A site is locked before its domains."""

from uuid import UUID

from sqlalchemy import delete, func, select

from core.errors import Problem, Refused
from core.events import SyncEventType
from core.origin import parse_origin
from models import Hostname, Site, SiteDomain, StorefrontToken, WebhookEndpoint
from resolvers.site.site import locked_site
from resolvers.webhook.posting import SITE_PATH
from resolvers.write import Write

MISSING = "There is no domain with this id."


async def locked_domain(tx: Write, domain_id: UUID) -> tuple[Site, SiteDomain]:
    """The domain and its site, both locked until the write is done.

    Raises:
        Refused: NOT_FOUND.

    """
    site_id = await tx.session.scalar(select(SiteDomain.site_id).where(SiteDomain.id == domain_id))
    if site_id is None:
        raise Refused(Problem("NOT_FOUND", MISSING, ("id",)))
    try:
        site = await locked_site(tx, site_id)
    except Refused:
        raise Refused(Problem("NOT_FOUND", MISSING, ("id",))) from None
    domain = await tx.session.scalar(select(SiteDomain).where(SiteDomain.id == domain_id).with_for_update())
    if domain is None:
        raise Refused(Problem("NOT_FOUND", MISSING, ("id",)))
    return site, domain


async def end_domain(tx: Write, site: Site, domain: SiteDomain) -> None:
    """Takes a domain from its site, whatever it was to it: the name is free for others."""
    if site.primary_name == domain.name:
        await set_primary(tx, site, None, redirects=False)
    await tx.session.execute(delete(Hostname).where(Hostname.name == domain.name))
    await forbid_origin(tx, site.id, domain.name)
    await tx.session.flush()
    await tx.session.delete(domain)
    tx.event(SyncEventType.SITE_DOMAIN_REMOVED, "SiteDomain", domain.id)


async def set_primary(tx: Write, site: Site, name: str | None, *, redirects: bool) -> None:
    """Has the site call itself by one of its domains, or by the name that its slug makes."""
    site.primary_name, site.redirects_to_primary = name, redirects and name is not None
    site.updated_at = func.now()
    await _address_endpoint(tx, site)
    tx.event(SyncEventType.SITE_UPDATED, "Site", site.id)


async def follow_slug(tx: Write, site: Site, old_slug: str) -> None:
    """Has what names the address that the slug makes name the new one."""
    settings = tx.context.platform.settings
    old, new = (parse_origin(settings.site_url(slug)) for slug in (old_slug, site.slug))
    for token in await _tokens(tx, site.id):
        token.allowed_origins = [new if new and origin == old else origin for origin in token.allowed_origins]
    await _address_endpoint(tx, site)


async def allow_origin(tx: Write, site_id: UUID, url: str) -> None:
    """Lets pages of this address use the site's storefront tokens, where these name origins; else all pages may."""
    origin = parse_origin(url)
    for token in await _tokens(tx, site_id):
        if origin and token.allowed_origins and origin not in token.allowed_origins:
            token.allowed_origins = [*token.allowed_origins, origin]


async def forbid_origin(tx: Write, site_id: UUID, name: str) -> None:
    """Takes that back for a domain that is the site's no longer. A list never becomes empty: that would allow all."""
    settings = tx.context.platform.settings
    origin = parse_origin(settings.domain_url(name))
    for token in await _tokens(tx, site_id):
        if origin in token.allowed_origins:
            site = await tx.session.get_one(Site, (tx.workspace_id, site_id))
            left = [each for each in token.allowed_origins if each != origin]
            token.allowed_origins = left or [parse_origin(settings.site_url(site.slug)) or ""]


async def _address_endpoint(tx: Write, site: Site) -> None:
    own = select(WebhookEndpoint).where(WebhookEndpoint.site_id == site.id).with_for_update()
    endpoint = await tx.session.scalar(own)
    if endpoint is not None:
        endpoint.url = tx.context.platform.settings.site_url(site.slug, site.primary_name) + SITE_PATH


async def verified_names(tx: Write, site_id: UUID) -> list[str]:
    """The domains that the site is served under."""
    statement = select(SiteDomain.name).where(SiteDomain.site_id == site_id, SiteDomain.status != "PENDING")
    return list(await tx.session.scalars(statement.order_by(SiteDomain.name)))


async def _tokens(tx: Write, site_id: UUID) -> list[StorefrontToken]:
    statement = select(StorefrontToken).where(StorefrontToken.site_id == site_id, StorefrontToken.revoked_at.is_(None))
    return list(await tx.session.scalars(statement.order_by(StorefrontToken.id).with_for_update()))
