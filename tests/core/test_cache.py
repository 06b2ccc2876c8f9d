"""The cache of answers by itself: what it gives, to whom, how old, and how much of it there is."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily

from core.cache import MAX_ENTRY_BYTES, AnswerCache, CacheCollector, Entry, Key
from core.errors import BadUserInput, RequestError
from core.ids import new_id
from core.pubsub import Doorbells, published_channel
from resolvers.context import Platform

SECONDS = 2.0
DEADLINE = 5.0


@dataclass
class Clock:
    """A clock that is set by hand; each look at it takes a moment, so that no two things happen at once."""

    now: float = 1_000.0

    def __call__(self) -> float:
        self.now += 1e-6
        return self.now


@dataclass
class Reads:
    """What the cache has read: each read waits until it is answered here."""

    begun: list[asyncio.Future[Entry]] = field(default_factory=list)

    async def __call__(self) -> Entry:
        answered: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()
        self.begun.append(answered)
        return await answered


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> AnswerCache:
    return AnswerCache(SECONDS, clock=clock)


@pytest.fixture
def reads() -> Reads:
    return Reads()


@pytest.fixture
def key() -> Key:
    return (new_id(), "products")


def entry(text: str = "answer", sequence: int = 1, codes: list[str] | None = None) -> Entry:
    return Entry(text.encode(), sequence, codes)


async def settled() -> None:
    """Everybody who can go on has done so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def asked(cache: AnswerCache, key: Key, reads: Reads, min_sequence: int = 0) -> asyncio.Task[Entry]:
    """Somebody who asks, and waits if they must."""
    task = asyncio.create_task(cache.fill(key, min_sequence, reads))
    await settled()
    return task


async def kept(cache: AnswerCache, key: Key, made: Entry) -> Entry:
    """Fills the cache with an answer that is read at once."""

    async def make() -> Entry:
        return made

    return await cache.fill(key, 0, make)


class TestKeeping:
    """What is kept, and for how long."""

    async def test_gives_what_was_read_until_it_is_too_old(self, cache: AnswerCache, key: Key, clock: Clock) -> None:
        made = await kept(cache, key, entry())

        clock.now += SECONDS - 0.01
        assert cache.get(key, 0) is made
        clock.now += 0.01
        assert cache.get(key, 0) is None

    async def test_counts_the_age_from_the_beginning_of_the_read(
        self, cache: AnswerCache, key: Key, reads: Reads, clock: Clock
    ) -> None:
        asking = await asked(cache, key, reads)
        clock.now += 1.5
        reads.begun[0].set_result(entry())
        made = await asking

        clock.now += 0.4
        assert cache.get(key, 0) is made
        clock.now += 0.1
        assert cache.get(key, 0) is None

    async def test_gives_nothing_older_than_the_event(self, cache: AnswerCache, key: Key) -> None:
        made = await kept(cache, key, entry(sequence=7))

        assert [cache.get(key, sequence) for sequence in (0, 7, 8)] == [made, made, None]

    async def test_tells_keys_and_workspaces_apart(self, cache: AnswerCache, key: Key) -> None:
        await kept(cache, key, entry())

        assert cache.get((key[0], "orders"), 0) is None
        assert cache.get((new_id(), key[1]), 0) is None

    async def test_keeps_nothing_for_no_seconds(self, key: Key, clock: Clock) -> None:
        cache = AnswerCache(0, clock=clock)
        await kept(cache, key, entry())

        assert cache.get(key, 0) is None

    async def test_keeps_no_error(self, cache: AnswerCache, key: Key) -> None:
        made = await kept(cache, key, entry(codes=[BadUserInput.code]))

        assert made.codes == [BadUserInput.code]
        assert cache.get(key, 0) is None

    async def test_reads_anew_after_a_read_that_failed(self, cache: AnswerCache, key: Key, reads: Reads) -> None:
        asking = await asked(cache, key, reads)
        reads.begun[0].set_exception(OSError("gone"))
        with pytest.raises(OSError, match="gone"):
            await asking

        made = await kept(cache, key, entry())
        assert cache.get(key, 0) is made


class TestSingleFlight:
    """Who asks for the same at the same time."""

    async def test_reads_once_for_all_who_ask_meanwhile(self, cache: AnswerCache, key: Key, reads: Reads) -> None:
        asking = [await asked(cache, key, reads) for _ in range(5)]
        reads.begun[0].set_result(entry())
        answers = await asyncio.gather(*asking)

        assert len(reads.begun) == 1
        assert all(answer is answers[0] for answer in answers)
        assert (cache.misses, cache.joined) == (1, 4)

    async def test_reads_different_things_side_by_side(self, cache: AnswerCache, key: Key, reads: Reads) -> None:
        first, second = await asked(cache, key, reads), await asked(cache, (key[0], "other"), reads)
        for number, read in enumerate(reads.begun):
            read.set_result(entry(str(number)))

        assert [(await first).body, (await second).body] == [b"0", b"1"]

    async def test_who_leaves_ends_nobody_elses_read(self, cache: AnswerCache, key: Key, reads: Reads) -> None:
        first, second = await asked(cache, key, reads), await asked(cache, key, reads)
        first.cancel()
        await settled()
        reads.begun[0].set_result(entry("for the second"))

        assert (await second).body == b"for the second"
        assert first.cancelled()

    async def test_shares_an_error_of_the_client(self, cache: AnswerCache, key: Key, reads: Reads) -> None:
        asking = [await asked(cache, key, reads) for _ in range(2)]
        reads.begun[0].set_result(entry(codes=[BadUserInput.code]))
        answers = await asyncio.gather(*asking)

        assert len(reads.begun) == 1
        assert answers[1].codes == [BadUserInput.code]

    async def test_shares_no_fault_of_ours(self, cache: AnswerCache, key: Key, reads: Reads) -> None:
        """It names the one request that failed."""
        asking = [await asked(cache, key, reads) for _ in range(3)]
        reads.begun[0].set_result(entry(codes=[RequestError.code]))
        await settled()
        for number, read in enumerate(reads.begun[1:], 1):
            read.set_result(entry(str(number)))

        assert (await asking[0]).codes == [RequestError.code]
        assert sorted([(await each).body for each in asking[1:]]) == [b"1", b"2"]


class TestMinSequence:
    """Who was told of an event."""

    async def test_reads_again_where_the_read_under_way_is_older(
        self, cache: AnswerCache, key: Key, reads: Reads
    ) -> None:
        first, told = await asked(cache, key, reads), await asked(cache, key, reads, 5)
        reads.begun[0].set_result(entry("old", 4))
        await settled()
        reads.begun[1].set_result(entry("new", 5))

        assert [(await first).body, (await told).body] == [b"old", b"new"]

    async def test_joins_a_read_under_way_that_proves_new_enough(
        self, cache: AnswerCache, key: Key, reads: Reads
    ) -> None:
        first, told = await asked(cache, key, reads), await asked(cache, key, reads, 5)
        reads.begun[0].set_result(entry(sequence=5))

        assert await told is await first
        assert len(reads.begun) == 1

    async def test_joins_a_read_that_began_after_it_asked(self, cache: AnswerCache, key: Key, reads: Reads) -> None:
        """Of all who wait for more than the first read shows, one reads; that is new enough whatever its number."""
        first = await asked(cache, key, reads)
        told = [await asked(cache, key, reads, 9) for _ in range(4)]
        reads.begun[0].set_result(entry("old", 4))
        await settled()
        reads.begun[1].set_result(entry("new", 6))

        assert (await first).body == b"old"
        assert {(await each).body for each in told} == {b"new"}
        assert len(reads.begun) == 2

    async def test_replaces_what_was_kept(self, cache: AnswerCache, key: Key, reads: Reads) -> None:
        await kept(cache, key, entry("old", 4))
        told = await asked(cache, key, reads, 5)
        reads.begun[0].set_result(entry("new", 5))
        made = await told

        assert cache.get(key, 0) is made


class TestDrop:
    """A change in the workspace."""

    async def test_forgets_the_workspaces_entries_and_no_others(self, cache: AnswerCache, key: Key) -> None:
        other = (new_id(), key[1])
        await kept(cache, key, entry())
        await kept(cache, (key[0], "second"), entry())
        theirs = await kept(cache, other, entry())
        cache.drop(key[0])

        assert [cache.get(each, 0) for each in (key, (key[0], "second"), other)] == [None, None, theirs]

    async def test_answers_a_read_under_way_but_does_not_keep_it(
        self, cache: AnswerCache, key: Key, reads: Reads
    ) -> None:
        asking = await asked(cache, key, reads)
        cache.drop(key[0])
        reads.begun[0].set_result(entry("read before"))

        assert (await asking).body == b"read before"
        assert cache.get(key, 0) is None

    async def test_lets_nobody_join_a_read_that_began_before(self, cache: AnswerCache, key: Key, reads: Reads) -> None:
        before = await asked(cache, key, reads)
        cache.drop(key[0])
        after = await asked(cache, key, reads)
        reads.begun[1].set_result(entry("new"))
        made = await after
        reads.begun[0].set_result(entry("old"))

        assert [(await before).body, made.body] == [b"old", b"new"]
        assert cache.get(key, 0) is made

    async def test_keeps_the_newer_read_joinable_when_the_older_ends(
        self, cache: AnswerCache, key: Key, reads: Reads
    ) -> None:
        before = await asked(cache, key, reads)
        cache.drop(key[0])
        after = await asked(cache, key, reads)
        reads.begun[0].set_result(entry("old"))
        assert (await before).body == b"old"
        joining = await asked(cache, key, reads)
        reads.begun[1].set_result(entry("new"))

        assert await joining is await after
        assert len(reads.begun) == 2

    async def test_is_rung_for_by_other_processes(self, platform: Platform, cache: AnswerCache, key: Key) -> None:
        here, elsewhere = Doorbells(platform.redis), Doorbells(platform.redis)
        jobs = [asyncio.create_task(job) for job in (cache.run(here), elsewhere.run())]
        try:
            async with asyncio.timeout(DEADLINE):
                # It listens once Redis has heard so: until then doorbells are lost.
                while cache.get(key, 0) is not None or not cache.misses:
                    await kept(cache, key, entry())
                    elsewhere.ring(published_channel(key[0]))
                    await asyncio.sleep(0.05)
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def test_hears_its_own_process_at_once(self, platform: Platform, cache: AnswerCache, key: Key) -> None:
        doorbells = Doorbells(platform.redis)
        listening = asyncio.create_task(cache.run(doorbells))
        await settled()
        await kept(cache, key, entry())
        doorbells.ring(published_channel(key[0]))

        assert cache.get(key, 0) is None
        listening.cancel()


class TestBounds:
    """How much there is."""

    async def test_drops_the_oldest_for_the_newest(self, clock: Clock, key: Key) -> None:
        size = entry("x" * 1_000).size
        cache = AnswerCache(SECONDS, max_bytes=10 * size, clock=clock)
        keys = [(key[0], number) for number in range(25)]
        for each in keys:
            await kept(cache, each, entry("x" * 1_000))

        assert [number for _, number in keys if cache.get((key[0], number), 0)] == list(range(15, 25))

    async def test_counts_an_entry_that_is_replaced_once(self, clock: Clock, key: Key) -> None:
        size = entry("x" * 1_000).size
        cache = AnswerCache(SECONDS, max_bytes=2 * size, clock=clock)
        for _ in range(5):
            await kept(cache, key, entry("x" * 1_000))
        await kept(cache, (key[0], "second"), entry("x" * 1_000))

        assert cache.get(key, 0)

    async def test_frees_what_is_dropped(self, clock: Clock, key: Key) -> None:
        size = entry("x" * 1_000).size
        cache = AnswerCache(SECONDS, max_bytes=2 * size, clock=clock)
        for number in range(6):
            await kept(cache, (key[0], number), entry("x" * 1_000))
            cache.drop(key[0])
        first, second = (new_id(), 0), (new_id(), 0)
        await kept(cache, first, entry("x" * 1_000))
        await kept(cache, second, entry("x" * 1_000))

        assert cache.get(first, 0)
        assert cache.get(second, 0)

    async def test_frees_what_is_too_old(self, clock: Clock, key: Key) -> None:
        cache = AnswerCache(SECONDS, clock=clock)
        for number in range(5):
            await kept(cache, (new_id(), number), entry())
        assert REGISTRY.get_sample_value("vitrine_storefront_cache_entries") == 5
        clock.now += SECONDS
        await kept(cache, key, entry())

        assert REGISTRY.get_sample_value("vitrine_storefront_cache_entries") == 1
        assert REGISTRY.get_sample_value("vitrine_storefront_cache_bytes") == entry().size

    async def test_answers_what_is_too_large_without_keeping_it(self, cache: AnswerCache, key: Key) -> None:
        made = await kept(cache, key, entry("x" * MAX_ENTRY_BYTES))

        assert len(made.body) == MAX_ENTRY_BYTES
        assert cache.get(key, 0) is None


class TestEntry:
    """One answer."""

    def test_has_the_etag_of_its_body(self) -> None:
        assert entry("a").etag == entry("a", 2).etag
        assert entry("a").etag != entry("b").etag
        assert entry("a").etag.startswith(b'W/"')


class TestCollector:
    """The counts for Prometheus."""

    async def test_tells_hits_misses_and_who_joined(self, cache: AnswerCache, key: Key, reads: Reads) -> None:
        asking = [await asked(cache, key, reads) for _ in range(3)]
        reads.begun[0].set_result(entry())
        await asyncio.gather(*asking)
        for _ in range(4):
            cache.get(key, 0)
        cache.get((UUID(int=0), "never asked"), 0)
        (family,) = CacheCollector(cache).collect()

        assert isinstance(family, CounterMetricFamily)
        assert {sample.labels["result"]: sample.value for sample in family.samples} == {
            "hit": 4,
            "miss": 1,
            "joined": 2,
        }
