"""Downloading exports: by a signed link, streamed, as long as the reader keeps up.

What is broken off is seen to be: the connection ends without the last chunk, never a file that only looks whole.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable

import structlog
from prometheus_client import Counter as Metric
from prometheus_client import Gauge
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from core.compression import takes_gzip
from core.database import DATABASE_FAULTS
from core.errors import Forbidden
from resolvers.context import Platform
from resolvers.export import (
    LONGEST_SECONDS,
    ExpiredTicket,
    InvalidTicket,
    Ticket,
    export_csv,
    read_ticket,
    refuse_without_right,
)

log = structlog.get_logger()

EXPORTS = Metric("vitrine_exports_total", "Exports by what became of them: sent, broken or left by who read.", ["end"])
RUNNING = Gauge("vitrine_exports_running", "Exports that are being sent.")

# Exports that one process sends at the same time, each over a connection of its own to PostgreSQL.
MAX_EXPORTS = 6
MAX_OF_WORKSPACE = 2
RETRY_SECONDS = 10
# How long a reader may take for one piece, some 64 kB.
PIECE_SECONDS = 30.0
_HEADERS = {
    "content-type": "text/csv; charset=utf-8; header=present",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "vary": "accept-encoding",
    "x-content-type-options": "nosniff",
}


class Exports:
    """The route, and how many it is sending, by workspace."""

    def __init__(self) -> None:
        self._running: Counter[object] = Counter()

    async def get(self, request: Request) -> Response:
        """Sends one export."""
        platform: Platform = request.app.state.platform
        try:
            ticket = await _ticket(platform, request)
        except InvalidTicket as error:
            return _error(403 if isinstance(error, ExpiredTicket) else 404, str(error))
        except Forbidden as error:
            return _error(403, error.message)
        except DATABASE_FAULTS as error:
            return _away(error)
        if request.method == "HEAD":
            return Response(headers=_headers(ticket, compressed=False))
        if self._running.total() >= MAX_EXPORTS or self._running[ticket.workspace_id] >= MAX_OF_WORKSPACE:
            return _error(429, "As many exports as there may be at a time are being sent. Try again in a moment.")
        return await self._sending(platform, ticket, compressed=takes_gzip(request.headers.get("accept-encoding", "")))

    async def _sending(self, platform: Platform, ticket: Ticket, *, compressed: bool) -> Response:
        """The answer, once there is something to send: until then it can still be refused."""
        self._running[ticket.workspace_id] += 1
        RUNNING.inc()
        pieces = export_csv(platform, ticket, compressed=compressed)
        try:
            first = await anext(pieces)
        except BaseException as error:
            self._end(ticket)
            if isinstance(error, DATABASE_FAULTS):
                return _away(error)
            raise
        return _Download(ticket, first, pieces, _headers(ticket, compressed=compressed), self._end)

    def _end(self, ticket: Ticket) -> None:
        RUNNING.dec()
        self._running[ticket.workspace_id] -= 1
        if not self._running[ticket.workspace_id]:
            del self._running[ticket.workspace_id]


class _Download(StreamingResponse):
    """One export on its way. However it ends, its connection to PostgreSQL and its place are free then."""

    def __init__(
        self,
        ticket: Ticket,
        first: bytes,
        pieces: AsyncGenerator[bytes, None],
        headers: dict[str, str],
        end: Callable[[Ticket], None],
    ) -> None:
        super().__init__(self._all(first), headers=headers)
        self._ticket = ticket
        self._pieces = pieces
        self._end = end
        self._size = 0
        self._outcome = "left"

    async def _all(self, first: bytes) -> AsyncGenerator[bytes, None]:
        yield first
        async for piece in self._pieces:
            yield piece

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, fault = time.monotonic(), None
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await super().__call__(scope, receive, send)
        except ClientDisconnect:
            pass
        except Exception as error:
            self._outcome, fault = "broken", error
            # The server cuts the connection for it.
            raise
        finally:
            await self._pieces.aclose()
            self._end(self._ticket)
            self._note(time.monotonic() - began, fault)

    async def stream_response(self, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(PIECE_SECONDS):
                await send(message)
            self._size += len(message.get("body", b""))

        await super().stream_response(send_in_time)
        self._outcome = "sent"

    def _note(self, seconds: float, fault: Exception | None) -> None:
        EXPORTS.labels(self._outcome).inc()
        level = log.warning if fault else log.info
        level(
            "export",
            outcome=self._outcome,
            table=self._ticket.table,
            workspace=str(self._ticket.workspace_id),
            caller=self._ticket.caller_kind,
            caller_id=str(self._ticket.caller_id),
            bytes=self._size,
            seconds=round(seconds, 2),
            error=repr(fault) if fault else None,
        )


async def _ticket(platform: Platform, request: Request) -> Ticket:
    """What the link lets its reader download now."""
    ticket = read_ticket(platform.settings, request.path_params["ticket"])
    if request.path_params["filename"] != ticket.filename:
        raise InvalidTicket("There is no export here: take the whole link, as exportCreate gave it.")
    await refuse_without_right(platform.database, ticket)
    return ticket


def _headers(ticket: Ticket, *, compressed: bool) -> dict[str, str]:
    headers = _HEADERS | {"content-disposition": f'attachment; filename="{ticket.filename}"'}
    return headers | {"content-encoding": "gzip"} if compressed else headers


def _error(status: int, message: str) -> Response:
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    if status in {429, 503}:
        headers["retry-after"] = str(RETRY_SECONDS)
    return PlainTextResponse(f"{message}\n", status, headers)


def _away(error: BaseException) -> Response:
    log.warning("export not begun", error=repr(error))
    return _error(503, "Nothing can be exported just now. Try again in a moment.")


def export_routes() -> list[Route]:
    return [Route("/exports/{ticket}/{filename}", Exports().get, methods=["GET"])]
