"""Posting one webhook: bounded in time and size, and only to where it may go.

Connections are kept open, a pool for each host. Whatever a receiver does becomes an outcome: nothing raises.
"""

import asyncio
import errno
import math
import os
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ssl import SSLContext, SSLError
from typing import NamedTuple, Self

import aiohttp
import structlog
from aiohttp import AsyncResolver, ClientResponse, ClientSession, ClientTimeout
from aiohttp.abc import AbstractResolver
from yarl import URL

from core.clock import now
from integrations.webhook.address import Unpostable, postable_url
from integrations.webhook.base import Outcome, Posting
from integrations.webhook.connection import (
    CheckedResolver,
    Connector,
    RefusedAddress,
    Request,
    SlowName,
    past_stale_connections,
)
from integrations.webhook.signature import signed_headers

log = structlog.get_logger()

# Seconds. Connecting includes looking up the name, every address of it that is tried, and TLS; the whole includes all.
LOOKUP_SECONDS = 2.0
CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 15.0
# Bytes of a response that are read.
MAX_RESPONSE = 20_000
# Seconds. Node and Apache close a connection that rested for five: one left before that is not closed under a post.
KEEP_ALIVE_SECONDS = 4.0
MAX_RETRY_AFTER = 24 * 3600.0
MAX_SHOWN = 200
# Of each line of a response's head in bytes, and of its lines.
_MAX_HEADER = 8_190
_MAX_HEADERS = 128
_READ_BUFFER = 16_384
# A DNS server has so many seconds to answer, twice that at the second of these tries.
_DNS_TIMEOUT = 1.0
_DNS_TRIES = 2
_NEVER_ROUNDED = math.inf
# This machine is out of files, ports or memory.
_OURS = {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM}


class _Answer(NamedTuple):
    """What is known of a receiver's answer."""

    status_code: int | None = None
    body: bytes = b""
    retry_after: float | None = None
    error: str | None = None


class Poster:
    """What posts webhooks, in a block: `async with Poster(…) as poster`. One in a process, for thousands of hosts.

    Development and tests `allow_loopback`. There is no limit of connections unless `max_connections` is one (waiting
    for one counts as connecting): how many posts are under way is the caller's to bound. `resolver` and `tls` replace
    the system's name servers and roots of trust.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool,
        version: str = "1",
        lookup_seconds: float = LOOKUP_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
        max_connections: int = 0,
        resolver: AbstractResolver | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._headers = {
            "User-Agent": f"Vitrine-Webhooks/{version}",
            "Content-Type": "application/json",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
        }
        self._lookup_seconds = lookup_seconds
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._keep_alive_seconds = keep_alive_seconds
        self._max_connections = max_connections
        self._resolver = resolver
        self._tls = tls
        self._stack = AsyncExitStack()
        self._sessions: dict[bool, ClientSession] = {}

    async def __aenter__(self) -> Self:
        resolver = self._resolver
        if resolver is None:
            resolver = AsyncResolver(timeout=_DNS_TIMEOUT, tries=_DNS_TRIES)
            self._stack.push_async_callback(resolver.close)
        checked = CheckedResolver(resolver, self._lookup_seconds, allow_loopback=self._allow_loopback)
        # Two pools: what is connected to for a trusted post is never used for another.
        for is_trusted, names, allow in ((False, checked, self._allow_loopback), (True, resolver, None)):
            connector = Connector(
                limit=self._max_connections,
                keepalive_timeout=self._keep_alive_seconds,
                resolver=names,
                tls=self._tls,
                allow_loopback=allow,
            )
            self._sessions[is_trusted] = await self._stack.enter_async_context(self._session(connector))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def post(self, posting: Posting) -> Outcome:
        """One try. It never raises for what a receiver or a url is like, and ends within the total seconds."""
        session = self._sessions[posting.is_trusted]
        started_at, begun = now(), time.monotonic()
        try:
            url = URL(posting.url) if posting.is_trusted else self._postable(posting.url)
            answer = await self._answer(session, url, posting)
        except Unpostable as problem:
            answer = _Answer(error=str(problem))
        except (aiohttp.ClientError, OSError) as failure:
            answer = _Answer(error=self._sentence(failure))
        except Exception as failure:  # noqa: BLE001 - whoever posts goes on to the next one, whatever this was
            # Without the traceback, whose variables hold secrets, and the url, which may be one.
            log.error("webhook not posted", message_id=posting.message_id, error=repr(failure))  # noqa: TRY400
            answer = _Answer(error="It could not be posted.")
        milliseconds = int((time.monotonic() - begun) * 1000)
        return Outcome(
            answer.status_code, answer.error, answer.body, milliseconds, started_at, retry_after=answer.retry_after
        )

    def _session(self, connector: Connector) -> ClientSession:
        return ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=ClientTimeout(total=None, connect=self._connect_seconds, ceil_threshold=_NEVER_ROUNDED),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=_READ_BUFFER,
            max_line_size=_MAX_HEADER,
            max_field_size=_MAX_HEADER,
            max_headers=_MAX_HEADERS,
            request_class=Request,
            middlewares=(past_stale_connections,),
            headers=self._headers,
        )

    def _postable(self, url: str) -> URL:
        return postable_url(url, allow_loopback=self._allow_loopback)

    async def _answer(self, session: ClientSession, url: URL, posting: Posting) -> _Answer:
        """Posts, and reads what is kept of the response, in time."""
        headers = signed_headers(posting.message_id, int(time.time()), posting.body, posting.secrets)
        answer = _Answer()
        try:
            async with (
                asyncio.timeout(self._total_seconds),
                session.post(url, data=posting.body, headers=headers, allow_redirects=False) as response,
            ):
                answer = _Answer(response.status, b"", _retry_after(response), _problem_of_status(response))
                parts: list[bytes] = []
                try:
                    await _read(response, parts)
                finally:
                    answer = answer._replace(body=b"".join(parts))
        except TimeoutError as failure:
            if isinstance(failure, aiohttp.ConnectionTimeoutError):
                raise
            return answer._replace(error=answer.error or f"There was no whole answer within {self._total_seconds:g} s.")
        except aiohttp.ClientPayloadError:
            return answer._replace(error=answer.error or "Its answer broke off.")
        return answer

    def _sentence(self, failure: Exception) -> str:
        if isinstance(failure, aiohttp.ConnectionTimeoutError):
            return f"It took longer than {self._connect_seconds:g} s to connect."
        if isinstance(failure, aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError):
            return _problem_of_connecting(failure)
        if isinstance(failure, aiohttp.ServerDisconnectedError):
            return "It closed the connection without an answer."
        if isinstance(failure, aiohttp.ClientResponseError):
            return f"What it answered is not HTTP as it should be: {_shown(failure.message)}."
        return f"The connection broke: {_shown(failure)}."


def _problem_of_connecting(failure: aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError) -> str:
    if isinstance(failure, aiohttp.ClientConnectorCertificateError):
        reason = getattr(failure.certificate_error, "verify_message", "") or failure.certificate_error
        return f"Its certificate is not valid: {_shown(reason)}."
    cause = failure.os_error
    if isinstance(cause, RefusedAddress | SlowName):
        return str(cause)
    if isinstance(failure, aiohttp.ClientConnectorDNSError):
        return f"The host {failure.host} was not found."
    if cause.errno in _OURS:
        return "Vitrine had no connection left to give: this says nothing about the receiver."
    if isinstance(cause, SSLError):
        return f"TLS could not be agreed on: {_shown(cause.reason or cause)}."
    return f"It could not be reached: {_shown(os.strerror(cause.errno) if cause.errno else cause)}."


async def _read(response: ClientResponse, parts: list[bytes]) -> None:
    """Reads the body as far as it is kept; where there is more of it, aiohttp closes the connection."""
    room = MAX_RESPONSE
    while room and (part := await response.content.read(room)):
        parts.append(part)
        room -= len(part)


def _is_success(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _problem_of_status(response: ClientResponse) -> str | None:
    if _is_success(response.status):
        return None
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        where = _shown(response.headers.get("Location", "somewhere"))
        return f"It redirects to {where}, which counts as a failure: give the endpoint the address where it answers."
    return f"It answered {response.status}."


def _retry_after(response: ClientResponse) -> float | None:
    """`Retry-After` in seconds, of either form, from now on to a day; None where there is none that makes sense."""
    if _is_success(response.status):
        return None
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date without a zone is in UTC, as HTTP has it.
    seconds = (until if until.tzinfo else until.replace(tzinfo=UTC)) - datetime.now(UTC)
    return min(max(seconds.total_seconds(), 0.0), MAX_RETRY_AFTER)


def _shown(found: object) -> str:
    """What a receiver said, as far as it may stand in a sentence."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(found)[:MAX_SHOWN])
    return " ".join(text.split()).rstrip(".")
