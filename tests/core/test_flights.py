"""Work that is under way once."""

import asyncio

import pytest

from core.flights import Flights


class TestFlights:
    """`Flights`."""

    async def test_begins_once_for_all_who_ask_meanwhile(self) -> None:
        flights: Flights[str, int] = Flights()
        begun = 0

        async def find() -> int:
            nonlocal begun
            begun += 1
            await asyncio.sleep(0.01)
            return begun

        assert await asyncio.gather(*(flights.join("a", find) for _ in range(10))) == [1] * 10
        assert await flights.join("a", find) == 2
        assert "a" not in flights

    async def test_tells_everybody_of_a_fault(self) -> None:
        flights: Flights[str, int] = Flights()

        async def fail() -> int:
            await asyncio.sleep(0.01)
            raise ValueError("gone")

        found = await asyncio.gather(*(flights.join("a", fail) for _ in range(3)), return_exceptions=True)

        assert [str(each) for each in found] == ["gone"] * 3

    async def test_goes_on_for_the_others_when_the_first_leaves(self) -> None:
        flights: Flights[str, str] = Flights()
        landing = asyncio.Event()

        async def find() -> str:
            await landing.wait()
            return "found"

        first = asyncio.create_task(flights.join("a", find))
        await asyncio.sleep(0)
        second = asyncio.create_task(flights.join("a", find))
        await asyncio.sleep(0)
        first.cancel()
        landing.set()

        assert await second == "found"
        with pytest.raises(asyncio.CancelledError):
            await first
