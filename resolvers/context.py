"""What a use case is given besides its own input."""

import asyncio
from dataclasses import dataclass, field

from redis.asyncio import Redis

from core.access import Caller
from core.database import Database
from core.pubsub import Doorbells, Waiters
from core.settings import Settings
from integrations.storage import Storage
from resolvers.intake import Intake
from resolvers.live_visitors import LiveVisitors
from resolvers.polling import Polls
from resolvers.visitor import Salts

# Questions to what was counted that one process reads at once: the others wait, and leave connections to shoppers.
ANALYSES_AT_ONCE = 3


def _analyses() -> asyncio.Semaphore:
    return asyncio.Semaphore(ANALYSES_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Platform:
    """What one process has open."""

    settings: Settings
    database: Database
    redis: Redis
    doorbells: Doorbells
    storage: Storage
    polls: Polls = field(default_factory=Polls)
    # Those who follow deployments in this process.
    deployment_waiters: Waiters = field(default_factory=Waiters)
    intake: Intake = field(default_factory=Intake)
    salts: Salts = field(default_factory=Salts)
    analyses: asyncio.Semaphore = field(default_factory=_analyses)
    live_visitors: LiveVisitors = field(default_factory=LiveVisitors)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The key that a client sent with a mutation, whose it is, and the hash of what it asked for."""

    key: str
    caller: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, in which request, on which platform."""

    platform: Platform
    caller: Caller
    request_id: str = ""
    idempotency: IdempotencyKey | None = None
    user_agent: str = ""
    do_not_track: bool = False
