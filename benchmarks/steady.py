"""Orders at a steady rate."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple
from uuid import uuid4

import orjson

from benchmarks.client import Channel
from benchmarks.shop import order_request
from tests.factories import Shop


class Placed(NamedTuple):
    """An order's number, when it was sent and when its answer came."""

    number: int
    sent: float
    answered: float


async def orders(shop: Shop, port: int, variants: Sequence[str], per_second: float) -> AsyncGenerator[Placed]:
    """Places orders until it is closed, one after the other; late ones are not left out."""
    channel = await Channel.open(port)
    begun, count = time.monotonic(), 0
    try:
        while True:
            await asyncio.sleep(begun + count / per_second - time.monotonic())
            lines = {variants[count % len(variants)]: 1}
            request = order_request(shop.storefront_token, uuid4().hex, "shopper@example.com", lines)
            sent = time.monotonic()
            answer = await channel.send(request)
            answered = time.monotonic()
            yield Placed(orjson.loads(answer.body)["data"]["orderPlace"]["order"]["number"], sent, answered)
            count += 1
    finally:
        channel.close()
