"""One visitor event as a client sent it: checked by hand, since thousands come in a second."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import orjson

from core.errors import Problem
from core.origin import parse_origin

MAX_ID_LENGTH = 64
MAX_URL_LENGTH = 2_048
# Keys of an index hold some 2,700 bytes; a character has up to four.
MAX_PATH_LENGTH = 500
MAX_TITLE_LENGTH = 300
MAX_SOURCE_LENGTH = 200
MAX_SEQUENCE = 2**31 - 1
MAX_PROPERTIES_LENGTH = 4_096
MAX_PROPERTIES_KEYS = 50
MAX_PROPERTIES_DEPTH = 4
PAGES_KEPT = 4_096
DIRECT = "direct"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{32}")
_URL = re.compile(r"(https?://([^/?#\s\\@]{1,300}))(/[^?#]*)?(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE | re.DOTALL)
_CAMPAIGN = re.compile(r"(?:^|&)utm_(source|medium|campaign)=([^&]+)")


class Event(NamedTuple):
    """An event that is good, as the columns of `visitor_event`."""

    occurred_at: datetime
    id: str
    name: str
    session_id: str
    sequence: int | None
    host: str
    path: str
    title: str
    referrer: str
    source: str
    medium: str
    campaign: str
    properties: str | None


class Rules(NamedTuple):
    """What an event is held to: between which moments it may have happened, and which origins are the caller's own."""

    earliest: datetime
    latest: datetime
    is_own: Callable[[str], bool]


class _Wrong(Exception):
    """The event is refused, for its field."""

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field


class _Page(NamedTuple):
    """What is kept of a URL."""

    origin: str
    host: str
    path: str
    source: str
    medium: str
    campaign: str


def read_event(given: Any, index: int, rules: Rules) -> Event | Problem:
    """The event, or the first thing that is wrong with it."""
    if not isinstance(given, dict):
        return Problem("INVALID", "An event must be an object.", ("events", str(index)))
    try:
        return _read(given, rules)
    except _Wrong as wrong:
        return Problem(wrong.code, str(wrong), ("events", str(index), wrong.field))


def _read(given: dict[str, Any], rules: Rules) -> Event:
    event_id, session_id = _key(given.get("id"), "id"), _key(given.get("sessionId"), "sessionId")
    name = given.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = "name must be lower-case letters, digits and underscores, such as page_view; 60 at most."
        raise _Wrong("INVALID" if name else "BLANK", "name", message)
    occurred_at = _moment(given.get("occurredAt"), rules)
    page = _page_at(given.get("url"), "url")
    if not rules.is_own(page.origin):
        raise _Wrong("FOREIGN", "url", "url is of no origin that this storefront token may be used on.")
    referrer, source = "", page.source
    if (told := given.get("referrer")) is not None and told != "":
        from_page = _page_at(told, "referrer")
        if from_page.host != page.host:
            referrer = from_page.host + from_page.path
            source = source or from_page.host.removeprefix("www.")
    return Event(
        occurred_at,
        event_id,
        name,
        session_id,
        _sequence(given.get("sequence")),
        page.host,
        page.path,
        _title(given.get("title")),
        referrer,
        source or DIRECT,
        page.medium,
        page.campaign,
        _properties(given.get("properties")),
    )


def key_of(text: str) -> str:
    """A client's id as a UUID: itself where it is one, else made of the text."""
    return text if _UUID.fullmatch(text) else hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _key(value: Any, field: str) -> str:
    if not isinstance(value, str) or not value:
        raise _Wrong("BLANK", field, f"{field} must be a text, best a UUID.")
    if len(value) > MAX_ID_LENGTH:
        raise _Wrong("TOO_LONG", field, f"{field} must have at most {MAX_ID_LENGTH} characters.")
    return key_of(value)


def _moment(value: Any, rules: Rules) -> datetime:
    if not isinstance(value, str) or not value:
        raise _Wrong("BLANK", "occurredAt", "occurredAt must be a moment such as 2026-01-31T12:00:00Z.")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _Wrong("INVALID", "occurredAt", "occurredAt must look like 2026-01-31T12:00:00Z.") from None
    if moment.tzinfo is None:
        raise _Wrong("INVALID", "occurredAt", "occurredAt needs an offset, such as the Z in 2026-01-31T12:00:00Z.")
    if moment < rules.earliest:
        raise _Wrong("OUT_OF_RANGE", "occurredAt", "occurredAt is too long ago: events are taken for 72 hours.")
    if moment > rules.latest:
        raise _Wrong("OUT_OF_RANGE", "occurredAt", "occurredAt is in the future: the clock that said it is wrong.")
    return moment


def _page_at(value: Any, field: str) -> _Page:
    if not isinstance(value, str) or not value:
        raise _Wrong("BLANK", field, f"{field} must be an address such as https://shop.example/lamps.")
    if len(value) > MAX_URL_LENGTH:
        raise _Wrong("TOO_LONG", field, f"{field} must have at most {MAX_URL_LENGTH} characters.")
    page = _page(value)
    if page is None:
        raise _Wrong("INVALID", field, f"{field} must be an address such as https://shop.example/lamps.")
    return page


@lru_cache(maxsize=PAGES_KEPT)
def _page(url: str) -> _Page | None:
    found = _URL.fullmatch(url)
    if found is None or "\0" in url or (origin := parse_origin(found[1])) is None:
        return None
    return _Page(origin, found[2].lower(), (found[3] or "/")[:MAX_PATH_LENGTH], *_campaign(found[4] or ""))


def _campaign(query: str) -> tuple[str, str, str]:
    """`utm_source`, `utm_medium` and `utm_campaign`; empty where they are missing."""
    # Of several the first: a dict keeps the last.
    given = dict(reversed(_CAMPAIGN.findall(query)))
    source, medium, campaign = (
        unquote_plus(given.get(name, ""), errors="replace").replace("\0", "").strip()[:MAX_SOURCE_LENGTH]
        for name in ("source", "medium", "campaign")
    )
    return source.lower(), medium.lower(), campaign


def _sequence(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_SEQUENCE:
        raise _Wrong("OUT_OF_RANGE", "sequence", f"sequence must be a whole number from 0 to {MAX_SEQUENCE}.")
    return value


def _title(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        raise _Wrong("INVALID", "title", "title must be a text.")
    return value[:MAX_TITLE_LENGTH]


def _properties(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _Wrong("INVALID", "properties", "properties must be an object.")
    if not value:
        return None
    _refuse_unstorable(value)
    try:
        encoded = orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise _Wrong("INVALID", "properties", "properties must be JSON.") from None
    if len(encoded) > MAX_PROPERTIES_LENGTH:
        raise _Wrong("TOO_LONG", "properties", f"properties must have at most {MAX_PROPERTIES_LENGTH} bytes as JSON.")
    return encoded.decode()


def _refuse_unstorable(properties: dict[str, Any]) -> None:
    """Looks at no more of them than may be there, since thousands of events come in a second.

    Raises:
        _Wrong: they have too many keys and entries in all, are nested too deeply, or hold a NUL character, which
            PostgreSQL cannot store.

    """
    keys = 0
    waiting: list[tuple[Any, int]] = [(properties, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, str) and "\0" in value:
            raise _Wrong("INVALID", "properties", "properties hold a NUL character, which cannot be stored.")
        if not isinstance(value, dict | list):
            continue
        if depth > MAX_PROPERTIES_DEPTH:
            raise _Wrong("INVALID", "properties", f"properties must be nested at most {MAX_PROPERTIES_DEPTH} deep.")
        keys += len(value)
        if keys > MAX_PROPERTIES_KEYS:
            raise _Wrong("TOO_MANY", "properties", f"properties must have at most {MAX_PROPERTIES_KEYS} keys in all.")
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        waiting.extend((each, depth + 1) for each in inner)
