"""A client of the graphql-transport-ws protocol for tests."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from tests.client import LiveServer

PROTOCOL = Subprotocol("graphql-transport-ws")
# Bounds a hang; nothing is measured by it.
PATIENCE = 20.0


class Socket:
    """One open connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def init(self, **payload: str) -> None:
        await self.send({"type": "connection_init", "payload": payload})
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, document: str, variables: dict[str, Any] | None = None, key: str = "1") -> None:
        payload = {"query": document, "variables": variables or {}}
        await self.send({"id": key, "type": "subscribe", "payload": payload})

    async def next(self, key: str = "1") -> dict[str, Any]:
        """The data of the next answer."""
        message = await self.receive()
        assert (message["type"], message["id"]) == ("next", key), message
        data: dict[str, Any] = message["payload"]["data"]
        return data

    async def closed(self) -> tuple[int, str]:
        """Waits for the server to close the connection: the code and the reason."""
        async with asyncio.timeout(PATIENCE):
            await self.connection.wait_closed()
        return self.connection.close_code or 0, self.connection.close_reason or ""


@asynccontextmanager
async def connect(server: LiveServer, **options: Any) -> AsyncIterator[Socket]:
    options = {"subprotocols": [PROTOCOL], **options}
    async with websockets.connect(server.ws_url, **options) as connection:
        yield Socket(connection)


@asynccontextmanager
async def signed_in(server: LiveServer, api_key: str) -> AsyncIterator[Socket]:
    async with connect(server) as socket:
        await socket.init(authorization=f"Bearer {api_key}")
        yield socket
