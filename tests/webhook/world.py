"""Endpoints and deliveries as the tests want them, and a dispatcher that posts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

from core.crypto import encrypt
from core.ids import new_id
from core.pubsub import Doorbells
from integrations.webhook import Poster
from resolvers.context import Platform
from resolvers.webhook import Dispatcher
from tests.factories import Shop

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ADD_ENDPOINT = """
with relay as (
  insert into webhook_relay (workspace_id, sequence)
  select workspace_id, sequence from workspace_counter where workspace_id = $1 on conflict do nothing)
insert into webhook_endpoint (workspace_id, id, url, event_types, secret, since_sequence)
select workspace_id, $2, $3, $4, $5, sequence from workspace_counter where workspace_id = $1
"""


async def add_endpoint(shop: Shop, url: str, event_types: list[str] | None = None) -> UUID:
    """An active endpoint whose secret is SECRET."""
    endpoint_id = new_id()
    sealed = encrypt(SECRET, shop.platform.settings.secret_key.get_secret_value(), str(endpoint_id))
    await shop.sql(ADD_ENDPOINT, shop.workspace_id, endpoint_id, url, event_types, sealed)
    return endpoint_id


async def deliveries(shop: Shop, endpoint_id: UUID) -> list[dict[str, Any]]:
    """An endpoint's deliveries in the order of their events."""
    rows = await shop.sql(
        "select * from webhook_delivery where workspace_id = $1 and endpoint_id = $2 order by sequence, id",
        shop.workspace_id,
        endpoint_id,
    )
    return [dict(row) for row in rows]


async def attempts(shop: Shop, delivery_id: UUID) -> list[dict[str, Any]]:
    """A delivery's tries, the first one first."""
    rows = await shop.sql(
        "select * from webhook_attempt where workspace_id = $1 and delivery_id = $2 order by number",
        shop.workspace_id,
        delivery_id,
    )
    return [dict(row) for row in rows]


@asynccontextmanager
async def dispatching(platform: Platform) -> AsyncIterator[Dispatcher]:
    """A dispatcher as a worker has it, with doorbells of its own."""
    redis = Redis.from_url(platform.settings.redis_url.get_secret_value())
    doorbells = Doorbells(redis)
    async with redis, Poster(allow_loopback=True) as poster:
        dispatcher = Dispatcher(replace(platform, redis=redis, doorbells=doorbells), poster)
        tasks = [asyncio.create_task(doorbells.run()), asyncio.create_task(dispatcher.run())]
        try:
            yield dispatcher
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await dispatcher.close(1.0)
