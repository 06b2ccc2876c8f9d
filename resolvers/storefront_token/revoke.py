"""Revoking a storefront token."""

from uuid import UUID

from sqlalchemy import func

from core.pubsub import revoked_channel
from resolvers.context import Context
from resolvers.storefront_token.update import locked_token
from resolvers.write import Outcome, write


async def revoke_storefront_token(context: Context, token_id: UUID) -> Outcome:
    """Shuts a site's shoppers out, everywhere within seconds; the outcome has the token's `id`. Twice is no error.

    Raises:
        Refused: NOT_FOUND.

    """
    async with write(context) as tx:
        token = await locked_token(tx, token_id)
        if token.revoked_at is None:
            token.revoked_at = func.now()
            tx.audit("storefrontTokenRevoke", "StorefrontToken", token.id)
        outcome = tx.done(id=token.id)
    context.platform.doorbells.ring(revoked_channel(token_id))
    return outcome
