"""Deleting a site. Its versions stay, as a record of what it looked like."""

from uuid import UUID

from sqlalchemy import delete, func, update

from core.events import SyncEventType
from core.pubsub import revoked_channel
from models import Hostname, StorefrontDraft, StorefrontToken
from resolvers.context import Context
from resolvers.site.site import locked_site
from resolvers.storefront.assets import forget_site_assets
from resolvers.write import Outcome, write


async def delete_site(context: Context, site_id: UUID) -> Outcome:
    """Deletes a site: its names are free for others, its storefront tokens revoked, its drafts discarded. The outcome
    has its `id`.

    Raises:
        Refused: NOT_FOUND.

    """
    async with write(context) as tx:
        site = await locked_site(tx, site_id)
        site.deleted_at = func.now()
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
        await forget_site_assets(tx, site.id)
        tx.event(SyncEventType.SITE_DELETED, "Site", site.id)
        tx.audit("siteDelete", "Site", site.id, {"slug": site.slug})
        outcome = tx.done(id=site.id)
    for token_id in tokens:
        context.platform.doorbells.ring(revoked_channel(token_id))
    return outcome
