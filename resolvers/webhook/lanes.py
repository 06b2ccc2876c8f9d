"""How many posts each of a worker's endpoints may have under way, and which deliveries come next. No I/O.

An endpoint has a few posts under way at most: each success gives it more, one that fails has fewer and fewer, down to
one. All that fail together have a part of the worker's posts, so that they never hold up the others.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from resolvers.webhook.relay import EndpointKey

# Posts under way: of one endpoint, at its begin and at most; of all; of all whose last post failed.
FIRST_POSTS = 4
MAX_POSTS_OF_ENDPOINT = 16
MAX_POSTS = 2_000
MAX_FAILING_POSTS = 1_500


@dataclass
class Lane:
    """An endpoint that this worker owns.

    `taken` are the deliveries under way. Of them `written` have their results written, and are taken all the same until
    the next reading begins: one that had begun before may still find them due.
    """

    room: int
    is_failing: bool
    busy_at: float
    posts: int = 0
    taken: set[UUID] = field(default_factory=set)
    written: set[UUID] = field(default_factory=set)
    has_more: bool = False


class Look(NamedTuple):
    """What is to be read: how many due deliveries of each endpoint, those under way included, and of all at most.

    `left` is how many of them may start.
    """

    rooms: dict[EndpointKey, int]
    longest: int
    left: int


class Lanes:
    """The endpoints that one worker owns."""

    def __init__(self, max_posts: int = MAX_POSTS, max_failing: int = MAX_FAILING_POSTS) -> None:
        self._lanes: dict[EndpointKey, Lane] = {}
        self._max_posts = max_posts
        self._max_failing = max_failing
        self._posts = 0
        self._failing_posts = 0
        # Endpoints that may have something due which is not under way.
        self.wanted: set[EndpointKey] = set()

    def __len__(self) -> int:
        return len(self._lanes)

    def __contains__(self, key: EndpointKey) -> bool:
        return key in self._lanes

    def add(self, claimed: Mapping[EndpointKey, bool], at: float) -> None:
        """Takes endpoints in, with whether what was posted last to each failed, and wants them."""
        for key, is_failing in claimed.items():
            self._lanes.setdefault(key, Lane(1 if is_failing else FIRST_POSTS, is_failing, at))
        self.want(claimed)

    def want(self, keys: Iterable[EndpointKey]) -> None:
        """They may have something due. Who is not owned is left out."""
        self.wanted.update(key for key in keys if key in self._lanes)

    def want_all(self) -> None:
        self.wanted.update(self._lanes)

    def want_those_of(self, workspaces: set[UUID]) -> None:
        self.wanted.update(key for key in self._lanes if key.workspace_id in workspaces)

    def look(self, *, at_failing: bool) -> Look | None:
        """What to read for the wanted endpoints of one kind; None where none may post now.

        Each has a share of the posts that are left and asks again for more: who has nothing due takes nothing from
        the others. Where none are left they go on being wanted.
        """
        keys = [key for key in self.wanted if self._lanes[key].is_failing == at_failing]
        left = self._max_posts - self._posts
        if at_failing:
            left = min(left, self._max_failing - self._failing_posts)
        if not keys or left <= 0:
            return None
        self.wanted.difference_update(keys)
        share = max(1, left // len(keys))
        rooms: dict[EndpointKey, int] = {}
        for key in keys:
            lane = self._lanes[key]
            lane.taken -= lane.written
            lane.written.clear()
            if lane.posts < lane.room:
                rooms[key] = min(lane.room - lane.posts, share) + len(lane.taken)
            else:
                lane.has_more = True
        if not rooms:
            return None
        return Look(rooms, left + sum(len(self._lanes[key].taken) for key in rooms), left)

    def take(self, look: Look, rows: list[Any], at: float) -> list[tuple[EndpointKey, Any]]:
        """Those of the rows that are to be posted now; each must be told of by `end`."""
        found = Counter[EndpointKey]()
        taken: list[tuple[EndpointKey, Any]] = []
        for row in rows:
            key = EndpointKey(row["workspace_id"], row["endpoint_id"])
            found[key] += 1
            lane = self._lanes.get(key)
            if lane and len(taken) < look.left and row["id"] not in lane.taken and lane.posts < lane.room:
                lane.taken.add(row["id"])
                lane.busy_at = at
                self._count(lane, 1)
                taken.append((key, row))
        for key, room in look.rooms.items():
            if lane := self._lanes.get(key):
                lane.has_more = found[key] >= room
        if len(rows) >= look.longest:
            # Some were cut off, nobody knows whose.
            self.want(look.rooms)
        return taken

    def end(self, key: EndpointKey, *, is_healthy: bool) -> None:
        """A post ended. It is under way, all the same, until its result is written."""
        lane = self._lanes[key]
        self._count(lane, -1)
        if lane.is_failing == is_healthy:
            lane.is_failing = not is_healthy
            self._failing_posts += lane.posts if lane.is_failing else -lane.posts
        lane.room = min(MAX_POSTS_OF_ENDPOINT, lane.room * 2) if is_healthy else max(1, lane.room // 2)

    def write(self, key: EndpointKey, delivery_id: UUID) -> None:
        """A post's result was written."""
        lane = self._lanes[key]
        lane.written.add(delivery_id)
        if lane.has_more:
            self.wanted.add(key)

    def take_idle(self, since: float) -> dict[EndpointKey, Lane]:
        """Takes out those that have had nothing due since then."""
        idle = {key: lane for key, lane in self._lanes.items() if lane.taken <= lane.written and lane.busy_at < since}
        for key in idle:
            del self._lanes[key]
            self.wanted.discard(key)
        return idle

    def put_back(self, lanes: dict[EndpointKey, Lane]) -> None:
        """Takes in again what `take_idle` took out."""
        self._lanes = lanes | self._lanes

    def _count(self, lane: Lane, posts: int) -> None:
        lane.posts += posts
        self._posts += posts
        if lane.is_failing:
            self._failing_posts += posts
