"""Changing a webhook endpoint, and switching it on and off. What is not named stays as it is."""

from uuid import UUID

from sqlalchemy import func

from core.errors import Problem, Refused
from core.pubsub import deliveries_channel
from models import WebhookEndpoint
from resolvers.context import Context
from resolvers.validation import Input
from resolvers.webhook.endpoint import last_sequence, locked_endpoint, refuse_sites_own
from resolvers.webhook.input import Description, EventTypes, Url, named_types, refuse_address
from resolvers.write import Outcome, Write, workspace_of, write


class WebhookEndpointChanges(Input):
    """What shall change, and the revision that the editor saw. An empty list of event types means all."""

    revision: int
    url: Url | None = None
    description: Description | None = None
    event_types: EventTypes | None = None
    is_active: bool | None = None


async def update_webhook_endpoint(context: Context, endpoint_id: UUID, changes: WebhookEndpointChanges) -> Outcome:
    """Changes an endpoint, for all that is sent from now on; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, CONFLICT (the revision is stale), INVALID (nothing is sent to such a URL, or
            the endpoint is a site's own).

    """
    if changes.url is not None:
        refuse_address(context, changes.url)
    async with write(context) as tx:
        endpoint = await locked_endpoint(tx, endpoint_id)
        if endpoint.revision != changes.revision:
            message = f"The endpoint was changed since: it is at revision {endpoint.revision} now. Read it again."
            raise Refused(Problem("CONFLICT", message, ("input", "revision")))
        if changes.url is not None or changes.event_types is not None:
            refuse_sites_own(endpoint)
        if changes.url is not None and changes.url != endpoint.url:
            endpoint.url = changes.url
            endpoint.failing_since = None
        if changes.description is not None:
            endpoint.description = changes.description
        if changes.event_types is not None:
            endpoint.event_types = named_types(changes.event_types)
        if changes.is_active is not None:
            await _switch(tx, endpoint, is_active=changes.is_active)
        endpoint.revision += 1
        endpoint.updated_at = func.now()
        said = changes.model_dump(mode="json", exclude_unset=True)
        tx.audit("webhookEndpointUpdate", "WebhookEndpoint", endpoint.id, said)
        outcome = tx.done(id=endpoint.id)
    if changes.is_active:
        context.platform.doorbells.ring(deliveries_channel(workspace_of(context)))
    return outcome


async def _switch(tx: Write, endpoint: WebhookEndpoint, *, is_active: bool) -> None:
    """On or off; one that is so already stays as it is.

    What waited when it went off goes on when it is on again. What happened in between is not sent by itself: a replay
    of that range does it.
    """
    if is_active is endpoint.is_active:
        return
    endpoint.is_active = is_active
    endpoint.disabled_reason = None if is_active else "BY_HAND"
    endpoint.disabled_at = None if is_active else func.now()
    if is_active:
        endpoint.failing_since = None
        endpoint.since_sequence = await last_sequence(tx)
