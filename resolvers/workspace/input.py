"""What can be said of a workspace."""

from functools import cache
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, StringConstraints

from core.errors import Problem
from core.money import CURRENCY_CODES
from core.words import slugify
from resolvers.validation import problem_error, text_of

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
    if value not in _time_zones():
        raise problem_error("INVALID", f"{value[:60]} is no time zone of the IANA, such as Europe/Berlin.")
    return value


@cache
def _time_zones() -> frozenset[str]:
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
