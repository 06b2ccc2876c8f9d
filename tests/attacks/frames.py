"""Websocket frames by hand: what no client library would send."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson

from tests.attacks.wire import PATIENCE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_FIN = 0x80
_MASKED = 0x80
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, flags: int = 0) -> bytes:
    """A frame as clients send it, masked with zeros."""
    head = bytes([(_FIN if fin else 0) | flags | opcode])
    if len(payload) < 126:
        head += bytes([_MASKED | len(payload)])
    elif len(payload) < 65_536:
        head += bytes([_MASKED | 126]) + struct.pack("!H", len(payload))
    else:
        head += bytes([_MASKED | 127]) + struct.pack("!Q", len(payload))
    return head + bytes(4) + payload


def text(message: object) -> bytes:
    return frame(TEXT, orjson.dumps(message))


@dataclass(frozen=True)
class Wire:
    """One open websocket, as bytes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Sends as far as the server takes it; that it has hung up is seen by `closed`."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            return

    async def receive(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload. Raises IncompleteReadError or ConnectionError at the end."""
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return first & 0x0F, await self.reader.readexactly(length)

    async def message(self) -> dict[str, object]:
        while True:
            opcode, payload = await self.receive()
            if opcode == TEXT:
                found: dict[str, object] = orjson.loads(payload)
                return found

    async def closed(self) -> int:
        """Reads to the end: the code that the server closed with, 0 where it only hung up."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    opcode, payload = await self.receive()
                    if opcode == CLOSE:
                        return int(struct.unpack("!H", payload[:2])[0])
            except (asyncio.IncompleteReadError, ConnectionError):
                return 0


@asynccontextmanager
async def websocket(port: int, protocol: str = "graphql-transport-ws", token: str | None = None) -> AsyncIterator[Wire]:
    """A websocket after its handshake; with a token also after `connection_init`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        lines = [f"{name}: {value}" for name, value in {**HANDSHAKE, "Sec-WebSocket-Protocol": protocol}.items()]
        writer.write("\r\n".join(["GET /graphql HTTP/1.1", "Host: localhost", *lines, "", ""]).encode())
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        wire = Wire(reader, writer)
        if token is not None:
            await wire.send(text({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
            assert (await wire.message())["type"] == "connection_ack"
        yield wire
    finally:
        writer.transport.abort()
