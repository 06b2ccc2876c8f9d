"""Sessions: one sign-in on one device, kept alive by refresh tokens of which each is good for one use."""

import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from core.access_token import issue_access_token
from core.clock import now
from core.crypto import SECRET_BYTES, hash_secret, new_secret, pack_token
from core.ids import new_id
from core.settings import Settings
from models import RefreshToken, UserSession
from resolvers.account.write import AccountWrite
from resolvers.write import Outcome, Secret

REFRESH_TOKEN_PREFIX = "vr_"  # noqa: S105 - a prefix


async def start_session(tx: AccountWrite, user_id: UUID) -> Outcome:
    """A new session of the user; the outcome has what its bearer is told."""
    settings = tx.context.platform.settings
    session = UserSession(id=new_id(), user_id=user_id, expires_at=session_end(settings))
    secret = new_secret()
    token = RefreshToken(id=new_id(), session_id=session.id, secret_hash=hash_secret(secret))
    tx.session.add(session)
    await tx.session.flush()
    tx.session.add(token)
    return tokens_of(settings, user_id, token, secret)


def session_end(settings: Settings) -> datetime:
    """Until when a session lives that is used now."""
    return now() + timedelta(seconds=settings.refresh_token_lifetime)


def tokens_of(settings: Settings, user_id: UUID, token: RefreshToken, secret: bytes) -> Outcome:
    """What the bearer of a session is told: both tokens are shown once."""
    access_token, expires_at = issue_access_token(settings, user_id, token.session_id)
    return {
        "id": user_id,
        "access_token": Secret(access_token),
        "refresh_token": Secret(pack_token(REFRESH_TOKEN_PREFIX, token.session_id, token.id, secret)),
        "expires_at": expires_at.isoformat(),
    }


def next_secret(settings: Settings, secret: bytes) -> bytes:
    """The secret of the refresh token that comes after the one with this secret; only this server can tell."""
    key = settings.secret_key.get_secret_value().encode()
    return hmac.new(key, b"refresh token after" + secret, hashlib.sha256).digest()[:SECRET_BYTES]


async def end_sessions(tx: AccountWrite, user_id: UUID, *, but: UUID | None = None) -> list[UUID]:
    """Revokes the user's sessions, or all but one; gives those that it revoked."""
    statement = select(UserSession.id).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    if but is not None:
        statement = statement.where(UserSession.id != but)
    ids = list(await tx.session.scalars(statement.order_by(UserSession.id).with_for_update()))
    await tx.session.execute(update(UserSession).where(UserSession.id.in_(ids)).values(revoked_at=now()))
    for session_id in ids:
        tx.revoked(session_id)
    return ids
