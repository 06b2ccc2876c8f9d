"""Posting what is due: one worker's dispatcher.

It owns endpoints by lease, fetches what is due to them, posts, and writes the results in batches. Doorbells and the
relay wake it at once; a sweep each second finds whatever nobody told it: retries, and endpoints of workers that died.

An endpoint has a few posts under way at most: one that fails has fewer and fewer, down to one, and each success gives
it more again. So a receiver that hangs costs one waiting socket, and never the others' time.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from core.clock import now
from core.database import DATABASE_FAULTS
from core.ids import new_id
from core.pubsub import DELIVERIES_CHANNEL, EVENTS_CHANNEL, deliveries_channel
from integrations.webhook import Outcome, Poster
from resolvers.context import Platform
from resolvers.webhook.disable import disable_endpoint
from resolvers.webhook.figures import Figures
from resolvers.webhook.lease import claim, due_deliveries, keep_alive, release, resign
from resolvers.webhook.posting import Unpostable, new_posting, new_result
from resolvers.webhook.relay import EndpointKey, relay_events
from resolvers.webhook.result import Result, write_results

log = structlog.get_logger()

SWEEP_SECONDS = 1.0
# Posts under way, of one endpoint and of all: an endpoint that fails halves its own down to one.
MAX_POSTS_OF_ENDPOINT = 16
MAX_POSTS = 2_000
# Results are gathered for so long, and written so many at a time.
GATHER_SECONDS = 0.01
RESULTS_AT_ONCE = 500
RETRY_SECONDS = 0.3
# An endpoint that had nothing due for so long is given back, for whichever worker hears of its next event first.
IDLE_SECONDS = 10.0


@dataclass
class _Lane:
    """An endpoint that this worker owns.

    `taken` are the deliveries under way. Of them `written` have their results written, and are taken all the same until
    the next reading begins: one that had begun before may still find them due.
    """

    room: int = MAX_POSTS_OF_ENDPOINT
    posts: int = 0
    taken: set[UUID] = field(default_factory=set)
    written: set[UUID] = field(default_factory=set)
    has_more: bool = False
    busy_at: float = 0.0

    def learn(self, *, is_delivered: bool) -> None:
        self.room = min(MAX_POSTS_OF_ENDPOINT, self.room * 2) if is_delivered else max(1, self.room // 2)


class Dispatcher:
    """Delivers webhooks until it is closed. One in a process."""

    def __init__(self, platform: Platform, poster: Poster) -> None:
        self.worker_id = new_id()
        self.platform = platform
        self._poster = poster
        self._secret_key = platform.settings.secret_key.get_secret_value()
        self._lanes: dict[EndpointKey, _Lane] = {}
        self._posts: set[asyncio.Task[None]] = set()
        self._results: list[Result] = []
        self._disabling: dict[EndpointKey, str] = {}
        self.figures = Figures(posts=lambda: len(self._posts), endpoints=lambda: len(self._lanes))
        # What is new since it was last looked at: workspaces with events, endpoints with something due.
        self._rung: set[UUID] = set()
        self._wanted: set[EndpointKey] = set()
        self._relay_wake = asyncio.Event()
        self._look_wake = asyncio.Event()
        self._sweep_wake = asyncio.Event()
        self._write_wake = asyncio.Event()

    async def run(self) -> None:
        """Works until it is cancelled."""
        doorbells = self.platform.doorbells
        async with asyncio.TaskGroup() as group:
            group.create_task(doorbells.listen(EVENTS_CHANNEL, self._hear_event))
            group.create_task(doorbells.listen(DELIVERIES_CHANNEL, self._hear_delivery, at_once=True))
            for step, wake, longest in (
                (self._relay, self._relay_wake, None),
                (self._look, self._look_wake, None),
                (self._write, self._write_wake, None),
                (self._sweep, self._sweep_wake, SWEEP_SECONDS),
            ):
                group.create_task(_again_and_again(step, wake, longest))

    async def close(self, seconds: float) -> None:
        """Lets posts that are under way end, as long as there is time, and gives everything back. After `run`."""
        if self._posts:
            await asyncio.wait(self._posts, timeout=seconds)
        for post in self._posts:
            post.cancel()
        try:
            await self._write()
            await resign(self.platform, self.worker_id)
        except DATABASE_FAULTS as error:
            log.warning("webhook leases not given back, they run out", error=str(error))

    def _hear_event(self, workspace: str) -> None:
        if workspace_id := _uuid(workspace):
            self._rung.add(workspace_id)
            self._relay_wake.set()

    def _hear_delivery(self, workspace: str) -> None:
        if workspace_id := _uuid(workspace):
            self._want(key for key in self._lanes if key.workspace_id == workspace_id)
            self._sweep_wake.set()

    def _want(self, endpoints: Iterable[EndpointKey]) -> None:
        self._wanted.update(endpoints)
        self._look_wake.set()

    async def _relay(self) -> None:
        """Relays the events of the workspaces that rang."""
        rung, self._rung = self._rung, set()
        if not rung:
            return
        try:
            self._want(await relay_events(self.platform, rung))
        except DATABASE_FAULTS:
            self._rung |= rung
            raise

    async def _sweep(self) -> None:
        """Says that the worker lives, and finds what no doorbell told: retries, and endpoints that nobody has."""
        await keep_alive(self.platform, self.worker_id)
        self._add_lanes(await claim(self.platform, self.worker_id))
        self._want(self._lanes)
        await self._release_idle()
        await self._disable()

    async def _look(self) -> None:
        """Posts what is due to the endpoints that are wanted."""
        wanted, self._wanted = self._wanted, set()
        unknown = [key for key in wanted if key not in self._lanes]
        if unknown:
            self._add_lanes(await claim(self.platform, self.worker_id, unknown))
            for workspace_id in {key.workspace_id for key in unknown if key not in self._lanes}:
                # Another worker has it.
                self.platform.doorbells.ring(deliveries_channel(workspace_id))
        await self._start_due(wanted)

    async def _start_due(self, wanted: set[EndpointKey]) -> None:
        left = MAX_POSTS - len(self._posts)
        rooms = self._rooms(wanted, left)
        if not rooms:
            return
        longest = left + sum(len(self._lanes[key].taken) for key in rooms)
        rows = await due_deliveries(self.platform, self.worker_id, list(rooms.items()), longest)
        self._start(rows, rooms)
        if len(rows) == longest:
            self._wait_for_room(rooms)

    def _wait_for_room(self, keys: Iterable[EndpointKey]) -> None:
        """They are looked at again when posts of others have ended."""
        self._wanted.update(keys)

    def _rooms(self, keys: set[EndpointKey], left: int) -> dict[EndpointKey, int]:
        """How many due deliveries of each are to be read: those that may start, besides those that are under way.

        Each has a share of what is left and asks again for more; who has nothing due takes nothing from the others.
        """
        if left <= 0:
            self._wait_for_room(keys)
            return {}
        share = max(1, left // max(1, len(keys)))
        rooms: dict[EndpointKey, int] = {}
        for key in keys:
            lane = self._lanes.get(key)
            if lane is None:
                continue
            lane.taken -= lane.written
            lane.written.clear()
            if lane.posts < lane.room:
                rooms[key] = min(lane.room - lane.posts, share) + len(lane.taken)
            else:
                lane.has_more = True
        return rooms

    def _start(self, rows: Iterable[Any], rooms: dict[EndpointKey, int]) -> None:
        found = Counter[EndpointKey]()
        for row in rows:
            key = EndpointKey(row["workspace_id"], row["endpoint_id"])
            found[key] += 1
            lane = self._lanes.get(key)
            if lane and row["id"] not in lane.taken and lane.posts < lane.room:
                lane.taken.add(row["id"])
                lane.posts += 1
                lane.busy_at = _time()
                post = asyncio.create_task(self._post(key, lane, row))
                self._posts.add(post)
                post.add_done_callback(self._posts.discard)
        for key, room in rooms.items():
            if lane := self._lanes.get(key):
                lane.has_more = found[key] >= room

    async def _post(self, key: EndpointKey, lane: _Lane, row: Any) -> None:
        """One try. Whatever comes of it becomes a result."""
        try:
            outcome = await self._poster.post(new_posting(key, row, self._secret_key))
        except Unpostable as error:
            outcome = Outcome(None, str(error), b"", 0, now(), None)
        finally:
            lane.posts -= 1
        lane.learn(is_delivered=outcome.is_delivered)
        if outcome.is_gone:
            self._disabling[key] = "GONE"
        result = new_result(key, row, outcome)
        self.figures.note(result, row["age"])
        self._results.append(result)
        self._write_wake.set()

    async def _write(self) -> None:
        """Writes the results that there are."""
        await asyncio.sleep(GATHER_SECONDS)
        while batch := self._results[:RESULTS_AT_ONCE]:
            failing = await write_results(self.platform, self.worker_id, batch)
            del self._results[: len(batch)]
            self._disabling |= dict.fromkeys(failing, "FAILING")
            for result in batch:
                lane = self._lanes.get(result.endpoint)
                if lane:
                    lane.written.add(result.delivery_id)
                    if lane.has_more:
                        self._wanted.add(result.endpoint)
            if self._wanted:
                self._look_wake.set()
        await self._disable()

    async def _disable(self) -> None:
        while self._disabling:
            key, reason = next(iter(self._disabling.items()))
            if await disable_endpoint(self.platform, key, reason):
                log.info("webhook endpoint disabled", endpoint_id=str(key.id), reason=reason)
            self._disabling.pop(key, None)

    async def _release_idle(self) -> None:
        """Gives back endpoints that have had nothing due for a while."""
        since = _time() - IDLE_SECONDS
        idle = {key: lane for key, lane in self._lanes.items() if lane.taken <= lane.written and lane.busy_at < since}
        if not idle:
            return
        for key in idle:
            del self._lanes[key]
        try:
            await release(self.platform, self.worker_id, idle.keys())
        except DATABASE_FAULTS:
            # Still this worker's, and nobody else may have them.
            self._lanes = idle | self._lanes
            raise

    def _add_lanes(self, claimed: dict[EndpointKey, bool]) -> None:
        for key, is_failing in claimed.items():
            room = 1 if is_failing else MAX_POSTS_OF_ENDPOINT
            self._lanes.setdefault(key, _Lane(room, busy_at=_time()))


async def _again_and_again(step: Callable[[], Awaitable[None]], wake: asyncio.Event, longest: float | None) -> None:
    """Takes the step whenever it is woken, and where a time is named not later than that; once at the beginning."""
    while True:
        wake.clear()
        try:
            await step()
        except DATABASE_FAULTS as error:
            log.warning("webhooks wait, trying again soon", step=step.__name__, error=str(error))
            await asyncio.sleep(RETRY_SECONDS)
            wake.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(longest):
                await wake.wait()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        log.warning("a doorbell names no workspace", channel=text[:100])
        return None


def _time() -> float:
    return asyncio.get_running_loop().time()
