"""Dashboards that follow a shop's orders, each on a websocket of its own. A process of its own.

    python -m benchmarks.subscribers port sockets

The API key comes as a line on standard input. `ready` on standard output says that all of them follow; at the end of
standard input each has its say, as JSON: a list a socket of `[order's number, when it came]`, by the monotonic clock
that all processes of a machine share.
"""

import asyncio
import json
import sys
import time

import uvloop
import websockets
from websockets.typing import Subprotocol

from benchmarks.shop import ORDER_EVENTS

_PROTOCOL = Subprotocol("graphql-transport-ws")
_OPENING_AT_ONCE = 20

Received = list[tuple[int, float]]


async def _follow(port: int, api_key: str, opening: asyncio.Semaphore, following: asyncio.Event) -> None:
    """Follows until it is cancelled."""
    async with opening:
        socket = await websockets.connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[_PROTOCOL])
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {api_key}"}}))
        await socket.recv()
    received: Received = []
    _ALL.append(received)
    payload = {"query": ORDER_EVENTS, "operationName": "OrderEvents"}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
    # Answers come in order: what is asked after the subscription is answered when that was accepted.
    await socket.send(json.dumps({"type": "ping"}))
    while True:
        text = await socket.recv()
        at = time.monotonic()
        message = json.loads(text)
        if message["type"] == "pong":
            following.set()
        elif message["type"] == "next":
            received.append((message["payload"]["data"]["orderEvents"]["order"]["number"], at))
        elif message["type"] != "ping":
            raise RuntimeError(f"unexpected: {text!r}")


_ALL: list[Received] = []


async def main() -> None:
    """Opens the sockets and follows until standard input ends."""
    port, sockets = int(sys.argv[1]), int(sys.argv[2])
    api_key = sys.stdin.readline().strip()
    opening = asyncio.Semaphore(_OPENING_AT_ONCE)
    waiting = [asyncio.Event() for _ in range(sockets)]
    tasks = [asyncio.create_task(_follow(port, api_key, opening, each)) for each in waiting]
    for each in waiting:
        await each.wait()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    broken = [task for task in tasks if task.done()]
    for task in tasks:
        task.cancel()
    print(json.dumps({"received": _ALL, "broken": len(broken)}), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
