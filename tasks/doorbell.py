"""Doorbells for jobs: Dramatiq messages on Redis.

They carry nothing but a job's name. Dramatiq keeps delayed messages in a worker's memory and loses those of a killed
worker for minutes, so none is delayed and none is tried again: what is due stands in PostgreSQL.
"""

import asyncio
from collections.abc import Awaitable, Callable

import redis
import structlog
from dramatiq import Actor, Broker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, AsyncIO, Middleware

from core.settings import Settings
from tasks.job import Job

log = structlog.get_logger()

NAMESPACE = "vitrine:tasks"
QUEUE = "doorbells"
# Milliseconds: a doorbell that waited longer was followed by others, and dead ones are of no use to anybody.
MAX_AGE = 5_000
KEEP_DEAD = 60_000
REDIS_TIMEOUT = 1.0


def new_broker(settings: Settings, *middleware: Middleware) -> Broker:
    """A broker without Dramatiq's retries. It connects when it is first used."""
    client = redis.Redis.from_url(
        settings.redis_url.get_secret_value(), socket_connect_timeout=REDIS_TIMEOUT, socket_timeout=REDIS_TIMEOUT
    )
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=client,
        namespace=NAMESPACE,
        middleware=[AgeLimit(max_age=MAX_AGE), AsyncIO(), *middleware],
        dead_message_ttl=KEEP_DEAD,
    )


def declare(broker: Broker, job: Job, run: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    """Makes the job one that the broker's workers run; gives the function that rings for it.

    Where the broker is away the function runs the job itself: then mails wait for no Redis.
    """

    async def answer_doorbell() -> None:
        await run()

    actor: Actor[[], None] = Actor(
        answer_doorbell,
        broker=broker,
        actor_name=job.name,
        queue_name=QUEUE,
        priority=0,
        options={},
    )

    async def ring() -> None:
        try:
            await asyncio.to_thread(actor.send)
        except (redis.RedisError, OSError) as error:
            log.warning("doorbell not rung, doing it here", job=job.name, error=str(error))
            await run()

    return ring
