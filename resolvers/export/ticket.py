"""The right to download one export, as part of an address: signed, for minutes, as long as its maker has it."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import jwt

from core.access import CallerKind
from core.settings import Settings
from resolvers.export.tables import TABLES, Wanted

_ALGORITHM = "HS256"
_AUDIENCE = "vitrine export"
_REQUIRED = ["exp", "aud", "w", "k", "c", "t", "f"]


class Ticket(NamedTuple):
    """What may be downloaded, under which file name, and who said so."""

    workspace_id: UUID
    caller_kind: CallerKind
    caller_id: UUID
    session_id: UUID | None
    table: str
    wanted: Wanted
    filename: str


class InvalidTicket(Exception):
    """The address is not one that we signed; the message is for whoever opens it."""


class ExpiredTicket(InvalidTicket):
    """It is one, and was good once."""


def issue_ticket(settings: Settings, ticket: Ticket, expires_at: datetime) -> str:
    claims = {
        "aud": _AUDIENCE,
        "exp": expires_at,
        "w": ticket.workspace_id.hex,
        "k": ticket.caller_kind.value,
        "c": ticket.caller_id.hex,
        "u": ticket.session_id.hex if ticket.session_id else None,
        "t": ticket.table,
        "b": ticket.wanted.first.isoformat() if ticket.wanted.first else None,
        "e": ticket.wanted.last.isoformat() if ticket.wanted.last else None,
        "s": ticket.wanted.site_id.hex if ticket.wanted.site_id else None,
        "f": ticket.filename,
    }
    return jwt.encode(claims, settings.secret_key.get_secret_value(), _ALGORITHM)


def read_ticket(settings: Settings, token: str) -> Ticket:
    """What a ticket lets somebody download.

    Raises:
        ExpiredTicket: nothing any more.
        InvalidTicket: nothing.

    """
    try:
        claims = jwt.decode(
            token,
            settings.secret_key.get_secret_value(),
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            options={"require": _REQUIRED},
        )
        if claims["t"] not in TABLES:
            raise InvalidTicket("This table is no longer exported.")
        wanted = Wanted(_date(claims["b"]), _date(claims["e"]), _uuid(claims["s"]))
        return Ticket(
            UUID(claims["w"]),
            CallerKind(claims["k"]),
            UUID(claims["c"]),
            _uuid(claims["u"]),
            claims["t"],
            wanted,
            claims["f"],
        )
    except jwt.ExpiredSignatureError:
        raise ExpiredTicket("This link has expired: make a new one with exportCreate.") from None
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError, OverflowError):
        raise InvalidTicket("There is no export here: make a link with exportCreate.") from None


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
