"""`/track.js`, the script for themes, and `POST /track`, where it sends what visitors do.

Browsers send it by `navigator.sendBeacon` when a page goes away. Beacons have no headers, so the storefront token
stands in the query or the body, and JSON comes as `text/plain`, which needs no preflight.
"""

import gzip
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.access import Caller, CallerKind
from core.database import is_passing
from core.errors import BadUserInput, Forbidden, Refused, RequestError, Throttled, Unauthenticated
from core.telemetry import note_request
from core.throttle import Throttle
from resolvers.analytics import MAX_EVENTS, Tracked, track_events
from resolvers.authentication import Authenticator, Credentials
from resolvers.context import Context, Platform
from routes.exchange import Exchange, Headers, TooLarge

log = structlog.get_logger()

PATH = "/track"
MAX_BODY = 256 * 1024
RETRY_SECONDS = 1
_PREFLIGHT: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"content-type, x-request-id, x-storefront-token"),
    (b"access-control-max-age", b"7200"),
]
_STATUSES: dict[type[Exception], int] = {
    TooLarge: 413,
    BadUserInput: 400,
    Refused: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    Throttled: 429,
}


SCRIPT = (Path(__file__).parent / "tracking" / "track.js").read_bytes()
_ETAG = f'"{hashlib.sha256(SCRIPT).hexdigest()[:16]}"'
_COMPRESSED = gzip.compress(SCRIPT, mtime=0)
# Themes name the script without a version: it changes for them within the hour.
_SCRIPT_HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "ETag": _ETAG,
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


async def script(request: Request) -> Response:
    """The tracking script, for pages of any origin."""
    if request.headers.get("if-none-match") == _ETAG:
        return Response(status_code=304, headers=_SCRIPT_HEADERS)
    headers, content = dict(_SCRIPT_HEADERS), SCRIPT
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"], content = "gzip", _COMPRESSED
    return Response(content, media_type="text/javascript", headers=headers)


ROUTES = [Route("/track.js", script, methods=["GET"])]


class _Reply(NamedTuple):
    status: int
    body: dict[str, Any]
    retry_after: int = 0


@dataclass(frozen=True)
class TrackDoor:
    """The ASGI application at /track."""

    platform: Platform
    authenticator: Authenticator
    throttle: Throttle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        try:
            if exchange.method == "POST":
                await self._serve(exchange)
            elif exchange.method == "OPTIONS":
                await exchange.send(204, [*_PREFLIGHT], b"")
            else:
                headers: Headers = [(b"allow", b"OPTIONS, POST"), (b"content-type", b"application/json")]
                await exchange.send(405, headers, orjson.dumps(_refusal("Send events by POST.")))
        except ClientDisconnect:
            return

    async def _serve(self, exchange: Exchange) -> None:
        started, caller = time.perf_counter(), None
        try:
            payload = _payload(await exchange.body(MAX_BODY))
            caller = await self._caller(exchange, payload)
            reply = await self._track(exchange, payload["events"], caller)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - shown if it is the client's, masked and logged if it is ours
            reply = _refused(error, exchange.request_id)
        await exchange.send(reply.status, self._headers(exchange, reply, caller), orjson.dumps(reply.body))
        codes = [error["code"] for error in reply.body["userErrors"]] or None
        note_request(exchange.request_id, "track", None, codes, caller, time.perf_counter() - started)

    async def _caller(self, exchange: Exchange, payload: Mapping[str, Any]) -> Caller:
        token = _token(exchange, payload)
        caller = await self.authenticator.identify(Credentials(storefront_token=token), exchange.address)
        if caller.kind is not CallerKind.SHOPPER:
            raise Unauthenticated(caller.problem or "Name a storefront token: /track?token=vs_…")
        return caller

    def _may_come_from(self, exchange: Exchange, caller: Caller | None) -> bool:
        """What comes from no page has no origin."""
        origin = exchange.header(b"origin")
        if not origin:
            return True
        return self.platform.settings.origin_allowed(origin) and (caller is None or caller.may_come_from(origin))

    async def _track(self, exchange: Exchange, events: list[Any], caller: Caller) -> _Reply:
        if not self._may_come_from(exchange, caller):
            raise Forbidden("Pages of this origin may not: see ALLOWED_ORIGINS and the token's origins.")
        waiting = self.throttle.take(self.throttle.buckets(caller), max(1, min(len(events), MAX_EVENTS)))
        if waiting is not None:
            await waiting
        context = Context(
            self.platform,
            caller,
            exchange.request_id,
            user_agent=exchange.header(b"user-agent"),
            do_not_track=exchange.asks_not_to_be_tracked,
        )
        return _Reply(200, _body(await track_events(context, events)))

    def _headers(self, exchange: Exchange, reply: _Reply, caller: Caller | None) -> Headers:
        headers: Headers = [
            (b"content-type", b"application/json"),
            (b"cache-control", b"no-store"),
            (b"vary", b"origin"),
        ]
        origin = exchange.header(b"origin")
        if origin and self._may_come_from(exchange, caller):
            headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
        if reply.retry_after:
            headers.append((b"retry-after", b"%d" % reply.retry_after))
        return headers


def _payload(body: bytes) -> dict[str, Any]:
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadUserInput("The body is not valid JSON in UTF-8.") from None
    if not isinstance(payload, dict) or not isinstance(payload.get("events"), list):
        raise BadUserInput('The body must be a JSON object such as { "events": [ … ] }.')
    return payload


def _token(exchange: Exchange, payload: Mapping[str, Any]) -> str:
    named = parse_qs(exchange.query_string.decode("latin-1")).get("token", [""])[0] if exchange.query_string else ""
    token = named or exchange.header(b"x-storefront-token") or payload.get("token")
    return token if isinstance(token, str) else ""


def _body(tracked: Tracked) -> dict[str, Any]:
    errors = [{"code": each.code, "field": each.field, "message": each.message} for each in tracked.problems]
    return {"acceptedCount": tracked.accepted, "userErrors": errors}


def _refusal(message: str, code: str = BadUserInput.code, field: tuple[str, ...] | None = None) -> dict[str, Any]:
    return {"acceptedCount": 0, "userErrors": [{"code": code, "field": field, "message": message}]}


def _refused(error: Exception, request_id: str) -> _Reply:
    """The answer to a request of which nothing was stored, or nobody knows."""
    status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 500)
    if isinstance(error, Refused):
        problem = error.problems[0]
        return _Reply(status, _refusal(problem.message, problem.code, problem.field))
    if isinstance(error, RequestError):
        retry_after = ceil(float(error.extensions.get("retryAfter", RETRY_SECONDS))) if status == 429 else 0  # noqa: PLR2004
        return _Reply(status, _refusal(error.message, error.code), retry_after)
    if is_passing(error):
        sentence = "Events cannot be stored at the moment: send the same again."
        return _Reply(503, _refusal(sentence, Throttled.code), RETRY_SECONDS)
    log.error("request failed", request_id=request_id, path=PATH, exc_info=error)
    return _Reply(500, _refusal(f"Something went wrong on our side: {request_id}.", RequestError.code))
