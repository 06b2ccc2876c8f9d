"""Throttling by cost, on a real Redis: each `Throttle` here is what one process has."""

import asyncio
import gc
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prometheus_client import Counter
from redis.asyncio import Redis

from core.access import Caller, CallerKind
from core.errors import Throttled
from core.ids import new_id
from core.settings import Settings
from core.throttle import (
    AWAY_SECONDS,
    LEASE_CALLS,
    LEASE_FAILURES,
    LEASE_SECONDS,
    MAX_CALLERS,
    THROTTLED,
    Bucket,
    Rate,
    Rates,
    Throttle,
)
from dev.redis import EmbeddedRedis

PLENTY = Rate(1e9, 1e9)
OFF = Rate(0, 1)
NewThrottle = Callable[..., Throttle]


def limits(caller: Rate = OFF, address: Rate = OFF, anonymous: Rate = OFF) -> Rates:
    return Rates(caller, address, anonymous)


def shopper(workspace_id: UUID | None = None, token_id: UUID | None = None, address: str = "10.0.0.1") -> Caller:
    return Caller(CallerKind.SHOPPER, id=token_id or new_id(), workspace_id=workspace_id or new_id(), address=address)


def nobody(address: str | None = None) -> Caller:
    parts = (str(secrets.randbelow(256)) for _ in range(3))
    return Caller(CallerKind.ANONYMOUS, address=address or f"10.{'.'.join(parts)}")


async def take(throttle: Throttle, caller: Caller, cost: float = 1) -> None:
    waiting = throttle.take(throttle.buckets(caller), cost)
    if waiting is not None:
        await waiting


async def is_let_through(throttle: Throttle, caller: Caller, cost: float = 1) -> bool:
    try:
        await take(throttle, caller, cost)
    except Throttled:
        return False
    return True


async def let_through(throttle: Throttle, caller: Caller, times: int, cost: float = 1) -> int:
    """How many of as many requests at once are."""
    return sum(await asyncio.gather(*(is_let_through(throttle, caller, cost) for _ in range(times))))


def count(counter: Counter) -> float:
    (metric,) = counter.collect()
    return sum(sample.value for sample in metric.samples if sample.name.endswith("_total"))


def one_bucket(throttle: Throttle, caller: Caller) -> Bucket:
    (bucket,) = throttle.buckets(caller)
    return bucket


@pytest.fixture
async def redis(test_settings: Settings) -> AsyncIterator[Redis]:
    client = Redis.from_url(test_settings.redis_url.get_secret_value())
    yield client
    await client.aclose()


@pytest.fixture
def new_throttle(redis: Redis) -> NewThrottle:
    """What makes another process's worth. A Redis that other tests make slow is not one that is away."""

    def make(rates: Rates) -> Throttle:
        return Throttle(redis, rates, patience=10)

    return make


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A server that a test may stop."""
    server = EmbeddedRedis(tmp_path / "redis", log=tmp_path / "redis.log")
    server.start()
    yield server
    server.stop()


class TestThrottle:
    """One process."""

    async def test_lets_through_what_the_bucket_holds_and_no_more(self, new_throttle: NewThrottle) -> None:
        throttle, caller = new_throttle(limits(caller=Rate(0.01, 100))), shopper()

        assert await let_through(throttle, caller, 150) == 100
        assert await let_through(throttle, caller, 50) == 0

    async def test_counts_the_cost_and_not_the_requests(self, new_throttle: NewThrottle) -> None:
        throttle, caller = new_throttle(limits(caller=Rate(0.01, 1_000))), shopper()

        assert await let_through(throttle, caller, 5, cost=450) == 2
        assert await let_through(throttle, caller, 5, cost=50) == 2

    async def test_lets_through_again_what_was_restored(self, new_throttle: NewThrottle) -> None:
        throttle, caller = new_throttle(limits(caller=Rate(100, 50))), shopper()
        await take(throttle, caller, 50)
        with pytest.raises(Throttled) as refused:
            await take(throttle, caller, 30)

        await asyncio.sleep(refused.value.extensions["retryAfter"] + 0.02)

        await take(throttle, caller, 30)

    async def test_says_what_there_is_and_when_to_come_back(self, new_throttle: NewThrottle) -> None:
        throttle, caller = new_throttle(limits(caller=Rate(1, 100))), shopper()
        await take(throttle, caller, 80)
        before = THROTTLED.labels("caller")._value.get()

        with pytest.raises(Throttled) as refused:
            await take(throttle, caller, 50)

        told = dict(refused.value.extensions)
        assert 29 < told.pop("retryAfter") <= 30
        assert told == {"code": "THROTTLED", "cost": 50, "available": 20, "maximum": 100, "restoreRate": 1}
        assert THROTTLED.labels("caller")._value.get() == before + 1

    async def test_lets_an_operation_that_costs_more_than_the_bucket_take_all_of_it(
        self, new_throttle: NewThrottle
    ) -> None:
        throttle, caller = new_throttle(limits(caller=Rate(0.01, 100))), shopper()

        assert await is_let_through(throttle, caller, 10_000)
        assert not await is_let_through(throttle, caller, 1)
        assert not await is_let_through(throttle, caller, 10_000)

    async def test_takes_from_all_buckets_or_from_none(self, new_throttle: NewThrottle) -> None:
        """What the address has not is not taken from the caller either, who has other addresses."""
        throttle = new_throttle(limits(caller=Rate(0.01, 100), address=Rate(0.01, 60)))
        workspace_id, token_id = new_id(), new_id()
        here = shopper(workspace_id, token_id, "10.0.0.1")
        there = shopper(workspace_id, token_id, "10.0.0.2")

        assert [await is_let_through(throttle, here, 40) for _ in range(3)] == [True, False, False]
        assert await let_through(throttle, there, 100) == 60

    async def test_takes_from_all_or_none_when_many_come_at_once(self, new_throttle: NewThrottle) -> None:
        throttle = new_throttle(limits(caller=Rate(0.01, 10), address=Rate(0.01, 15)))
        workspace_id, address = new_id(), nobody().address

        callers = [shopper(workspace_id, address=address) for _ in range(3)]
        assert [await let_through(throttle, each, 20) for each in callers] == [10, 5, 0]

    async def test_has_no_limit_where_the_rate_is_none(self, new_throttle: NewThrottle) -> None:
        throttle, caller = new_throttle(limits()), shopper()

        assert throttle.buckets(caller) == ()
        assert throttle.take((), 1e12) is None

    async def test_gives_back_what_was_leased_for_a_request_that_is_gone(self, new_throttle: NewThrottle) -> None:
        throttle, caller = new_throttle(limits(caller=Rate(0.01, 100))), shopper()
        gone = asyncio.create_task(take(throttle, caller, 100))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)

        assert await is_let_through(throttle, caller, 100)


class TestLease:
    """What a process has in its memory."""

    async def test_is_asked_for_once_by_requests_that_come_at_once(self, new_throttle: NewThrottle) -> None:
        throttle = new_throttle(limits(caller=Rate(1_000, 10_000), address=Rate(1_000, 10_000)))
        caller = shopper()
        before = count(LEASE_CALLS)

        assert await let_through(throttle, caller, 100) == 100

        assert count(LEASE_CALLS) == before + 1

    async def test_serves_most_requests_of_a_steady_caller(self, new_throttle: NewThrottle) -> None:
        throttle, caller = new_throttle(limits(caller=PLENTY)), shopper()
        buckets, before = throttle.buckets(caller), count(LEASE_CALLS)

        at_once = 0
        for _ in range(500):
            waiting = throttle.take(buckets, 450)
            if waiting is None:
                at_once += 1
            else:
                await waiting

        assert at_once > 480
        assert count(LEASE_CALLS) - before == 500 - at_once

    async def test_ends_unused(self, new_throttle: NewThrottle) -> None:
        throttle, caller = new_throttle(limits(caller=Rate(1_000, 10_000))), shopper()
        await take(throttle, caller, 10)
        bucket = one_bucket(throttle, caller)
        assert bucket.points >= 2
        assert throttle.take((bucket,), 1) is None

        bucket.until -= LEASE_SECONDS

        waiting = throttle.take((bucket,), 1)
        assert waiting is not None
        await waiting

    async def test_is_at_most_what_a_second_restores(self, new_throttle: NewThrottle) -> None:
        throttle, caller = new_throttle(limits(caller=Rate(1_000, 1_000_000))), shopper()
        bucket = one_bucket(throttle, caller)

        for _ in range(50):
            assert await let_through(throttle, caller, 200, cost=10) == 200

            assert bucket.points <= 1_000

    async def test_of_one_process_leaves_something_to_the_others(self, new_throttle: NewThrottle) -> None:
        rates, caller = limits(caller=Rate(1_000, 1_000)), shopper()
        busy, other = new_throttle(rates), new_throttle(rates)
        assert [await let_through(busy, caller, 150) for _ in range(5)] == [150] * 5

        assert one_bucket(busy, caller).points > 0
        assert await is_let_through(other, caller, 100)

    async def test_is_not_asked_for_by_who_cannot_get_it(self, new_throttle: NewThrottle) -> None:
        throttle, caller = new_throttle(limits(caller=Rate(0.01, 10))), shopper()
        assert await let_through(throttle, caller, 20) == 10
        before = count(LEASE_CALLS)

        assert await let_through(throttle, caller, 1_000) == 0

        assert count(LEASE_CALLS) == before


class TestProcesses:
    """Several processes on one Redis."""

    async def test_together_never_exceed_the_maximum_and_what_is_restored(self, new_throttle: NewThrottle) -> None:
        rates, caller = limits(caller=Rate(300, 400)), shopper()
        throttles = [new_throttle(rates) for _ in range(2)]
        passed: list[float] = []
        started = time.monotonic()

        async def hammer(throttle: Throttle, cost: int) -> None:
            while time.monotonic() < started + 2.5:
                if await is_let_through(throttle, caller, cost):
                    passed.append(cost)
                    # At every moment, not only at the end.
                    assert sum(passed) <= 400 + 300 * (time.monotonic() - started)
                await asyncio.sleep(0.001)

        await asyncio.gather(*(hammer(throttle, cost) for throttle in throttles for cost in (1, 3, 7, 20)))

        assert sum(passed) > 400 + 300 * 2.5 * 0.5

    async def test_are_limited_by_token_in_its_workspace(self, new_throttle: NewThrottle) -> None:
        rates = limits(caller=Rate(0.01, 10))
        workspace_id, token_id = new_id(), new_id()

        for address, expected in (("10.0.0.1", 10), ("10.0.0.2", 0)):
            caller = shopper(workspace_id, token_id, address)
            assert await let_through(new_throttle(rates), caller, 20) == expected
        assert await let_through(new_throttle(rates), shopper(workspace_id), 20) == 10

    async def test_are_limited_by_address_in_each_workspace_by_itself(self, new_throttle: NewThrottle) -> None:
        """One machine may serve the sites of many shops."""
        rates = limits(address=Rate(0.01, 10))
        address = nobody().address
        workspace_id = new_id()

        for caller, expected in (
            (shopper(workspace_id, address=address), 10),
            (shopper(workspace_id, address=address), 0),
            (shopper(new_id(), address=address), 10),
        ):
            assert await let_through(new_throttle(rates), caller, 20) == expected

    async def test_limit_who_is_not_known_by_address_alone(self, new_throttle: NewThrottle) -> None:
        rates = limits(caller=PLENTY, address=PLENTY, anonymous=Rate(0.01, 10))
        caller = nobody()

        assert [await let_through(new_throttle(rates), caller, 20) for _ in range(2)] == [10, 0]
        assert await let_through(new_throttle(rates), nobody(), 20) == 10

    async def test_count_a_network_of_ipv6_as_one_address(self, new_throttle: NewThrottle) -> None:
        rates = limits(anonymous=Rate(0.01, 10))
        network, other = (f"2001:db8:{secrets.token_hex(2)}:{number}" for number in (1, 2))

        for address, expected in ((f"{network}::1", 10), (f"{network}:ffff::2", 0), (f"{other}::1", 10)):
            assert await let_through(new_throttle(rates), nobody(address), 20) == expected

    async def test_leave_nothing_in_redis_of_buckets_that_are_full_again(
        self, new_throttle: NewThrottle, redis: Redis
    ) -> None:
        throttle, caller = new_throttle(limits(caller=Rate(1_000, 200))), shopper()
        await take(throttle, caller, 200)
        key = one_bucket(throttle, caller).key

        assert 100 < await redis.pttl(key) <= 202
        await asyncio.sleep(0.25)
        assert await redis.exists(key) == 0


class TestFairness:
    """Many callers on one process."""

    async def test_a_caller_with_thousands_of_requests_delays_nobody_else(self, new_throttle: NewThrottle) -> None:
        throttle = new_throttle(limits(caller=Rate(1, 1e9)))
        noisy, quiet = shopper(), shopper()
        served: list[str] = []

        async def serve(name: str, caller: Caller) -> None:
            await take(throttle, caller, 1_000)
            served.append(name)

        requests = [serve("noisy", noisy) for _ in range(5_000)]
        await asyncio.gather(*requests, serve("quiet", quiet))

        assert len(served) == 5_001
        assert served.index("quiet") <= 100

    async def test_a_caller_who_is_refused_takes_nothing_from_others(self, new_throttle: NewThrottle) -> None:
        throttle = new_throttle(limits(caller=Rate(0.01, 10)))
        noisy, quiet = shopper(), shopper()

        refused, served = await asyncio.gather(let_through(throttle, noisy, 3_000), let_through(throttle, quiet, 10))

        assert (refused, served) == (10, 10)

    async def test_thousands_of_callers_at_once_are_all_served(self, new_throttle: NewThrottle) -> None:
        throttle = new_throttle(limits(caller=Rate(1, 10), address=Rate(1_000, 1e9)))
        before = count(LEASE_FAILURES)

        served = await asyncio.gather(*(is_let_through(throttle, shopper()) for _ in range(2_000)))

        assert all(served)
        assert count(LEASE_FAILURES) == before

    async def test_what_is_remembered_of_callers_is_bounded(self, new_throttle: NewThrottle) -> None:
        throttle = new_throttle(limits(caller=Rate(1, 10), address=Rate(1, 10)))
        workspace_id, token_id = new_id(), new_id()

        for number in range(MAX_CALLERS + 500):
            throttle.buckets(shopper(workspace_id, token_id, f"10.1.{number >> 8}.{number & 255}"))
        gc.collect()

        assert len(throttle._of_callers) == MAX_CALLERS
        assert len(throttle._buckets) == MAX_CALLERS + 1


class TestWithoutRedis:
    """Redis stops, hangs and comes back."""

    async def test_each_process_limits_by_itself(self, own_redis: EmbeddedRedis) -> None:
        redis = Redis.from_url(own_redis.url)
        throttle = Throttle(redis, limits(caller=Rate(20, 100)))
        known, new = shopper(), shopper()
        assert await let_through(throttle, known, 60) == 60
        before = count(LEASE_FAILURES)
        own_redis.stop()

        started = time.monotonic()
        of_known = await let_through(throttle, known, 500)
        of_new = await let_through(throttle, new, 500)
        passed = time.monotonic() - started

        restored = 20 * (passed + 1)
        assert 20 <= of_known <= 40 + restored, "it goes on from what it knew of Redis"
        assert 100 <= of_new <= 100 + restored
        assert await let_through(throttle, known, 500) <= restored
        assert count(LEASE_FAILURES) > before
        await redis.aclose()

    async def test_hanging_is_waited_for_once_and_shortly(self, own_redis: EmbeddedRedis) -> None:
        redis = Redis.from_url(own_redis.url)
        throttle = Throttle(redis, limits(caller=Rate(20, 100)))
        await take(throttle, shopper())
        os.kill(own_redis.process.pid, signal.SIGSTOP)
        try:
            started = time.monotonic()
            callers = [shopper() for _ in range(3_000)]
            assert all(await asyncio.gather(*(is_let_through(throttle, each) for each in callers)))
            assert [await is_let_through(throttle, each) for each in callers] == [True] * 3_000
            begun = time.monotonic()
            assert 100 <= await let_through(throttle, shopper(), 500) <= 100 + 20 * (time.monotonic() - begun) + 1
            assert time.monotonic() - started < 0.05 * 3_000 / 2, "not waited for 50 ms for each"
        finally:
            os.kill(own_redis.process.pid, signal.SIGCONT)
        await redis.aclose()

    async def test_that_is_back_is_shared_again(self, own_redis: EmbeddedRedis) -> None:
        redis = Redis.from_url(own_redis.url)
        rates, caller = limits(caller=Rate(0.01, 10)), shopper()
        first, second = Throttle(redis, rates), Throttle(redis, rates)
        own_redis.stop()
        assert [await let_through(each, caller, 20) for each in (first, second)] == [10, 10]

        own_redis.start()
        await asyncio.sleep(AWAY_SECONDS + 0.1)
        newcomer, failures = shopper(), count(LEASE_FAILURES)

        assert [await let_through(each, newcomer, 20) for each in (first, second)] == [10, 0]
        assert count(LEASE_FAILURES) == failures
        await redis.aclose()

    async def test_that_never_was_there_refuses_nobody_and_lets_not_everything_through(self) -> None:
        redis = Redis.from_url("redis://127.0.0.1:1/0")
        throttle = Throttle(redis, limits(caller=Rate(0.01, 10), address=Rate(0.01, 15)))
        workspace_id = new_id()

        assert [await let_through(throttle, shopper(workspace_id), 20) for _ in range(3)] == [10, 5, 0]
        await redis.aclose()


class TestRates:
    """The settings."""

    def test_are_generous_to_who_is_known_and_strict_to_who_is_not(self, test_settings: Settings) -> None:
        defaults = {name: field.default for name, field in Settings.model_fields.items() if "throttle" in name}
        page = 450

        assert defaults["throttle_address_rate"] >= 40 * page
        assert defaults["throttle_caller_rate"] > defaults["throttle_address_rate"]
        assert defaults["throttle_anonymous_rate"] < page

    def test_come_from_the_settings(self, test_settings: Settings) -> None:
        changed = test_settings.model_copy(update={"throttle_caller_rate": 7, "throttle_anonymous_burst": 9})

        rates = Rates.of(changed)

        assert rates.caller.restore == 7
        assert rates.anonymous.maximum == 9
