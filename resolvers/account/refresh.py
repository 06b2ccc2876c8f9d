"""Keeping a session fresh.

Each refresh token is good once. One that comes back later was stolen, or its successor was: nobody can tell who of
the two is the user, so the session ends for both. An answer may be lost on its way, though, and a browser may have
several tabs: a token that comes back within `RETRY_SECONDS`, while the one after it has not been used, is answered with
that same successor again. A thief gains nothing by being quick, for the successor too is good only once.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from core.crypto import hash_secret, same_secret, unpack_token
from core.errors import Problem, Refused
from core.ids import new_id
from models import RefreshToken, UserSession
from resolvers.account.session import REFRESH_TOKEN_PREFIX, next_secret, session_end, tokens_of
from resolvers.account.write import AccountWrite, account_write, exempt
from resolvers.context import Context
from resolvers.write import Outcome

RETRY_SECONDS = 10
_INVALID = "The refresh token is not valid, was used before, or its session has ended: sign in again."


class _Given(NamedTuple):
    session_id: UUID
    token_id: UUID
    secret: bytes


async def refresh_session(context: Context, refresh_token: str) -> Outcome:
    """New tokens for a session; the outcome has the user's `id` and the session's tokens.

    Raises:
        Refused: INVALID_TOKEN. Where the token was used before, its session has ended now.

    """
    parts = unpack_token(REFRESH_TOKEN_PREFIX, refresh_token)
    outcome = None
    if parts is not None:
        async with account_write(exempt(context)) as tx:
            outcome = await _refresh(tx, _Given(*parts))
    if not outcome:
        raise Refused(Problem("INVALID_TOKEN", _INVALID, ("refreshToken",)))
    return outcome


async def _refresh(tx: AccountWrite, given: _Given) -> Outcome | None:
    """The new tokens. None, and where it was used before the session's end, where the token is not accepted."""
    at: datetime = (await tx.session.execute(select(func.now()))).scalar_one()
    # Locking the session lets one refresh at a time look at its tokens.
    session = await tx.session.scalar(
        select(UserSession)
        .where(UserSession.id == given.session_id, UserSession.revoked_at.is_(None), UserSession.expires_at > at)
        .with_for_update()
    )
    if session is None:
        return None
    token = await tx.session.get(RefreshToken, given.token_id)
    if token is None or token.session_id != session.id or not same_secret(given.secret, token.secret_hash):
        return None
    settings = tx.context.platform.settings
    secret = next_secret(settings, given.secret)
    if token.used_at is None:
        token.used_at = at
        successor = RefreshToken(id=new_id(), session_id=session.id, secret_hash=hash_secret(secret))
        tx.session.add(successor)
        session.expires_at = session_end(settings)
    else:
        found = await _successor_of_retry(tx, token, secret)
        if found is None:
            session.revoked_at = at
            tx.revoked(session.id)
            tx.audit("refreshTokenReused", session.user_id, {"session_id": str(session.id)})
            return None
        successor = found
    return tx.done(**tokens_of(settings, session.user_id, successor, secret))


async def _successor_of_retry(tx: AccountWrite, token: RefreshToken, secret: bytes) -> RefreshToken | None:
    """The unused token that was given for this one some seconds ago."""
    statement = select(RefreshToken).where(
        RefreshToken.session_id == token.session_id,
        RefreshToken.secret_hash == hash_secret(secret),
        RefreshToken.used_at.is_(None),
        RefreshToken.created_at > func.now() - timedelta(seconds=RETRY_SECONDS),
    )
    return await tx.session.scalar(statement)
