"""A crowd of dashboards that follow a shop's orders, each on a websocket of its own. A process of its own.

    python -m benchmarks.crowd

The API key comes as a first line on standard input. Then each line is a command, as JSON, and is answered by one:

- `open`: `readers` more that read, and `mutes` more that never read again once they follow, at `port`.
- `forget`: what was received until now is not counted.
- `cut`: ends all connections at once; answers `away` seconds later.
- `back`: all come back to `port` at once, each with its last cursor; answers when each has order number `until`.
- `move`: who loses its connection from now on comes back to `port` at once; answers at once.
- `moved`: answers when each has order number `until`.
- `mutes`: when the server hung up on each that does not read, seconds after it began to follow, and the code that it
  finds when it does read, 0 where there is none.
- `received`: the numbers of the orders that each got, in order, and when they came.

Times are of the monotonic clock, which all processes of a machine share.
"""

import asyncio
import random
import select
import sys
import time
from contextlib import suppress
from typing import Any, cast

import orjson
import uvloop
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from benchmarks.shop import ORDER_EVENTS

_PROTOCOL = Subprotocol("graphql-transport-ws")
_OPENING_AT_ONCE = 20
_PATIENCE = 120.0
# Who is refused or cut off again comes back after about this long.
_AGAIN_SECONDS = (0.1, 0.5)


class Dashboard(asyncio.Protocol):
    """One that follows, over as many connections as it takes."""

    def __init__(self, crowd: "Crowd") -> None:
        self.received: list[tuple[int, float]] = []
        self.following_since = 0.0
        self.following = asyncio.Event()
        self.last_number = 0
        self.closed_with = 0
        self.reads = True
        self._crowd = crowd
        self._cursor: str | None = None
        self._transport: asyncio.Transport | None = None
        self._websocket: ClientProtocol

    async def open(self) -> None:
        """Connects, and begins to follow behind its last cursor; what comes of it is heard later."""
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._crowd.port)
        except OSError:
            self._crowd.lost(self, "refused")

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio.Protocol -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.following.clear()
        self.closed_with = 0
        self._websocket = ClientProtocol(
            parse_uri(f"ws://127.0.0.1:{self._crowd.port}/graphql"),
            subprotocols=[_PROTOCOL],
            extensions=[ClientPerMessageDeflateFactory(compress_settings={"memLevel": 5})],
        )
        self._websocket.send_request(self._websocket.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._websocket.receive_data(data)
        for event in self._websocket.events_received():
            if isinstance(event, Response):
                self._handshaken(event)
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._heard(orjson.loads(event.data))
        self._flush()
        if self._websocket.state is State.CLOSED or self._websocket.close_expected():
            self.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        received = self._websocket.close_rcvd
        self.closed_with = int(received.code) if received else 0
        self._crowd.lost(self, str(self.closed_with))

    # -- the protocol ---------------------------------------------------------------------------------------------

    def _handshaken(self, response: Response) -> None:
        if response.status_code == 101:
            self._say({"type": "connection_init", "payload": {"authorization": f"Bearer {self._crowd.api_key}"}})

    def _heard(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "next":
                event = message["payload"]["data"]["orderEvents"]
                self._cursor = event["cursor"]
                self.last_number = event["order"]["number"]
                self.received.append((self.last_number, time.monotonic()))
                self._crowd.progressed(self)
            case "connection_ack":
                variables = {"after": self._cursor}
                payload = {"query": ORDER_EVENTS, "operationName": "OrderEvents", "variables": variables}
                self._say({"id": "1", "type": "subscribe", "payload": payload})
                # Answers come in order: what is asked behind the subscription is answered when that was accepted.
                self._say({"type": "ping"})
            case "pong":
                self.following_since = time.monotonic()
                self.following.set()
                if not self.reads and self._transport is not None:
                    self._transport.pause_reading()
                    self._crowd.watch(self, self._transport.get_extra_info("socket").fileno())
            case "ping":
                self._say({"type": "pong"})
            case _:
                self._crowd.errors.append(orjson.dumps(message).decode()[:300])

    def read_again(self) -> None:
        """Finds what stood in TCP's buffers."""
        if self._transport is not None:
            self._transport.resume_reading()

    def _say(self, message: object) -> None:
        try:
            self._websocket.send_text(orjson.dumps(message))
        except ConnectionClosed:
            return
        self._flush()

    def _flush(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._websocket.data_to_send()))


class Crowd:
    """All of them."""

    def __init__(self, api_key: str) -> None:
        self.api_key = api_key
        self.port = 0
        self.errors: list[str] = []
        self._all: list[Dashboard] = []
        self._hung_up: dict[Dashboard, float] = {}
        self._returning = False
        # Who came back at once already.
        self._back: set[Dashboard] = set()
        self._lost: dict[str, int] = {}
        self._since = 0.0
        self._until = 0
        self._caught_up: dict[Dashboard, float] = {}
        self._waiting = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watched: dict[int, Dashboard] = {}
        self._epoll = select.epoll()
        asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._hang_ups)

    # -- what the dashboards tell ---------------------------------------------------------------------------------

    def watch(self, dashboard: Dashboard, file: int) -> None:
        """Notes when the server hangs up, which needs no reading."""
        self._watched[file] = dashboard
        self._epoll.register(file, select.EPOLLRDHUP)

    def _hang_ups(self) -> None:
        for file, _ in self._epoll.poll(0):
            self._epoll.unregister(file)
            self._hung_up[self._watched.pop(file)] = time.monotonic()

    def progressed(self, dashboard: Dashboard) -> None:
        if self._until and dashboard.last_number >= self._until and dashboard not in self._caught_up:
            self._caught_up[dashboard] = time.monotonic()
            if len(self._caught_up) == len(self._readers):
                self._waiting.set()

    def lost(self, dashboard: Dashboard, how: str) -> None:
        """A connection ended. Who is to come back does so at once the first time, then a little later each time."""
        if not dashboard.reads:
            return
        self._lost[how] = self._lost.get(how, 0) + 1
        if self._returning:
            again = dashboard in self._back
            self._back.add(dashboard)
            self._do(self._return(dashboard, random.uniform(*_AGAIN_SECONDS) if again else 0.0))

    async def _return(self, dashboard: Dashboard, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await dashboard.open()

    def _do(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def _readers(self) -> list[Dashboard]:
        return [dashboard for dashboard in self._all if dashboard.reads]

    # -- commands -------------------------------------------------------------------------------------------------

    async def open(self, port: int, readers: int, mutes: int) -> dict[str, Any]:
        self.port = port
        opening = asyncio.Semaphore(_OPENING_AT_ONCE)
        new = [Dashboard(self) for _ in range(readers + mutes)]
        for mute in new[readers:]:
            mute.reads = False
        self._all += new

        async def follow(dashboard: Dashboard) -> None:
            async with opening:
                await dashboard.open()
                await dashboard.following.wait()

        begun = time.monotonic()
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(*map(follow, new))
        return {"seconds": time.monotonic() - begun}

    async def forget(self) -> dict[str, Any]:
        for dashboard in self._all:
            dashboard.received.clear()
        self._lost.clear()
        return {}

    async def cut(self, away: float) -> dict[str, Any]:
        self._returning = False
        for dashboard in self._readers:
            dashboard.abort()
        await asyncio.sleep(away)
        return {"lost": dict(self._lost)}

    async def back(self, port: int, until: int) -> dict[str, Any]:
        self.port = port
        self._begin(until)
        for dashboard in self._readers:
            self._back.add(dashboard)
            self._do(self._return(dashboard, 0.0))
        return await self._all_caught_up()

    async def move(self, port: int) -> dict[str, Any]:
        self.port = port
        self._begin(0)
        return {}

    async def moved(self, until: int, since: float) -> dict[str, Any]:
        self._since, self._until = since, until
        return await self._all_caught_up()

    def _begin(self, until: int) -> None:
        self._since, self._until, self._returning = time.monotonic(), until, True
        self._caught_up.clear()
        self._lost.clear()
        self._back = set()

    async def _all_caught_up(self) -> dict[str, Any]:
        self._waiting = asyncio.Event()
        for dashboard in self._readers:
            self.progressed(dashboard)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._waiting.wait(), _PATIENCE)
        return {"seconds": sorted(at - self._since for at in self._caught_up.values()), "lost": dict(self._lost)}

    async def mutes(self) -> dict[str, Any]:
        self._hang_ups()
        mutes = [dashboard for dashboard in self._all if not dashboard.reads]
        seconds = sorted(at - dashboard.following_since for dashboard, at in self._hung_up.items())
        for mute in mutes:
            mute.read_again()
        await asyncio.sleep(1)
        codes = [mute.closed_with for mute in mutes]
        for mute in mutes:
            mute.abort()
            self._all.remove(mute)
        return {"seconds": seconds, "codes": codes}

    async def received(self) -> dict[str, Any]:
        return {
            "received": [dashboard.received for dashboard in self._readers],
            "lost": self._lost,
            "errors": self.errors,
        }

    async def close(self) -> None:
        """Ends all connections for good."""
        self._returning = False
        for dashboard in self._all:
            dashboard.abort()
        asyncio.get_running_loop().remove_reader(self._epoll.fileno())
        self._epoll.close()


async def main() -> None:
    """Obeys until standard input ends."""
    crowd = Crowd(sys.stdin.readline().strip())
    while line := await asyncio.to_thread(sys.stdin.readline):
        command: dict[str, Any] = orjson.loads(line)
        answer = await getattr(crowd, command.pop("do"))(**command)
        sys.stdout.write(orjson.dumps(answer).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
