"""The right to upload one file, as part of an address: signed, for one asset, of one size, for an hour."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import jwt

from core.settings import Settings

_ALGORITHM = "HS256"
_AUDIENCE = "vitrine upload"


class Ticket(NamedTuple):
    """What may be uploaded."""

    workspace_id: UUID
    asset_id: UUID
    byte_size: int


class InvalidTicket(Exception):
    """The address is not one that we signed, or no longer good; the message is for whoever sends the file."""


def issue_ticket(settings: Settings, ticket: Ticket, expires_at: datetime) -> str:
    claims = {
        "aud": _AUDIENCE,
        "exp": expires_at,
        "w": ticket.workspace_id.hex,
        "a": ticket.asset_id.hex,
        "s": ticket.byte_size,
    }
    return jwt.encode(claims, settings.secret_key.get_secret_value(), _ALGORITHM)


def read_ticket(settings: Settings, token: str) -> Ticket:
    """What a ticket lets somebody upload.

    Raises:
        InvalidTicket: nothing.

    """
    try:
        claims = jwt.decode(
            token,
            settings.secret_key.get_secret_value(),
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            options={"require": ["exp", "aud", "w", "a", "s"]},
        )
        return Ticket(UUID(claims["w"]), UUID(claims["a"]), int(claims["s"]))
    except jwt.ExpiredSignatureError:
        raise InvalidTicket("This upload has expired: announce it again with assetUploadCreate.") from None
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
        raise InvalidTicket("There is nothing to be uploaded here: announce it with assetUploadCreate.") from None
