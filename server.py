"""The ASGI application: routes, middleware, lifespan. `python -m server` serves it."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import structlog
import uvicorn
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from core.cache import AnswerCache, CacheCollector
from core.database import Database
from core.event_loop import watch_lag
from core.persisted import PersistedDocuments
from core.pubsub import DEPLOYMENTS_CHANNEL, Doorbells
from core.settings import Settings, settings_or_exit
from core.telemetry import REQUEST_LOG, configure_logging
from integrations.storage import new_storage
from resolvers.analytics.device import device_of
from resolvers.authentication import Authenticator, new_throttle
from resolvers.context import Platform
from resolvers.feed import Feed
from resolvers.health import Backlog
from resolvers.hosting.route import SiteRoutes
from resolvers.storefront_token import RegisteredDocuments
from routes.asset import ROUTES as ASSET_ROUTES
from routes.connection import BoundedHttp, BoundedWebSocket
from routes.domain import ROUTES as DOMAIN_ROUTES
from routes.export import export_routes
from routes.graphiql import GRAPHIQL_ROUTES, graphiql_page, wants_graphiql
from routes.health import ROUTES as HEALTH_ROUTES
from routes.hosted import HostedSites, SiteNames
from routes.media import Media
from routes.seo import ROUTES as SEO_ROUTES
from routes.track import PATH as TRACK
from routes.track import ROUTES as TRACK_ROUTES
from routes.track import TrackDoor
from routes.upload import upload_routes
from schema.transport.admission import Admission
from schema.transport.http import HttpDoor
from schema.transport.live import LiveOperations
from schema.transport.operation import new_runner
from schema.transport.websocket import WebSocketDoor

log = structlog.get_logger()

REDIS_TIMEOUT = 2.0
SHUTDOWN_SECONDS = 4
RESTART_SECONDS = 1.0
YOUNG_OBJECTS = 10_000
MAX_WEBSOCKET_MESSAGE = 1024 * 1024


class Application:
    """The ASGI application for these settings; it connects when its lifespan starts.

    GraphQL over HTTP and visitors' events have doors of their own that route nothing and answer every error themselves,
    CORS included, so they stand before Starlette's routing and error pages, which would cost each request more than the
    doors do.
    """

    def __init__(self, settings: Settings) -> None:
        self._starlette = Starlette(
            lifespan=partial(_lifespan, settings),
            routes=[
                Route("/", _to_graphiql),
                *HEALTH_ROUTES,
                *GRAPHIQL_ROUTES,
                *TRACK_ROUTES,
                *ASSET_ROUTES,
                *SEO_ROUTES,
                *DOMAIN_ROUTES,
                *upload_routes(),
                *export_routes(),
                Mount("/media", Media(settings.data_dir)),
            ],
            middleware=[
                Middleware(
                    CORSMiddleware,
                    allow_origins=settings.origins,
                    allow_methods=["GET", "HEAD", "PUT"],
                    allow_headers=["content-type", "range"],
                )
            ],
        )
        self.state = self._starlette.state
        self._site_names = SiteNames(settings)
        # It looks at addresses, which is only worth its time where there is something to find.
        self._proxied: Any = ProxyHeadersMiddleware(cast("Any", self._direct), settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and _came_through_proxy(scope):
            await self._proxied(scope, receive, send)
        else:
            await self._direct(scope, receive, send)

    async def _direct(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = self._site_names.name_in(_host(scope)) if scope["type"] == "http" else None
        # Domains of merchants' own are of any form: who asks under another name than the API's has it looked up.
        if host is not None and (host.is_site or await self.state.site_routes.leads(host.name)):
            await self.state.hosted_sites(scope, receive, send, host.name)
            return
        door: Any = self._starlette
        if scope["type"] == "http":
            path = scope["path"]
            door = self.state.http_door if path == "/graphql" else self.state.track_door if path == TRACK else door
        await door(scope, receive, send)


def _host(scope: Scope) -> bytes:
    """What the browser asked for, which comes first of the headers as a rule."""
    for name, value in scope["headers"]:
        if name == b"host":
            host: bytes = value
            return host
    return b""


def _came_through_proxy(scope: Scope) -> bool:
    return any(name.startswith(b"x-forwarded-") for name, _ in scope["headers"])


@asynccontextmanager
async def _lifespan(settings: Settings, app: Starlette) -> AsyncIterator[None]:
    redis = Redis.from_url(
        settings.redis_url.get_secret_value(), socket_connect_timeout=REDIS_TIMEOUT, socket_timeout=None
    )
    platform = Platform(settings, await Database.open(settings), redis, Doorbells(redis), new_storage(settings))
    throttle, registered = new_throttle(platform), RegisteredDocuments(platform)
    authenticator, feed = Authenticator(platform, throttle), Feed(platform.database, platform.doorbells)
    runner = new_runner(platform)
    admission = Admission(runner, authenticator, throttle, registered, PersistedDocuments(redis))
    cache = AnswerCache(settings.storefront_cache_seconds)
    collector = CacheCollector(cache)
    REGISTRY.register(collector)
    live = LiveOperations(runner, feed)
    websocket = WebSocketDoor(runner, admission, live)
    app.state.platform = platform
    app.state.backlog = Backlog(platform)
    app.state.throttle, app.state.cache = throttle, cache
    app.state.http_door = HttpDoor(runner, admission, cache, partial(_page, settings))
    app.state.track_door = TrackDoor(platform, authenticator, throttle)
    app.router.routes.append(WebSocketRoute("/graphql", websocket))
    site_routes = SiteRoutes(platform)
    app.state.site_routes = site_routes
    app.state.hosted_sites = hosted_sites = HostedSites(site_routes, settings)
    # The first user agent that is looked at has all of their patterns read, which takes half a second.
    device_of("")
    # The schema and the modules live as long as the process: the collector need not look at them again and again. And
    # what requests leave behind is mostly gone by itself: looking less often saves 5 % of the CPU.
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)
    jobs = (
        platform.doorbells.run,
        authenticator.run,
        registered.run,
        site_routes.run,
        partial(platform.doorbells.listen, DEPLOYMENTS_CHANNEL, platform.deployment_waiters.hear, at_once=True),
        feed.run,
        partial(platform.polls.run, platform.database),
        watch_lag,
        partial(cache.run, platform.doorbells),
    )
    tasks = [asyncio.create_task(_kept_running(each)) for each in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await platform.polls.close(platform.database)
        await hosted_sites.close()
        REGISTRY.unregister(collector)
        REQUEST_LOG.flush()
        await platform.database.close()
        await redis.aclose()


async def _kept_running(job: Callable[[], Awaitable[None]]) -> None:
    """Runs a background job, again and again should it ever fail: without it the server would serve half of itself."""
    while True:
        try:
            await job()
        except Exception:
            log.exception("a background job failed, starting it again", job=repr(job))
        await asyncio.sleep(RESTART_SECONDS)


async def _to_graphiql(_request: Request) -> Response:
    """Who opens the bare address finds the explorer."""
    return RedirectResponse("/graphql")


def _page(settings: Settings, request: Request) -> Response | None:
    """GraphiQL for people's browsers; in development with the demo shops' tokens in its tabs."""
    if not wants_graphiql(request):
        return None
    return graphiql_page(request, demo=_demo(settings))


def _demo(settings: Settings) -> dict[str, Any] | None:
    path = settings.data_dir / "demo.json"
    if settings.environment != "development" or not path.exists():
        return None
    demo: dict[str, Any] = json.loads(path.read_text())
    return demo


def main() -> None:
    """Serves until SIGINT or SIGTERM."""
    settings = settings_or_exit()
    configure_logging(settings.log_level)
    uvicorn.run(
        Application(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=BoundedHttp,
        ws=BoundedWebSocket,
        ws_max_size=MAX_WEBSOCKET_MESSAGE,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main()
