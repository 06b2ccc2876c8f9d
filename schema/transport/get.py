"""What a GET asks: the parts of a request in the query of its address."""

from functools import lru_cache
from urllib.parse import parse_qsl

import orjson

from core.errors import BadUserInput
from routes.exchange import Exchange
from schema.transport.operation import Asked, parse_request

# The same storefront pages are asked for again and again.
REMEMBERED = 2_000
MAX_REMEMBERED_LENGTH = 1_000
MAX_LENGTH = 16_000
# A page of another site cannot send one of these without asking first, so it has not forged what has one.
PREFLIGHT_FORCING = (b"x-storefront-token", b"authorization", b"apollo-require-preflight", b"x-requested-with")


def asked_by_get(exchange: Exchange) -> Asked:
    """The request.

    Raises:
        BadUserInput: a part is missing, malformed or there twice; or a page of another site may have forged it.

    """
    if len(exchange.query_string) > MAX_LENGTH:
        raise BadUserInput(f"The address is longer than {MAX_LENGTH} characters: send it by POST.")
    parse = _remembered if len(exchange.query_string) <= MAX_REMEMBERED_LENGTH else _parsed
    asked = parse(exchange.query_string)
    if asked.query and not any(map(exchange.header, PREFLIGHT_FORCING)):
        raise BadUserInput("Send X-Requested-With or a token with a GET, or a persisted operation.")
    return asked


def _parsed(query_string: bytes) -> Asked:
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:
        raise BadUserInput("The query of the address is malformed.") from None
    parts = dict(pairs)
    if len(parts) != len(pairs):
        raise BadUserInput("A parameter of the address stands there twice.")
    payload: dict[str, object] = {name: parts[name] for name in ("query", "operationName") if parts.get(name)}
    for name in ("variables", "extensions"):
        if parts.get(name):
            payload[name] = _json(name, parts[name])
    return parse_request(payload)


_remembered = lru_cache(maxsize=REMEMBERED)(_parsed)


def _json(name: str, text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadUserInput(f"`{name}` is not valid JSON.") from None
