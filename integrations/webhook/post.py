"""Posting one webhook: bounded in time and size, and only to where it may go.

Connections are kept open, a pool for each host. Whatever a receiver does becomes an outcome: nothing raises.
"""

import asyncio
import math
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, NamedTuple, Self

import aiohttp
from aiohttp import AsyncResolver, ClientResponse, ClientSession, ClientTimeout, TCPConnector, TraceConfig
from aiohttp.abc import AbstractResolver, ResolveResult

from core.clock import now
from integrations.webhook.address import problem_of_address
from integrations.webhook.signature import signed_headers

USER_AGENT = "Vitrine-Webhooks/1"
CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 15.0
MAX_RESPONSE = 20_000
# Seconds. Node closes a connection that rested for five; one that we leave earlier is never closed under a post.
KEEP_ALIVE_SECONDS = 4.0
MAX_RETRY_AFTER = 24 * 3600.0
_READ_BUFFER = 16_384


@dataclass(frozen=True, slots=True)
class Posting:
    """What is to be posted. The id is the same at every try; of the secrets the newest comes first."""

    url: str
    message_id: str
    body: bytes
    secrets: Sequence[str]


class Outcome(NamedTuple):
    """What came of one try. `error` is for the merchant; where there is one, nothing was delivered.

    `retry_after` are the seconds that the receiver asked to be left alone.
    """

    status_code: int | None
    error: str | None
    response_body: bytes
    duration_ms: int
    started_at: datetime
    retry_after: float | None = None

    @property
    def is_delivered(self) -> bool:
        return self.error is None

    @property
    def is_gone(self) -> bool:
        return self.status_code == HTTPStatus.GONE


class _Refused(OSError):
    """Nothing is posted to this address; the message says why."""


class _SlowName(OSError):
    """Looking up the host took too long."""


class Poster:
    """What posts webhooks, in a block: `async with Poster(…) as poster`."""

    def __init__(
        self,
        *,
        allow_loopback: bool,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._resolver = resolver
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        resolver = _BoundedResolver(self._resolver or AsyncResolver(), self._connect_seconds)
        self._session = ClientSession(
            connector=TCPConnector(
                limit=0,
                resolver=resolver,
                socket_factory=self._socket,
                keepalive_timeout=KEEP_ALIVE_SECONDS,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=ClientTimeout(total=None, sock_connect=self._connect_seconds),
            auto_decompress=False,
            read_bufsize=_READ_BUFFER,
            trace_configs=[_noting_reuse()],
            headers={"User-Agent": USER_AGENT, "Content-Type": "application/json", "Accept": "*/*"},
            skip_auto_headers=("Accept-Encoding",),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def post(self, posting: Posting) -> Outcome:
        """One try."""
        started_at, begun = now(), time.monotonic()
        status_code, body, retry_after = None, b"", None
        try:
            async with asyncio.timeout(self._total_seconds):
                status_code, body, retry_after, error = await self._answer(posting)
        except TimeoutError as timeout:
            error = self._late(timeout)
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            error = _sentence(failure)
        milliseconds = int((time.monotonic() - begun) * 1000)
        return Outcome(status_code, error, body, milliseconds, started_at, retry_after)

    async def _answer(self, posting: Posting) -> tuple[int, bytes, float | None, str | None]:
        connection = SimpleNamespace(is_reused=False)
        try:
            return await self._answer_once(posting, connection)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            # A kept connection that the receiver was closing just then: it has not failed, so this is the same try.
            if not connection.is_reused:
                raise
            return await self._answer_once(posting, SimpleNamespace(is_reused=False))

    async def _answer_once(
        self, posting: Posting, connection: SimpleNamespace
    ) -> tuple[int, bytes, float | None, str | None]:
        if self._session is None:
            raise RuntimeError("the poster is not open")
        headers = signed_headers(posting.message_id, int(time.time()), posting.body, posting.secrets)
        async with self._session.post(
            posting.url, data=posting.body, headers=headers, allow_redirects=False, trace_request_ctx=connection
        ) as response:
            body = await _beginning(response)
            return response.status, body, _retry_after(response), _problem_of_status(response)

    def _socket(self, address: Any) -> socket.socket:
        """A socket for an address that is just to be connected to.

        Raises:
            _Refused: it is one that nothing is posted to.

        """
        family, kind, protocol, _, sockaddr = address
        problem = problem_of_address(str(sockaddr[0]), allow_loopback=self._allow_loopback)
        if problem:
            raise _Refused(f"Nothing is posted there: {problem}.")
        return socket.socket(family, kind, protocol)

    def _late(self, timeout: TimeoutError) -> str:
        if isinstance(timeout, aiohttp.ConnectionTimeoutError):
            return f"It took longer than {self._connect_seconds:g} s to connect."
        return f"There was no whole answer within {self._total_seconds:g} s."


class _BoundedResolver(AbstractResolver):
    """Looks up names, each within a time of its own."""

    def __init__(self, resolver: AbstractResolver, seconds: float) -> None:
        self._resolver = resolver
        self._seconds = seconds

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._resolver.resolve(host, port, family)
        except TimeoutError:
            raise _SlowName(f"It took longer than {self._seconds:g} s to look up {host}.") from None

    async def close(self) -> None:
        await self._resolver.close()


def _noting_reuse() -> TraceConfig:
    async def note(_session: ClientSession, context: Any, _params: object) -> None:
        context.trace_request_ctx.is_reused = True

    config = TraceConfig()
    config.on_connection_reuseconn.append(note)
    return config


async def _beginning(response: ClientResponse) -> bytes:
    """The body as far as it is kept; where there is more of it, the connection is closed instead of read to its end."""
    parts: list[bytes] = []
    size = 0
    while size < MAX_RESPONSE:
        part = await response.content.read(MAX_RESPONSE - size)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
    response.close()
    return b"".join(parts)


def _problem_of_status(response: ClientResponse) -> str | None:
    if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        return "It redirects, which counts as a failure: give the endpoint the address that it redirects to."
    return f"It answered {response.status}."


def _retry_after(response: ClientResponse) -> float | None:
    """`Retry-After` in seconds, of either form; None where there is none that makes sense."""
    text = response.headers.get("Retry-After", "").strip()
    try:
        seconds = float(text) if text.isdecimal() else (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(seconds, MAX_RETRY_AFTER) if math.isfinite(seconds) and seconds > 0 else None


def _sentence(failure: Exception) -> str:
    cause = getattr(failure, "os_error", None) or failure
    if isinstance(cause, _Refused | _SlowName):
        return str(cause)
    if isinstance(failure, aiohttp.ClientConnectorCertificateError):
        return f"Its certificate is not valid: {failure.certificate_error}."
    if isinstance(failure, aiohttp.ClientConnectorDNSError):
        return f"The host {failure.host} was not found."
    if isinstance(failure, aiohttp.ClientConnectorError):
        return f"It could not be reached: {cause}."
    if isinstance(failure, aiohttp.ServerDisconnectedError):
        return "It closed the connection without an answer."
    return f"Its answer could not be read: {failure}."
