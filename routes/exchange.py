"""One HTTP request and its response, in ASGI's own terms: Starlette's objects cost more than a cached answer does."""

import re
import zlib
from itertools import count
from uuid import uuid4

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from core.compression import MIN_COMPRESSED, takes_gzip
from core.errors import BadUserInput, RequestError

MAX_BODY = 2 * 1024 * 1024
_MAX_DIGITS = len(str(MAX_BODY))
_FASTEST = 1
_GZIP = 16 + zlib.MAX_WBITS
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
# Our own server's way to write a response at once (`routes/connection.py`); others know nothing of it.
_WRITE = "vitrine.write"
_BODILESS = frozenset({204, 304})
# Unique among all processes by its first part, within this one by its second.
_PROCESS = uuid4().hex[:16]
_NUMBERS = count(1)

Headers = list[tuple[bytes, bytes]]


class TooLarge(RequestError):
    """The body is larger than we read."""

    code = BadUserInput.code


class Exchange:
    """A request, and the one response to it."""

    __slots__ = ("_headers", "_receive", "_send", "method", "query_string", "request_id", "scope")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self.method: str = scope["method"]
        self.query_string: bytes = scope["query_string"]
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        given = self.header(b"x-request-id")
        self.request_id = given if given and _REQUEST_ID.fullmatch(given) else f"{_PROCESS}-{next(_NUMBERS):x}"

    def header(self, name: bytes) -> str:
        """A header by its name in lower case; empty where it was not sent."""
        return self._headers[name].decode("latin-1") if name in self._headers else ""

    @property
    def address(self) -> str:
        client = self.scope["client"]
        return client[0] if client else ""

    @property
    def asks_not_to_be_tracked(self) -> bool:
        """By Do-Not-Track, or by Global Privacy Control."""
        return self.header(b"dnt") == "1" or self.header(b"sec-gpc") == "1"

    async def body(self, limit: int = MAX_BODY) -> bytes:
        """The whole body, of at most `limit` bytes.

        How long a client may take for it is bounded where connections are (`routes/connection.py`).

        Raises:
            TooLarge: there is more of it than we read.
            ClientDisconnect: the client is gone.

        """
        length = self.header(b"content-length")
        if len(length) > _MAX_DIGITS or (length.isdigit() and int(length) > limit):
            raise TooLarge(_too_large(limit))
        message = await self._next()
        first: bytes = message["body"]
        if len(first) > limit:
            raise TooLarge(_too_large(limit))
        if not message["more_body"]:
            return first
        body = bytearray(first)
        while message["more_body"]:
            message = await self._next()
            body += message["body"]
            if len(body) > limit:
                raise TooLarge(_too_large(limit))
        return bytes(body)

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        return message

    @property
    def takes_gzip(self) -> bool:
        return takes_gzip(self.header(b"accept-encoding"))

    def knows(self, etag: bytes) -> bool:
        """Whether the client has the answer with this weak tag already, and only wants another one."""
        known = self.header(b"if-none-match")
        return bool(known) and (known.strip() == "*" or etag[2:].decode() in known)

    async def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Sends the response; a long body that nobody has compressed yet is, quickly, for who takes it."""
        if len(body) >= MIN_COMPRESSED and self.takes_gzip:
            await self.send(status, [*headers, (b"content-encoding", b"gzip")], zlib.compress(body, _FASTEST, _GZIP))
        else:
            await self.send(status, headers, body)

    async def send(self, status: int, headers: Headers, body: bytes) -> None:
        """Sends the response as it is."""
        headers.append((b"x-request-id", self.request_id.encode()))
        if status not in _BODILESS:
            headers.append((b"content-length", b"%d" % len(body)))
        # Taken out, since it leads back to the scope: such circles wait for the garbage collector.
        write = self.scope.get("extensions", {}).pop(_WRITE, None)
        if write is not None and write(status, headers, body):
            return
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _too_large(limit: int) -> str:
    megabytes = limit // 1024 // 1024
    return f"The body is larger than {megabytes} MB." if megabytes else f"The body is larger than {limit // 1024} kB."
