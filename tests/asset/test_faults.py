"""Processes that are killed in the middle: what they leave does not stay, and what they owe is done."""

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from benchmarks.server import serving
from integrations.storage.folder import folder_storage
from resolvers.asset import process_due_assets, sweep_assets
from tests.asset.api import announce, complete, delete, put, read
from tests.asset.elsewhere import elsewhere
from tests.asset.files import picture
from tests.factories import Shop
from tests.people import becomes, codes
from tests.tasks.test_worker import worker

pytestmark = pytest.mark.usefixtures("no_other_worker")
# Large enough to be looked at for a second.
LARGE = picture(6000, 4000, "JPEG")


def below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


class TestServer:
    """The server, killed while it takes an upload."""

    async def test_leaves_nothing_that_stays(self, shop: Shop, tmp_path: Path) -> None:
        data = {"DATA_DIR": str(tmp_path), "DATABASE_POOL_SIZE": "4"}
        storage = folder_storage(tmp_path / "storage")
        with serving({**os.environ, **data}, tmp_path / "server.log") as process:
            await process.ready()
            upload = (await announce(shop, LARGE, "image/jpeg"))["upload"]
            reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
            path = urlsplit(upload["url"]).path
            writer.write(f"PUT {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(LARGE)}\r\n\r\n".encode())
            writer.write(LARGE[: len(LARGE) // 2])
            await writer.drain()
            await becomes(True, lambda: _has_files(tmp_path / "storage"))
            os.kill(process.pid, signal.SIGKILL)
            with suppress(ConnectionResetError):  # the kernel ends it with a reset where bytes were on their way
                assert await reader.read() == b""
            writer.close()

        assert below(tmp_path / "storage")
        assert [file async for file in storage.files("uploads")] == []
        there = replace(shop.platform, storage=storage)
        assert await sweep_assets(there, timedelta(0), [shop.workspace_id]) == {"partial": 1}
        assert below(tmp_path / "storage") == []


async def _has_files(folder: Path) -> bool:
    return bool(below(folder))


class TestWorker:
    """A worker, killed while it looks at a picture."""

    async def test_leaves_the_work_to_another_and_nothing_else(self, shop: Shop, tmp_path: Path) -> None:
        storage = folder_storage(tmp_path / "storage")
        there = replace(shop.platform, storage=storage)
        async with elsewhere(shop, tmp_path, DATA_DIR=str(tmp_path)) as shop_there:
            for seconds in (0.0, 0.3, 0.6, 0.9):
                announced = await announce(shop_there, LARGE, "image/jpeg")
                asset_id = announced["asset"]["id"]
                assert (await put(shop_there, announced["upload"], LARGE)).status_code == 204
                assert codes(await complete(shop_there, asset_id)) == []
                async with worker(tmp_path) as process:
                    await becomes(1, lambda: _attempts(shop), 10)
                    await asyncio.sleep(seconds)
                    children = psutil.Process(process.pid).children()
                    process.kill()
                    await process.wait()
                await becomes([], partial(_running, children), 20)
                # A lease of five minutes is too long for a test.
                await shop.sql("update asset set lease_until = now() where status = 'PROCESSING'")
                await process_due_assets(there)
                await sweep_assets(there, timedelta(0), [shop.workspace_id])

                asset = await read(shop_there, asset_id)
                assert asset["status"] == "READY"
                names = [asset["filename"], *(e["url"].rpartition("/")[2] for e in asset["renditions"]["nodes"])]
                assert sorted(path.name for path in below(tmp_path / "storage")) == sorted(names)
                # Gone before another worker starts: its first sweep is of all shops, whose files are elsewhere.
                assert codes(await delete(shop_there, asset_id)) == []
                assert below(tmp_path / "storage") == []


async def _attempts(shop: Shop) -> int:
    rows = await shop.sql("select attempt from asset")
    return int(rows[0]["attempt"])


async def _running(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
