"""Whether the process lives, whether it can serve, and its metrics."""

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.database import DATABASE_FAULTS
from resolvers.context import Platform

# Seconds: a database that takes longer to say "true" is not one to send people to.
PATIENCE = 2.0


async def healthz(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """PostgreSQL answers. Redis is told but not asked for: without it the server still serves."""
    platform: Platform = request.app.state.platform
    database, redis = await _database(platform), await _redis(platform)
    body = {"status": "ok" if database else "unavailable", "database": database, "redis": redis}
    return JSONResponse(body, 200 if database else 503)


async def _database(platform: Platform) -> bool:
    try:
        async with asyncio.timeout(PATIENCE), platform.database.app.acquire() as connection:
            return bool(await connection.fetchval("select true"))
    except DATABASE_FAULTS:
        return False


async def _redis(platform: Platform) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            return bool(await platform.redis.ping())
    except (RedisError, OSError, TimeoutError):
        return False


async def metrics(_request: Request) -> Response:
    """Prometheus's text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


ROUTES = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
