"""What followers of the same operation share, and what may wait for each."""

import asyncio
from uuid import uuid4

import pytest

from core.clock import now
from resolvers.feed import Event
from schema.transport import audience
from schema.transport.audience import MAX_WAITING, MAX_WAITING_BYTES, Answers, Message, TooSlow, Waiting


def event(sequence: int) -> Event:
    return Event(sequence, uuid4(), "order.created", "Order", uuid4(), now())


class TestWaiting:
    """`Waiting`."""

    async def test_gives_messages_in_their_order_and_then_the_reason(self) -> None:
        waiting = Waiting()
        assert waiting.put(Message(1, b"a"))
        assert waiting.put(Message(2, b"b"))
        waiting.end(TooSlow())

        assert [(await waiting.take()).sequence for _ in range(2)] == [1, 2]
        with pytest.raises(TooSlow):
            await waiting.take()

    async def test_takes_so_many_messages(self) -> None:
        waiting = Waiting()

        assert sum(waiting.put(Message(n, b"x")) for n in range(2 * MAX_WAITING)) == MAX_WAITING

    async def test_takes_so_many_bytes(self) -> None:
        waiting = Waiting()
        large = b"x" * (MAX_WAITING_BYTES // 4)

        assert [waiting.put(Message(n, large)) for n in range(6)] == [True] * 4 + [False] * 2
        await waiting.take()
        assert waiting.put(Message(7, large))

    async def test_takes_one_message_of_any_size(self) -> None:
        waiting = Waiting()

        assert waiting.put(Message(1, b"x" * 2 * MAX_WAITING_BYTES))
        assert not waiting.put(Message(2, b"x"))


class TestAnswers:
    """`Answers`."""

    def setup_method(self) -> None:
        self.executed: list[int] = []

    async def execute(self, event: Event) -> bytes:
        self.executed.append(event.sequence)
        await asyncio.sleep(0.01)
        return b"x" * 1_000

    async def test_are_executed_once_for_all(self) -> None:
        answers = Answers(self.execute)

        await asyncio.gather(*(answers.get(event(n)) for n in (1, 2) for _ in range(50)))
        await answers.get(event(1))

        assert self.executed == [1, 2]

    async def test_are_forgotten_soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audience, "KEPT_SECONDS", 0.05)
        answers = Answers(self.execute)
        await answers.get(event(1))

        await asyncio.sleep(0.2)
        await answers.get(event(1))

        assert self.executed == [1, 1]

    async def test_are_kept_up_to_so_many_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audience, "MAX_KEPT_BYTES", 3_000)
        answers = Answers(self.execute)
        for n in (1, 2, 3, 4):
            await answers.get(event(n))

        await answers.get(event(4))
        await answers.get(event(1))

        assert self.executed == [1, 2, 3, 4, 1]

    async def test_that_failed_are_not_kept(self) -> None:
        async def fail(_event: Event) -> bytes:
            self.executed.append(1)
            raise TooSlow

        answers = Answers(fail)
        for _ in range(2):
            with pytest.raises(TooSlow):
                await answers.get(event(1))

        assert self.executed == [1, 1]
