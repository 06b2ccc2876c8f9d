"""Values that many follow and that are made once, as long as anybody does."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Make = Callable[[], AsyncGenerator[Value, None]]


class Broadcast(Generic[Key, Value]):
    """What is followed at the moment, by key.

    A follower is handed the newest value at once and then those that come. Who is slow misses what came in between, so
    nothing waits for anybody.
    """

    def __init__(self) -> None:
        self._streams: dict[Key, _Stream[Value]] = {}

    async def follow(self, key: Key, make: Make[Value]) -> AsyncGenerator[Value, None]:
        """The values of this key, without an end. `make` is begun where nobody follows them yet.

        Raises what making them raises, to all who follow; who comes after that begins anew.
        """
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream()
            stream.task = asyncio.create_task(self._run(key, stream, make))
        stream.followers += 1
        number = 0
        try:
            while True:
                number, value = await stream.behind(number)
                yield value
        finally:
            stream.followers -= 1
            if not stream.followers:
                self._forget(key, stream)

    async def _run(self, key: Key, stream: "_Stream[Value]", make: Make[Value]) -> None:
        try:
            async with aclosing(make()) as values:
                async for value in values:
                    stream.show(value)
            raise RuntimeError(f"What is made for {key!r} has ended.")
        except Exception as error:  # noqa: BLE001 - it is raised where it is followed
            stream.end(error)
        self._forget(key, stream)

    def _forget(self, key: Key, stream: "_Stream[Value]") -> None:
        if self._streams.get(key) is stream:
            del self._streams[key]
        if stream.task is not None:
            stream.task.cancel()


class _Stream(Generic[Value]):
    """The newest value under one key, and how many follow."""

    def __init__(self) -> None:
        self.followers = 0
        self.task: asyncio.Task[None] | None = None
        self._newest: tuple[int, Value] | None = None
        self._error: Exception | None = None
        self._changed = asyncio.Event()

    def show(self, value: Value) -> None:
        self._newest = (self._newest[0] + 1 if self._newest else 1, value)
        self._wake()

    def end(self, error: Exception) -> None:
        self._error = error
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def behind(self, number: int) -> tuple[int, Value]:
        """The newest value and its number, once that is larger than this one."""
        while True:
            if self._error is not None:
                raise self._error
            if self._newest is not None and self._newest[0] > number:
                return self._newest
            await self._changed.wait()
