"""What can be said of banners and logos alike."""

import re
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from core.errors import Problem, Refused
from resolvers.placement.styles import checked_styles
from resolvers.storefront.canonical import Unfit, canonical
from resolvers.validation import Input, id_of, no_nul, problem_error

MAX_URL_LENGTH = 2_000
MAX_CONTENT_BYTES = 16 * 1024
_SCHEMES = ("https", "http", "mailto", "tel")
# What a browser leaves out of an address or takes for a slash, and with that for another one.
_TRICKS = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")

# Beyond them PostgreSQL has moments that Python has not.
YEARS = range(1970, 3000)

SiteId: Any = id_of("Site", "site")
AssetId: Any = id_of("Asset", "asset")


def _link(value: str) -> str:
    if value and not _is_safe(value):
        message = "linkUrl must be a path such as /sale, an https, http, mailto or tel address, or empty."
        raise problem_error("INVALID", message)
    return value


def _is_safe(value: str) -> bool:
    """Whether an address leads to a page, a mail or a call, and runs nothing."""
    if _TRICKS.search(value):
        return False
    if value.startswith(("/", "#", "?")):
        return not value.startswith("//")
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and (bool(host) if parts.scheme.startswith("http") else bool(parts.path))


def _json_object(value: Any) -> str:
    return _encoded("content", value)


def _styles(value: Any) -> str:
    encoded = _encoded("customStyles", value)
    problem = checked_styles(orjson.loads(encoded))
    if problem:
        raise problem_error("INVALID", problem)
    return encoded


def _encoded(name: str, value: Any) -> str:
    if not isinstance(value, dict):
        raise problem_error("INVALID", f"{name} must be a JSON object.")
    try:
        return canonical(value, max_bytes=MAX_CONTENT_BYTES)
    except Unfit as unfit:
        at = f" (at /{'/'.join(unfit.path)})" if unfit.path else ""
        raise problem_error("INVALID", f"{name} cannot be stored{at}: {unfit.message}") from None


Link = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=MAX_URL_LENGTH),
    AfterValidator(no_nul),
    AfterValidator(_link),
]
JsonObject = Annotated[str, BeforeValidator(_json_object)]
Styles = Annotated[str, BeforeValidator(_styles)]


def each_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


class ResponsiveSettings(Input):
    """Other pictures for smaller screens, and the devices on which nothing is shown. It replaces all that there was."""

    tablet_asset_id: AssetId | None = None
    mobile_asset_id: AssetId | None = None
    hidden_on: Annotated[list[str], AfterValidator(each_once)] = Field(default_factory=list)


class Publication(Input):
    """A placement as it was seen, and from when to when it is to be shown; what is not named stays."""

    revision: int
    start_at: AwareDatetime | None = None
    end_at: AwareDatetime | None = None


class Seen(Input):
    """The revision that was seen."""

    revision: int


class Changes(Seen):
    """What shall change, in a subclass's fields. What `clear` names is emptied first."""

    clear: list[str] = Field(default_factory=list)


def columns_of(given: Input, names: tuple[str, ...], parts: dict[str, str]) -> dict[str, Any]:
    """The columns that an input sets: those of the names, and those of its parts behind a prefix of their own."""
    found = {name: value for name in names if (value := getattr(given, name)) is not None}
    for part, prefix in parts.items():
        below = getattr(given, part)
        if below is not None:
            found |= {prefix + name: getattr(below, name) for name in type(below).model_fields}
    return found


def refuse_times(start_at: datetime | None, end_at: datetime | None) -> None:
    """Refuses what would end before it begins, and years that nobody means.

    Raises:
        Refused: OUT_OF_RANGE.

    """
    for name, moment in (("startAt", start_at), ("endAt", end_at)):
        if moment and moment.year not in YEARS:
            message = f"{name} must lie in the years {YEARS[0]} to {YEARS[-1]}."
            raise Refused(Problem("OUT_OF_RANGE", message, ("input", name)))
    if start_at and end_at and end_at <= start_at:
        raise Refused(Problem("OUT_OF_RANGE", "endAt must be after startAt.", ("input", "endAt")))
