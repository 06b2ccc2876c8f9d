"""What attacks leave behind, and what one of them costs."""

import asyncio

import psutil
import pytest

from tests.attacks.conftest import Target
from tests.attacks.documents import DOCUMENTS, SMALL
from tests.attacks.requests import REQUESTS
from tests.attacks.wire import asking, exchange
from tests.factories import Shop

pytestmark = pytest.mark.xdist_group("attacks")
MEGABYTE = 1024 * 1024
# The first fills the caches.
ROUNDS = 6
BOMBS = 20


async def attack_with_everything(target: Target, shop: Shop, number: int) -> None:
    """Every attack once, its documents unlike those of any other round; some at once."""
    key = {"Authorization": f"Bearer {shop.api_key}"}
    documents = {**DOCUMENTS, **SMALL}.values()
    attacks = [*REQUESTS.values(), *(asking(f"{document} # {number}", key) for document in documents)]
    some = asyncio.Semaphore(4)

    async def send(attack: bytes) -> None:
        async with some:
            await exchange(target.port, attack)

    await asyncio.gather(*map(send, attacks))


class TestCost:
    """Memory and CPU of the server process."""

    async def test_memory_is_steady(self, target: Target, shop: Shop) -> None:
        """Its caches fill in the first rounds; once they are full, a round like the others leaves nothing behind."""
        sizes = [target.memory() // MEGABYTE]
        for number in range(ROUNDS):
            await attack_with_everything(target, shop, number)
            sizes.append(target.memory() // MEGABYTE)
            if number and sizes[-1] - sizes[-2] <= 4:
                return
        pytest.fail(f"It grows with every round: {sizes} MB")

    async def test_a_fragment_bomb_takes_less_than_50_ms(self, target: Target, shop: Shop) -> None:
        process = psutil.Process(target.server.pid)
        key = {"Authorization": f"Bearer {shop.api_key}"}
        before = sum(process.cpu_times()[:2])

        for number in range(BOMBS):
            answer = await exchange(target.port, asking(f"{SMALL['fragment_bomb']} # {number}", key))
            assert "fields" in answer.json["errors"][0]["message"]

        assert (sum(process.cpu_times()[:2]) - before) / BOMBS < 0.05
