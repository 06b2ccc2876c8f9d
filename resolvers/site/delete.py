"""Deleting a site. Its versions stay, as a record of what it looked like."""

from uuid import UUID

from sqlalchemy import delete, func, update

from core.events import SyncEventType
from core.pubsub import revoked_channel, site_channel
from models import Deployment, Hostname, Site, SiteDomain, StorefrontDraft, StorefrontToken, WebhookEndpoint
from resolvers.context import Context
from resolvers.site.site import locked_site
from resolvers.storefront.assets import forget_site_assets
from resolvers.write import Outcome, Write, write


async def delete_site(context: Context, site_id: UUID) -> Outcome:
    """Deletes a site: its names and domains are free for others, its storefront tokens revoked, its drafts discarded,
    its deployments ended. The outcome has its `id`.

    Raises:
        Refused: NOT_FOUND.

    """
    async with write(context) as tx:
        site = await locked_site(tx, site_id)
        site.deleted_at = func.now()
        site.primary_name, site.redirects_to_primary = None, False
        await tx.session.flush()
        await tx.session.execute(delete(SiteDomain).where(SiteDomain.site_id == site.id))
        await tx.session.execute(delete(Hostname).where(Hostname.site_id == site.id))
        revoked = await tx.session.scalars(
            update(StorefrontToken)
            .where(StorefrontToken.site_id == site.id, StorefrontToken.revoked_at.is_(None))
            .values(revoked_at=func.now())
            .returning(StorefrontToken.id)
        )
        tokens = list(revoked)
        await tx.session.execute(
            update(StorefrontDraft)
            .where(StorefrontDraft.site_id == site.id, StorefrontDraft.status.in_(("OPEN", "SCHEDULED")))
            .values(status="DISCARDED", publish_at=None, updated_at=func.now())
        )
        await _end_deployments(tx, site)
        await forget_site_assets(tx, site.id)
        tx.event(SyncEventType.SITE_DELETED, "Site", site.id)
        tx.audit("siteDelete", "Site", site.id, {"slug": site.slug})
        outcome = tx.done(id=site.id)
    for token_id in tokens:
        context.platform.doorbells.ring(revoked_channel(token_id))
    context.platform.doorbells.ring(site_channel(site_id))
    return outcome


async def _end_deployments(tx: Write, site: Site) -> None:
    """Nothing of it is built or served any more; hosts and workers see it within seconds. Nothing is kept."""
    site.live_deployment_id = None
    await tx.session.flush()
    own = update(Deployment).where(Deployment.site_id == site.id)
    waiting = own.where(Deployment.status.in_(("QUEUED", "BUILDING", "STARTING")))
    await tx.session.execute(
        waiting.values(status="CANCELLED", finished_at=func.now(), lease_token=None, starting_since=None, is_kept=False)
    )
    await tx.session.execute(own.where(Deployment.status == "LIVE").values(status="SUPERSEDED"))
    await tx.session.execute(own.where(Deployment.is_kept).values(is_kept=False))
    await tx.session.execute(delete(WebhookEndpoint).where(WebhookEndpoint.site_id == site.id))
