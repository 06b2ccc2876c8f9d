"""Clients that are slow on purpose: they are let go, and nobody else is. Patience is short here: tests must end."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from routes import connection
from routes.connection import ALLOW, SLOWEST, BoundedHttp, BoundedWebSocket, Patience
from tests.attacks.frames import CONTINUATION, TEXT, frame, websocket
from tests.attacks.wire import exchange, request

SHORT = Patience(head=0.4, body=0.4, unread=0.6, watch=0.1)
MEGABYTE = 1024 * 1024
LARGE = b"x" * 12 * MEGABYTE
UPLOAD = 20 * MEGABYTE
PATIENCE = 10.0


class ShortHttp(BoundedHttp):
    """As in production but for the times."""

    patience = SHORT


class ShortWebSocket(BoundedWebSocket):
    """As in production but for the times."""

    patience = SHORT


class PingedWebSocket(BoundedWebSocket):
    """Pings often; all else is found later than that."""

    patience = Patience(unread=60, closing=3, ping=0.3, pong=0.3, watch=0.1)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Takes the body, waits where it is asked to, and answers; over a websocket it sends for ever."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        while scope["query_string"] != b"quiet":
            await send({"type": "websocket.send", "bytes": b"x" * 65_536})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    if scope["path"] == "/upload":
        scope["extensions"][ALLOW](UPLOAD)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message["more_body"]:
            break
    if scope["path"] == "/slow":
        await asyncio.sleep(1.5)
    body = LARGE if scope["path"] == "/large" else b"ok"
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", str(len(body)).encode()), (b"content-type", b"text/plain")],
        }
    )
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def server() -> AsyncIterator[uvicorn.Server]:
    """A server with short patience; keeps connections for 0.3 s."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        http=ShortHttp,
        ws=ShortWebSocket,
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=1,
        timeout_graceful_shutdown=1,
    )
    found = uvicorn.Server(config)
    serving = asyncio.create_task(found.serve(sockets=[listening]))
    await _started(found)
    yield found
    found.should_exit = True
    await serving
    listening.close()


@pytest.fixture
def port(server: uvicorn.Server) -> int:
    found: int = server.servers[0].sockets[0].getsockname()[1]
    return found


async def _started(server: uvicorn.Server) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the server hangs up."""
    async with asyncio.timeout(PATIENCE):
        try:
            return await reader.read(-1)
        except ConnectionError:
            return b""


async def drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    for byte in data:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.05)


async def gone(server: uvicorn.Server) -> None:
    """Waits until the server keeps no connection."""
    async with asyncio.timeout(PATIENCE):
        while server.server_state.connections:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.05)


class TestSlowRequests:
    """A request that does not come to its end."""

    async def test_who_sends_nothing_is_let_go(self, port: int) -> None:
        async with connected(port) as (reader, _):
            assert await rest(reader) == b""

    @pytest.mark.parametrize("begun", [b"GET /", b"POST /x HTTP/1.1\r\nHost: x\r\nX-A: "])
    async def test_a_dribbled_head_is_answered_408(self, port: int, begun: bytes) -> None:
        async with connected(port) as (reader, writer):
            writer.write(begun)
            dripping = asyncio.create_task(drip(writer, b"a" * 1_000))

            answer = await rest(reader)

            dripping.cancel()
        assert answer.startswith(b"HTTP/1.1 408 ")

    async def test_a_dribbled_body_is_answered_408(self, port: int) -> None:
        async with connected(port) as (reader, writer):
            writer.write(request("POST", headers={"Content-Length": "1000"}))
            dripping = asyncio.create_task(drip(writer, b"a" * 1_000))

            answer = await rest(reader)

            dripping.cancel()
        assert answer.startswith(b"HTTP/1.1 408 ")

    async def test_a_body_that_was_promised_is_waited_for_no_longer(self, port: int) -> None:
        async with connected(port) as (reader, writer):
            writer.write(request("POST", headers={"Content-Length": "1000", "Expect": "100-continue"}))

            answer = await rest(reader)

        assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 408 ")

    async def test_empty_lines_keep_no_connection(self, port: int) -> None:
        async with connected(port) as (reader, writer):
            dripping = asyncio.create_task(drip(writer, b"\r\n" * 500))

            assert await rest(reader) == b""

            dripping.cancel()

    async def test_a_kept_connection_is_let_go_in_the_end(self, port: int) -> None:
        async with connected(port) as (reader, writer):
            writer.write(request("GET"))

            answer = await rest(reader)

        assert answer.startswith(b"HTTP/1.1 200 ")

    async def test_who_waits_for_us_is_not_let_go(self, port: int) -> None:
        """What takes long here is no fault of the client."""
        answer = await exchange(port, request("GET", "/slow"))

        assert answer.status == 200


class TestUnreadAnswers:
    """An answer that nobody takes."""

    async def test_end_the_connection(self, server: uvicorn.Server, port: int) -> None:
        async with connected(port) as (reader, writer):
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(request("GET", "/large"))
            await asyncio.sleep(0.1)
            assert server.server_state.connections

            await gone(server)

    async def test_that_are_taken_slowly_do_not(self, port: int) -> None:
        taken = 0
        async with connected(port) as (reader, writer):
            writer.write(request("GET", "/large"))
            async with asyncio.timeout(PATIENCE):
                while taken < len(LARGE):
                    piece = await reader.read(2 * MEGABYTE)
                    assert piece, "the connection ended"
                    taken += len(piece)
                    await asyncio.sleep(0.05)

    async def test_end_a_websocket(self, server: uvicorn.Server, port: int) -> None:
        async with websocket(port) as wire:
            wire.reader._transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(0.1)
            assert server.server_state.connections

            await gone(server)


class TestMuteWebSockets:
    """Websockets whose clients answer no ping, since they read nothing or are not there any more."""

    async def test_are_closed_with_a_code_that_says_come_back(self) -> None:
        async def quiet(_scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            while (await receive())["type"] != "websocket.disconnect":
                pass

        async with _serving(quiet, PingedWebSocket) as port, websocket(port) as wire:
            assert await wire.closed() == 1013

    async def test_find_the_code_behind_what_they_did_not_read(self) -> None:
        async with _serving(_Busy(), PingedWebSocket) as port, websocket(port) as wire:
            wire.reader._transport.pause_reading()  # type: ignore[attr-defined]
            # Closed by now, and not given up yet.
            await asyncio.sleep(1.2)
            wire.reader._transport.resume_reading()  # type: ignore[attr-defined]

            assert await wire.closed() == 1013

    async def test_are_let_go_with_what_they_did_not_read(self) -> None:
        busy, lost = _Busy(), asyncio.Event()

        class Watched(PingedWebSocket):
            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                lost.set()

        async with _serving(busy, Watched) as port, websocket(port) as wire:
            wire.reader._transport.pause_reading()  # type: ignore[attr-defined]

            async with asyncio.timeout(PATIENCE):
                await lost.wait()
        # What the system keeps of it is bounded, too.
        assert busy.sent < 2 * MEGABYTE

    async def test_are_told_by_the_application_though_they_read_nothing(self) -> None:
        """A full buffer must not hold the code back."""

        async def impatient(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    while True:
                        await send({"type": "websocket.send", "bytes": b"x" * 65_536})
            with suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await send({"type": "websocket.close", "code": 4999})
            await asyncio.sleep(2)

        async with _serving(impatient, BoundedWebSocket) as port, websocket(port) as wire:
            wire.reader._transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(1.5)
            wire.reader._transport.resume_reading()  # type: ignore[attr-defined]

            assert await wire.closed() == 4999


class _Busy:
    """An application that sends for ever over a websocket."""

    def __init__(self) -> None:
        self.sent = 0

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        sending = asyncio.create_task(self._send(send))
        while (await receive())["type"] != "websocket.disconnect":
            pass
        sending.cancel()

    async def _send(self, send: Send) -> None:
        while True:
            await send({"type": "websocket.send", "bytes": b"x" * 16_384})
            self.sent += 16_384


class TestSizes:
    """A request that is too large before it has a body."""

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            (request("GET", "/" + "a" * 20_000), 414),
            (request("GET", headers={f"X-{n}": "x" for n in range(200)}), 431),
            (request("GET", headers={"X-Long": "x" * 70_000}), 431),
            (request("GET", headers={"X-Long": "x" * 200_000}), 431),
        ],
        ids=["target", "headers", "header", "long_header"],
    )
    async def test_is_refused(self, port: int, sent: bytes, status: int) -> None:
        answer = await exchange(port, sent)

        assert answer.status == status

    async def test_a_head_without_end_is_refused_before_its_end(self, port: int) -> None:
        async with connected(port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n" + b"X-A: x\r\n" * 10_000)

            assert (await rest(reader)).startswith(b"HTTP/1.1 431 ")

    async def test_trailers_without_end_are_not_kept(self, port: int) -> None:
        head = request("POST", headers={"Transfer-Encoding": "chunked"}) + b"0\r\n"
        async with connected(port) as (reader, writer):
            writer.write(head)

            with pytest.raises(ConnectionError):
                await _write_trailers(reader, writer)

    async def test_thousands_of_requests_ahead_end_the_connection(self, server: uvicorn.Server, port: int) -> None:
        async with connected(port) as (reader, writer):
            writer.write(request("GET", "/slow") * 5_000)

            assert b" 200 " not in await rest(reader)

        await gone(server)


class TestRoom:
    """More connections than there is room for."""

    async def test_who_owes_a_request_makes_room(self, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection, "max_connections", lambda: 20)
        waiting = asyncio.create_task(exchange(port, request("GET", "/slow")))
        await asyncio.sleep(0.05)
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]

        answers = await asyncio.gather(*(exchange(port, request("GET")) for _ in range(10)))

        assert {answer.status for answer in answers} == {200}
        assert (await waiting).status == 200
        for _, writer in idle:
            writer.transport.abort()


class TestFragments:
    """A websocket message in pieces."""

    async def test_is_put_together(self, port: int) -> None:
        """What looks at frames in pieces must lose none."""
        messages: list[Any] = []

        async def echo(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            await receive()
            messages.extend([(await receive())["text"] for _ in range(3)])
            await send({"type": "websocket.close"})

        async with _serving(echo) as own, websocket(own) as wire:
            word = json.dumps("word" * 1_000).encode()
            await wire.send(frame(TEXT, word) * 2 + frame(TEXT, word[:7], fin=False) + frame(CONTINUATION, word[7:]))
            assert await wire.closed() == 1000

        assert messages == [json.dumps("word" * 1_000)] * 3


async def _write_trailers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for _ in range(40):
        writer.write(b"X-A: " + b"x" * MEGABYTE + b"\r\n")
        await writer.drain()


@asynccontextmanager
async def _serving(app: Any, ws: type[BoundedWebSocket] = BoundedWebSocket) -> AsyncIterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http=BoundedHttp, ws=ws, loop="none", lifespan="off", log_config=None, access_log=False
    )
    found = uvicorn.Server(config)
    serving = asyncio.create_task(found.serve(sockets=[listening]))
    await _started(found)
    try:
        yield listening.getsockname()[1]
    finally:
        found.should_exit = True
        await serving
        listening.close()


class TestUploads:
    """Bodies that the application allows to be large."""

    async def test_may_take_their_time_as_long_as_they_come(self, port: int) -> None:
        head = request("POST", "/upload", {"Content-Length": str(10 * SLOWEST)})
        answer = await exchange(port, head, *[b"x" * SLOWEST] * 10, pause=0.15)

        assert answer.status == 200
        assert answer.seconds > 3 * SHORT.body

    async def test_are_given_up_where_they_come_too_slowly(self, port: int) -> None:
        head = request("POST", "/upload", {"Content-Length": str(10 * SLOWEST)})
        answer = await exchange(port, head, *[b"x" * 100] * 100, pause=0.05)

        assert answer.status == 408
        assert SHORT.body <= answer.seconds < SHORT.body + 1

    async def test_may_be_as_large_as_they_are_allowed(self, port: int) -> None:
        head = request("POST", "/upload", {"Content-Length": str(UPLOAD)})
        assert (await exchange(port, head, b"x" * UPLOAD)).status == 200

    async def test_are_cut_off_where_they_go_on(self, port: int) -> None:
        head = request("POST", "/upload", {"Transfer-Encoding": "chunked"})
        piece = b"100000\r\n" + b"x" * MEGABYTE + b"\r\n"
        answer = await exchange(port, head, *[piece] * 60)

        assert answer.status == 0

    async def test_of_others_stay_as_small_as_ever(self, port: int) -> None:
        head = request("POST", "/", {"Content-Length": str(UPLOAD)})
        assert (await exchange(port, head, b"x" * UPLOAD)).status == 0
