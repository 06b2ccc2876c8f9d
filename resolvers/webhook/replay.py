"""Sending one delivery again."""

from uuid import UUID

from sqlalchemy import func, select, update

from core.errors import Problem, Refused
from core.pubsub import deliveries_channel
from models import WebhookDelivery
from resolvers.context import Context
from resolvers.webhook.endpoint import active_endpoint
from resolvers.write import Outcome, workspace_of, write

_DELETED = "The webhook endpoint that this delivery was for is deleted."


async def replay_webhook_delivery(context: Context, delivery_id: UUID) -> Outcome:
    """Begins a delivery anew: it is due now and has all its tries before it; the outcome has its `id`.

    The bytes and the `webhook-id` stay the same, and its attempts go on being numbered.

    Raises:
        Refused: NOT_FOUND (the delivery, or the endpoint that it was for), INACTIVE (the endpoint).

    """
    async with write(context) as tx:
        wanted = WebhookDelivery.id == delivery_id
        endpoint_id = await tx.session.scalar(select(WebhookDelivery.endpoint_id).where(wanted))
        if endpoint_id is None:
            raise Refused(Problem("NOT_FOUND", "There is no webhook delivery with this id.", ("id",)))
        await active_endpoint(tx, endpoint_id, missing=_DELETED)
        anew = update(WebhookDelivery).values(status="PENDING", tries=0, due_at=func.now(), finished_at=None)
        await tx.session.execute(anew.where(wanted))
        tx.audit("webhookDeliveryReplay", "WebhookDelivery", delivery_id)
        outcome = tx.done(id=delivery_id)
    context.platform.doorbells.ring(deliveries_channel(workspace_of(context)))
    return outcome
