"""Putting an older deployment live again, without building anything."""

import asyncio
from uuid import UUID

from sqlalchemy import func, select

from core.database import pinned
from core.errors import Problem, Refused
from core.pubsub import site_channel
from models import Deployment
from resolvers.context import Context
from resolvers.deployment.log import ring_deployment, say
from resolvers.site.site import locked_site
from resolvers.write import Outcome, workspace_of, write

# Seconds that the answer waits for the switch. It comes by itself later, where the host is busy.
WAIT_SECONDS = 5.0
LOOK_SECONDS = 0.05
STATUS = "select status from deployment where workspace_id = $1 and id = $2"


async def roll_back_site(context: Context, site_id: UUID, deployment_id: UUID) -> Outcome:
    """Has a deployment that is kept started, and put live once it answers; the outcome has the site's `id`.

    What is live serves until then. Waits for it for `WAIT_SECONDS`. The one that is live already is no change.

    Raises:
        Refused: NOT_FOUND (also: it is another site's), NOT_KEPT (its files are gone, or it never was built).

    """
    async with write(context) as tx:
        site = await locked_site(tx, site_id)
        statement = select(Deployment).where(Deployment.id == deployment_id, Deployment.site_id == site_id)
        deployment = await tx.session.scalar(statement.with_for_update())
        if deployment is None:
            message = "The site has no deployment with this id."
            raise Refused(Problem("NOT_FOUND", message, ("deploymentId",)))
        _refuse_gone(deployment)
        if deployment.status == "SUPERSEDED":
            deployment.status, deployment.step = "STARTING", "START"
            deployment.starting_since = func.now()
            await say(tx, deployment.id, "STARTING", f"{context.caller.label} goes back to it.", "START")
        tx.audit("siteRollback", "Site", site.id, {"deployment": deployment.number})
        outcome = tx.done(id=site.id)
    ring_deployment(context.platform, deployment_id)
    context.platform.doorbells.ring(site_channel(site_id))
    await _wait(context, deployment_id)
    return outcome


def _refuse_gone(deployment: Deployment) -> None:
    if not deployment.is_kept:
        message = f"Deployment {deployment.number} is {deployment.status} and not kept: deploy the site anew."
        raise Refused(Problem("NOT_KEPT", message, ("deploymentId",)))


async def _wait(context: Context, deployment_id: UUID) -> None:
    """Until the host has put it live, or has not."""
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    workspace_id = workspace_of(context)
    while asyncio.get_running_loop().time() < deadline:
        async with context.platform.database.app.acquire() as connection, pinned(connection, workspace_id):
            if await connection.fetchval(STATUS, workspace_id, deployment_id) != "STARTING":
                return
        await asyncio.sleep(LOOK_SECONDS)
