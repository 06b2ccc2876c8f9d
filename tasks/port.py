"""The worker's own port: whether it lives, whether it can work, and its metrics."""

import asyncio
import socket

import uvicorn
from starlette.applications import Starlette

from resolvers.context import Platform
from resolvers.health import Backlog
from routes.connection import BoundedHttp
from routes.health import ROUTES

STOP_SECONDS = 1


def listen(host: str, port: int) -> socket.socket:
    """Takes the port.

    Raises:
        OSError: somebody has it.

    """
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


async def serve(platform: Platform, listening: socket.socket) -> None:
    """Answers until it is cancelled. uvicorn leaves signals alone: this is not the main thread."""
    app = Starlette(routes=ROUTES)
    app.state.platform = platform
    app.state.backlog = Backlog(platform)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=BoundedHttp,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )
    try:
        await server.serve(sockets=[listening])
    except asyncio.CancelledError:
        if server.started:
            await server.shutdown(sockets=[listening])
        raise
