"""Finding an endpoint for a write. Endpoints are locked before their deliveries."""

from uuid import UUID

from sqlalchemy import select

from core.crypto import encrypt
from core.errors import Problem, Refused
from models import WebhookEndpoint, WorkspaceCounter
from resolvers.context import Context
from resolvers.write import Write

MISSING = "There is no webhook endpoint with this id."


async def locked_endpoint(tx: Write, endpoint_id: UUID) -> WebhookEndpoint:
    """The endpoint, locked until the write is done.

    Raises:
        Refused: NOT_FOUND.

    """
    statement = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    endpoint = await tx.session.scalar(statement)
    if endpoint is None:
        raise Refused(Problem("NOT_FOUND", MISSING, ("id",)))
    return endpoint


def refuse_sites_own(endpoint: WebhookEndpoint) -> None:
    """Refuses to change an endpoint that belongs to a site: it comes and goes with that.

    Raises:
        Refused: INVALID.

    """
    if endpoint.site_id is not None:
        message = "The endpoint is a site's own: it can be turned on and off, and else comes and goes with the site."
        raise Refused(Problem("INVALID", message, ("id",)))


async def active_endpoint(tx: Write, endpoint_id: UUID, missing: str = MISSING) -> WebhookEndpoint:
    """The endpoint that something is to be sent to. Nobody can delete it before the write is done.

    Raises:
        Refused: NOT_FOUND, INACTIVE.

    """
    statement = (
        select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update(read=True, key_share=True)
    )
    endpoint = await tx.session.scalar(statement)
    if endpoint is None:
        raise Refused(Problem("NOT_FOUND", missing, ("id",)))
    if not endpoint.is_active:
        message = "The webhook endpoint is not active: activate it, then send to it."
        raise Refused(Problem("INACTIVE", message, ("id",)))
    return endpoint


async def last_sequence(tx: Write) -> int:
    """The number of the last event that is committed.

    Nothing needs to be locked: an event that is committed after this read and before the write's own commit came
    before anybody was told that the endpoint listens; one that is committed later finds the endpoint there.
    """
    return await tx.session.scalar(select(WorkspaceCounter.sequence)) or 0


def sealed_secret(context: Context, endpoint_id: UUID, secret: str) -> str:
    """The secret as it is stored: only for this endpoint can it be opened again."""
    return encrypt(secret, context.platform.settings.secret_key.get_secret_value(), bound_to=str(endpoint_id))
