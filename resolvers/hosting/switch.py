"""Putting a deployment live that answers, or saying why it does not."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from core.access import Caller, CallerKind
from core.crypto import decrypt
from core.events import SyncEventType
from core.ids import new_id
from core.pubsub import site_channel
from models import Deployment, Site, WebhookEndpoint, WebhookRelay
from resolvers.context import Context, Platform
from resolvers.deployment.build import end_unbuilt
from resolvers.deployment.log import ring_deployment, say
from resolvers.domain.domain import allow_origin
from resolvers.email.owners import tell_owners
from resolvers.hosting.desired import Desired, find_desired
from resolvers.webhook.endpoint import last_sequence, sealed_secret
from resolvers.webhook.posting import SITE_PATH
from resolvers.write import Write, write

UNHOSTED = "select id from deployment where status = 'STARTING' and starting_since < now() - interval '90 seconds'"
NO_HOST = "It was built, and no host started it: `python -m tasks.host` must run where sites are served."
# What a storefront shows.
EVENT_TYPES = [kind.value for kind in SyncEventType if kind.shoppers_see]


async def go_live(platform: Platform, wanted: Desired) -> None:
    """Puts a deployment live that has started: visitors are led to it from now on.

    One that is no longer to start, as it was cancelled or the site deleted, is left alone.
    """
    context = _context(platform, wanted.workspace_id)
    async with write(context) as tx:
        found = await _starting(tx, wanted)
        if found is None:
            return
        site, deployment = found
        is_new = deployment.live_at is None
        await _supersede_others(tx, deployment)
        deployment.status, deployment.step, deployment.error = "LIVE", "SWITCH", None
        deployment.starting_since = None
        deployment.live_at = func.now()
        deployment.finished_at = func.now() if deployment.finished_at is None else deployment.finished_at
        site.live_deployment_id = deployment.id
        settings = platform.settings
        url = settings.site_url(site.slug, site.primary_name)
        await _register_webhook(tx, site, url)
        await allow_origin(tx, site.id, settings.site_url(site.slug))
        await say(tx, deployment.id, "LIVE", f"Live at {url}.", "SWITCH")
        tx.event(SyncEventType.SITE_DEPLOYED, "Site", site.id)
        tx.audit("siteGoLive", "Site", site.id, {"deployment": deployment.number})
        if is_new:
            text = f"A new deployment of the site {site.name} is live:\n\n  {url}\n"
            await tell_owners(tx, f"{site.name} is live", text)
    _ring(platform, wanted)


async def fail_to_start(platform: Platform, wanted: Desired, reason: str) -> None:
    """Says that a deployment did not start. What was live still is; one that was live once can be tried again."""
    context = _context(platform, wanted.workspace_id)
    async with write(context) as tx:
        found = await _starting(tx, wanted)
        if found is None:
            return
        _, deployment = found
        if deployment.live_at is None:
            await end_unbuilt(tx, deployment, "FAILED", reason)
        else:
            deployment.status, deployment.error, deployment.starting_since = "SUPERSEDED", reason, None
            await say(tx, deployment.id, "SUPERSEDED", f"It could not be put live again. {reason}", "START")
    _ring(platform, wanted)


async def fail_unhosted(platform: Platform) -> int:
    """Says of deployments that no host has started in a while that none does. Gives how many there were.

    A host gives up sooner by itself: this is for where there is none.
    """
    async with platform.database.system.acquire() as connection:
        found = [row["id"] for row in await connection.fetch(UNHOSTED)]
    desired = await find_desired(platform) if found else {}
    for deployment_id in found:
        if deployment_id in desired:
            await fail_to_start(platform, desired[deployment_id], NO_HOST)
    return len(found)


def _context(platform: Platform, workspace_id: UUID) -> Context:
    return Context(platform, Caller(CallerKind.SYSTEM, workspace_id=workspace_id, label="Vitrine"))


def _ring(platform: Platform, wanted: Desired) -> None:
    ring_deployment(platform, wanted.id)
    platform.doorbells.ring(site_channel(wanted.site_id))


async def _starting(tx: Write, wanted: Desired) -> tuple[Site, Deployment] | None:
    """The site and the deployment, locked, if it is still to start."""
    site = await tx.session.scalar(
        select(Site).where(Site.id == wanted.site_id, Site.deleted_at.is_(None)).with_for_update()
    )
    statement = select(Deployment).where(Deployment.id == wanted.id, Deployment.status == "STARTING")
    deployment = await tx.session.scalar(statement.with_for_update())
    return None if site is None or deployment is None else (site, deployment)


async def _supersede_others(tx: Write, newest: Deployment) -> None:
    """What is live gives way, and what was asked for before this one and is still starting: it comes too late."""
    statement = select(Deployment).where(
        Deployment.site_id == newest.site_id,
        Deployment.id != newest.id,
        (Deployment.status == "LIVE")
        | (Deployment.status == "STARTING") & (Deployment.starting_since < newest.starting_since),
    )
    for deployment in await tx.session.scalars(statement.with_for_update()):
        deployment.status, deployment.starting_since = "SUPERSEDED", None
        deployment.finished_at = func.now() if deployment.finished_at is None else deployment.finished_at
        await say(tx, deployment.id, "SUPERSEDED", "Another deployment is live.", deployment.step)


async def _register_webhook(tx: Write, site: Site, url: str) -> None:
    """Has the site told of what shoppers see, from now on. It is turned on again where it was turned off."""
    endpoint = await tx.session.scalar(
        select(WebhookEndpoint).where(WebhookEndpoint.site_id == site.id).with_for_update()
    )
    if endpoint is not None:
        endpoint.url = url + SITE_PATH
        endpoint.is_active, endpoint.disabled_reason, endpoint.disabled_at = True, None, None
        endpoint.failing_since = None
        return
    settings, endpoint_id = tx.context.platform.settings, new_id()
    secret = decrypt(site.webhook_secret or "", settings.secret_key.get_secret_value(), str(site.id))
    if secret is None:
        raise LookupError(f"site {site.id} has a webhook secret that cannot be read")
    sequence = await last_sequence(tx)
    tx.session.add(
        WebhookEndpoint(
            workspace_id=tx.workspace_id,
            id=endpoint_id,
            site_id=site.id,
            url=url + SITE_PATH,
            description=f"The site {site.name}.",
            event_types=EVENT_TYPES,
            secret=sealed_secret(tx.context, endpoint_id, secret),
            since_sequence=sequence,
        )
    )
    relay = insert(WebhookRelay).values(workspace_id=tx.workspace_id, sequence=sequence)
    await tx.session.execute(relay.on_conflict_do_nothing())
