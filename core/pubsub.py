"""Doorbells over Redis: a hint that something was committed. Losing one costs a sweep, never an event."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

RECONNECT_SECONDS = 0.5
# How long after ringing the next doorbells are gathered: under load many commits of a workspace share one.
GATHER_SECONDS = 0.01
EVENTS_CHANNEL = "vitrine:events:"
PUBLISHED_CHANNEL = "vitrine:published:"
REVOKED_CHANNEL = "vitrine:revoked:"
DELIVERIES_CHANNEL = "vitrine:deliveries:"
DEPLOYMENTS_CHANNEL = "vitrine:deployments:"
SITES_CHANNEL = "vitrine:sites:"


def events_channel(workspace_id: UUID) -> str:
    return f"{EVENTS_CHANNEL}{workspace_id}"


def published_channel(workspace_id: UUID) -> str:
    """Rung when something has changed that shoppers see."""
    return f"{PUBLISHED_CHANNEL}{workspace_id}"


def revoked_channel(row_id: UUID) -> str:
    """Rung when a session, key, token or membership is no longer valid."""
    return f"{REVOKED_CHANNEL}{row_id}"


def deliveries_channel(workspace_id: UUID) -> str:
    """Rung when somebody asked for webhooks to be sent: a ping, a replay, an endpoint that is active again."""
    return f"{DELIVERIES_CHANNEL}{workspace_id}"


def deployment_channel(deployment_id: UUID) -> str:
    """Rung when a deployment has come further."""
    return f"{DEPLOYMENTS_CHANNEL}{deployment_id}"


def site_channel(site_id: UUID) -> str:
    """Rung when a site is to be served in another way, or is."""
    return f"{SITES_CHANNEL}{site_id}"


class Doorbells:
    """Rings and hears doorbells. Nothing here raises, nor waits, when Redis is away.

    A lone doorbell is sent at once; those that follow within `GATHER_SECONDS` are sent together, each channel once.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._pending: set[str] = set()
        self._at_once: list[tuple[str, Callable[[str], None]]] = []
        self._wanted = asyncio.Event()

    def ring(self, channel: str) -> None:
        """Rings in this process at once for who listens `at_once`, and soon in all of them: `run` sends it."""
        for prefix, heard in self._at_once:
            if channel.startswith(prefix):
                heard(channel.removeprefix(prefix))
        self._pending.add(channel)
        self._wanted.set()

    async def run(self) -> None:
        """Sends what is rung, until it is cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            channels, self._pending = self._pending, set()
            try:
                async with self._redis.pipeline(transaction=False) as pipeline:
                    for channel in channels:
                        await pipeline.publish(channel, "")
                    await pipeline.execute()
            except (RedisError, OSError) as error:
                log.warning("doorbells not rung", channels=len(channels), error=str(error))
            await asyncio.sleep(GATHER_SECONDS)

    async def listen(self, prefix: str, heard: Callable[[str], None], *, at_once: bool = False) -> None:
        """Calls `heard` with what follows the prefix in each doorbell's channel, until it is cancelled.

        `at_once` hears this process's own doorbells without the way through Redis, and then once more.
        """
        if at_once and (prefix, heard) not in self._at_once:
            self._at_once.append((prefix, heard))
        while True:
            try:
                async for channel in self._channels(prefix):
                    heard(channel.removeprefix(prefix))
            except (RedisError, OSError) as error:
                log.warning("doorbells silent, listening again soon", prefix=prefix, error=str(error))
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _channels(self, prefix: str) -> AsyncIterator[str]:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.psubscribe(f"{prefix}*")
            async for message in pubsub.listen():
                yield message["channel"].decode()


class Waiters:
    """Lets many wait for doorbells of one kind, each for those that name something of theirs."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def hear(self, name: str) -> None:
        """Wakes those who wait for the name. For `Doorbells.listen`."""
        for event in self._waiting.get(name, ()):
            event.set()

    @contextmanager
    def waiting(self, name: str) -> Iterator[asyncio.Event]:
        """An event that is set by each doorbell in the block. Who has seen it clears it."""
        event = asyncio.Event()
        self._waiting.setdefault(name, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[name].discard(event)
            if not self._waiting[name]:
                del self._waiting[name]
