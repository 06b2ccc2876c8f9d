"""Giving a webhook endpoint a new secret, while the old one goes on for a time."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import func

from integrations.webhook import new_webhook_secret
from resolvers.context import Context
from resolvers.validation import Input
from resolvers.webhook.endpoint import locked_endpoint, refuse_sites_own, sealed_secret
from resolvers.write import Outcome, Secret, write

DEFAULT_OVERLAP_HOURS = 24
MAX_OVERLAP_HOURS = 168


class SecretRotation(Input):
    """For how long the receiver may go on with the secret that it has."""

    overlap_hours: Annotated[int, Field(ge=0, le=MAX_OVERLAP_HOURS)] = DEFAULT_OVERLAP_HOURS


async def rotate_webhook_secret(context: Context, endpoint_id: UUID, rotation: SecretRotation) -> Outcome:
    """Makes a new secret; what is sent during the overlap is signed with both.

    The outcome has the endpoint's `id` and the new `secret`, which is shown this once. A secret that was still
    overlapping from the rotation before ends now: there are never more than two.

    Raises:
        Refused: NOT_FOUND, INVALID (it is a site's own).

    """
    async with write(context) as tx:
        endpoint = await locked_endpoint(tx, endpoint_id)
        refuse_sites_own(endpoint)
        overlaps = rotation.overlap_hours > 0
        secret = new_webhook_secret()
        endpoint.previous_secret = endpoint.secret if overlaps else None
        endpoint.previous_secret_expires_at = func.now() + timedelta(hours=rotation.overlap_hours) if overlaps else None
        endpoint.secret = sealed_secret(context, endpoint.id, secret)
        endpoint.revision += 1
        endpoint.updated_at = func.now()
        tx.audit("webhookEndpointSecretRotate", "WebhookEndpoint", endpoint.id, rotation.model_dump())
        return tx.done(id=endpoint.id, secret=Secret(secret))
