"""Sites, by the name in `Host`: everything that is asked under a site's name goes to the process that serves it.

Requests and answers pass as they come, in pieces, both ways. What concerns one connection only is left out, and the
site is told who asked. Nothing is kept.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from http import HTTPStatus
from types import SimpleNamespace
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from yarl import URL

from core.database import DATABASE_FAULTS
from core.settings import Settings
from integrations.domain import PROOF_PATH
from resolvers.hosting.route import SiteRoutes

log = structlog.get_logger()

# Seconds: for a site that is started for this request, to connect, for an answer's head, and between its pieces.
START_SECONDS = 15.0
CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 60.0
PIECE_SECONDS = 60.0
# Of one site, at once in this process.
MAX_REQUESTS = 500
MAX_NAMES = 10_000
# Of each line of an answer's head, in bytes: themes preload much by `Link`.
MAX_HEADER = 64 * 1024
MAX_BODY = 10 * 1024 * 1024
RETRY_SECONDS = 0.2
KEEP_ALIVE_SECONDS = 4.0
REDIRECT_SECONDS = 300
# RFC 9110, 7.6.1: those of one connection. The last two are this server's own to say.
_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"forwarded"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class HostName(NamedTuple):
    """A name that somebody asked for, other than the API's. `is_site` tells that by its form it is a site's."""

    name: str
    is_site: bool


class SiteNames:
    """Which names may be sites', by their form alone: no look-up is made for what is asked under the API's own name."""

    def __init__(self, settings: Settings) -> None:
        self._suffix = "." + (urlsplit(settings.site_url("x")).hostname or "").partition(".")[2]
        own = (settings.base_url, settings.assets_url, settings.dashboard_url)
        self._own = {"localhost", *(urlsplit(address).hostname for address in own)}
        # The API is asked under the same name again and again.
        self.name_in = lru_cache(maxsize=MAX_NAMES)(self._name_in)

    def _name_in(self, host: bytes) -> HostName | None:
        """The name, unless it is the API's, or none that a site can have: an address, or a single word."""
        name = host.decode("latin-1").rpartition(":")[0] if b":" in host else host.decode("latin-1")
        name = name.lower().rstrip(".")
        last = name.rpartition(".")[2]
        if name in self._own or "." not in name or not last[-1:].isalnum() or last.isdigit():
            return None
        return HostName(name, name.endswith(self._suffix))


class HostedSites:
    """The ASGI application for requests under sites' names."""

    def __init__(self, routes: SiteRoutes, settings: Settings) -> None:
        self._routes = routes
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._running: dict[str, int] = {}

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send, name: str) -> None:
        request = Request(scope, receive)
        if self._running.get(name, 0) >= MAX_REQUESTS:
            await _page(HTTPStatus.SERVICE_UNAVAILABLE, "This shop is very busy", "Please try again in a moment.")(
                scope, receive, send
            )
            return
        self._running[name] = self._running.get(name, 0) + 1
        try:
            await self._serve(request, send, name)
        except ClientDisconnect:
            return
        finally:
            self._running[name] -= 1
            if not self._running[name]:
                del self._running[name]

    async def _serve(self, request: Request, send: Send, name: str) -> None:
        """Passes the request on. Where a site was switched or is started anew it answers elsewhere in a moment."""
        if (answer := await self._without_site(request, name)) is not None:
            await answer(request.scope, request.receive, send)
            return
        body = _Body(request) if _has_body(request) else None
        deadline, lost_at = time.monotonic() + START_SECONDS, set[str]()
        while (refusal := await self._try(request, send, name, body)) is not None:
            if refusal.lost_at:
                lost_at.add(refusal.lost_at)
            # A server and the one after it: it may be this request that ends them.
            if not refusal.may_come_again or time.monotonic() > deadline or len(lost_at) > 1:
                await refusal.page(request.scope, request.receive, send)
                return
            self._routes.forget(name)
            await asyncio.sleep(RETRY_SECONDS)

    async def _without_site(self, request: Request, name: str) -> Response | None:
        """What is answered without asking the site: that the name is proven, or where it leads."""
        try:
            target = await self._routes.find(name)
        except DATABASE_FAULTS:
            return None
        if target is None:
            return None
        if target.token and request.scope["path"] == PROOF_PATH:
            return PlainTextResponse(f"{target.token}\n", headers={"Cache-Control": "no-store"})
        # Files of pages that are open still lie where they lay; CloudFront asks for them under the slug's name too.
        if target.leads_to is None or request.scope["path"].startswith("/_next/"):
            return None
        location = self._settings.domain_url(target.leads_to) + _asked(request)
        # Not for ever, as browsers would have it: a merchant may choose another primary domain.
        headers = {"Location": location, "Cache-Control": f"max-age={REDIRECT_SECONDS}"}
        return Response(status_code=HTTPStatus.PERMANENT_REDIRECT, headers=headers)

    async def _try(self, request: Request, send: Send, name: str, body: "_Body | None") -> "_Refusal | None":
        """Passes the request on once. Where that cannot be nothing was sent to the browser yet."""
        try:
            target = await self._routes.running(name, START_SECONDS)
        except DATABASE_FAULTS as error:
            log.warning("site not found, PostgreSQL is away or busy", host=name, error=str(error))
            return _Refusal(_unavailable())
        if target is None:
            return _Refusal(_page(HTTPStatus.NOT_FOUND, "There is no shop here", f"Nothing is served under {name}."))
        if target.deployment_id is None:
            return _Refusal(_page(HTTPStatus.NOT_FOUND, "This shop is not open yet", "Please come back later."))
        if target.address is None:
            return _Refusal(_unavailable())
        return await self._pass_on(request, send, target.address, body)

    async def _pass_on(self, request: Request, send: Send, address: str, body: "_Body | None") -> "_Refusal | None":
        sending = _Sending()
        try:
            response = await self._ask(request, address, body, sending)
        except (aiohttp.ClientError, OSError) as error:
            if body is not None and body.is_too_large:
                status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                return _Refusal(_page(status, "That is too large", "Please send less at once."))
            log.warning("site not reached", host=request.headers.get("host"), error=str(error) or type(error).__name__)
            is_late = isinstance(error, TimeoutError)
            status = HTTPStatus.GATEWAY_TIMEOUT if is_late else HTTPStatus.BAD_GATEWAY
            page = _page(status, "This shop does not answer", "Please try again in a moment.")
            may_come_again = not sending.is_done or (request.method in _SAFE and not is_late)
            return _Refusal(page, may_come_again, lost_at=address if sending.is_done else None)
        async with response:
            await _send_back(response, request, send)
        return None

    async def _ask(
        self, request: Request, address: str, body: "_Body | None", sending: "_Sending"
    ) -> aiohttp.ClientResponse:
        url = URL(address + _asked(request), encoded=True)
        return await self._client().request(
            request.method,
            url,
            headers=_headers(request),
            data=body.pieces() if body else None,
            allow_redirects=False,
            trace_request_ctx=sending,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=CONNECT_SECONDS, sock_read=max(ANSWER_SECONDS, PIECE_SECONDS)
                ),
                auto_decompress=False,
                trust_env=False,
                max_line_size=MAX_HEADER,
                max_field_size=MAX_HEADER,
                trace_configs=[_noting_what_is_sent()],
            )
        return self._session


@dataclass(slots=True)
class _Sending:
    """Whether a request was sent. The client's error does not say it: it tries by itself again what is idempotent, and
    then fails to connect to what the first try has ended.
    """

    is_done: bool = False


async def _note_sent(_session: aiohttp.ClientSession, context: SimpleNamespace, _sent: object) -> None:
    context.trace_request_ctx.is_done = True


def _noting_what_is_sent() -> aiohttp.TraceConfig:
    config = aiohttp.TraceConfig()
    config.on_request_headers_sent.append(_note_sent)
    return config


class _Refusal(NamedTuple):
    """What is shown where there is no answer, whether there may be one in a moment, and what was asked and did not
    answer.
    """

    page: Response
    may_come_again: bool = False
    lost_at: str | None = None


class _TooLarge(Exception):
    """More came than a site takes. The client ends the request to the site with it."""


class _Body:
    """A request's body, passed on as it comes."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.is_too_large = False

    async def pieces(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._request.stream():
            size += len(piece)
            if size > MAX_BODY:
                self.is_too_large = True
                raise _TooLarge
            if piece:
                yield piece


def _asked(request: Request) -> str:
    """Path and query, to the letter. `OPTIONS *` asks for no path, and must not become a part of the host's name."""
    path = request.scope["raw_path"].decode("latin-1")
    path = path if path.startswith("/") else "/"
    query = request.scope["query_string"].decode("latin-1")
    return f"{path}{'?' if query else ''}{query}"


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _headers(request: Request) -> list[tuple[str, str]]:
    """What the site is told: what was sent, without what is of one connection, and who asked."""
    sent = request.scope["headers"]
    left_out = _HOP | _FORWARDED | _named_by_connection(sent)
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in sent if name not in left_out]
    client = request.client.host if request.client else ""
    host = request.headers.get("host", "")
    return [
        *headers,
        ("X-Forwarded-For", client),
        ("X-Forwarded-Host", host),
        ("X-Forwarded-Proto", request.scope["scheme"]),
    ]


def _named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    named = (value for name, value in headers if name.lower() == b"connection")
    return frozenset(word.strip().lower() for value in named for word in value.split(b","))


async def _send_back(response: aiohttp.ClientResponse, request: Request, send: Send) -> None:
    raw = response.raw_headers
    left_out = _HOP | _named_by_connection(raw)
    headers = [(name.lower(), value) for name, value in raw if name.lower() not in left_out]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    async for piece in response.content.iter_any():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        if await request.is_disconnected():
            response.close()
            return
    await send({"type": "http.response.body", "body": b"", "more_body": False})


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  body {{ margin: 0; min-height: 100vh; display: grid; place-content: center; text-align: center;
         font: 1.1rem/1.5 system-ui, sans-serif; color: #222; background: #fafafa; }}
  h1 {{ font-size: 1.6rem; font-weight: 600; margin: 0 1rem .5rem; }}
  p {{ margin: 0 1rem; }}
  @media (prefers-color-scheme: dark) {{ body {{ color: #eee; background: #181818; }} }}
</style>
<main><h1>{title}</h1><p>{text}</p></main>
</html>
"""


def _page(status: HTTPStatus, title: str, text: str) -> Response:
    headers = {"Cache-Control": "no-store"}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        headers["Retry-After"] = "5"
    return HTMLResponse(_PAGE.format(title=escape(title), text=escape(text)), status, headers)


def _unavailable() -> Response:
    return _page(HTTPStatus.SERVICE_UNAVAILABLE, "This shop is just starting", "Please try again in a moment.")
