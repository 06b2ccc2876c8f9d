"""Bytes to the server and its answers back: no client library would send most of this."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

# Bounds a hang; what is promised is asserted.
PATIENCE = 15.0
_READ = 65_536


class Answer(NamedTuple):
    """The first response to what was sent, `status` 0 where the connection ended without one."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


async def exchange(port: int, *pieces: bytes, pause: float = 0.0) -> Answer:
    """Sends the pieces on a connection of its own, `pause` seconds between them, and reads one response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=64 * 1024 * 1024)
    sending = asyncio.create_task(_send(writer, pieces, pause))
    started = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            status, headers, body = await _response(reader, has_body=not pieces[0].startswith(b"HEAD"))
        return Answer(status, headers, body, time.perf_counter() - started)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, pieces: tuple[bytes, ...], pause: float) -> None:
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        if pause:
            await asyncio.sleep(pause)


async def _response(reader: asyncio.StreamReader, *, has_body: bool) -> tuple[int, dict[str, str], bytes]:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        while head.startswith(b"HTTP/1.1 100 "):
            head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        lines = head.decode("latin-1").split("\r\n")[1:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0")) if has_body else 0
        return status, headers, await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0, {}, b""


def request(
    method: str = "POST",
    target: str = "/graphql",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    version: str = "HTTP/1.1",
) -> bytes:
    """A request's bytes, its length told unless the headers say something of it."""
    given = {"Host": "localhost", **(headers or {})}
    told = {name.lower() for name in given}
    if body and not told & {"content-length", "transfer-encoding"}:
        given["Content-Length"] = str(len(body))
    lines = [f"{method} {target} {version}", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


def post(body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    return request(headers={"Content-Type": "application/json", **(headers or {})}, body=body)


def asking(document: str, headers: Mapping[str, str] | None = None, **more: Any) -> bytes:
    """A GraphQL request; characters that UTF-8 cannot hold are sent as JSON's escapes."""
    return post(json.dumps({"query": document, **more}).encode(), headers)
