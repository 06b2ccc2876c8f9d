"""What those who follow the same operation share: its answers. And what waits for each of them, which is bounded."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, NamedTuple

from core.flights import Flights
from resolvers.feed import Event

# Answers that may wait for one follower.
MAX_WAITING = 256
MAX_WAITING_BYTES = 1024 * 1024
# Answers that are kept for those who come back: everybody does at once when a server or a network dies.
KEPT_SECONDS = 10.0
MAX_KEPT = 512
MAX_KEPT_BYTES = 512 * 1024


class ComeAgain(Exception):
    """A subscription ends though nothing is wrong with it: its client may come back with the last cursor."""


class TooSlow(ComeAgain):
    """A follower does not take its messages."""

    def __init__(self) -> None:
        super().__init__("You take messages too slowly: come back with the last cursor.")


class Message(NamedTuple):
    """One event's answer, encoded."""

    sequence: int
    body: bytes


class Waiting:
    """What waits for one follower."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Message | Exception] = asyncio.Queue()
        self._bytes = 0

    def put(self, message: Message) -> bool:
        """Adds a message, if there is room: one finds room always where nothing else waits."""
        size = self._bytes + len(message.body)
        if self._queue.qsize() >= MAX_WAITING or (size > MAX_WAITING_BYTES and self._bytes):
            return False
        self._bytes = size
        self._queue.put_nowait(message)
        return True

    def end(self, reason: Exception) -> None:
        """Nothing comes behind this."""
        self._queue.put_nowait(reason)

    async def take(self) -> Message:
        """The next message, when there is one. Raises the reason at the end."""
        message = await self._queue.get()
        if isinstance(message, Exception):
            raise message
        self._bytes -= len(message.body)
        return message


class Answers:
    """An operation's answers to events: each is executed once, for those who hear of the event now and for those who
    come for it within `KEPT_SECONDS`.
    """

    def __init__(self, execute: Callable[[Event], Coroutine[Any, Any, bytes]]) -> None:
        self._execute = execute
        self._flights: Flights[int, bytes] = Flights()
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._bytes = 0

    async def get(self, event: Event) -> bytes:
        """The answer, encoded. Raises what executing it raises."""
        kept = self._kept.get(event.sequence)
        return kept if kept is not None else await self._flights.join(event.sequence, partial(self._make, event))

    async def _make(self, event: Event) -> bytes:
        body = await self._execute(event)
        self._kept[event.sequence] = body
        self._bytes += len(body)
        while len(self._kept) > MAX_KEPT or self._bytes > MAX_KEPT_BYTES:
            self._forget(next(iter(self._kept)))
        asyncio.get_running_loop().call_later(KEPT_SECONDS, self._forget, event.sequence, body)
        return body

    def _forget(self, sequence: int, body: bytes | None = None) -> None:
        kept = self._kept.get(sequence)
        if kept is not None and (body is None or kept is body):
            del self._kept[sequence]
            self._bytes -= len(kept)
