"""The one door through which a user is changed: what `resolvers.write` is for a workspace.

Users belong to no workspace, so their rows are written by the system's role, and with them, in the same transaction, an
entry of the user's own audit log and the outcome of the idempotency key. Going round this door loses both.
"""

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from core.connections import Connection
from core.database import driver_connection
from core.errors import Conflict
from core.ids import new_id
from core.pubsub import revoked_channel
from models import UserAuditEntry
from resolvers.context import Context, IdempotencyKey
from resolvers.write import IDEMPOTENCY_LIFETIME, Outcome, raise_replay, seal_outcome


@dataclass
class AccountWrite:
    """A transaction in progress, and what it is to leave behind."""

    context: Context
    session: AsyncSession
    connection: Connection
    outcome: Outcome = field(default_factory=dict)
    _revoked: set[UUID] = field(default_factory=set)

    def audit(self, action: str, user_id: UUID, details: Mapping[str, Any] | None = None) -> None:
        """An entry of the user's audit log: `action` is the mutation's name, `details` never hold a secret."""
        self.session.add(
            UserAuditEntry(
                id=new_id(),
                user_id=user_id,
                action=action,
                address=self.context.caller.address,
                request_id=self.context.request_id,
                details=dict(details or {}),
            )
        )

    def revoked(self, row_id: UUID) -> None:
        """A session that is no longer valid: every process is told once this is committed."""
        self._revoked.add(row_id)

    def done(self, **outcome: Any) -> Outcome:
        """What the mutation came to: ids, and secrets that are shown once. It is all that a replay knows."""
        self.outcome = outcome
        return outcome

    def ring(self) -> None:
        for row_id in self._revoked:
            self.context.platform.doorbells.ring(revoked_channel(row_id))


@asynccontextmanager
async def account_write(context: Context, told_by: str = "") -> AsyncIterator[AccountWrite]:
    """A write. An anonymous caller's idempotency keys are told apart by what they send: an e-mail address, or a token.

    Raises:
        AlreadyDone: the request's idempotency key was used before for the same request.
        Conflict: it was used for another request, or one with the same key is running.
        Throttled: no database connection became free in time.

    """
    context = replace(context, idempotency=_personal(context, told_by))
    async with context.platform.database.system.session() as session:
        transaction = AccountWrite(context, session, await driver_connection(session))
        await _claim(transaction)
        yield transaction
        await session.flush()
        await _keep_outcome(transaction)
    transaction.ring()


def exempt(context: Context) -> Context:
    """The context of a request that is never replayed: signing in and out, and refreshing a session."""
    return replace(context, idempotency=None)


def _personal(context: Context, told_by: str) -> IdempotencyKey | None:
    """The request's key with whose it is. Its fingerprint is of a request that may hold a password: who reads this
    table must not be able to guess at it, so the fingerprint is keyed.
    """
    key = context.idempotency
    if key is None:
        return None
    secret_key = context.platform.settings.secret_key.get_secret_value().encode()
    fingerprint = hmac.new(secret_key, b"fingerprint" + key.fingerprint, hashlib.sha256).digest()
    caller = key.caller
    if caller.endswith(":"):
        caller += hashlib.sha256(told_by.encode()).hexdigest()
    return replace(key, caller=caller, fingerprint=fingerprint)


CLAIM = f"""
insert into user_idempotency_key (caller, key, fingerprint) values ($1, $2, $3)
on conflict (caller, key) do update
   set fingerprint = excluded.fingerprint, outcome = null, created_at = now()
 where user_idempotency_key.created_at < now() - interval '{IDEMPOTENCY_LIFETIME}'
returning true
"""  # noqa: S608 - constants of ours


async def _claim(transaction: AccountWrite) -> None:
    """Takes the request's idempotency key, waiting for a request with the same one that is running."""
    key = transaction.context.idempotency
    if key is None:
        return
    try:
        claimed = await transaction.connection.fetchval(CLAIM, key.caller, key.key, key.fingerprint)
    except asyncpg.LockNotAvailableError:
        raise Conflict("A request with this Idempotency-Key is still running. Try again in a moment.") from None
    if claimed:
        return
    row = await transaction.connection.fetchrow(FIND_KEY, key.caller, key.key)
    raise_replay(row, key, transaction.context)


FIND_KEY = f"""
select fingerprint, outcome from user_idempotency_key
 where caller = $1 and key = $2 and created_at >= now() - interval '{IDEMPOTENCY_LIFETIME}'
"""  # noqa: S608 - constants of ours


async def raise_if_done(context: Context, told_by: str = "") -> None:
    """For what is checked before the write begins and no longer holds once it was done; `told_by` is the write's.

    Raises:
        AlreadyDone: the request's idempotency key was used before for the same request.
        Conflict: it was used for another request.

    """
    key = _personal(context, told_by)
    if key is None:
        return
    async with context.platform.database.system.acquire() as connection:
        row = await connection.fetchrow(FIND_KEY, key.caller, key.key)
    if row:
        raise_replay(row, key, replace(context, idempotency=key))


async def _keep_outcome(transaction: AccountWrite) -> None:
    key = transaction.context.idempotency
    if key is None:
        return
    await transaction.connection.execute(
        "update user_idempotency_key set outcome = $3 where caller = $1 and key = $2",
        key.caller,
        key.key,
        seal_outcome(transaction.outcome, transaction.context),
    )
