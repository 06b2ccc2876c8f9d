"""What a storage is: files by key, over obstore, which speaks to folders and to S3 alike.

Keys are paths with slashes. A file is there whole or not at all: what is written appears under its key when all of it
has come. Nothing here waits for ever: `TIMEOUT` bounds each call, and a stream has it for each of its pieces.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

# Seconds.
TIMEOUT = 30.0
COPY_TIMEOUT = 120.0
PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a listing."""

    key: str
    size: int
    modified_at: datetime


class StorageUnavailable(Exception):
    """The storage did not do it: it is away, full, or refuses us. Trying again may help."""


@dataclass(frozen=True, slots=True)
class Storage:
    """One place where files are kept.

    Of a stream that is written `part` bytes are in memory. `sign` makes an address to which a browser can PUT a file by
    itself; where there is none the server takes uploads. `forget_partial` removes what processes that were killed left
    behind half written, if it is older than that, and gives how many files that were.
    """

    store: LocalStore | S3Store
    part: int
    sign: Callable[[str, timedelta], Awaitable[str]] | None
    forget_partial: Callable[[timedelta], int]

    async def size(self, key: str) -> int | None:
        """The size of a file in bytes; None where there is none."""
        async with _asking():
            try:
                return int((await self.store.head_async(key))["size"])
            except FileNotFoundError:
                return None

    async def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """A file, or so many bytes of it.

        Raises:
            FileNotFoundError: there is none.

        """
        async with _asking():
            if length is None:
                return bytes(await (await self.store.get_async(key)).bytes_async())
            return bytes(await self.store.get_range_async(key, start=start, length=length))

    async def stream(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """A part of a file, piece by piece.

        Raises:
            FileNotFoundError: there is none.

        """
        if length == 0:
            return
        async with _asking():
            found = await self.store.get_async(key, options={"range": (start, start + length)})
            pieces = found.stream(min_chunk_size=PIECE).__aiter__()
        while True:
            async with _asking():
                try:
                    piece = bytes(await anext(pieces))
                except StopAsyncIteration:
                    return
            yield piece

    async def write(self, key: str, content: bytes, media_type: str) -> None:
        """Writes a file, over the one that is there."""
        async with _asking():
            await self.store.put_async(key, content, attributes=self._attributes(media_type), use_multipart=False)

    async def write_stream(self, key: str, pieces: AsyncIterator[bytes]) -> None:
        """Writes a file of what comes; where that ends with an error, there is none. Whoever calls bounds the time."""
        async with _faults():
            await self.store.put_async(key, pieces, use_multipart=True, chunk_size=self.part, max_concurrency=1)

    async def copy(self, key: str, to: str) -> None:
        """Copies a file.

        Raises:
            FileNotFoundError: there is none.

        """
        async with _asking(COPY_TIMEOUT):
            await self.store.copy_async(key, to)

    async def delete(self, keys: Iterable[str]) -> None:
        """Deletes files; those that are not there are deleted already."""
        for key in keys:
            async with _asking():
                try:
                    await self.store.delete_async(key)
                except FileNotFoundError:
                    continue

    async def files(self, prefix: str) -> AsyncIterator[StoredFile]:
        """All files below a folder, in no order."""
        batches = self.store.list_async(prefix)
        while True:
            async with _asking():
                try:
                    batch = await anext(batches)
                except StopAsyncIteration:
                    return
            for found in batch:
                yield StoredFile(found["path"], found["size"], found["last_modified"])

    async def folders(self, prefix: str) -> list[str]:
        """The names of the folders in a folder."""
        async with _asking():
            found = await self.store.list_with_delimiter_async(prefix)
        return [path.rpartition("/")[2] for path in found["common_prefixes"]]

    def _attributes(self, media_type: str) -> dict[str, str] | None:
        """What S3 keeps beside a file, for whoever looks into the bucket. Folders keep nothing."""
        return {"Content-Type": media_type} if self.sign else None


@asynccontextmanager
async def _asking(seconds: float = TIMEOUT) -> AsyncIterator[None]:
    async with _faults():
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            raise StorageUnavailable(f"The storage took longer than {seconds:.0f} s.") from None


@asynccontextmanager
async def _faults() -> AsyncIterator[None]:
    """Whatever goes wrong but a missing file is the storage's fault."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise StorageUnavailable(_first_line(error)) from error


def _first_line(error: Any) -> str:
    return str(error).partition("\n")[0][:500]
