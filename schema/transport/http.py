"""GraphQL over HTTP: POST with JSON, GET for queries; to people's browsers GET shows GraphiQL."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import NamedTuple

import orjson
import structlog
from graphql import GraphQLError, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core.access import Caller, CallerKind
from core.cache import KEPT_BY_OTHERS, AnswerCache, Entry, Key
from core.compression import MIN_COMPRESSED
from core.errors import BadUserInput, Forbidden, RequestError, Throttled
from core.telemetry import note_request
from resolvers.authentication import Credentials
from resolvers.context import Context
from routes.exchange import Exchange, Headers, TooLarge
from schema.documents import Invalid
from schema.queries import ANY_SEQUENCE
from schema.query import Privacy
from schema.transport.admission import Admission
from schema.transport.get import asked_by_get
from schema.transport.operation import (
    MAX_VARIABLES_KEPT,
    Asked,
    Prepared,
    Runner,
    encode,
    idempotency_key,
    parse_request,
    refusal,
    run,
)

log = structlog.get_logger()

RESPONSE_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"
_CONTENT_TYPES = {name: f"{name}; charset=utf-8".encode() for name in (RESPONSE_JSON, PLAIN_JSON)}
MAX_SEQUENCE_DIGITS = 18
VARY = (
    b"accept, accept-encoding, authorization, origin, x-min-sequence, x-preview-token, x-storefront-token, x-workspace"
)
REQUEST_HEADERS = (
    b"apollo-require-preflight, authorization, content-type, idempotency-key, x-min-sequence, x-preview-token, "
    b"x-request-id, x-requested-with, x-shopper-secret, x-storefront-token, x-workspace"
)
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", REQUEST_HEADERS),
    (b"access-control-max-age", b"7200"),
    (b"vary", b"origin"),
]
EXPOSED = b"etag, retry-after, x-request-id, x-sequence"


class Reply(NamedTuple):
    """A response that is ready to be sent. `entry` is there where it may be kept."""

    status: int
    body: bytes
    codes: list[str] | None
    sequence: int = 0
    entry: Entry | None = None
    retry_after: int = 0
    allow: bytes = b""


@dataclass(slots=True)
class Noted:
    """What the log and the metrics say of a request. Never its variables: they may be personal."""

    kind: str = "none"
    name: str | None = None
    caller: Caller | None = None


class HttpDoor:
    """The ASGI application at /graphql for HTTP. `page` gives people who open it in a browser something to see."""

    def __init__(
        self,
        runner: Runner,
        admission: Admission,
        cache: AnswerCache,
        page: Callable[[Request], Response | None],
    ) -> None:
        self._runner = runner
        self._admission = admission
        self._cache = cache
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        try:
            if exchange.method == "POST":
                await self._serve(exchange)
            elif exchange.method == "GET":
                page = self._page(Request(scope)) if "text/html" in exchange.header(b"accept") else None
                await (page(scope, receive, send) if page else self._serve(exchange))
            elif exchange.method == "OPTIONS" and exchange.header(b"origin"):
                await exchange.send(204, [*PREFLIGHT, (b"access-control-allow-origin", b"*")], b"")
            else:
                reply = _refused(BadUserInput("Send GraphQL by POST, queries also by GET."), exchange, PLAIN_JSON)
                await self._send(exchange, reply._replace(status=405, allow=b"GET, POST"), PLAIN_JSON, None)
        except ClientDisconnect:
            return

    async def _serve(self, exchange: Exchange) -> None:
        started = time.perf_counter()
        noted = Noted()
        media_type = _accepted(exchange.header(b"accept"))
        try:
            asked = asked_by_get(exchange) if exchange.method == "GET" else await _asked_by_post(exchange)
            reply = await self._reply(exchange, asked, media_type, noted)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - shown if it is the client's, masked and logged if it is ours
            reply = _refused(error, exchange, media_type)
        await self._send(exchange, reply, media_type, noted.caller)
        note_request(
            exchange.request_id, noted.kind, noted.name, reply.codes, noted.caller, time.perf_counter() - started
        )

    async def _reply(self, exchange: Exchange, asked: Asked, media_type: str, noted: Noted) -> Reply:
        admission, origin = self._admission, exchange.header(b"origin")
        caller = noted.caller = await admission.identify(_credentials(exchange), exchange.address)
        if not admission.origin_allowed(caller, origin):
            raise OriginRefused(f"Pages of {origin[:200]} may not: see ALLOWED_ORIGINS and the token's origins.")
        prepared = await admission.prepare(asked, caller)
        noted.kind, noted.name = prepared.operation.operation.value, asked.operation_name
        if prepared.operation.operation is OperationType.SUBSCRIPTION:
            raise BadUserInput("Subscriptions are served over a websocket (graphql-transport-ws).")
        if exchange.method == "GET":
            _refuse_by_get(prepared)
        key = idempotency_key(
            prepared, caller, exchange.header(b"idempotency-key"), exchange.header(b"x-shopper-secret")
        )
        context = Context(
            self._runner.platform,
            caller,
            exchange.request_id,
            key,
            exchange.header(b"user-agent"),
            exchange.asks_not_to_be_tracked,
        )
        if self._cache.seconds and _is_published(prepared, caller):
            return _kept(await self._published(exchange, prepared, context))
        await admission.charge(caller, prepared.cost)
        answer = await run(self._runner, prepared, context)
        status = 200 if answer.executed or media_type == PLAIN_JSON else 400
        return Reply(status, encode(answer.body), answer.codes)

    async def _published(self, exchange: Exchange, prepared: Prepared, context: Context) -> Entry:
        """The answer that all shoppers share, from the cache if there is one that is new enough: for a point then."""
        caller, min_sequence = context.caller, _min_sequence(exchange)
        if caller.workspace_id is None:
            raise LookupError("What shoppers share is a query in a workspace.")
        key: Key = (caller.workspace_id, (prepared.key, caller.hides_stock, caller.site_id))
        entry = self._cache.get(key, min_sequence)
        await self._admission.charge(caller, prepared.cost if entry is None else 1)
        return entry or await self._cache.fill(key, min_sequence, partial(self._read_published, prepared, context))

    async def _read_published(self, prepared: Prepared, context: Context) -> Entry:
        answer = await run(self._runner, prepared, context, with_sequence=True)
        return Entry(encode(answer.body), answer.sequence, answer.codes)

    async def _send(self, exchange: Exchange, reply: Reply, media_type: str, caller: Caller | None) -> None:
        headers: Headers = [(b"content-type", _CONTENT_TYPES[media_type])]
        origin = exchange.header(b"origin")
        if origin and self._admission.origin_allowed(caller, origin):
            headers += [
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-expose-headers", EXPOSED),
            ]
        if reply.retry_after:
            headers.append((b"retry-after", b"%d" % reply.retry_after))
        if reply.allow:
            headers.append((b"allow", reply.allow))
        entry = reply.entry
        if entry is None:
            headers += [(b"cache-control", b"no-store"), (b"vary", b"accept-encoding, origin")]
            await exchange.respond(reply.status, headers, reply.body)
            return
        if reply.sequence < ANY_SEQUENCE:
            headers.append((b"x-sequence", b"%d" % reply.sequence))
        if exchange.method == "GET":
            headers += [(b"cache-control", KEPT_BY_OTHERS), (b"vary", VARY), (b"etag", entry.etag)]
            if exchange.knows(entry.etag):
                await exchange.send(304, headers, b"")
                return
        if not entry.until:
            await exchange.respond(200, headers, entry.body)
        elif len(entry.body) >= MIN_COMPRESSED and exchange.takes_gzip:
            await exchange.send(200, [*headers, (b"content-encoding", b"gzip")], entry.gzipped)
        else:
            await exchange.send(200, headers, entry.body)


def _kept(entry: Entry) -> Reply:
    return Reply(200, entry.body, entry.codes, entry.sequence, None if entry.codes else entry)


def _is_published(prepared: Prepared, caller: Caller) -> bool:
    """Whether all shoppers of the storefront get the same answer."""
    query = prepared.query
    is_shopper = caller.kind is CallerKind.SHOPPER and caller.preview_draft_id is None
    is_shared = query is not None and is_shopper and query.privacies <= _PUBLISHED
    return is_shared and len(prepared.key[2]) <= MAX_VARIABLES_KEPT


_PUBLISHED = frozenset({Privacy.PUBLISHED})


def _refuse_by_get(prepared: Prepared) -> None:
    """Addresses end in histories and logs, and are fetched by anybody's guess.

    Raises:
        BadUserInput: the operation changes something, or has a secret in its arguments.

    """
    if prepared.operation.operation is not OperationType.QUERY:
        raise NotByGet("Only queries are sent by GET: send mutations by POST.")
    if prepared.query is not None and Privacy.SECRET in prepared.query.privacies:
        raise NotByGet("What is found by a secret is sent by POST only.")


class OriginRefused(RequestError):
    """The page that sends the request is of an origin that may not."""

    code = Forbidden.code


class NotByGet(RequestError):
    """The operation must be sent by POST."""

    code = BadUserInput.code


async def _asked_by_post(exchange: Exchange) -> Asked:
    content_type = exchange.header(b"content-type")
    if content_type != PLAIN_JSON and not _is_json(content_type):
        raise UnsupportedMediaType("Content-Type must be application/json, in UTF-8.")
    try:
        payload = orjson.loads(await exchange.body())
    except orjson.JSONDecodeError:
        raise BadUserInput("The body is not valid JSON in UTF-8.") from None
    return parse_request(payload)


class UnsupportedMediaType(RequestError):
    """The body is of a type that is not read."""

    code = BadUserInput.code


def _is_json(content_type: str) -> bool:
    media_type, _, parameters = content_type.lower().partition(";")
    charset = parameters.replace(" ", "").partition("charset=")[2].strip('"')
    return media_type.strip() == PLAIN_JSON and charset in {"", "utf-8", "utf8"}


def _refused(error: Exception, exchange: Exchange, media_type: str) -> Reply:
    answer = refusal(error, exchange.request_id)
    retry_after = error.extensions.get("retryAfter", 1) if isinstance(error, Throttled) else 0
    return Reply(
        _refused_status(error, media_type),
        encode(answer.body),
        answer.codes,
        # In whole seconds, and not too early.
        retry_after=ceil(retry_after),
        allow=b"POST" if isinstance(error, NotByGet) else b"",
    )


_STATUSES: dict[type[Exception], int] = {
    TooLarge: 413,
    UnsupportedMediaType: 415,
    Throttled: 429,
    NotByGet: 405,
    OriginRefused: 403,
}


def _refused_status(error: Exception, media_type: str) -> int:
    status = _STATUSES.get(type(error))
    if status is not None:
        return status
    if not isinstance(error, RequestError | GraphQLError | Invalid):
        return 500
    return 400 if media_type == RESPONSE_JSON or isinstance(error, BadUserInput) else 200


def _accepted(accept: str) -> str:
    """The media type of the answer: the new one only where it is asked for."""
    return RESPONSE_JSON if RESPONSE_JSON in accept else PLAIN_JSON


def _credentials(exchange: Exchange) -> Credentials:
    header = exchange.header
    return Credentials(
        header(b"authorization"), header(b"x-workspace"), header(b"x-storefront-token"), header(b"x-preview-token")
    )


def _min_sequence(exchange: Exchange) -> int:
    """The number of the event that the answer must be as new as.

    Raises:
        BadUserInput: X-Min-Sequence is no number.

    """
    given = exchange.header(b"x-min-sequence")
    if not given:
        return 0
    if not given.isascii() or not given.isdigit() or len(given) > MAX_SEQUENCE_DIGITS:
        raise BadUserInput("X-Min-Sequence takes the sequence number of an event.")
    return int(given)
