"""Whether the process lives, whether it can serve, and its metrics."""

import hmac
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.address import is_loopback
from resolvers.context import Platform
from resolvers.health import Backlog, database_answers, redis_answers


async def healthz(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """PostgreSQL answers. Redis is told but not asked for: without it the server still serves."""
    platform: Platform = request.app.state.platform
    database, redis = await database_answers(platform), await redis_answers(platform)
    body = {"status": "ok" if database else "unavailable", "database": database, "redis": redis}
    return JSONResponse(body, 200 if database else 503)


async def metrics(request: Request) -> Response:
    """Prometheus's text format, for who may read it."""
    refusal = _refusal(request)
    if refusal is not None:
        return refusal
    backlog: Backlog = request.app.state.backlog
    text = generate_latest() + generate_latest(await backlog.figures())
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _refusal(request: Request) -> Response | None:
    """The answer to who may not read metrics: they say how much a shop sells, and asking for them costs a statement."""
    platform: Platform = request.app.state.platform
    token = platform.settings.metrics_token
    if token is None:
        if _is_from_here(request):
            return None
        sentence = "Metrics are shown to this machine alone. Set METRICS_TOKEN, and name it: Authorization: Bearer …"
        return PlainTextResponse(sentence, HTTPStatus.FORBIDDEN)
    scheme, _, named = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(named.encode(), token.get_secret_value().encode()):
        return None
    sentence = "Name METRICS_TOKEN: Authorization: Bearer …"
    return PlainTextResponse(sentence, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})


def _is_from_here(request: Request) -> bool:
    """Whether a program on this machine asks, by itself: what a proxy passed on names whatever address it likes."""
    is_passed_on = any(name.startswith("x-forwarded-") for name in request.headers)
    return request.client is not None and is_loopback(request.client.host) and not is_passed_on


ROUTES = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
