"""Access tokens: short-lived JWTs that name a user and their session."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import jwt

from core.clock import now
from core.settings import Settings

ALGORITHM = "HS256"
ISSUER = "vitrine"


class AccessToken(NamedTuple):
    """Whose token it is and until when it is good."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime


class InvalidAccessToken(Exception):
    """The token is not accepted; the message says why, for its bearer."""


def issue_access_token(settings: Settings, user_id: UUID, session_id: UUID) -> tuple[str, datetime]:
    """A new token, and when it expires."""
    issued_at = now()
    expires_at = issued_at + timedelta(seconds=settings.access_token_lifetime)
    claims = {"iss": ISSUER, "sub": str(user_id), "sid": str(session_id), "iat": issued_at, "exp": expires_at}
    return jwt.encode(claims, settings.secret_key.get_secret_value(), ALGORITHM), expires_at


def read_access_token(settings: Settings, token: str) -> AccessToken:
    """What a token says.

    Raises:
        InvalidAccessToken: it is not ours, was changed, or has expired.

    """
    try:
        claims = jwt.decode(
            token,
            settings.secret_key.get_secret_value(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            options={"require": ["exp", "iat", "sub", "sid", "iss"]},
        )
        expires_at = datetime.fromtimestamp(claims["exp"], now().tzinfo)
        return AccessToken(UUID(claims["sub"]), UUID(claims["sid"]), expires_at)
    except jwt.ExpiredSignatureError:
        raise InvalidAccessToken("The access token has expired: get a new one with sessionRefresh.") from None
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError):
        raise InvalidAccessToken("The access token is not valid: sign in again.") from None
