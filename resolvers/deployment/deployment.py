"""Finding a deployment for a write. A site is locked before its deployments."""

from uuid import UUID

from sqlalchemy import select

from core.errors import Problem, Refused
from models import Deployment, Site
from resolvers.site.site import locked_site
from resolvers.write import Write

MISSING = "There is no deployment with this id."


async def locked_deployment(tx: Write, deployment_id: UUID) -> tuple[Site, Deployment]:
    """The deployment and its site, both locked until the write is done.

    Raises:
        Refused: NOT_FOUND; that of a deleted site is gone too.

    """
    site_id = await tx.session.scalar(select(Deployment.site_id).where(Deployment.id == deployment_id))
    try:
        site = await locked_site(tx, site_id) if site_id else None
    except Refused:
        site = None
    statement = select(Deployment).where(Deployment.id == deployment_id).with_for_update()
    deployment = await tx.session.scalar(statement) if site else None
    if site is None or deployment is None:
        raise Refused(Problem("NOT_FOUND", MISSING, ("id",)))
    return site, deployment
