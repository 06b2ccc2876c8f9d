"""Cancelling a deployment that is not live yet."""

from uuid import UUID

from sqlalchemy import func

from core.errors import Problem, Refused
from core.pubsub import site_channel
from resolvers.context import Context
from resolvers.deployment.deployment import locked_deployment
from resolvers.deployment.log import ring_deployment, say
from resolvers.write import Outcome, write


async def cancel_deployment(context: Context, deployment_id: UUID) -> Outcome:
    """Cancels a deployment; the outcome has its `id`. One that waits is CANCELLED at once. One that is being built is
    so within seconds, when the worker at it has ended the build.

    Raises:
        Refused: NOT_FOUND, ALREADY_FINISHED.

    """
    async with write(context) as tx:
        site, deployment = await locked_deployment(tx, deployment_id)
        if deployment.status not in {"QUEUED", "BUILDING", "STARTING"}:
            message = f"The deployment is {deployment.status}: there is nothing to cancel."
            raise Refused(Problem("ALREADY_FINISHED", message, ("id",)))
        if deployment.status == "BUILDING":
            deployment.is_cancelling = True
        else:
            # One that was live before goes back to what it was.
            deployment.status = "SUPERSEDED" if deployment.live_at else "CANCELLED"
            deployment.starting_since = None
            deployment.is_kept = deployment.live_at is not None
            deployment.finished_at = func.now() if deployment.finished_at is None else deployment.finished_at
        await say(tx, deployment.id, deployment.status, f"Cancelled by {context.caller.label}.", deployment.step)
        tx.audit("deploymentCancel", "Deployment", deployment.id, {"number": deployment.number})
        outcome = tx.done(id=deployment.id)
    ring_deployment(context.platform, deployment_id)
    context.platform.doorbells.ring(site_channel(site.id))
    return outcome
