"""The faults in short; the other modules here are their long forms, such as `python -m tests.faults.oversell`."""

import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from benchmarks.crowd import Crowd
from benchmarks.server import Server, serving
from benchmarks.sockets import MAX_RETURN_SECONDS
from tests.factories import Shop
from tests.faults import track
from tests.faults.cluster import Cluster, cluster
from tests.faults.kill_server import kill_under_load
from tests.faults.min_sequence import watch
from tests.faults.oversell import rush
from tests.faults.poller import poll_beside_writers
from tests.faults.webhooks import a_few, scene, under_load

# All the tests' processes share one PostgreSQL and its connections.
_POOL = {"DATABASE_POOL_SIZE": "4", "DATABASE_ACQUIRE_TIMEOUT": "10"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """The real server as a process of its own."""
    with serving({**os.environ, **_POOL}, tmp_path / "server.log") as process:
        await process.ready()
        yield process


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """PostgreSQL and Redis too, which nobody else uses."""
    with cluster(durable=False) as found:
        yield found


@pytest.fixture
def durable_cluster() -> Iterator[Cluster]:
    """The same with commits that wait for the disk, as where PostgreSQL's own death must lose nothing."""
    with cluster(durable=True) as found:
        yield found


@pytest.mark.xdist_group("faults")
class TestFaults:
    """What must hold when everything happens at once, or ends in between."""

    async def test_sells_exactly_what_there_is(self, shop: Shop, server: Server) -> None:
        rounds = [await rush(shop, server.port, buyers=60, units=10) for _ in range(2)]

        assert [fault for each in rounds for fault in each.faults] == []

    async def test_loses_no_order_and_places_none_twice_when_killed(self, shop: Shop, server: Server) -> None:
        survived = await kill_under_load(shop, server, kills=3)

        assert survived.faults == []
        assert len(survived.purchases) > 0
        assert survived.retried > 0

    async def test_moves_followers_to_another_server_with_nothing_missed(
        self, shop: Shop, server: Server, tmp_path: Path
    ) -> None:
        variant = await shop.variant(quantity=1_000)
        crowd = Crowd(shop.api_key)
        with serving({**os.environ, **_POOL}, tmp_path / "second.log") as second:
            await second.ready()
            await crowd.open(server.port, readers=100, mutes=0)
            placed = [(await shop.order(variant))["order"]["number"] for _ in range(5)]
            await crowd.move(second.port)
            killed = time.monotonic()
            server.kill()
            placed += [(await shop.order(variant))["order"]["number"] for _ in range(10)]
            moved = await crowd.moved(until=placed[-1], since=killed)
            seen = await crowd.received()
            await crowd.close()

        assert moved["lost"] == {"0": 100}
        assert seen["errors"] == []
        assert [[number for number, _ in each] for each in seen["received"]] == [placed] * 100
        assert moved["seconds"][-1] < MAX_RETURN_SECONDS

    async def test_shows_nothing_older_than_the_event_that_was_named(
        self, shop: Shop, server: Server, tmp_path: Path
    ) -> None:
        with serving({**os.environ, **_POOL}, tmp_path / "second.log") as second:
            await second.ready()
            witness = await watch(shop, [server.port, second.port], reads=3_000)

        assert witness.faults == []
        assert witness.named > 500
        assert len(witness.changes) > 8

    async def test_delivers_every_event_whatever_is_killed(self, own_cluster: Cluster) -> None:
        async with scene(own_cluster) as here:
            survived = await under_load(here, a_few, events=100)

        assert survived.faults == []
        assert survived.events > 100
        assert len(survived.catch_ups) == 4

    async def test_counts_every_visitor_event_once_whatever_is_killed(self, durable_cluster: Cluster) -> None:
        async with track.scene(durable_cluster) as here:
            survived = await track.under_load(here, track.a_few)

        assert survived.faults == []
        assert survived.acknowledged > 1_000
        assert survived.retried > 0
        assert survived.again > 0

    async def test_shows_pollers_every_event_once(self, shop: Shop, server: Server, tmp_path: Path) -> None:
        with serving({**os.environ, **_POOL}, tmp_path / "second.log") as second:
            await second.ready()
            witness = await poll_beside_writers(shop, [server, second], events=1_000, kills=1)

        assert witness.faults == []
        assert witness.crossed > 10
        assert all(poller.pages > 10 for poller in witness.pollers)
