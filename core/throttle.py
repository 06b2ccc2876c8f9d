"""Throttling by cost: token buckets that all processes share over Redis, leased from it in lumps.

A bucket holds points. Each operation takes its cost from it, and points come back at a rate up to a maximum. Redis has
the bucket; a process leases points from it and serves requests out of its memory, without a round trip, until the lease
is used up or `LEASE_SECONDS` old. A lump is about what the process would use
in that time, and never more than a second restores.

What holds, for the points of one bucket:

- All processes together let through at most `maximum + restore * t` in any t seconds, and `restore * LEASE_SECONDS`
  more where leases from before are still being used.
- Of a lease at most one lump, which is what a second restores, is lost unused.
- An operation that costs more than the maximum takes the whole bucket, when it is full: nothing is refused for ever.
- Requests that come while Redis is being asked share the next call, each bucket with a script of its own in it, so that
  a caller with thousands of requests delays nobody else.
- With Redis away or slow, a request waits for it `REDIS_SECONDS` at most. Then each process limits by itself, at the
  same rate and from what it last knew, and tries Redis again each `AWAY_SECONDS`: n processes let through n times as
  much, as long as it lasts.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import NamedTuple
from weakref import WeakValueDictionary

import structlog
from prometheus_client import Counter
from redis.asyncio import Redis

from core.access import Caller, CallerKind
from core.address import network_of
from core.errors import Throttled
from core.settings import Settings

log = structlog.get_logger()

THROTTLED = Counter("vitrine_throttled_total", "Operations refused for their cost, by what was used up.", ["bucket"])
LEASE_CALLS = Counter("vitrine_throttle_lease_calls_total", "Calls to Redis that leased points.")
LEASE_FAILURES = Counter("vitrine_throttle_lease_failures_total", "Calls to Redis for points that failed.")

# A call to Redis costs as much as finding one product: who comes by every few seconds shall not need one each time.
LEASE_SECONDS = 10.0
# The smallest and the largest lump, in seconds of the bucket's rate: the least serves what a page asks for at once, and
# loses 3 % of the rate where it is left.
MIN_LUMP_SECONDS = 0.05
LUMP_SECONDS = 1.0
# A lump grows by this much at a time: the first requests of a caller tell nothing of the next.
LUMP_GROWTH = 2.0
REDIS_SECONDS = 0.05
# For how long points are kept that were given back, where there is no lease that they join.
MOMENT_SECONDS = 1.0
AWAY_SECONDS = 1.0
# What one process remembers: some 10 MB.
MAX_CALLERS = 10_000
# What one call to Redis asks for; the rest goes into the next one.
MAX_BUCKETS = 100
MAX_DEMANDS = 100
MIN_RETRY_SECONDS = 0.05
KEY_PREFIX = "vitrine:throttle:"

# Redis holds of a bucket the time at which it will be full: one number, which expires by itself when the bucket is. The
# clock is Redis's own. Demands are met in their order; what is left over is shared with the other processes by half.
_LEASE = """
local clock = redis.call('time')
local now = clock[1] + clock[2] / 1000000
local restore, maximum, lump = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = math.max(tonumber(redis.call('get', KEYS[1]) or 0), now)
local before = maximum - (full_at - now) * restore
local left, met = before, {}
for i = 4, #ARGV do
  local points = tonumber(ARGV[i])
  if points <= left then
    left, met[#met + 1] = left - points, '1'
  else
    lump, met[#met + 1] = 0, '0'
  end
end
lump = math.max(0, math.min(lump, left / 2))
left = left - lump
if left < before then
  full_at = now + (maximum - left) / restore
  redis.call('set', KEYS[1], string.format('%.6f', full_at), 'px', math.ceil((full_at - now) * 1000) + 1)
end
return {table.concat(met), string.format('%.6f', lump), string.format('%.6f', left)}
"""


class Rate(NamedTuple):
    """What comes back in a second, and how much a bucket holds; a rate of 0 is no limit."""

    restore: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Rates:
    """The rate of each kind of bucket.

    `caller` is a key, a token, or a user in a workspace, from wherever they come; `address` somebody with accepted
    credentials of one workspace at one network address; `anonymous` all others at one address.
    """

    caller: Rate
    address: Rate
    anonymous: Rate

    @classmethod
    def of(cls, settings: Settings) -> "Rates":
        return cls(
            Rate(settings.throttle_caller_rate, settings.throttle_caller_burst),
            Rate(settings.throttle_address_rate, settings.throttle_address_burst),
            Rate(settings.throttle_anonymous_rate, settings.throttle_anonymous_burst),
        )


@dataclass(slots=True, eq=False)
class _Demand:
    """Points that one request waits for: met, or refused."""

    points: float
    met: asyncio.Future[bool]


class Bucket:
    """One bucket as this process knows it: the points leased, and how many more Redis can have at most."""

    __slots__ = (
        "__weakref__",
        "key",
        "kind",
        "known",
        "known_at",
        "leased",
        "leased_at",
        "maximum",
        "points",
        "restore",
        "until",
        "waiting",
    )

    def __init__(self, kind: str, key: str, rate: Rate, now: float) -> None:
        self.kind = kind
        self.key = key
        self.restore, self.maximum = rate
        # The lease: what is left of it and when it ends, what it held at its start and when that was.
        self.points = 0.0
        self.until = 0.0
        self.leased = 0.0
        self.leased_at = 0.0
        # What Redis had at most, and when.
        self.known = self.maximum
        self.known_at = now
        self.waiting: deque[_Demand] = deque()

    def available(self, now: float) -> float:
        """How many points there are at most, for this process."""
        restored = min(self.maximum, self.known + (now - self.known_at) * self.restore)
        return restored + self._lease_left(now)

    def take_here(self, points: float, now: float) -> bool:
        """Takes points without Redis, whose bucket this process carries on."""
        available = self.available(now)
        if available < points:
            return False
        lease = self._lease_left(now)
        self.points = max(0.0, lease - points)
        self.known, self.known_at = available - lease - max(0.0, points - lease), now
        return True

    def lump(self, points: float, now: float) -> float:
        """How much to lease besides these points: what is used while it lasts, as far as that can be told."""
        used = self.leased - self.points + points
        elapsed = max(now - self.leased_at, 1e-6)
        wanted = min(used * LUMP_GROWTH, used / elapsed * LEASE_SECONDS, self.restore * LUMP_SECONDS)
        return max(wanted, self.restore * MIN_LUMP_SECONDS)

    def drop_old_lease(self, now: float) -> None:
        if self.until < now:
            self.leased -= self.points
            self.points = 0.0

    def give_back(self, points: float, now: float) -> None:
        """Keeps points that were taken a moment ago and not used."""
        self.drop_old_lease(now)
        if not self.points:
            self.until = now + MOMENT_SECONDS
        self.points += points

    def _lease_left(self, now: float) -> float:
        return self.points if self.until >= now else 0.0


class _Asked(NamedTuple):
    """What one call asks for one bucket: points for each demand; the first gets the `rest` of the lease besides."""

    bucket: Bucket
    demands: list[_Demand]
    points: list[float]
    rest: float
    lump: float


class Throttle:
    """One process's leases. It belongs to one event loop."""

    def __init__(self, redis: Redis, rates: Rates, patience: float = REDIS_SECONDS) -> None:
        self._redis = redis
        self._rates = rates
        self._patience = patience
        self._of_callers: OrderedDict[tuple[object, object, str], tuple[Bucket, ...]] = OrderedDict()
        # A token's bucket is the same for all its addresses.
        self._buckets: WeakValueDictionary[str, Bucket] = WeakValueDictionary()
        self._wanting: dict[Bucket, None] = {}
        self._leasing: asyncio.Task[None] | None = None
        self._is_away = False
        self._away_until = 0.0

    def buckets(self, caller: Caller) -> tuple[Bucket, ...]:
        """The buckets that a caller's operations take their cost from."""
        key = (caller.id, caller.workspace_id, caller.address)
        found = self._of_callers.get(key)
        if found is None:
            found = self._of_callers[key] = self._buckets_of(caller)
            if len(self._of_callers) > MAX_CALLERS:
                self._of_callers.popitem(last=False)
        else:
            self._of_callers.move_to_end(key)
        return found

    def take(self, buckets: tuple[Bucket, ...], cost: float) -> Awaitable[None] | None:
        """Takes an operation's cost from all the buckets, or from none. Where Redis must be asked, await the answer.

        Raises:
            Throttled: one of them does not have that much; here, or by the awaitable.

        """
        now = time.monotonic()
        for bucket in buckets:
            if bucket.points < cost or bucket.until < now:
                return self._take_otherwise(buckets, cost, now)
        for bucket in buckets:
            bucket.points -= cost
        return None

    def _buckets_of(self, caller: Caller) -> tuple[Bucket, ...]:
        network = network_of(caller.address)
        if caller.kind is CallerKind.ANONYMOUS:
            wanted = [("anonymous", network, self._rates.anonymous)]
        else:
            wanted = [
                ("caller", f"{caller.workspace_id}:{caller.id}", self._rates.caller),
                ("address", f"{caller.workspace_id}:{network}", self._rates.address),
            ]
        return tuple(self._bucket(kind, name, rate) for kind, name, rate in wanted if rate.restore)

    def _bucket(self, kind: str, name: str, rate: Rate) -> Bucket:
        key = f"{KEY_PREFIX}{kind}:{name}"
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(kind, key, rate, time.monotonic())
        return bucket

    def _take_otherwise(self, buckets: tuple[Bucket, ...], cost: float, now: float) -> Awaitable[None] | None:
        # More than Redis can have by now need not be asked for: a caller who is refused costs no round trip.
        for bucket in buckets:
            if bucket.available(now) < min(cost, bucket.maximum):
                raise _throttled(bucket, cost, now)
        if now >= self._away_until:
            return self._take_leased(buckets, cost)
        for bucket in buckets:
            bucket.take_here(min(cost, bucket.maximum), now)
        return None

    async def _take_leased(self, buckets: tuple[Bucket, ...], cost: float) -> None:
        demands = [self._demand(bucket, min(cost, bucket.maximum)) for bucket in buckets]
        refused: Bucket | None = None
        done = False
        try:
            for bucket, demand in zip(buckets, demands, strict=True):
                if not await demand.met:
                    refused = refused or bucket
            done = refused is None
        finally:
            if not done:
                _give_back(buckets, demands)
        if refused is not None:
            raise _throttled(refused, cost, time.monotonic())

    def _demand(self, bucket: Bucket, points: float) -> _Demand:
        demand = _Demand(points, asyncio.get_running_loop().create_future())
        bucket.waiting.append(demand)
        self._wanting[bucket] = None
        if self._leasing is None or self._leasing.done():
            self._leasing = asyncio.create_task(self._lease())
        return demand

    async def _lease(self) -> None:
        """Meets demands until there are none, with one call after the other."""
        while self._wanting:
            asked = self._next_call()
            if asked:
                await self._ask(asked)

    def _next_call(self) -> list[_Asked]:
        """What the next call asks for. Buckets take turns; what needs no call is settled."""
        now = time.monotonic()
        call: list[_Asked] = []
        for bucket in list(islice(self._wanting, MAX_BUCKETS)):
            del self._wanting[bucket]
            bucket.drop_old_lease(now)
            demands: list[_Demand] = []
            while bucket.waiting and len(demands) < MAX_DEMANDS:
                demand = bucket.waiting.popleft()
                if not demand.met.done() and (demands or not _settled_from_lease(bucket, demand, now)):
                    demands.append(demand)
            if bucket.waiting:
                self._wanting[bucket] = None
            if demands:
                points = [demand.points for demand in demands]
                lump = bucket.lump(sum(points), now)
                rest, bucket.points = bucket.points, 0.0
                points[0] -= rest
                call.append(_Asked(bucket, demands, points, rest, lump))
        return call

    async def _ask(self, call: list[_Asked]) -> None:
        asked_at = time.monotonic()
        if asked_at < self._away_until:
            _settle_here(call)
            return
        if self._is_away:
            # One call tries whether Redis is back; who comes meanwhile need not wait for it.
            self._away_until = asked_at + AWAY_SECONDS
        LEASE_CALLS.inc()
        try:
            async with asyncio.timeout(self._patience):
                answers = await self._call(call)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may be left waiting
            LEASE_FAILURES.inc()
            log.warning("points not leased, limiting in this process alone", error=repr(error))
            self._is_away, self._away_until = True, time.monotonic() + AWAY_SECONDS
            _settle_here(call)
            return
        self._is_away, self._away_until = False, 0.0
        for asked, (met, lump, left) in zip(call, answers, strict=True):
            _settle(asked, met, float(lump), float(left), asked_at)

    async def _call(self, call: list[_Asked]) -> list[tuple[bytes, bytes, bytes]]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for asked in call:
                bucket = asked.bucket
                _ = pipeline.eval(_LEASE, 1, bucket.key, bucket.restore, bucket.maximum, asked.lump, *asked.points)
            answers: list[tuple[bytes, bytes, bytes]] = await pipeline.execute()
        return answers


def _settled_from_lease(bucket: Bucket, demand: _Demand, now: float) -> bool:
    """Whether the demand needed no call: it was met from the lease, or refused because there cannot be that much."""
    if bucket.points >= demand.points:
        bucket.points -= demand.points
        demand.met.set_result(True)
    elif bucket.available(now) < demand.points:
        demand.met.set_result(False)
    return demand.met.done()


def _settle(asked: _Asked, met: bytes, lump: float, left: float, asked_at: float) -> None:
    bucket, now = asked.bucket, time.monotonic()
    bucket.known, bucket.known_at = left, asked_at
    was_met = [each == ord("1") for each in met]
    if not was_met[0]:
        bucket.give_back(asked.rest, now)
    if all(was_met):
        bucket.points += lump
        bucket.leased, bucket.leased_at, bucket.until = bucket.points, asked_at, asked_at + LEASE_SECONDS
    for demand, is_met in zip(asked.demands, was_met, strict=True):
        if not demand.met.done():
            demand.met.set_result(is_met)
        elif is_met:  # who asked has gone
            bucket.give_back(demand.points, now)


def _settle_here(call: list[_Asked]) -> None:
    now = time.monotonic()
    for asked in call:
        asked.bucket.give_back(asked.rest, now)
        for demand in asked.demands:
            if not demand.met.done():
                demand.met.set_result(asked.bucket.take_here(demand.points, now))


def _give_back(buckets: tuple[Bucket, ...], demands: list[_Demand]) -> None:
    """Undoes what was taken for an operation that is not executed."""
    now = time.monotonic()
    for bucket, demand in zip(buckets, demands, strict=True):
        if not demand.met.done():
            demand.met.cancel()
        elif not demand.met.cancelled() and demand.met.result():
            bucket.give_back(demand.points, now)


def _throttled(bucket: Bucket, cost: float, now: float) -> Throttled:
    THROTTLED.labels(bucket.kind).inc()
    available = bucket.available(now)
    missing = min(cost, bucket.maximum) - available
    retry_after = ceil(max(missing / bucket.restore, MIN_RETRY_SECONDS) * 1000) / 1000
    return Throttled(
        f"This asks for more than there is at the moment: try again in {retry_after:.1f} s, or ask for less at once.",
        retryAfter=retry_after,
        cost=ceil(cost),
        available=int(max(available, 0)),
        maximum=int(bucket.maximum),
        restoreRate=int(bucket.restore),
    )
