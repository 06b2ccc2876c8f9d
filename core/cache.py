"""Answers that all shoppers of a storefront share, kept in this process for seconds.

An entry is dropped when the workspace's `published` doorbell rings, and at the latest when it is as old as the cache
allows: with Redis away that alone holds. It knows the number of the last event that it is as new as, so that a client
who was just told of an event never gets what was read before it.
"""

import asyncio
import time
import zlib
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from prometheus_client import Counter, Gauge, Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from core.errors import RequestError
from core.pubsub import PUBLISHED_CHANNEL, Doorbells

# What others are told: they may keep an answer as long as we do ourselves, and after that if the ETag still holds.
KEPT_BY_OTHERS = b"public, max-age=0, s-maxage=2, must-revalidate"
MAX_BYTES = 32 * 1024 * 1024
MAX_ENTRY_BYTES = 1024 * 1024
# What an entry costs besides its body, about.
_OVERHEAD = 1_000
_GZIP = 16 + zlib.MAX_WBITS

_DROPPED = Counter("vitrine_storefront_cache_dropped_total", "Entries that a change in the workspace dropped.")
_ENTRIES = Gauge("vitrine_storefront_cache_entries", "Entries in the storefront cache.")
_BYTES = Gauge("vitrine_storefront_cache_bytes", "About how much memory the storefront cache takes.")

Clock = Callable[[], float]


@dataclass(slots=True)
class Entry:
    """An encoded answer. One with errors, told by their `codes`, is never kept. `modified` is when what it shows last
    changed, where that is known.
    """

    body: bytes
    sequence: int
    codes: list[str] | None = None
    modified: datetime | None = None
    until: float = 0.0
    _etag: bytes = b""
    _gzipped: bytes = b""

    @property
    def etag(self) -> bytes:
        """A weak one: the compressed body is another representation of the same answer."""
        if not self._etag:
            self._etag = b'W/"%b"' % blake2b(self.body, digest_size=12).hexdigest().encode()
        return self._etag

    @property
    def gzipped(self) -> bytes:
        """Compressed once, by the first who asks for it."""
        if not self._gzipped:
            self._gzipped = zlib.compress(self.body, wbits=_GZIP)
        return self._gzipped

    @property
    def size(self) -> int:
        # As if it were compressed already: that comes after the size is counted.
        return len(self.body) * 5 // 4 + _OVERHEAD


Key = tuple[UUID, Hashable]
Make = Callable[[], Awaitable[Entry]]


@dataclass(slots=True, eq=False)
class _Flight:
    """A read in progress, for all who ask for the same meanwhile."""

    task: asyncio.Future[Entry]
    began: float
    is_stale: bool = False


class AnswerCache:
    """A bounded cache; keys begin with the workspace. With `seconds` 0 it keeps nothing.

    `hits`, `misses` and `joined` (answered by a read that was under way) count what was asked of it.
    """

    def __init__(self, seconds: float, max_bytes: int = MAX_BYTES, clock: Clock = time.monotonic) -> None:
        self.seconds = seconds
        self._max_bytes = max_bytes
        self._clock = clock
        # In the order of their end: all live equally long.
        self._entries: dict[Key, Entry] = {}
        self._flights: dict[Key, _Flight] = {}
        self._of_workspace: dict[UUID, set[Key]] = {}
        self._bytes = 0
        self.hits = self.misses = self.joined = 0

    async def run(self, doorbells: Doorbells) -> None:
        """Drops what a change makes old, until it is cancelled."""
        await doorbells.listen(PUBLISHED_CHANNEL, self._heard, at_once=True)

    def _heard(self, workspace_id: str) -> None:
        with suppress(ValueError):
            self.drop(UUID(workspace_id))

    def get(self, key: Key, min_sequence: int) -> Entry | None:
        """An entry that is young enough, and as new as the event."""
        entry = self._entries.get(key)
        if entry is None or entry.until <= self._clock() or entry.sequence < min_sequence:
            return None
        self.hits += 1
        return entry

    async def fill(self, key: Key, min_sequence: int, make: Make) -> Entry:
        """What `make` reads, or what a read that is under way for the same comes to, if that is new enough.

        A read that began after this was asked is: the event that the client was told of was committed before.
        """
        asked = self._clock()
        while (flight := self._flights.get(key)) is not None:
            entry = await asyncio.shield(flight.task)
            if entry.codes is not None:
                # A fault of ours has the number of one request in it; what is the client's is the same for all.
                return await make() if RequestError.code in entry.codes else entry
            if entry.sequence >= min_sequence or flight.began > asked:
                self.joined += 1
                return entry
        self.misses += 1
        flight = self._flights[key] = _Flight(asyncio.ensure_future(make()), self._clock())
        try:
            entry = await asyncio.shield(flight.task)
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]
        if not flight.is_stale and not entry.codes:
            self._keep(key, entry, flight.began + self.seconds)
        return entry

    def drop(self, workspace_id: UUID) -> None:
        """Forgets a workspace's entries; what is being read for it is still answered, but neither kept nor joined."""
        for key in self._of_workspace.pop(workspace_id, ()):
            self._remove(key)
            _DROPPED.inc()
        for key in [key for key in self._flights if key[0] == workspace_id]:
            self._flights.pop(key).is_stale = True

    def _keep(self, key: Key, entry: Entry, until: float) -> None:
        if entry.size > MAX_ENTRY_BYTES or not self.seconds:
            return
        self._forget(key)
        entry.until = until
        self._entries[key] = entry
        self._of_workspace.setdefault(key[0], set()).add(key)
        self._bytes += entry.size
        now = self._clock()
        while self._entries:
            oldest = next(iter(self._entries))
            if self._bytes <= self._max_bytes and self._entries[oldest].until > now:
                break
            self._forget(oldest)
        _ENTRIES.set(len(self._entries))
        _BYTES.set(self._bytes)

    def _forget(self, key: Key) -> None:
        if key in self._entries:
            self._remove(key)
            keys = self._of_workspace[key[0]]
            keys.discard(key)
            if not keys:
                del self._of_workspace[key[0]]

    def _remove(self, key: Key) -> None:
        self._bytes -= self._entries.pop(key).size


class CacheCollector(Collector):
    """The cache's counts for Prometheus: plain numbers until they are asked for, since a counter locks for each."""

    def __init__(self, cache: AnswerCache) -> None:
        self._cache = cache

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "vitrine_storefront_cache", "Storefront reads by how the cache answered.", labels=["result"]
        )
        for result, count in (
            ("hit", self._cache.hits),
            ("miss", self._cache.misses),
            ("joined", self._cache.joined),
        ):
            family.add_metric([result], count)
        yield family
