"""Changing a storefront token. What is not named stays as it is."""

from uuid import UUID

from sqlalchemy import select

from core.errors import Problem, Refused
from core.pubsub import revoked_channel
from models import StorefrontToken
from resolvers.context import Context
from resolvers.storefront_token.input import Name, Origins
from resolvers.validation import Input
from resolvers.write import Outcome, Write, write


class StorefrontTokenChanges(Input):
    """What shall change, and the revision that the editor saw."""

    revision: int
    name: Name | None = None
    hides_stock: bool | None = None
    allowed_origins: Origins | None = None
    registered_operations_only: bool | None = None


async def update_storefront_token(context: Context, token_id: UUID, changes: StorefrontTokenChanges) -> Outcome:
    """Changes a token, everywhere within seconds; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, CONFLICT (the revision is stale).

    """
    async with write(context) as tx:
        token = await locked_token(tx, token_id)
        if token.revision != changes.revision:
            message = f"The token was changed since: it is at revision {token.revision} now. Read it again."
            raise Refused(Problem("CONFLICT", message, ("input", "revision")))
        for name in ("name", "hides_stock", "allowed_origins", "registered_operations_only"):
            value = getattr(changes, name)
            if value is not None:
                setattr(token, name, value)
        token.revision += 1
        said = changes.model_dump(mode="json", exclude_unset=True)
        tx.audit("storefrontTokenUpdate", "StorefrontToken", token.id, said)
        outcome = tx.done(id=token.id)
    # Who is remembered by this token is looked up anew.
    context.platform.doorbells.ring(revoked_channel(token_id))
    return outcome


async def locked_token(tx: Write, token_id: UUID) -> StorefrontToken:
    """The token, locked until the write is done.

    Raises:
        Refused: NOT_FOUND.

    """
    token = await tx.session.scalar(select(StorefrontToken).where(StorefrontToken.id == token_id).with_for_update())
    if token is None:
        raise Refused(Problem("NOT_FOUND", "There is no storefront token with this id.", ("id",)))
    return token
