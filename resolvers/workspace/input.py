"""What can be said of a workspace."""

from functools import cache
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, StringConstraints
from sqlalchemy import text

from core.errors import Problem, Refused
from core.money import CURRENCY_CODES
from core.words import slugify
from resolvers.validation import problem_error, text_of
from resolvers.write import Write

MAX_SLUG_LENGTH = 60

Name: Any = text_of(200, min_length=1)


def is_uuid(text: str) -> bool:
    """Whether a slug could be taken for an id: `X-Workspace` takes either."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _slug(value: str) -> str:
    if slugify(value) != value or is_uuid(value):
        message = "slug must be lower-case letters, digits and single hyphens, such as north-lamps, and no UUID."
        raise problem_error("INVALID", message)
    return value


def _currency(value: str) -> str:
    if value not in CURRENCY_CODES:
        raise problem_error("INVALID", f"{value[:10]} is no currency of ISO 4217.")
    return value


def _time_zone(value: str) -> str:
    if value not in time_zones():
        raise problem_error("INVALID", _no_zone(value))
    return value


def _no_zone(name: str) -> str:
    return f"{name[:60]} is no time zone of the IANA, such as Europe/Berlin."


async def refuse_unknown_zone(tx: Write, time_zone: str) -> None:
    """Lets a time zone through that PostgreSQL knows too: its list is another one than Python's, as old as it is.

    Raises:
        Refused: INVALID.

    """
    known = text("select exists (select from pg_timezone_names where name = :name)")
    if not await tx.session.scalar(known, {"name": time_zone}):
        raise Refused(Problem("INVALID", _no_zone(time_zone), ("input", "timeZone")))


@cache
def time_zones() -> frozenset[str]:
    """The zones of places, and UTC."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


TimeZone = Annotated[str, AfterValidator(_time_zone)]
Slug = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SLUG_LENGTH),
    AfterValidator(_slug),
]
CurrencyCode = Annotated[str, AfterValidator(_currency)]


def slug_problem() -> Problem:
    return Problem("TAKEN", "Another workspace has this slug.", ("input", "slug"))
