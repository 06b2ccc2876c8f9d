"""The load: shoppers who place one order after the other, each on a connection of their own. A process of its own.

    python -m benchmarks.load port connections

Lines of JSON on standard input are phases to run, `{"token", "variants", "seconds"}`; each is answered on standard
output by what it came to. Connections are opened before the clock starts and stay open to its end.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any
from uuid import uuid4

import uvloop

from benchmarks.client import Channel
from benchmarks.shop import order_request

_PLACED = b'"orderToken":"vo_'
_WITHOUT_ERRORS = b'"userErrors":[]'


async def run_phase(port: int, connections: int, token: str, variants: list[str], seconds: float) -> dict[str, Any]:
    """Runs one phase to the answer of the last request: all that was sent is counted."""
    channels = [await Channel.open(port) for _ in range(connections)]
    latencies: list[float] = []
    faults: list[str] = []
    started = time.perf_counter()

    async def shop_on(channel: Channel) -> None:
        while (sent := time.perf_counter()) < started + seconds:
            key = uuid4().hex
            variant_id = random.choice(variants)
            answer = await channel.send(order_request(token, key, f"{key[:12]}@example.com", {variant_id: 1}))
            latencies.append(time.perf_counter() - sent)
            if answer.status != 200 or _PLACED not in answer.body or _WITHOUT_ERRORS not in answer.body:
                faults.append(answer.body[:500].decode(errors="replace"))

    await asyncio.gather(*map(shop_on, channels))
    elapsed = time.perf_counter() - started
    for channel in channels:
        channel.close()
    latencies.sort()
    return {
        "orders": len(latencies),
        "errors": len(faults),
        "first_error": faults[0] if faults else None,
        "seconds": elapsed,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[len(latencies) * 99 // 100] * 1000,
    }


async def main() -> None:
    """Answers phases until standard input ends."""
    port, connections = int(sys.argv[1]), int(sys.argv[2])
    while line := await asyncio.to_thread(sys.stdin.readline):
        phase = json.loads(line)
        result = await run_phase(port, connections, phase["token"], phase["variants"], phase["seconds"])
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
