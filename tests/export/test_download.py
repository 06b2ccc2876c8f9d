"""Downloading: what is sent, and what becomes of it when a reader, PostgreSQL or the server goes away."""

import asyncio
import gzip
import os
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY

from benchmarks.server import Server, serving
from core.access import CallerKind
from resolvers.context import Platform
from resolvers.export import Ticket, export_csv
from resolvers.export.tables import Wanted
from routes import export as route
from tests.client import LiveServer
from tests.export.exporting import add_events, download, link, read
from tests.factories import Shop
from tests.people import becomes, system_sql

# More than all buffers between the server and a reader who takes nothing.
MANY = 60_000
RUNNING = "select count(*) from pg_stat_activity where application_name = 'vitrine export'"
# A process counts its exports together, and one test ends those of all.
pytestmark = pytest.mark.xdist_group("exports")


@asynccontextmanager
async def reading(server: LiveServer | Server, path: str) -> AsyncIterator[tuple[bytes, asyncio.StreamReader]]:
    """A download of which only the head is read so far."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=4096)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        async with asyncio.timeout(20):
            head = await reader.readuntil(b"\r\n\r\n")
        yield head, reader
    finally:
        writer.transport.abort()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """All that still comes; that it ends with a reset is an end, too."""
    found = bytearray()
    try:
        async with asyncio.timeout(60):
            while more := await reader.read(65_536):
                found += more
    except ConnectionError:
        pass
    return bytes(found)


async def connections(shop: Shop) -> int:
    """How many exports PostgreSQL knows; other tests' too, where they run beside."""
    return int((await system_sql(shop.platform, RUNNING))[0][0])


async def none_runs() -> bool:
    return REGISTRY.get_sample_value("vitrine_exports_running") == 0


class TestDownload:
    """What is sent."""

    async def test_is_a_file_to_be_kept(self, shop: Shop) -> None:
        path = await link(shop, "PRODUCTS")

        answer = await download(shop, path, **{"accept-encoding": "identity"})

        answer.headers.pop("date")
        assert answer.headers.pop("server") == "uvicorn"
        assert dict(answer.headers) == {
            "content-type": "text/csv; charset=utf-8; header=present",
            "content-disposition": f'attachment; filename="{path.rpartition("/")[2]}"',
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "vary": "accept-encoding, Origin",
            "x-content-type-options": "nosniff",
            "transfer-encoding": "chunked",
        }

    async def test_is_compressed_for_who_takes_that(self, shop: Shop) -> None:
        await add_events(shop, 5_000)
        path = await link(shop, "VISITOR_EVENTS")

        plain = await download(shop, path, **{"accept-encoding": "identity"})
        async with shop.graphql.http.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
            packed = b"".join([piece async for piece in answer.aiter_raw()])

        assert "content-encoding" not in plain.headers
        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed) == plain.content
        assert len(packed) < len(plain.content) / 2
        assert len(read(plain.content)) == 5_000

    async def test_is_told_of_by_head(self, shop: Shop) -> None:
        path = await link(shop, "PRODUCTS")

        answer = await shop.graphql.http.head(path)

        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"].startswith("text/csv")

    async def test_is_of_one_moment(self, shop: Shop, live_server: LiveServer) -> None:
        """What is committed while it is read is not in it, on whichever page it would be."""
        await add_events(shop, MANY)
        async with reading(live_server, await link(shop, "VISITOR_EVENTS")) as (_, reader):
            await add_events(shop, 1_000)
            content = await rest(reader)

        assert content.endswith(b"\r\n0\r\n\r\n")
        assert content.count(b",page_view,") == MANY
        await becomes(True, none_runs)

    async def test_takes_little_memory_however_long_it_is(self, shop: Shop) -> None:
        await add_events(shop, 30_000)
        ticket = Ticket(
            shop.workspace_id, CallerKind.API_KEY, shop.api_key_id, None, "VISITOR_EVENTS", Wanted(), "events.csv"
        )
        size, largest = 0, 0
        tracemalloc.start()
        try:
            async for piece in export_csv(shop.platform, ticket, compressed=False):
                size += len(piece)
                largest = max(largest, len(piece))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert size > 6_000_000
        assert largest < 300_000
        assert peak < 3_000_000


class TestBounds:
    """How much may be read at a time, and how slowly."""

    async def test_are_kept_for_each_workspace(self, shop: Shop, other_shop: Shop, live_server: LiveServer) -> None:
        await becomes(True, none_runs)
        await add_events(shop, MANY)
        path, other = await link(shop, "VISITOR_EVENTS"), await link(other_shop, "PRODUCTS")
        async with reading(live_server, path) as (first, _), reading(live_server, path) as (second, _):
            assert b" 200 OK" in first
            assert b" 200 OK" in second
            refused = await download(shop, path)
            others = await download(other_shop, other)
            assert await connections(shop) >= 2

        assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
        assert refused.text.startswith("As many exports as there may be at a time")
        assert others.status_code == 200
        await becomes(True, none_runs)
        assert (await download(shop, path)).status_code == 200

    async def test_are_kept_for_the_process(
        self, shop: Shop, other_shop: Shop, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await becomes(True, none_runs)
        monkeypatch.setattr(route, "MAX_EXPORTS", 1)
        await add_events(shop, MANY)
        async with reading(live_server, await link(shop, "VISITOR_EVENTS")):
            refused = await download(other_shop, await link(other_shop, "PRODUCTS"))

        assert refused.status_code == 429
        await becomes(True, none_runs)

    async def test_end_a_reader_who_takes_nothing(
        self, shop: Shop, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await becomes(True, none_runs)
        monkeypatch.setattr(route, "PIECE_SECONDS", 0.3)
        await add_events(shop, MANY)
        async with reading(live_server, await link(shop, "VISITOR_EVENTS")) as (_, reader):
            await becomes(True, none_runs)
            content = await rest(reader)

        assert not content.endswith(b"0\r\n\r\n")
        assert content.count(b",page_view,") < MANY

    async def test_end_what_takes_too_long(
        self, shop: Shop, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await becomes(True, none_runs)
        monkeypatch.setattr(route, "LONGEST_SECONDS", 0.3)
        await add_events(shop, MANY)
        async with reading(live_server, await link(shop, "VISITOR_EVENTS")) as (_, reader):
            await becomes(True, none_runs)
            content = await rest(reader)

        assert not content.endswith(b"0\r\n\r\n")

    async def test_leave_nothing_of_a_reader_who_hangs_up(self, shop: Shop, live_server: LiveServer) -> None:
        await becomes(True, none_runs)
        await add_events(shop, MANY)
        path = await link(shop, "VISITOR_EVENTS")
        for _ in range(5):
            async with reading(live_server, path) as (head, reader):
                assert b" 200 OK" in head
                await reader.read(1)
            await becomes(True, none_runs)

        assert (await download(shop, path)).status_code == 200


class TestFaults:
    """What is broken off looks broken off."""

    async def test_cuts_the_download_where_postgresql_ends_it(self, shop: Shop, live_server: LiveServer) -> None:
        await add_events(shop, MANY)
        end = (
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name = 'vitrine export' and usename = current_user"
        )
        async with reading(live_server, await link(shop, "VISITOR_EVENTS")) as (head, reader):
            async with shop.platform.database.app.acquire() as connection:
                await connection.execute(end)
            content = await rest(reader)

        assert b"transfer-encoding: chunked" in head
        assert not content.endswith(b"0\r\n\r\n")
        assert 0 < content.count(b",page_view,") < MANY
        await becomes(True, none_runs)

    async def test_is_an_error_to_clients(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        await add_events(shop, MANY)
        monkeypatch.setattr(route, "LONGEST_SECONDS", 0.2)
        path = await link(shop, "VISITOR_EVENTS")

        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            await download(shop, path)

        await becomes(True, none_runs)

    async def test_says_at_once_where_postgresql_is_away(self, shop: Shop, platform: Platform) -> None:
        """The link is looked at by one connection, and read over another, which cannot be made."""
        path = await link(shop, "PRODUCTS")

        async def away() -> None:
            raise ConnectionRefusedError("PostgreSQL is away")

        connect = platform.database.app.connect
        platform.database.app.connect = away  # type: ignore[assignment]
        try:
            answer = await download(shop, path)
        finally:
            platform.database.app.connect = connect

        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert answer.text == "Nothing can be exported just now. Try again in a moment.\n"
        assert await none_runs()
        assert (await download(shop, path)).status_code == 200

    async def test_cuts_the_download_where_the_server_is_killed(self, shop: Shop, tmp_path: Path) -> None:
        await add_events(shop, MANY)
        path = await link(shop, "VISITOR_EVENTS")
        with serving({**os.environ, "DATABASE_POOL_SIZE": "2"}, tmp_path / "server.log") as server:
            await server.ready()
            async with reading(server, path) as (head, reader):
                assert b" 200 OK" in head
                server.kill()
                content = await rest(reader)

        assert not content.endswith(b"0\r\n\r\n")
        assert content.count(b",page_view,") < MANY
