"""Storage: a folder and a bucket keep files alike."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from core.ids import new_id
from core.settings import Settings
from integrations.storage import Storage, StorageUnavailable, new_storage
from integrations.storage.base import StoredFile
from integrations.storage.s3 import PART

PNG = "image/png"
COMES_AND_GOES = """
import shutil, sys
from pathlib import Path
folder = Path(sys.argv[1], "uploads", "shop")
print("begun", flush=True)
while True:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(20):
        (folder / f"{number}#1").touch()
    shutil.rmtree(folder)
"""
WRITES_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from integrations.storage.folder import folder_storage
async def pieces():
    for _ in range(40):
        yield b"x" * 1_000_000
    print("half", flush=True)
    await asyncio.sleep(600)
asyncio.run(folder_storage(Path(sys.argv[1])).write_stream("uploads/a", pieces()))
"""


async def listed(storage: Storage, prefix: str) -> list[StoredFile]:
    return sorted([file async for file in storage.files(prefix)], key=lambda file: file.key)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def pieces(*given: bytes, then: Exception | None = None) -> AsyncIterator[bytes]:
    for piece in given:
        yield piece
    if then:
        raise then


class TestStorage:
    """`Storage`."""

    async def test_gives_back_what_was_written(self, storage: Storage) -> None:
        key = f"assets/{new_id()}/lamp.png"

        await storage.write(key, b"first", PNG)
        await storage.write(key, b"0123456789", PNG)

        assert await storage.read(key) == b"0123456789"
        assert await storage.read(key, 3, 4) == b"3456"
        assert await storage.size(key) == 10
        assert b"".join([piece async for piece in storage.stream(key, 2, 5)]) == b"23456"
        assert [piece async for piece in storage.stream(key, 0, 0)] == []

    async def test_knows_what_is_not_there(self, storage: Storage) -> None:
        assert await storage.size("assets/none") is None
        with pytest.raises(FileNotFoundError):
            await storage.read("assets/none")
        with pytest.raises(FileNotFoundError):
            await storage.copy("assets/none", "assets/other")
        with pytest.raises(FileNotFoundError):
            _ = [piece async for piece in storage.stream("assets/none", 0, 10)]
        await storage.delete(["assets/none"])

    async def test_writes_a_stream_larger_than_a_part(self, storage: Storage) -> None:
        key = f"uploads/{new_id()}"
        content = os.urandom(PART + 70_000)

        await storage.write_stream(key, pieces(content[:1000], content[1000:PART], content[PART:]))

        assert await storage.read(key) == content
        assert b"".join([piece async for piece in storage.stream(key, 0, len(content))]) == content

    async def test_keeps_nothing_of_a_stream_that_fails(self, storage: Storage) -> None:
        folder = f"uploads/{new_id()}"
        with pytest.raises(RuntimeError, match="cut"):
            await storage.write_stream(f"{folder}/a", pieces(b"x" * (PART + 1), then=RuntimeError("cut")))

        assert await storage.size(f"{folder}/a") is None
        assert await listed(storage, folder) == []

    async def test_copies_deletes_and_lists(self, storage: Storage) -> None:
        folder = f"assets/{new_id()}"
        await storage.write(f"{folder}/one/a", b"12345", PNG)
        await storage.copy(f"{folder}/one/a", f"{folder}/two/b")

        assert [(file.key, file.size) for file in await listed(storage, folder)] == [
            (f"{folder}/one/a", 5),
            (f"{folder}/two/b", 5),
        ]
        assert sorted(await storage.folders(folder)) == ["one", "two"]

        await storage.delete([f"{folder}/one/a", f"{folder}/two/b", f"{folder}/three"])

        assert await listed(storage, folder) == []
        assert await storage.folders(folder) == []


class TestFolder:
    """A storage in a folder."""

    async def test_forgets_what_a_killed_process_left_half_written(self, tmp_path: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITES_FOR_EVER, str(tmp_path / "storage"), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 20)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        storage = new_storage(Settings(data_dir=tmp_path))
        left = files_below(tmp_path)
        assert left
        assert await listed(storage, "uploads") == []

        assert storage.forget_partial(timedelta(hours=1)) == 0
        assert storage.forget_partial(timedelta(0)) == len(left)

        assert files_below(tmp_path) == []

    async def test_forgets_while_files_and_folders_come_and_go(self, tmp_path: Path) -> None:
        """Uploads end, and others sweep too."""
        storage = new_storage(Settings(data_dir=tmp_path))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", COMES_AND_GOES, str(tmp_path / "storage"), stdout=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            await asyncio.wait_for(process.stdout.readline(), 20)
            until = time.monotonic() + 2
            while time.monotonic() < until:
                assert storage.forget_partial(timedelta(hours=1)) == 0
        finally:
            process.kill()
            await process.wait()


class TestBucket:
    """A storage in a bucket."""

    async def test_takes_what_is_put_to_a_signed_address(self, bucket: dict[str, str], test_settings: Settings) -> None:
        storage = new_storage(Settings(**(test_settings.model_dump() | bucket)))
        assert storage.sign is not None
        key = f"uploads/{new_id()}"

        address = await storage.sign(key, timedelta(minutes=5))
        async with httpx.AsyncClient() as http:
            (await http.put(address, content=b"a lamp")).raise_for_status()

        assert address.startswith(bucket["storage_endpoint"])
        assert "X-Amz-Signature=" in address
        assert await storage.read(key) == b"a lamp"

    async def test_says_that_it_is_unavailable(self, test_settings: Settings) -> None:
        gone = {
            "storage_url": "s3://vitrine",
            "storage_endpoint": "http://127.0.0.1:9",
            "storage_access_key_id": "key",
            "storage_secret_access_key": "secret",
        }
        storage = new_storage(Settings(**(test_settings.model_dump() | gone)))

        with pytest.raises(StorageUnavailable):
            await storage.size("assets/a")
