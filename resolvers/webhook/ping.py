"""Sending a webhook that tells of nothing, to see whether it arrives."""

from uuid import UUID

from core.clock import now
from core.ids import new_id
from core.pubsub import deliveries_channel
from models import WebhookDelivery
from resolvers.context import Context
from resolvers.webhook.body import PING, webhook_body
from resolvers.webhook.endpoint import active_endpoint
from resolvers.write import Outcome, workspace_of, write


async def ping_webhook_endpoint(context: Context, endpoint_id: UUID) -> Outcome:
    """Has a ping sent, whatever event types the endpoint asks for; the outcome has the `id` of its delivery.

    Raises:
        Refused: NOT_FOUND, INACTIVE.

    """
    async with write(context) as tx:
        endpoint = await active_endpoint(tx, endpoint_id)
        delivery_id, event_id = new_id(), new_id()
        body = webhook_body(
            workspace_id=tx.workspace_id,
            event_id=event_id,
            event_type=PING,
            sequence=0,
            entity_type="WebhookEndpoint",
            entity_id=endpoint.id,
            occurred_at=now(),
        )
        tx.session.add(
            WebhookDelivery(
                workspace_id=tx.workspace_id,
                id=delivery_id,
                endpoint_id=endpoint.id,
                event_id=event_id,
                event_type=PING,
                sequence=0,
                body=body,
            )
        )
        tx.audit("webhookEndpointPing", "WebhookEndpoint", endpoint.id)
        outcome = tx.done(id=delivery_id)
    context.platform.doorbells.ring(deliveries_channel(workspace_of(context)))
    return outcome
