"""Bounds on what one connection may cost: uvicorn by itself waits for ever and keeps whatever it is sent.

Requests arm no timers. Each connection looks at itself every `watch` seconds, and is let go when its client is late
with the rest of a request or leaves an answer unread. TCP's own buffers hold some 100 kB of an answer: a client that
takes less than that at once is not noticed, and costs nothing either.
"""

import asyncio
import resource
import socket
from asyncio import TimerHandle
from dataclasses import dataclass
from functools import cache, partial
from http import HTTPStatus
from itertools import islice
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

MAX_TARGET = 16 * 1024
MAX_HEAD = 64 * 1024
MAX_HEADERS = 100
# All of a request, whatever the application takes of it: the rest of a body that was refused is read and forgotten,
# so that its sender gets to read why.
MAX_REQUEST = 16 * 1024 * 1024
# Bytes in a second, on average: how fast a body that was allowed to be larger must at least come.
SLOWEST = 16 * 1024
# Requests that wait for the one before them. Browsers send none ahead, load generators some.
MAX_PIPELINED = 32
MAX_CONNECTIONS = 10_000
# Files that the process needs besides connections: its own to PostgreSQL and Redis, libraries, logs.
OTHER_FILES = 200
# A websocket's bytes are looked at in pieces, one each turn of the event loop: 256 kB of empty frames, which one read
# can bring, take half a second.
PIECE = 2 * 1024
MAX_FRAGMENTS = 1_000
# Protocol pings in `PING_WINDOW` seconds.
MAX_PINGS = 100
PING_WINDOW = 10.0
# How much of what a websocket has not taken the system keeps, beyond what is on its way; by itself it keeps 4 MB.
UNSENT = 64 * 1024
# How many connections are looked at for one to let go when there are too many.
_SAMPLE = 64
_NEVER = float("inf")


@dataclass(frozen=True)
class Patience:
    """How many seconds clients have."""

    # For a request's head, from connecting or from its first byte.
    head: float = 10.0
    # For its body, from the end of its head.
    body: float = 10.0
    # To take something of what was sent to them.
    unread: float = 30.0
    # To take the rest of it, once a websocket was closed.
    closing: float = 5.0
    # Between two pings of a websocket, and to answer one. Who reads nothing is found by this: TCP's buffers hold more
    # than a quiet shop sends in minutes.
    ping: float = 10.0
    pong: float = 10.0
    watch: float = 2.0


PATIENCE = Patience()

# Where the application finds `_write` and `BoundedHttp.allow` in a request's scope: extensions of ASGI's, of our own.
WRITE = "vitrine.write"
ALLOW = "vitrine.allow"


class _Refused(Exception):
    """The request goes beyond a bound."""


class _Unread:
    """Since when a client takes nothing of what is written to it."""

    def __init__(self) -> None:
        self._size = 0
        self._since = 0.0

    def seconds(self, transport: asyncio.Transport, now: float) -> float:
        size = transport.get_write_buffer_size()
        if size == 0 or size != self._size:
            self._size, self._since = size, now
        return now - self._since


class BoundedHttp(HttpToolsProtocol):
    """One HTTP connection."""

    patience = PATIENCE

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._due = self.loop.time() + self.patience.head
        self._in_head = False
        self._read = 0
        self._most = MAX_REQUEST
        self._allowed_at = 0.0
        self._reading = 0
        self._refusal = HTTPStatus.BAD_REQUEST
        self._unread = _Unread()
        self._watching = self.loop.call_later(self.patience.watch, self._watch)
        if len(self.connections) > max_connections():
            self._make_room()

    def _make_room(self) -> None:
        """Lets one connection go: of some, the one that has owed its request for the longest, or else the new one.

        So who only opens connections pushes out their own; those that are being answered and websockets stay.
        """
        sample = [each for each in islice(self.connections, _SAMPLE) if isinstance(each, BoundedHttp)]
        min((self, *sample), key=lambda each: each.due).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._watching.cancel()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._watching.cancel()
        super().handle_websocket_upgrade()

    # -- sizes ----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._reading = len(data)
        super().data_received(data)
        cycle = self.cycle
        if not (cycle is None or cycle.more_body or cycle.response_complete or self._in_head):  # type: ignore[redundant-expr]
            self._due = 0.0
        else:
            self._still_owed()

    def _still_owed(self) -> None:
        """What came did not end a request."""
        if not self._due:
            self._due = self.loop.time() + (self.patience.head if self._answering is None else self.patience.body)
        self._read += self._reading
        if self._allowed_at:
            self._due = self._allowed_at + self.patience.body + self._read / SLOWEST
        if self._read > self._most:
            self.transport.abort()
        elif self._in_head and self._read > MAX_HEAD and not self.transport.is_closing():
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._read = 0
        self._most, self._allowed_at = MAX_REQUEST, 0.0

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._due = 0.0
        if len(self.url) > MAX_TARGET:
            self._refusal = HTTPStatus.REQUEST_URI_TOO_LONG
            raise _Refused
        if len(self.headers) > MAX_HEADERS or (self._reading > MAX_HEAD and _size(self.headers) > MAX_HEAD):
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise _Refused
        if len(self.pipeline) >= MAX_PIPELINED:
            self._refusal = HTTPStatus.TOO_MANY_REQUESTS
            raise _Refused
        super().on_headers_complete()
        if self.cycle is not None:
            self.scope["extensions"] = {WRITE: partial(_write, self.cycle), ALLOW: self.allow}  # type: ignore[dict-item]

    def allow(self, size: int) -> None:
        """Lets the body of the request that is being answered be so large, and take as long as that takes.

        What the chunks of a body are wrapped in may be as much again.
        """
        self._most = max(MAX_REQUEST, 2 * size)
        self._allowed_at = self.loop.time()
        self._due = self._allowed_at + self.patience.body + self._read / SLOWEST

    def send_400_response(self, msg: str) -> None:
        """Answers a request that cannot be read, or may not be; what comes after it is not read at all."""
        answering = self._answering
        if answering is not None:
            # The application hears that the client is gone, so that nothing else is written here.
            answering.disconnected = True
            answering.message_event.set()
            if answering.response_started or self.pipeline:
                # In the midst of another answer, or before it, this one would be taken for a part of it.
                self.transport.abort()
                return
        if self._refusal is HTTPStatus.BAD_REQUEST:
            super().send_400_response(msg)
            return
        text = f"{self._refusal.phrase}\n".encode()
        head = f"content-type: text/plain; charset=utf-8\r\ncontent-length: {len(text)}\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[self._refusal] + head.encode() + text)
        self.transport.close()

    # -- times ----------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When the client must have sent what it owes; never while it owes nothing.

        One that is between two requests owes nothing: uvicorn lets it go after the time to keep connections.
        """
        answering = self._answering
        return self._due if self._due and (answering is None or answering.more_body) else _NEVER

    @property
    def _answering(self) -> RequestResponseCycle | None:
        """The last request that came, until its answer is written."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return None if cycle is None or cycle.response_complete else cycle

    def _watch(self) -> None:
        now = self.loop.time()
        if self._unread.seconds(self.transport, now) > self.patience.unread:
            self.transport.abort()
            return
        if now > self.due and not self.transport.is_closing():
            self._give_up()
        self._watching = self.loop.call_later(self.patience.watch, self._watch)

    def _give_up(self) -> None:
        """Tells a client that began a request that it was too slow. One that sent nothing needs no telling."""
        if not self._in_head and self._answering is None:
            self.transport.close()
            return
        self._refusal = HTTPStatus.REQUEST_TIMEOUT
        self.send_400_response("")


def _write(cycle: RequestResponseCycle, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> bool:
    """Writes a whole response, if that needs no waiting and no more words; else `send` must.

    Uvicorn looks at every header again and writes in two steps: 8 µs, as long as finding a kept answer takes. Headers
    must be valid, in lower case, and tell the body's length.
    """
    if cycle.scope["method"] == "HEAD" or cycle.response_started or cycle.disconnected:
        return False
    if cycle.flow.write_paused or not cycle.keep_alive:
        return False
    head = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        head += (name, b": ", value, b"\r\n")
    head.append(b"\r\n")
    cycle.transport.writelines((b"".join(head), body))
    cycle.response_started = cycle.response_complete = True
    cycle.message_event.set()
    cycle.on_response()
    return True


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One websocket connection."""

    patience = PATIENCE

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._rest = bytearray()
        self._feeding: asyncio.Handle | None = None
        self._unread = _Unread()
        self._watching: TimerHandle | None = None
        self._pings = 0
        self._pings_since = 0.0
        self.ping_interval, self.ping_timeout = self.patience.ping, self.patience.pong
        self.close_timeout = self.patience.closing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        self._watching = self.loop.call_later(self.patience.watch, self._watch)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._watching, self._feeding):
            if timer is not None:
                timer.cancel()
        self._rest.clear()
        super().connection_lost(exc)

    def _watch(self) -> None:
        patience = self.patience.closing if self.close_sent else self.patience.unread
        if self._unread.seconds(self.transport, self.loop.time()) > patience:
            self.transport.abort()
            return
        self._watching = self.loop.call_later(self.patience.watch, self._watch)

    def keepalive_timeout(self) -> None:
        """A ping was not answered. Uvicorn closes with 1011 then, which tells clients not to come back."""
        self._fail(CloseCode.TRY_AGAIN_LATER, "No answer to a ping: come back with the last cursor")

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            # It stands behind what is not taken yet, and is small: there is always room for it.
            self.writable.set()
        await super().send(message)

    # -- what comes in, in pieces ---------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if not self._rest and len(data) <= PIECE:
            self._take(data)
            return
        self._rest += data
        self._go_on()

    def _take(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated and not self.close_sent:
            # A handshake that cannot be read has no answer of uvicorn's, and would be waited for to no end.
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.transport.close()

    def _go_on(self) -> None:
        """Looks at the next piece in the loop's next turn, unless the application has something to take first."""
        if self.transport.is_closing():
            self._rest.clear()
        elif self._rest and self._feeding is None and not self.read_paused:
            self.transport.pause_reading()
            self._feeding = self.loop.call_soon(self._feed)

    def _feed(self) -> None:
        self._feeding = None
        piece = bytes(self._rest[:PIECE])
        del self._rest[:PIECE]
        self._take(piece)
        if not self._rest and not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()
        self._go_on()

    async def receive(self) -> Any:
        message = await super().receive()
        self._go_on()
        return message

    # -- what is no message ---------------------------------------------------------------------------------------

    def handle_ping(self) -> None:
        now = self.loop.time()
        if now - self._pings_since > PING_WINDOW:
            self._pings, self._pings_since = 0, now
        self._pings += 1
        if self._pings > MAX_PINGS:
            self._fail(CloseCode.POLICY_VIOLATION, "Too many pings")
        else:
            super().handle_ping()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= MAX_FRAGMENTS:
            self._fail(CloseCode.POLICY_VIOLATION, "Too many fragments")
        else:
            super().handle_cont(event)

    def _fail(self, code: CloseCode, reason: str) -> None:
        if not self.close_sent and not self.transport.is_closing():
            self.conn.fail(code, reason)
            self.handle_parser_exception()


@cache
def max_connections() -> int:
    """How many connections a process keeps, websockets among them: as many as it may open files for, to a bound."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return min(MAX_CONNECTIONS, max(files - OTHER_FILES, files // 2))


def _size(headers: list[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) + len(": \r\n") for name, value in headers)
