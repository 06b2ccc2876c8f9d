"""Beginning a deployment. A worker builds it; what is live stays until that is done."""

from uuid import UUID

from sqlalchemy import func, select, text

from core.access import CallerKind
from core.crypto import encrypt
from core.errors import Problem, Refused
from core.events import SyncEventType
from core.ids import new_id
from integrations.webhook import new_webhook_secret
from models import Deployment, Site, ThemeSource, Workspace
from resolvers.context import Context
from resolvers.deployment.deployment import locked_deployment
from resolvers.deployment.log import ring_deployment, say
from resolvers.site.site import locked_site
from resolvers.write import Outcome, Write, write

DAY = "24 hours"


async def deploy_site(context: Context, site_id: UUID) -> Outcome:
    """Begins a deployment of the site's theme, in the version that the site is of. One that waits gives way to it.

    The outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, NOT_DEPLOYABLE (nobody said where the theme's code is), LIMIT_REACHED (too many in a day).

    """
    async with write(context) as tx:
        site = await locked_site(tx, site_id)
        superseded, outcome = await _begin(tx, site, site.theme_version, "siteDeploy")
    _ring(context, superseded, outcome)
    return outcome


async def retry_deployment(context: Context, deployment_id: UUID) -> Outcome:
    """Begins a deployment like one that failed or was cancelled; the outcome has the new one's `id`.

    Raises:
        Refused: NOT_FOUND, NOT_FAILED, and what `deploy_site` is refused with.

    """
    async with write(context) as tx:
        site, deployment = await locked_deployment(tx, deployment_id)
        if deployment.status not in {"FAILED", "CANCELLED"}:
            message = f"The deployment is {deployment.status}: only one that failed or was cancelled is tried again."
            raise Refused(Problem("NOT_FAILED", message, ("id",)))
        superseded, outcome = await _begin(tx, site, deployment.theme_version, "deploymentRetry")
    _ring(context, superseded, outcome)
    return outcome


async def _begin(tx: Write, site: Site, theme_version: str, action: str) -> tuple[UUID | None, Outcome]:
    await _refuse_unknown_source(tx, site, theme_version)
    await _refuse_too_many(tx)
    superseded = await _supersede(tx, site)
    caller = tx.context.caller
    site.deployment_count += 1
    if site.webhook_secret is None:
        site.webhook_secret = _sealed_secret(tx.context, site.id)
    deployment = Deployment(
        workspace_id=tx.workspace_id,
        id=new_id(),
        site_id=site.id,
        number=site.deployment_count,
        theme_id=site.theme_id,
        theme_version=theme_version,
        created_by=caller.id if caller.kind is CallerKind.USER else None,
        author=caller.label,
    )
    tx.session.add(deployment)
    await say(tx, deployment.id, "QUEUED", "Waiting for a worker to build it.")
    tx.event(SyncEventType.DEPLOYMENT_CREATED, "Deployment", deployment.id)
    tx.audit(action, "Deployment", deployment.id, {"site": site.slug, "number": deployment.number})
    return superseded, tx.done(id=deployment.id)


async def _refuse_unknown_source(tx: Write, site: Site, theme_version: str) -> None:
    if await tx.session.get(ThemeSource, (site.theme_id, theme_version)) is None:
        message = f"Nobody said where the code of version {theme_version} of the site's theme is: it cannot be built."
        raise Refused(Problem("NOT_DEPLOYABLE", message, ("id",)))


async def _refuse_too_many(tx: Write) -> None:
    """The workspace is locked, so that nobody else is adding to it."""
    await tx.session.execute(select(Workspace.id).with_for_update(key_share=True))
    most = tx.context.platform.settings.deployments_per_day
    begun = select(func.count()).where(Deployment.created_at > func.now() - text(f"interval '{DAY}'"))
    count = await tx.session.scalar(begun) or 0
    if count >= most:
        message = f"The workspace has begun {count} deployments in 24 hours, as many as it may: wait for a while."
        raise Refused(Problem("LIMIT_REACHED", message, ("id",)))


async def _supersede(tx: Write, site: Site) -> UUID | None:
    """The one that waits, if any, gives way: it was never built."""
    statement = select(Deployment).where(Deployment.site_id == site.id, Deployment.status == "QUEUED")
    waiting = await tx.session.scalar(statement.with_for_update())
    if waiting is None:
        return None
    waiting.status = "SUPERSEDED"
    waiting.finished_at = func.now()
    await say(tx, waiting.id, "SUPERSEDED", "A newer deployment took its place before it was built.")
    return waiting.id


def _sealed_secret(context: Context, site_id: UUID) -> str:
    secret_key = context.platform.settings.secret_key.get_secret_value()
    return encrypt(new_webhook_secret(), secret_key, bound_to=str(site_id))


def _ring(context: Context, superseded: UUID | None, outcome: Outcome) -> None:
    ring_deployment(context.platform, outcome["id"])
    if superseded:
        ring_deployment(context.platform, superseded)
