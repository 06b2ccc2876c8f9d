"""Deleting a webhook endpoint. The log of what was delivered to it stays."""

from uuid import UUID

from resolvers.context import Context
from resolvers.webhook.endpoint import locked_endpoint, refuse_sites_own
from resolvers.write import Outcome, write

# Deliveries that one deletion ends. Where more wait, which takes a busy shop's receiver that hangs for hours, the rest
# is removed by `resolvers/retention.py`.
MAX_ENDED = 10_000
END_WAITING = """
with waiting as (
  select id from webhook_delivery where workspace_id = $1 and endpoint_id = $2 and due_at is not null
   order by due_at, id limit $3 for update)
update webhook_delivery d set status = 'FAILED', due_at = null, finished_at = now()
  from waiting where d.workspace_id = $1 and d.id = waiting.id
"""


async def delete_webhook_endpoint(context: Context, endpoint_id: UUID) -> Outcome:
    """Deletes an endpoint; what waits to be sent to it fails. The outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, INVALID (it is a site's own).

    """
    async with write(context) as tx:
        endpoint = await locked_endpoint(tx, endpoint_id)
        refuse_sites_own(endpoint)
        await tx.connection.execute(END_WAITING, tx.workspace_id, endpoint.id, MAX_ENDED)
        await tx.session.delete(endpoint)
        tx.audit("webhookEndpointDelete", "WebhookEndpoint", endpoint.id, {"url": endpoint.url})
        return tx.done(id=endpoint.id)
