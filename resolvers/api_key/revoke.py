"""Revoking an API key."""

from uuid import UUID

from sqlalchemy import func, select

from core.errors import Problem, Refused
from core.pubsub import revoked_channel
from models import ApiKey
from resolvers.context import Context
from resolvers.write import Outcome, write


async def revoke_api_key(context: Context, key_id: UUID) -> Outcome:
    """Makes a key worthless, everywhere within seconds; the outcome has its `id`. Twice is no error.

    Raises:
        Refused: NOT_FOUND.

    """
    async with write(context) as tx:
        key = await tx.session.scalar(select(ApiKey).where(ApiKey.id == key_id).with_for_update())
        if key is None:
            raise Refused(Problem("NOT_FOUND", "There is no API key with this id.", ("id",)))
        if key.revoked_at is None:
            key.revoked_at = func.now()
            tx.audit("apiKeyRevoke", "ApiKey", key.id)
        outcome = tx.done(id=key.id)
    context.platform.doorbells.ring(revoked_channel(key_id))
    return outcome
