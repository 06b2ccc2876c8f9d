"""Reading an export: one snapshot, some rows at a time, as CSV by RFC 4180."""

import csv
import io
import zlib
from collections.abc import AsyncGenerator
from typing import Any, cast

from prometheus_client import Counter

from resolvers.context import Platform
from resolvers.export.cells import Row, cells
from resolvers.export.tables import TABLES, statement
from resolvers.export.ticket import Ticket

ROWS = Counter("vitrine_export_rows_total", "Rows that were exported.")

# How long one export may take, and how long PostgreSQL may take for the first rows, which it may have to sort.
LONGEST_SECONDS = 1_800
STATEMENT_SECONDS = 120
# How long the snapshot may wait for its reader. It keeps PostgreSQL from cleaning up behind it.
IDLE_SECONDS = 60
_LIMITS = {
    "transaction_timeout": f"{LONGEST_SECONDS}s",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    "application_name": "vitrine export",
}
# So many rows are made in one go, a millisecond, before other requests have their turn. With 500 these wait five times
# as long, and it saves nothing.
BATCH = 50
PIECE = 64 * 1024
# Excel takes a file for UTF-8 only where it begins so.
_BYTE_ORDER_MARK = "\ufeff"
_FASTEST = 1
_GZIP = 16 + zlib.MAX_WBITS


async def export_csv(platform: Platform, ticket: Ticket, *, compressed: bool) -> AsyncGenerator[bytes, None]:
    """The file, in pieces of about `PIECE` bytes.

    Raises:
        asyncpg.PostgresError, OSError: PostgreSQL is away, or took too long; what was given is not all.

    """
    table = TABLES[ticket.table]
    async with platform.database.app.snapshot(ticket.workspace_id, _LIMITS) as connection:
        time_zone = await connection.fetchval("select time_zone from workspace where id = $1", ticket.workspace_id)
        sql, arguments = statement(table, ticket.wanted, ticket.workspace_id, time_zone)
        pieces = _Pieces(compressed=compressed)
        pieces.add([[column.name for column in table.columns]])
        writers = table.writers(time_zone)
        # The driver's own bound must be the later one.
        patience = STATEMENT_SECONDS + 5
        cursor = await connection.cursor(sql, *arguments, timeout=patience)
        while rows := await cursor.fetch(BATCH, timeout=patience):
            ROWS.inc(len(rows))
            pieces.add([cells(cast("Row", row), writers) for row in rows])
            if (piece := pieces.take(PIECE)) is not None:
                yield piece
        yield pieces.rest()


class _Pieces:
    """What is written and not yet taken."""

    def __init__(self, *, compressed: bool) -> None:
        self._text = io.StringIO(newline="")
        self._text.write(_BYTE_ORDER_MARK)
        self._writer = csv.writer(self._text)
        self._zip = zlib.compressobj(_FASTEST, zlib.DEFLATED, _GZIP) if compressed else None
        self._bytes = bytearray()

    def add(self, rows: list[list[Any]]) -> None:
        self._writer.writerows(rows)
        written = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        self._bytes += self._zip.compress(written) if self._zip else written

    def take(self, least: int) -> bytes | None:
        """All of it, if it is so much."""
        if len(self._bytes) < least:
            return None
        taken, self._bytes = bytes(self._bytes), bytearray()
        return taken

    def rest(self) -> bytes:
        if self._zip:
            self._bytes += self._zip.flush()
        return bytes(self._bytes)
