"""Receivers of webhooks, each on a port of its own, in a process of their own: `python -m benchmarks.receivers`.

    python -m benchmarks.receivers [--hang N] [--fail N] healthy

Its first line is the list of its urls: those that answer, then those that never do, then those that answer 500. When
its input ends it writes one line for each request of a healthy one: the receiver's number, the event's id, the time.
"""

import argparse
import asyncio
import re
import sys
import time
from functools import partial

import orjson

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_ID = re.compile(rb"webhook-id: *(\S+)", re.IGNORECASE)
_OK = b"HTTP/1.1 204 No Content\r\n\r\n"
_FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


class Receiving(asyncio.Protocol):
    """One connection. It reads as little of HTTP as our own posts need, so that the worker is what is measured."""

    def __init__(self, number: int, answer: bytes | None, log: list[tuple[int, str, float]]) -> None:
        self._number = number
        self._answer = answer
        self._log = log
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _LENGTH.search(head)
            total = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < total:
                return
            self._buffer = self._buffer[total:]
            self._answer_one(head)

    def _answer_one(self, head: bytes) -> None:
        found = _ID.search(head)
        if self._answer is None or self._transport is None or found is None:
            return
        if self._answer is _OK:
            self._log.append((self._number, found[1].decode(), time.time()))
        self._transport.write(self._answer)


async def receive(answers: list[bytes | None]) -> None:
    log: list[tuple[int, str, float]] = []
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(partial(Receiving, number, answer, log), "127.0.0.1", 0, backlog=1000)
        for number, answer in enumerate(answers)
    ]
    urls = [f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook" for server in servers]
    print(orjson.dumps(urls).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for line in log:
        sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("healthy", type=int)
    parser.add_argument("--hang", type=int, default=0)
    parser.add_argument("--fail", type=int, default=0)
    asked = parser.parse_args()
    asyncio.run(receive([_OK] * asked.healthy + [None] * asked.hang + [_FAILED] * asked.fail))


if __name__ == "__main__":
    main()
