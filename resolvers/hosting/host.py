"""The host: it has run what PostgreSQL says is live, on this machine.

It is not in the way of any request: the server asks sites themselves. Killed, it leaves them running, and finds them
again when it is back. It starts a deployment before it is put live, lets the old one go once nobody is led to it any
more, stops what nobody asked for in a while and starts it when somebody does.
"""

import asyncio
import time
from uuid import UUID

import structlog

from core.database import DATABASE_FAULTS
from core.pubsub import SITES_CHANNEL, site_channel
from integrations.build.base import BuildFailed
from integrations.build.processes import Usage
from integrations.hosting import NotStarted, SiteProcess, Start
from resolvers.context import Platform
from resolvers.deployment.folders import kept_folder
from resolvers.deployment.log import clean
from resolvers.deployment.theme import find_site_theme
from resolvers.hosting.bounds import excess_of, excess_on_disk, look
from resolvers.hosting.desired import (
    Desired,
    find_desired,
    forget_others,
    say_checked,
    say_running,
    say_stopped,
    say_well,
    stop_if_idle,
)
from resolvers.hosting.failing import note_failed
from resolvers.hosting.served import PACE, Failing, Pace, Served
from resolvers.hosting.switch import fail_to_start, go_live

log = structlog.get_logger()

LOOK_SECONDS = 0.5
# How often what sites take is looked at.
BOUNDS_SECONDS = 1.0
# How long a site has to answer for the first time, and a deployment that could not even be tried to be given up.
START_SECONDS = 20.0
GIVE_UP_SECONDS = 45.0
# How long what is being answered may take to end.
DRAIN_SECONDS = 30.0
STARTS_AT_ONCE = 4


class Host:
    """Runs sites until it is cancelled. One on a machine."""

    def __init__(self, platform: Platform, pace: Pace = PACE) -> None:
        self._platform = platform
        self._pace = pace
        self._served: dict[UUID, Served] = {}
        # Also those that are about to end.
        self._processes: set[SiteProcess] = set()
        self._failing: dict[UUID, Failing] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._starts = asyncio.Semaphore(STARTS_AT_ONCE)
        self._wake = asyncio.Event()
        # Those whose process is not there yet.
        self._starting: set[UUID] = set()

    async def run(self) -> None:
        """Looks again and again what is to run, and has it run."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._platform.doorbells.listen(SITES_CHANNEL, lambda _: self._wake.set()))
            group.create_task(self._look_for_ever())
            group.create_task(self._hold_to_bounds())

    async def close(self) -> None:
        """Ends every site: the host is told to stop, and whoever starts it again has all of them started."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await asyncio.gather(*(self._stop(process, 1.0) for process in list(self._processes)), return_exceptions=True)

    async def _look_for_ever(self) -> None:
        is_adopted = False
        while True:
            self._wake.clear()
            try:
                desired = await find_desired(self._platform)
                if not is_adopted:
                    await self._adopt(desired)
                    is_adopted = True
                self._reconcile(desired)
            except DATABASE_FAULTS as error:
                log.warning("not known what is to be served, asking again", error=str(error))
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _hold_to_bounds(self) -> None:
        """Has those ended that take more than they may."""
        while True:
            await asyncio.sleep(BOUNDS_SECONDS)
            served = [each for each in self._served.values() if each.wanted.id not in self._tasks]
            used = await look([each.process for each in served])
            for each in served:
                if self._served.get(each.wanted.id) is each and each.wanted.id not in self._tasks:
                    self._hold(each, used[each.process])

    def _hold(self, served: Served, used: Usage) -> None:
        settings = self._platform.settings
        served.memory = used.memory
        excess = excess_of(settings, used)
        if excess:
            self._do(served.wanted.id, self._give_up(served, excess.reason))
        elif used.written - served.written > settings.site_disk_bytes // 4:
            # Much was written since its files were looked at, which takes longer.
            served.written = used.written
            self._do(served.wanted.id, self._check(served))

    async def _adopt(self, desired: dict[UUID, Desired]) -> None:
        """Takes over what an earlier host has left running: what is to run goes on, the rest ends."""
        folder = kept_folder(self._platform.settings, UUID(int=0)).parent
        found = await asyncio.to_thread(lambda: list(folder.iterdir()) if folder.is_dir() else [])
        for each in found:
            process = await asyncio.to_thread(SiteProcess.find, each)
            if process is None:
                continue
            wanted = next((row for row in desired.values() if str(row.id) == each.name), None)
            if wanted is None or not await self._is_well(wanted, process):
                await process.stop(1.0)
            else:
                self._processes.add(process)
                self._served[wanted.id] = Served(wanted, process, _now(), _now())
                await say_running(self._platform, wanted, process.address)
                log.info("site found running", deployment_id=each.name)
        for each in found:
            await SiteProcess.end_rest(each)
        await forget_others(self._platform, list(self._served))

    async def _is_well(self, wanted: Desired, process: SiteProcess) -> bool:
        try:
            await process.check(self._host_of(wanted))
        except NotStarted:
            return False
        return True

    def _reconcile(self, desired: dict[UUID, Desired]) -> None:
        waiting = 0
        for wanted in desired.values():
            if wanted.id not in self._tasks:
                served = self._served.get(wanted.id)
                if served is None:
                    waiting += not self._consider_starting(wanted)
                else:
                    self._tend(served, wanted)
        for served in list(self._served.values()):
            if served.wanted.id not in desired:
                self._let_go(served)
        for gone in self._failing.keys() - desired.keys():
            del self._failing[gone]
        running = sum(served.gone_since is None for served in self._served.values())
        self._make_room(running + len(self._starting) + waiting - self._platform.settings.sites_running)

    def _consider_starting(self, wanted: Desired) -> bool:
        """False where it is to start and there is no room for it yet."""
        if wanted.is_late(GIVE_UP_SECONDS):
            self._do(wanted.id, fail_to_start(self._platform, wanted, "It could not be started in time."))
            return True
        failing = self._failing.get(wanted.id)
        if failing is not None and _now() < failing.retry_at:
            return True
        if not (wanted.is_starting or wanted.is_wanted or not wanted.is_stopped or failing is not None):
            return True
        is_room = len(self._processes) + len(self._starting) < self._platform.settings.sites_running
        # One that is to go live waits for none: what it takes the place of is about to end.
        if not is_room and not wanted.is_starting:
            return False
        self._starting.add(wanted.id)
        self._do(wanted.id, self._start(wanted))
        return True

    def _make_room(self, count: int) -> None:
        """Stops so many of those that run, the one that was asked for the longest ago first."""
        quiet = [
            each
            for each in self._served.values()
            if each.gone_since is None
            and each.wanted.id not in self._tasks
            and (each.wanted.idle or 0) > self._pace.busy
        ]
        quiet.sort(key=lambda each: each.wanted.idle or 0.0, reverse=True)
        for each in quiet[: max(0, count)]:
            self._do(each.wanted.id, self._rest(each, self._pace.busy))

    def _tend(self, served: Served, wanted: Desired) -> None:
        served.wanted, served.gone_since = wanted, None
        if not served.process.is_alive():
            self._do(wanted.id, self._give_up(served, served.process.how_it_ended()))
        elif wanted.is_late(GIVE_UP_SECONDS):
            self._do(wanted.id, fail_to_start(self._platform, wanted, "It could not be put live in time."))
        elif wanted.is_starting:
            # One that is live no longer, and still runs: it is gone back to at once.
            self._do(wanted.id, self._switch(served))
        elif wanted.is_stopped:
            # Another host said so, or this one could not say that it runs.
            self._do(wanted.id, say_running(self._platform, wanted, served.process.address))
        elif (wanted.idle or 0.0) > self._platform.settings.site_idle_seconds:
            self._do(wanted.id, self._rest(served, self._platform.settings.site_idle_seconds))
        elif _now() - served.checked > self._pace.check:
            served.checked = _now()
            self._do(wanted.id, self._check(served))

    def _let_go(self, served: Served) -> None:
        """Ends what is no longer live, once no server leads anybody to it."""
        if served.gone_since is None:
            served.gone_since = _now()
        elif _now() - served.gone_since > self._pace.settle and served.wanted.id not in self._tasks:
            del self._served[served.wanted.id]
            self._do(served.wanted.id, self._bury(served, DRAIN_SECONDS))

    def _do(self, deployment_id: UUID, work: object) -> None:
        """Does something with one site, beside all others."""
        task = asyncio.ensure_future(_logged(work, deployment_id))
        self._tasks[deployment_id] = task
        task.add_done_callback(lambda _: self._done(deployment_id))

    def _done(self, deployment_id: UUID) -> None:
        del self._tasks[deployment_id]
        self._wake.set()

    async def _start(self, wanted: Desired) -> None:
        async with self._starts:
            try:
                process = await self._answering(wanted)
            except (NotStarted, BuildFailed) as error:
                await self._not_started(wanted, str(error))
                return
            finally:
                self._starting.discard(wanted.id)
        self._served[wanted.id] = served = Served(wanted, process, _now(), _now())
        await self._switch(served)

    async def _switch(self, served: Served) -> None:
        """Says where it is, and puts it live where it is not yet."""
        await say_running(self._platform, served.wanted, served.process.address)
        if served.wanted.is_starting:
            await go_live(self._platform, served.wanted)
        self._platform.doorbells.ring(site_channel(served.wanted.site_id))
        log.info("site served", deployment_id=str(served.wanted.id), address=served.process.address)

    async def _answering(self, wanted: Desired) -> SiteProcess:
        platform = self._platform
        site = await find_site_theme(platform, wanted.workspace_id, wanted.site_id, wanted.theme_version)
        folder = kept_folder(platform.settings, wanted.id)
        process = await SiteProcess.start(
            Start(folder, site.environment, platform.settings.site_memory_bytes, platform.settings.site_processes)
        )
        self._processes.add(process)
        self._starting.discard(wanted.id)
        try:
            await process.answers(self._host_of(wanted), START_SECONDS)
        except NotStarted as error:
            await self._stop(process, 0.0)
            raise NotStarted(clean(str(error), (site.webhook_secret,))) from None
        return process

    async def _stop(self, process: SiteProcess, seconds: float) -> None:
        await process.stop(seconds)
        self._processes.discard(process)

    async def _not_started(self, wanted: Desired, reason: str) -> None:
        log.warning("site not started", deployment_id=str(wanted.id), reason=reason)
        self._note_failure(wanted, steady=False)
        if wanted.is_starting:
            await fail_to_start(self._platform, wanted, f"Built, but not put live. {reason}")
        else:
            await note_failed(self._platform, wanted, reason)

    async def _bury(self, served: Served, seconds: float = 0.0) -> None:
        try:
            await say_stopped(self._platform, served.wanted)
        finally:
            await self._stop(served.process, seconds)

    async def _give_up(self, served: Served, reason: str, *, is_disk: bool = False) -> None:
        """Ends one that is not well, and has it started again after a while."""
        wanted = served.wanted
        self._served.pop(wanted.id, None)
        self._note_failure(wanted, steady=_now() - served.started > self._pace.steady)
        log.warning("site given up, starting it again", deployment_id=str(wanted.id), reason=reason)
        try:
            told = f"{reason}{await self._without_secrets(wanted, served.process.last_words())}"
            await note_failed(self._platform, wanted, told)
        finally:
            # Also where nobody can be told of it: nobody else knows of this process any more.
            await self._stop(served.process, 0.0)
            if is_disk:
                await asyncio.to_thread(served.process.forget_written)

    async def _without_secrets(self, wanted: Desired, words: str) -> str:
        """What a site printed, as people may see it; nothing where that cannot be known."""
        try:
            site = await find_site_theme(self._platform, wanted.workspace_id, wanted.site_id, wanted.theme_version)
        except BuildFailed:
            return ""
        return clean(words, (site.webhook_secret,))

    async def _rest(self, served: Served, idle: float) -> None:
        """Stops what nobody asked for."""
        if not await stop_if_idle(self._platform, served.wanted, idle):
            return
        self._failing.pop(served.wanted.id, None)
        self._platform.doorbells.ring(site_channel(served.wanted.site_id))
        self._served.pop(served.wanted.id, None)
        await asyncio.sleep(self._pace.settle)
        await self._stop(served.process, DRAIN_SECONDS)
        log.info("site stopped, nobody asked for it", deployment_id=str(served.wanted.id))

    async def _check(self, served: Served) -> None:
        wanted, process = served.wanted, served.process
        await asyncio.to_thread(process.trim_log)
        try:
            await process.check(self._host_of(wanted))
        except NotStarted as error:
            await self._give_up(served, str(error))
            return
        excess = await excess_on_disk(self._platform.settings, process)
        if excess:
            await self._give_up(served, excess.reason, is_disk=True)
            return
        await say_checked(self._platform, wanted, served.memory)
        if wanted.failures and _now() - served.started > self._pace.steady:
            self._failing.pop(wanted.id, None)
            await say_well(self._platform, wanted)

    def _note_failure(self, wanted: Desired, *, steady: bool) -> None:
        before = None if steady else self._failing.get(wanted.id)
        self._failing[wanted.id] = Failing.after(before, _now())

    def _host_of(self, wanted: Desired) -> str:
        return self._platform.settings.site_url(wanted.slug).partition("://")[2]


async def _logged(work: object, deployment_id: UUID) -> None:
    """Does it; what fails is tried again at the next look."""
    try:
        await work  # type: ignore[misc]
    except DATABASE_FAULTS as error:
        log.warning("site not tended, trying again", deployment_id=str(deployment_id), error=str(error))
    except Exception:
        log.exception("site not tended by a fault of ours", deployment_id=str(deployment_id))


def _now() -> float:
    return time.monotonic()
