"""Preview tokens: signed, short-lived, good for reading one draft."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import jwt

from core.settings import Settings

ALGORITHM = "HS256"
# Another issuer than that of access tokens: neither passes for the other.
ISSUER = "vitrine-preview"


class PreviewToken(NamedTuple):
    """Which draft it shows, in which workspace."""

    workspace_id: UUID
    draft_id: UUID


def issue_preview_token(settings: Settings, workspace_id: UUID, draft_id: UUID, expires_at: datetime) -> str:
    """A token that shows the draft until then, as long as it is neither published nor discarded."""
    claims = {"iss": ISSUER, "wid": str(workspace_id), "sub": str(draft_id), "exp": expires_at}
    return jwt.encode(claims, settings.secret_key.get_secret_value(), ALGORITHM)


def read_preview_token(settings: Settings, token: str) -> PreviewToken | None:
    """What a token says; None where it is not ours, was changed, or has expired."""
    try:
        claims = jwt.decode(
            token,
            settings.secret_key.get_secret_value(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            options={"require": ["exp", "sub", "wid", "iss"]},
        )
        return PreviewToken(UUID(claims["wid"]), UUID(claims["sub"]))
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
        return None
