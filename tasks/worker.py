"""One worker process: it asks what is due, rings, and answers doorbells.

A process whose insides died is of no use: it ends with an error, so that whatever supervises it starts another.
"""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress

import structlog
import uvloop
from dramatiq import Broker, Worker
from dramatiq.asyncio import EventLoopThread, get_event_loop_thread
from dramatiq.middleware import Middleware, MiddlewareError
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from core.database import DATABASE_FAULTS, Database
from core.event_loop import watch_lag
from core.pubsub import Doorbells
from core.settings import Settings
from integrations.messaging import new_mailer
from integrations.storage import new_storage
from integrations.webhook import Poster
from resolvers.context import Platform
from resolvers.webhook import Dispatcher
from tasks import analytics, asset, deployment, domain, email, retention, storefront, webhook
from tasks.doorbell import declare, new_broker
from tasks.job import Job, Services
from tasks.port import listen, serve

log = structlog.get_logger()

JOBS: tuple[Job, ...] = (
    email.JOB,
    retention.JOB,
    storefront.JOB,
    webhook.JOB,
    asset.PROCESS,
    asset.SWEEP,
    deployment.BUILD,
    deployment.GIVE_UP,
    deployment.SWEEP,
    domain.JOB,
    analytics.COUNT,
    analytics.COUNT_ORDERS,
    analytics.PARTITIONS,
)
THREADS = 8
# Milliseconds: how long the worker sleeps where there is no doorbell, and how long jobs may take to end when it stops.
IDLE = 500
SHUTDOWN = 3_000
# Seconds that webhooks which are being posted have to end.
POSTS_END_SECONDS = 2.0
CLOSE_SECONDS = 1.0
WATCH_SECONDS = 0.5
REDIS_TIMEOUT = 2.0


def run(settings: Settings) -> int:
    """Works until SIGTERM or SIGINT, which let running jobs end; gives the process's exit status."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    # Dramatiq's event loop is made by whatever policy there is.
    uvloop.install()
    inside = _Inside(settings)
    broker = new_broker(settings, inside)
    inside.declare(broker)
    worker = Worker(broker, worker_threads=THREADS, worker_timeout=IDLE)
    try:
        worker.start()
    except MiddlewareError as error:
        log.error("worker cannot start", error=str(error))  # noqa: TRY400 - the sentence says it all
        broker.emit_after("worker_shutdown", worker)
        return 1
    log.info("worker started", jobs=[job.name for job in JOBS])
    died = False
    while not died and not stopping.wait(WATCH_SECONDS):
        died = inside.has_died() or not all(thread.is_alive() for thread in worker.workers)
    worker.stop(timeout=SHUTDOWN)
    log.info("worker stopped", died=died)
    return 1 if died else 0


class _Inside(Middleware):
    """What lives in the event loop of Dramatiq's AsyncIO middleware: connections, and one task for each job."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rings: list[tuple[Job, Callable[[], Awaitable[None]]]] = []
        self._services: Services | None = None
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._dispatcher: Dispatcher | None = None

    def declare(self, broker: Broker) -> None:
        for job in JOBS:
            self._rings.append((job, declare(broker, job, self._runner(job))))

    def has_died(self) -> bool:
        """Whether a task that should go on for ever ended, which is logged."""
        ended = [task for task in self._tasks if task.done()]
        for task in ended:
            log.error("task died", task=task.get_name(), exc_info=None if task.cancelled() else task.exception())
        return bool(ended)

    def before_worker_boot(self, _broker: Broker, _worker: Worker) -> None:
        try:
            _loop().run_coroutine(self._open())
        except Exception as error:
            raise MiddlewareError(f"{type(error).__name__}: {error}") from error

    def before_worker_shutdown(self, _broker: Broker, _worker: Worker) -> None:
        """Asks no more what is due and posts no more; jobs that run are finished before the connections are closed."""
        _loop().run_coroutine(self._stop())

    def after_worker_shutdown(self, _broker: Broker, _worker: Worker) -> None:
        _loop().run_coroutine(self._close())

    def _runner(self, job: Job) -> Callable[[], Awaitable[object]]:
        async def run_job() -> object:
            try:
                return await job.run(self._opened())
            except DATABASE_FAULTS as error:
                log.warning("job not done, the next doorbell will", job=job.name, error=str(error))
                return None

        return run_job

    def _opened(self) -> Services:
        if self._services is None:
            raise RuntimeError("the worker's connections are not open")
        return self._services

    async def _open(self) -> None:
        settings = self._settings
        listening = listen(settings.host, settings.worker_port) if settings.worker_port is not None else None
        redis = Redis.from_url(settings.redis_url.get_secret_value(), socket_connect_timeout=REDIS_TIMEOUT)
        self._stack.push_async_callback(redis.aclose)
        database = await Database.open(settings)
        self._stack.push_async_callback(database.close)
        doorbells = Doorbells(redis)
        self._services = Services(
            Platform(settings, database, redis, doorbells, new_storage(settings)), new_mailer(settings)
        )
        poster = await self._stack.enter_async_context(Poster(allow_loopback=settings.webhook_allow_loopback))
        dispatcher = Dispatcher(self._services.platform, poster)
        REGISTRY.register(dispatcher.figures)
        self._stack.callback(REGISTRY.unregister, dispatcher.figures)
        self._dispatcher = dispatcher
        self._tasks.append(asyncio.create_task(doorbells.run(), name="doorbells"))
        self._tasks.append(asyncio.create_task(dispatcher.run(), name="webhooks"))
        self._tasks.append(asyncio.create_task(watch_lag(), name="watch_lag"))
        if listening is not None:
            self._tasks.append(asyncio.create_task(serve(self._services.platform, listening), name="port"))
        self._tasks += [asyncio.create_task(self._ask(job, ring), name=job.name) for job, ring in self._rings]

    async def _close(self) -> None:
        """Closes the connections; those of a job that did not end in time are dropped, and its lease runs out."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._stack.aclose()

    async def _ask(self, job: Job, ring: Callable[[], Awaitable[None]]) -> None:
        """Asks whether the job is due, again and again, and rings where it is."""
        while True:
            try:
                if await job.is_due(self._opened()):
                    await ring()
            except DATABASE_FAULTS as error:
                log.warning("not known what is due, asking again", job=job.name, error=str(error))
            await asyncio.sleep(job.seconds)

    async def _stop(self) -> None:
        """What was posted is written before its leases run out, so before anything else is waited for."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._dispatcher:
            await self._dispatcher.close(POSTS_END_SECONDS)


def _loop() -> EventLoopThread:
    found = get_event_loop_thread()
    if found is None:
        raise RuntimeError("AsyncIO stands before this in the middleware, so there is a loop")
    return found
