"""The load of visitor events: batches, each of new events, on connections that are kept. A process of its own.

    python -m benchmarks.track_load connections

Lines of JSON on standard input are phases to run, `{"port", "token", "door", "events", "seconds"}`; each is answered on
standard output by what it came to. Every answer is checked: all events of the batch were accepted.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import orjson
import uvloop

from benchmarks.client import Channel, post
from benchmarks.read_load import summary
from tests.analytics.tracking import FIREFOX, TRACK

# Where what is new in each request goes; a request's other bytes are made once.
_ID, _SESSION, _MOMENT = "%032x", "%032x", "%s"
_SESSIONS_OF_BATCH = 4
_PAGES = 200
_NUMBERS = count(1)


def _event(number: int) -> dict[str, Any]:
    """An event as `track.js` sends it, some 350 bytes."""
    return {
        "id": _ID,
        "name": ("page_view", "page_leave", "product_view", "add_to_cart")[number % 4],
        "sessionId": _SESSION,
        "occurredAt": _MOMENT,
        "url": f"https://shop.example/products/lamp-{number % _PAGES}?utm_source=newsletter&utm_campaign=autumn",
        "title": f"Brass desk lamp {number % _PAGES}",
        "referrer": "https://www.search.example/find",
        "sequence": number,
        "properties": {"productId": f"Product_{number % _PAGES:032x}", "quantity": 1},
    }


class Requests:
    """Requests of one door, each with events that nobody has sent before."""

    def __init__(self, door: str, token: str, events: int) -> None:
        self._events = events
        self._run = uuid4().int & ~((1 << 64) - 1)
        payload: dict[str, Any] = {"events": [_event(number) for number in range(events)]}
        headers = {"User-Agent": FIREFOX, "Origin": "https://shop.example"}
        if door == "beacon":
            path = f"/track?token={token}"
        else:
            path, payload, headers["X-Storefront-Token"] = "/graphql", {"query": TRACK, "variables": payload}, token
        body = orjson.dumps(payload).decode()
        # Every number and every moment is as long as any other.
        length = len(body % self._values())
        head = post(path, None, headers).decode().removesuffix("null")
        self._template = head.replace("Content-Length: 4", f"Content-Length: {length}").replace("%", "%%") + body

    def next(self) -> bytes:
        return (self._template % self._values()).encode()

    def _values(self) -> tuple[Any, ...]:
        moment = datetime.now(UTC).isoformat(timespec="microseconds")
        first = self._run + next(_NUMBERS) * 1_000
        values: list[Any] = []
        for number in range(self._events):
            values += [first + number, first + 500 + number % _SESSIONS_OF_BATCH, moment]
        return tuple(values)


async def run_phase(connections: int, told: dict[str, Any]) -> dict[str, Any]:
    """Runs to the answer of the last request: all that was sent is counted."""
    channels = [await Channel.open(told["port"]) for _ in range(connections)]
    requests = Requests(told["door"], told["token"], told["events"])
    wanted = b'"acceptedCount":%d,"userErrors":[]' % told["events"]
    latencies: list[float] = []
    faults: list[str] = []
    started = time.perf_counter()

    async def send_on(channel: Channel) -> None:
        while (sent := time.perf_counter()) < started + told["seconds"]:
            answer = await channel.send(requests.next())
            latencies.append(time.perf_counter() - sent)
            if answer.status != 200 or wanted not in answer.body:
                faults.append(f"{answer.status} {answer.body[:300].decode(errors='replace')}")

    await asyncio.gather(*map(send_on, channels))
    elapsed = time.perf_counter() - started
    for channel in channels:
        channel.close()
    return summary(latencies, elapsed, faults)


async def main() -> None:
    """Answers phases until standard input ends."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await run_phase(int(sys.argv[1]), json.loads(line))), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
