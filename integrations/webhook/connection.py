"""Connections to receivers, held tighter than aiohttp holds them.

Where one may lead is looked at twice: all addresses of a name when it is looked up, and the one that is connected to
when its socket is made. Nothing connects past the second, whatever name, spelling, cache or retry led there.
"""

import asyncio
import functools
import socket
from collections.abc import Callable
from http import HTTPStatus
from ssl import SSLContext
from typing import Any

from aiohttp import ClientConnectionError, ClientHandlerType, ClientRequest, ClientResponse, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError

from integrations.webhook.address import kind_of_address

# Answers before the answer (100 Continue, 103 Early Hints) that are read past.
MAX_INTERIM = 20
# Bytes of an answer's head, with those of the answers before it: what is parsed of a head is kept until it is whole.
MAX_HEAD = 32_768
# Bytes that are parsed at a time until there is an answer, so that a flood is seen before it cost much.
_PARSED_AT_ONCE = 16_384


class RefusedAddress(OSError):
    """Nothing is posted to this address; the message says why."""


class SlowName(OSError):
    """Looking up a host took too long; the message says which."""


class CheckedResolver(AbstractResolver):
    """Looks up names, within a time of its own; one bad address among a name's refuses them all."""

    def __init__(self, resolver: AbstractResolver, seconds: float, *, allow_loopback: bool) -> None:
        self._resolver = resolver
        self._seconds = seconds
        self._allow_loopback = allow_loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            async with asyncio.timeout(self._seconds):
                found = await self._resolver.resolve(host, port, family)
        except TimeoutError:
            raise SlowName(f"It took longer than {self._seconds:g} s to look up {host}.") from None
        for address in found:
            _check(address["host"], allow_loopback=self._allow_loopback)
        return found

    async def close(self) -> None:
        await self._resolver.close()


def checked_socket(address: Any, *, allow_loopback: bool) -> socket.socket:
    """A socket for an address (as `getaddrinfo` gives it) that is just to be connected to.

    Raises:
        RefusedAddress: it is one that nothing is posted to.

    """
    family, kind, protocol, _, (host, *_) = address
    _check(host, allow_loopback=allow_loopback)
    return socket.socket(family, kind, protocol)


def _check(address: str, *, allow_loopback: bool) -> None:
    kind = kind_of_address(address, allow_loopback=allow_loopback)
    if kind:
        # Not which: what a name leads to in a network of ours is nothing for whoever wrote the name.
        raise RefusedAddress(f"Nothing is posted there: it leads to a {kind} address.")


class Connector(TCPConnector):
    """Makes connections without a limit of their number, unless one is given, and keeps them for a while."""

    def __init__(
        self,
        *,
        limit: int,
        keepalive_timeout: float,
        resolver: AbstractResolver,
        tls: SSLContext | None,
        allow_loopback: bool | None,
    ) -> None:
        """With `allow_loopback` None any address is connected to."""
        checked = functools.partial(checked_socket, allow_loopback=bool(allow_loopback))
        super().__init__(
            limit=limit,
            keepalive_timeout=keepalive_timeout,
            resolver=resolver,
            # c-ares keeps what it finds as long as the name's owner allows, and no longer.
            ttl_dns_cache=0,
            socket_factory=None if allow_loopback is None else checked,
            ssl=tls or True,
        )
        answers: Callable[..., ResponseHandler] = _Answers
        self._factory = functools.partial(answers, loop=self._loop)


class Request(ClientRequest):
    """A request that knows which connection it went over."""

    answers: "_Answers | None" = None
    is_second: bool = False

    @property
    def connection_key(self) -> ConnectionKey:
        """What connections it may use: those of its host that rest; the second time only a new one of its own."""
        key = super().connection_key
        return key._replace(proxy_headers_hash=id(self)) if self.is_second else key

    async def send(self, conn: Connection) -> ClientResponse:
        if isinstance(conn.protocol, _Answers):
            self.answers = conn.protocol
        return await super().send(conn)


async def past_stale_connections(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
    """Sends a request again, once, that went into a kept connection which the receiver was just closing.

    Nothing failed there, so it is one try. The receiver may have read it all the same and died before its first byte:
    then it is posted twice, with the same id, as happens with webhooks anyway. aiohttp does this for GET, not for POST.
    """
    try:
        return await send(request)
    except ClientConnectionError:
        if not isinstance(request, Request) or request.answers is None or not request.answers.is_stale:
            raise
    request.answers, request.is_second = None, True
    return await send(request)


class _Answers(ResponseHandler):
    """What reads a receiver's answers on one connection: one for each request, and none unasked."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._requests = 0
        self._received = 0
        self._head = 0
        self._interim = 0
        self._is_answered = True

    @property
    def is_stale(self) -> bool:
        """Whether it had served before, and nothing at all came back for its last request."""
        return self._requests > 1 and not self._received

    def set_response_params(self, **params: Any) -> None:
        """Begins to wait for an answer. aiohttp calls it with each request, before anything of it is sent."""
        self._requests += 1
        self._received = self._head = self._interim = 0
        self._is_answered = False
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if data and self._is_resting():
            # Nobody asked: it would be taken for the answer to the next request.
            self.close()
            return
        while data and not self._is_answered and self.is_connected():
            data = self._parse_head(data)
        if data and self.is_connected():
            super().data_received(data)

    def _parse_head(self, data: bytes) -> bytes:
        """Parses the beginning of what came; gives the rest."""
        part = data[:_PARSED_AT_ONCE]
        super().data_received(part)
        self._head += len(part)
        if not self._is_answered and self._head > MAX_HEAD:
            self._give_up(f"its head is longer than {MAX_HEAD:,} bytes")
        return data[_PARSED_AT_ONCE:]

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Takes an answer that was parsed, which is a message and its body."""
        code = data[0].code
        if code >= HTTPStatus.OK or code == HTTPStatus.SWITCHING_PROTOCOLS:
            self._is_answered = True
        else:
            self._interim += 1
        if self._interim > MAX_INTERIM:
            self._give_up(f"more than {MAX_INTERIM} answers before the answer")
        else:
            super().feed_data(data, size)

    def _give_up(self, reason: str) -> None:
        self.set_exception(HttpProcessingError(message=reason))
        if self.transport is not None:
            self.transport.abort()

    def _is_resting(self) -> bool:
        return self._is_answered and self._payload is not None and self._payload.is_eof()
