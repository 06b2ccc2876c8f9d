"""Where files are uploaded to, where no bucket takes them: one PUT, to a signed address, of one size."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.database import DATABASE_FAULTS
from integrations.storage import StorageUnavailable
from resolvers.asset import InvalidTicket, NotExpected, Ticket, WrongSize, read_ticket, receive_upload
from resolvers.asset.figures import UPLOADED_BYTES, UPLOADS
from resolvers.context import Platform
from routes.connection import ALLOW

log = structlog.get_logger()

# Uploads that one process takes at the same time, each with a part of its file in memory.
MAX_UPLOADS = 100
# Those of one workspace among them: slow ones take hours, and others upload too.
MAX_OF_WORKSPACE = 20
# How long one may take, in seconds.
LONGEST = 3600.0
# How a response is counted; any other is a refusal.
_RESULTS = {204: "kept", 503: "turned_away"}


class Uploads:
    """The route, and how much it is taking, by workspace."""

    def __init__(self) -> None:
        self._running = Counter[UUID]()

    async def put(self, request: Request) -> Response:
        """Takes one file; 204 where all of it is kept."""
        response = await self._put(request)
        UPLOADS.labels(_RESULTS.get(response.status_code, "refused")).inc()
        return response

    async def _put(self, request: Request) -> Response:
        platform: Platform = request.app.state.platform
        try:
            ticket = read_ticket(platform.settings, request.path_params["ticket"])
        except InvalidTicket as error:
            return _error(403, str(error))
        announced = request.headers.get("content-length", str(ticket.byte_size))
        if announced != str(ticket.byte_size):
            return _error(400, f"The file has {announced} bytes, and {ticket.byte_size} were announced.")
        if self._running.total() >= MAX_UPLOADS or self._running[ticket.workspace_id] >= MAX_OF_WORKSPACE:
            return _busy()
        self._running[ticket.workspace_id] += 1
        try:
            return await _received(request, platform, ticket)
        finally:
            self._running[ticket.workspace_id] -= 1
            # Those that are at nothing are forgotten.
            self._running = +self._running


async def _received(request: Request, platform: Platform, ticket: Ticket) -> Response:
    allow = request.scope.get("extensions", {}).get(ALLOW)
    if allow:
        allow(ticket.byte_size)
    try:
        async with asyncio.timeout(LONGEST):
            await receive_upload(platform, ticket, _body(request))
    except NotExpected:
        return _error(409, "No file is expected here: the asset has its file, or is gone.")
    except WrongSize as error:
        return _error(400, str(error))
    except ClientDisconnect:
        # Nobody is there to be told.
        return _error(400, "The upload was broken off.")
    except (StorageUnavailable, TimeoutError, *DATABASE_FAULTS) as error:
        log.warning("upload not kept", asset_id=str(ticket.asset_id), error=str(error))
        return _busy()
    UPLOADED_BYTES.inc(ticket.byte_size)
    return Response(status_code=204)


async def _body(request: Request) -> AsyncIterator[bytes]:
    async for piece in request.stream():
        yield piece
        # Between two pieces that were there already others get their turn.
        await asyncio.sleep(0)


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status, {"cache-control": "no-store"})


def _busy() -> Response:
    error = {"error": "No more uploads can be taken just now. Try again in a moment."}
    return JSONResponse(error, 503, {"cache-control": "no-store", "retry-after": "5"})


def upload_routes() -> list[Route]:
    return [Route("/uploads/{ticket}", Uploads().put, methods=["PUT"])]
