"""A cheap HTTP/1.1 client: one kept connection, one request at a time. It must cost less than what it measures."""

import asyncio
import re
from collections.abc import Mapping
from typing import NamedTuple, cast

import orjson

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"
NOT_MODIFIED = 304


class Gone(Exception):
    """The connection ended before the answer came: nobody knows whether the request was carried out."""


class Answer(NamedTuple):
    """A response."""

    status: int
    body: bytes


class Channel(asyncio.Protocol):
    """One connection. `send` takes a whole request, as bytes, and gives its answer."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None

    @classmethod
    async def open(cls, port: int) -> "Channel":
        """Connects to the server on this machine. Raises OSError where nobody listens."""
        _, channel = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return channel

    async def send(self, request: bytes) -> Answer:
        """Sends a request and waits for its answer.

        Raises:
            Gone: the connection ended before.

        """
        if self._transport is None or self._transport.is_closing():
            raise Gone
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio.Protocol -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is a transport in all but its base class.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Gone() if exc is None else Gone(str(exc)))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        head = buffer.find(_HEAD_END)
        if head < 0:
            return
        status = int(buffer[9:12])
        length = _LENGTH.search(buffer, 0, head)
        if length is None and status != NOT_MODIFIED:
            raise ValueError("an answer without Content-Length")
        end = head + len(_HEAD_END) + (int(length[1]) if length else 0)
        if len(buffer) < end or self._waiting is None:
            return
        answer = Answer(status, bytes(buffer[head + len(_HEAD_END) : end]))
        buffer.clear()
        if not self._waiting.done():
            self._waiting.set_result(answer)


def post(path: str, payload: object, headers: Mapping[str, str]) -> bytes:
    """A request, ready to send."""
    body = orjson.dumps(payload)
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body
