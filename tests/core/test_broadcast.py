"""Values that many follow."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from core.broadcast import Broadcast
from tests.people import becomes


class Numbers:
    """Makes numbers when it is told to, and counts how often it was begun and ended."""

    def __init__(self) -> None:
        self.begun = self.ended = 0
        self.next: asyncio.Queue[int | Exception] = asyncio.Queue()

    async def __call__(self) -> AsyncGenerator[int, None]:
        self.begun += 1
        try:
            while True:
                made = await self.next.get()
                if isinstance(made, Exception):
                    raise made
                yield made
        finally:
            self.ended += 1


class TestBroadcast:
    """`Broadcast`."""

    async def test_makes_once_what_many_follow(self) -> None:
        broadcast, numbers = Broadcast[str, int](), Numbers()
        followers = [broadcast.follow("a", numbers) for _ in range(3)]
        waiting = [asyncio.create_task(anext(each)) for each in followers]
        numbers.next.put_nowait(7)

        assert await asyncio.gather(*waiting) == [7, 7, 7]
        assert numbers.begun == 1
        for each in followers:
            await each.aclose()
        await _ended(numbers, 1)

    async def test_hands_the_newest_to_who_comes_late_or_is_slow(self) -> None:
        broadcast, numbers = Broadcast[str, int](), Numbers()
        async with aclosing(broadcast.follow("a", numbers)) as fast, aclosing(broadcast.follow("a", numbers)) as slow:
            numbers.next.put_nowait(1)
            assert [await anext(fast), await anext(slow)] == [1, 1]
            for number in (2, 3):
                numbers.next.put_nowait(number)
                assert await anext(fast) == number

            assert await anext(slow) == 3
            async with aclosing(broadcast.follow("a", numbers)) as late:
                assert await anext(late) == 3

    async def test_keeps_keys_apart(self) -> None:
        broadcast, numbers, others = Broadcast[str, int](), Numbers(), Numbers()
        numbers.next.put_nowait(1)
        others.next.put_nowait(2)
        async with aclosing(broadcast.follow("a", numbers)) as one, aclosing(broadcast.follow("b", others)) as other:
            assert [await anext(one), await anext(other)] == [1, 2]

    async def test_tells_all_of_what_went_wrong_and_begins_anew(self) -> None:
        broadcast, numbers = Broadcast[str, int](), Numbers()
        waiting = [asyncio.create_task(anext(broadcast.follow("a", numbers))) for _ in range(2)]
        numbers.next.put_nowait(LookupError("gone"))
        for each in waiting:
            with pytest.raises(LookupError, match="gone"):
                await each

        numbers.next.put_nowait(5)
        async with aclosing(broadcast.follow("a", numbers)) as again:
            assert await anext(again) == 5
        assert numbers.begun == 2

    async def test_goes_on_for_the_others_when_one_is_cancelled(self) -> None:
        broadcast, numbers = Broadcast[str, int](), Numbers()
        async with aclosing(broadcast.follow("a", numbers)) as stays:
            leaves = asyncio.create_task(anext(broadcast.follow("a", numbers)))
            stay = asyncio.create_task(anext(stays))
            await asyncio.sleep(0)
            leaves.cancel()
            await asyncio.gather(leaves, return_exceptions=True)
            numbers.next.put_nowait(1)

            assert await stay == 1
            assert numbers.ended == 0
        await _ended(numbers, 1)


async def _ended(numbers: Numbers, times: int) -> None:
    async def ended() -> int:
        return numbers.ended

    await becomes(times, ended)
