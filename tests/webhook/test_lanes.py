"""Who may post how much, without posting."""

from collections import defaultdict
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from core.ids import new_id
from resolvers.webhook.lanes import FIRST_POSTS, MAX_POSTS_OF_ENDPOINT, Lanes
from resolvers.webhook.relay import EndpointKey

Row = dict[str, UUID]


class Due:
    """What PostgreSQL would tell: the deliveries of each endpoint that are due, in their order."""

    def __init__(self) -> None:
        self.rows: defaultdict[EndpointKey, list[Row]] = defaultdict(list)

    def add(self, key: EndpointKey, count: int) -> None:
        for _ in range(count):
            self.rows[key].append({"workspace_id": key.workspace_id, "endpoint_id": key.id, "id": new_id()})

    def read(self, rooms: dict[EndpointKey, int], longest: int) -> list[Row]:
        return sorted((row for key, room in rooms.items() for row in self.rows[key][:room]), key=_age)[:longest]


def _age(row: Row) -> UUID:
    return row["id"]


def endpoint() -> EndpointKey:
    return EndpointKey(new_id(), new_id())


def start(lanes: Lanes, due: Due) -> list[tuple[EndpointKey, Row]]:
    """All that may start now."""
    started = []
    for at_failing in (False, True):
        if look := lanes.look(at_failing=at_failing):
            started += lanes.take(look, due.read(look.rooms, look.longest), at=0.0)
    return started


def finish(lanes: Lanes, due: Due, key: EndpointKey, row: Row, *, is_delivered: bool) -> None:
    """A post ended and its result is written; one that failed is due again at once."""
    lanes.end(key, is_healthy=is_delivered)
    due.rows[key].remove(row)
    if not is_delivered:
        due.rows[key].append(row)
    lanes.write(key, row["id"])


class TestLanes:
    """The posts of a worker's endpoints."""

    def test_grow_with_each_success_and_shrink_with_each_failure(self) -> None:
        lanes, due, key = Lanes(), Due(), endpoint()
        due.add(key, 1_000)
        lanes.add({key: False}, at=0.0)
        sizes = []
        for is_delivered in (True, True, False, False, False, False, False):
            posts = start(lanes, due)
            sizes.append(len(posts))
            for _, row in posts:
                finish(lanes, due, key, row, is_delivered=is_delivered)
            lanes.want_all()

        assert sizes == [FIRST_POSTS, MAX_POSTS_OF_ENDPOINT, MAX_POSTS_OF_ENDPOINT, 1, 1, 1, 1]

    def test_begin_with_one_where_the_last_post_failed(self) -> None:
        lanes, due, key = Lanes(), Due(), endpoint()
        due.add(key, 10)
        lanes.add({key: True}, at=0.0)

        assert len(start(lanes, due)) == 1

    def test_leave_room_for_the_healthy_however_many_fail(self) -> None:
        lanes, due = Lanes(max_posts=40, max_failing=30), Due()
        dead, healthy = [endpoint() for _ in range(60)], endpoint()
        for key in dead:
            due.add(key, 10)
        lanes.add(dict.fromkeys(dead, True), at=0.0)
        hanging = start(lanes, due)
        due.add(healthy, 1)
        lanes.add({healthy: False}, at=0.0)

        assert len(hanging) == 30
        assert [key for key, _ in start(lanes, due)] == [healthy]

    def test_give_each_its_share_where_others_have_nothing_due(self) -> None:
        lanes, due = Lanes(max_posts=40), Due()
        idle, busy = [endpoint() for _ in range(500)], endpoint()
        lanes.add(dict.fromkeys([*idle, busy], False), at=0.0)
        due.add(busy, 3)

        posted = []
        while posts := start(lanes, due):
            posted += posts
            for key, row in posts:
                finish(lanes, due, key, row, is_delivered=True)

        assert [key for key, _ in posted] == [busy] * 3

    def test_read_nothing_twice_that_was_read_before_its_result_was_written(self) -> None:
        lanes, due, key = Lanes(), Due(), endpoint()
        due.add(key, 1)
        lanes.add({key: False}, at=0.0)
        ((_, row),) = start(lanes, due)
        lanes.want_all()
        look = lanes.look(at_failing=False)
        assert look is not None
        read_before = due.read(look.rooms, look.longest)
        finish(lanes, due, key, row, is_delivered=True)

        assert lanes.take(look, read_before, at=0.0) == []

    def test_are_idle_only_when_nothing_is_under_way(self) -> None:
        lanes, due, key = Lanes(), Due(), endpoint()
        due.add(key, 1)
        lanes.add({key: False}, at=0.0)
        ((_, row),) = start(lanes, due)
        assert lanes.take_idle(since=1.0) == {}

        finish(lanes, due, key, row, is_delivered=True)
        idle = lanes.take_idle(since=1.0)

        assert list(idle) == [key]
        assert key not in lanes
        lanes.put_back(idle)
        assert key in lanes

    @given(
        deliveries=st.lists(st.integers(0, 40), min_size=1, max_size=12),
        failures=st.lists(st.booleans(), min_size=1, max_size=30),
        max_posts=st.integers(1, 30),
    )
    def test_post_everything_once_and_never_more_than_they_may(
        self, deliveries: list[int], failures: list[bool], max_posts: int
    ) -> None:
        lanes, due = Lanes(max_posts, max(1, max_posts // 2)), Due()
        keys = [endpoint() for _ in deliveries]
        for key, count in zip(keys, deliveries, strict=True):
            due.add(key, count)
        lanes.add(dict.fromkeys(keys, False), at=0.0)
        fails = iter(failures)
        under_way: list[tuple[EndpointKey, Row]] = []
        delivered: list[UUID] = []
        for _ in range(sum(deliveries) + len(failures) + 1):
            under_way += start(lanes, due)
            if not under_way:
                # The sweep, which finds what is due again.
                lanes.want_all()
                under_way += start(lanes, due)
            assert len(under_way) <= max_posts
            assert len({row["id"] for _, row in under_way}) == len(under_way)
            if not under_way:
                break
            key, row = under_way.pop(0)
            is_delivered = not next(fails, False)
            finish(lanes, due, key, row, is_delivered=is_delivered)
            if is_delivered:
                delivered.append(row["id"])

        assert len(delivered) == len(set(delivered)) == sum(deliveries)
