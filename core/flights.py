"""Work that is under way once, however many ask for it."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Flights(Generic[Key, Value]):
    """What is being found out at the moment, by key. Nothing is kept: who comes later begins anew."""

    def __init__(self) -> None:
        self._tasks: dict[Key, asyncio.Task[Value]] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._tasks

    async def join(self, key: Key, begin: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """What the flight with this key comes to, or raises; it is begun where there is none.

        It goes on for the others, and to its end, when who began it is cancelled.
        """
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(begin())
            task.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(task)

    def _landed(self, key: Key, task: asyncio.Task[Value]) -> None:
        del self._tasks[key]
        if not task.cancelled():
            # Looked at, so that asyncio does not tell of it where all who waited have gone.
            task.exception()
