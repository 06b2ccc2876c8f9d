"""Posting what is due: one worker's dispatcher.

It owns endpoints by lease, fetches what is due to them, posts, and writes the results in batches. Doorbells and the
relay wake it at once; a sweep each second finds whatever nobody told it: retries, and endpoints of workers that died.
Who may post how much is kept in `lanes`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog

from core.clock import now
from core.database import DATABASE_FAULTS
from core.ids import new_id
from core.pubsub import DELIVERIES_CHANNEL, EVENTS_CHANNEL, deliveries_channel
from integrations.webhook import Outcome, Poster
from resolvers.context import Platform
from resolvers.hosting.route import wake
from resolvers.webhook.disable import disable_endpoint
from resolvers.webhook.figures import Figures
from resolvers.webhook.lanes import Lanes, Look
from resolvers.webhook.lease import claim_any, claim_of, due_deliveries, keep_alive, release, resign
from resolvers.webhook.posting import SiteStopped, Unpostable, new_posting, new_result
from resolvers.webhook.relay import EndpointKey, relay_some_events
from resolvers.webhook.result import Result, write_results

log = structlog.get_logger()

# How often it says that it lives; `ALIVE` in `lease` is how long that is believed.
ALIVE_SECONDS = 1.0
SWEEP_SECONDS = 1.0
# Results are gathered for so long, and written so many at a time.
GATHER_SECONDS = 0.01
RESULTS_AT_ONCE = 500
RETRY_SECONDS = 0.3
# An endpoint that had nothing due for so long is given back, for whichever worker hears of its next event first.
IDLE_SECONDS = 10.0


class Dispatcher:
    """Delivers webhooks until it is closed. One in a process."""

    def __init__(self, platform: Platform, poster: Poster) -> None:
        self.worker_id = new_id()
        self.platform = platform
        self._poster = poster
        self._secret_key = platform.settings.secret_key.get_secret_value()
        self._lanes = Lanes()
        self._posts: set[asyncio.Task[None]] = set()
        self._results: list[Result] = []
        # The reason, and the URL at which it was found.
        self._disabling: dict[EndpointKey, tuple[str, str]] = {}
        self.figures = Figures(posts=lambda: len(self._posts), endpoints=lambda: len(self._lanes))
        # Workspaces that have new events, and that have something due, since one last looked.
        self._rung: set[UUID] = set()
        self._called: set[UUID] = set()
        self._relay_wake = asyncio.Event()
        self._look_wake = asyncio.Event()
        self._write_wake = asyncio.Event()
        self._disable_wake = asyncio.Event()

    async def run(self) -> None:
        """Works until it is cancelled."""
        doorbells = self.platform.doorbells
        async with asyncio.TaskGroup() as group:
            group.create_task(doorbells.listen(EVENTS_CHANNEL, self._hear_event))
            group.create_task(doorbells.listen(DELIVERIES_CHANNEL, self._hear_delivery, at_once=True))
            for step, wake, longest in (
                (self._say_alive, asyncio.Event(), ALIVE_SECONDS),
                (self._sweep, asyncio.Event(), SWEEP_SECONDS),
                (self._relay, self._relay_wake, None),
                (self._look, self._look_wake, None),
                (self._write, self._write_wake, None),
                (self._disable, self._disable_wake, None),
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
            self._called.add(workspace_id)
            self._look_wake.set()

    async def _say_alive(self) -> None:
        await keep_alive(self.platform, self.worker_id)

    async def _relay(self) -> None:
        """Relays the events of the workspaces that rang, and tells the workers whose endpoints are concerned."""
        rung, self._rung = self._rung, set()
        if not rung:
            return
        try:
            touched, is_more = await relay_some_events(self.platform, rung)
            if is_more:
                self._rung |= rung
                self._relay_wake.set()
            await self._claim({key.workspace_id for key in touched if key not in self._lanes})
        except DATABASE_FAULTS:
            self._rung |= rung
            raise
        self._lanes.want(touched)
        self._look_wake.set()
        for workspace_id in {key.workspace_id for key in touched if key not in self._lanes}:
            # Another worker has it.
            self.platform.doorbells.ring(deliveries_channel(workspace_id))

    async def _sweep(self) -> None:
        """Finds what no doorbell told: retries, and endpoints that nobody has."""
        self._lanes.add(await claim_any(self.platform, self.worker_id), _time())
        self._lanes.want_all()
        self._look_wake.set()
        await self._release_idle()

    async def _claim(self, workspaces: set[UUID]) -> None:
        if workspaces:
            self._lanes.add(await claim_of(self.platform, self.worker_id, workspaces), _time())

    async def _look(self) -> None:
        """Posts what is due to the endpoints that are wanted."""
        called, self._called = self._called, set()
        await self._claim(called)
        self._lanes.want_those_of(called)
        for at_failing in (False, True):
            look = self._lanes.look(at_failing=at_failing)
            if look:
                await self._start(look)

    async def _start(self, look: Look) -> None:
        try:
            rows = await due_deliveries(self.platform, self.worker_id, look.rooms, look.longest)
        except DATABASE_FAULTS:
            self._lanes.want(look.rooms)
            raise
        for key, row in self._lanes.take(look, rows, _time()):
            post = asyncio.create_task(self._post(key, row))
            self._posts.add(post)
            post.add_done_callback(self._posts.discard)

    async def _post(self, key: EndpointKey, row: Any) -> None:
        """One try. Whatever comes of it becomes a result."""
        try:
            outcome = await self._poster.post(new_posting(key, row, self._secret_key))
        except Unpostable as error:
            outcome = Outcome(None, str(error), b"", 0, now(), None)
            if isinstance(error, SiteStopped):
                await self._wake(key, row)
        self._lanes.end(key, is_healthy=outcome.is_healthy)
        if outcome.is_gone:
            self._want_disabled("GONE", {key: row["url"]})
        result = new_result(key, row, outcome)
        self.figures.note(result, row["age"])
        self._results.append(result)
        self._write_wake.set()

    async def _wake(self, key: EndpointKey, row: Any) -> None:
        """Has the site started that was to be told."""
        if row["live_deployment_id"] is None:
            return
        try:
            await wake(self.platform, key.workspace_id, row["site_id"], row["live_deployment_id"])
        except DATABASE_FAULTS as error:
            log.warning("site not started for a webhook, the next try will", error=str(error))

    async def _write(self) -> None:
        """Writes the results that there are."""
        await asyncio.sleep(GATHER_SECONDS)
        while batch := self._results[:RESULTS_AT_ONCE]:
            failing = await write_results(self.platform, self.worker_id, batch)
            del self._results[: len(batch)]
            self._want_disabled("FAILING", failing)
            for result in batch:
                self._lanes.write(result.endpoint, result.delivery_id)
            if self._lanes.wanted:
                self._look_wake.set()

    def _want_disabled(self, reason: str, urls: dict[EndpointKey, str]) -> None:
        self._disabling |= {key: (reason, url) for key, url in urls.items()}
        if urls:
            self._disable_wake.set()

    async def _disable(self) -> None:
        """Turns off what is to be turned off; what cannot be now comes last the next time."""
        while self._disabling:
            key, (reason, url) = next(iter(self._disabling.items()))
            del self._disabling[key]
            try:
                is_disabled = await disable_endpoint(self.platform, key, reason, url)
            except DATABASE_FAULTS:
                self._disabling[key] = (reason, url)
                raise
            if is_disabled:
                log.info("webhook endpoint disabled", endpoint_id=str(key.id), reason=reason)

    async def _release_idle(self) -> None:
        """Gives back endpoints that have had nothing due for a while."""
        idle = self._lanes.take_idle(_time() - IDLE_SECONDS)
        if not idle:
            return
        try:
            await release(self.platform, self.worker_id, idle.keys())
        except DATABASE_FAULTS:
            # Still this worker's, and nobody else may have them.
            self._lanes.put_back(idle)
            raise


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
