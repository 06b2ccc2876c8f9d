"""Adding a webhook endpoint."""

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from core.errors import Problem, Refused
from core.ids import new_id
from integrations.webhook import new_webhook_secret
from models import WebhookEndpoint, WebhookRelay, Workspace
from resolvers.context import Context
from resolvers.validation import Input
from resolvers.webhook.endpoint import last_sequence, sealed_secret
from resolvers.webhook.input import Description, EventTypes, Url, named_types, refuse_address
from resolvers.write import Outcome, Secret, Write, write

MAX_ENDPOINTS = 100


class NewWebhookEndpoint(Input):
    """Where events are to be posted, and which: all where none is named."""

    url: Url
    description: Description = ""
    event_types: EventTypes = Field(default_factory=list)
    is_active: bool = True


async def create_webhook_endpoint(context: Context, new: NewWebhookEndpoint) -> Outcome:
    """Adds an endpoint, which is told of every event that is committed once this is answered.

    The outcome has its `id` and its `secret`, which is shown this once.

    Raises:
        Refused: INVALID (nothing is sent to such a URL), LIMIT_REACHED (the workspace has `MAX_ENDPOINTS`).

    """
    refuse_address(context, new.url)
    async with write(context) as tx:
        await _refuse_too_many(tx)
        endpoint_id, secret = new_id(), new_webhook_secret()
        sequence = await last_sequence(tx)
        tx.session.add(
            WebhookEndpoint(
                workspace_id=tx.workspace_id,
                id=endpoint_id,
                url=new.url,
                description=new.description,
                event_types=named_types(new.event_types),
                secret=sealed_secret(context, endpoint_id, secret),
                since_sequence=sequence,
                is_active=new.is_active,
                disabled_reason=None if new.is_active else "BY_HAND",
                disabled_at=None if new.is_active else func.now(),
            )
        )
        relay = insert(WebhookRelay).values(workspace_id=tx.workspace_id, sequence=sequence)
        await tx.session.execute(relay.on_conflict_do_nothing())
        tx.audit("webhookEndpointCreate", "WebhookEndpoint", endpoint_id, new.model_dump(mode="json"))
        return tx.done(id=endpoint_id, secret=Secret(secret))


async def _refuse_too_many(tx: Write) -> None:
    """The workspace is locked, so that nobody else is adding to it."""
    await tx.session.execute(select(Workspace.id).with_for_update(key_share=True))
    count = await tx.session.scalar(select(func.count()).select_from(WebhookEndpoint)) or 0
    if count >= MAX_ENDPOINTS:
        message = f"A workspace has at most {MAX_ENDPOINTS} webhook endpoints: delete one that is no longer needed."
        raise Refused(Problem("LIMIT_REACHED", message, ("input",)))
