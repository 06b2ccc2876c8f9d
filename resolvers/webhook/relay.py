"""Turning events into deliveries: each event once for each endpoint that wants it.

A workspace's row in `webhook_relay` says how far this came, and is locked while it goes on; so any number of workers
may relay at once, and a relay that dies half way has done nothing. Events are numbered in commit order without gaps:
what is read behind the cursor is everything.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from prometheus_client import Histogram

from core.connections import Connection
from core.database import transaction
from core.ids import new_id
from resolvers.context import Platform
from resolvers.webhook.body import event_body

_RELAYED = Histogram(
    "vitrine_webhook_relay_seconds",
    "How old events were when their deliveries were made, in seconds, in workspaces with endpoints.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)
# What one transaction does: workspaces, events of each, and deliveries of all as long as each workspace has one event.
WORKSPACES = 100
EVENTS = 200
DELIVERIES = 5_000

IS_ANY_BEHIND = """
select exists (select from webhook_relay r join workspace_counter c using (workspace_id) where c.sequence > r.sequence)
"""
LOCK_THOSE_BEHIND = f"""
select r.workspace_id, r.sequence, c.sequence as last from webhook_relay r join workspace_counter c using (workspace_id)
 where c.sequence > r.sequence limit {WORKSPACES} for update of r skip locked
"""  # noqa: S608 - constants of ours
# Who is at a workspace already may have looked before the event was committed: here one waits for them.
LOCK_THESE = f"""
select r.workspace_id, r.sequence, c.sequence as last from webhook_relay r join workspace_counter c using (workspace_id)
 where r.workspace_id = any($1::uuid[]) and c.sequence > r.sequence
 order by r.workspace_id limit {WORKSPACES} for update of r
"""  # noqa: S608 - constants of ours
NEW_EVENTS = """
select e.workspace_id, e.id, e.type, e.sequence, e.entity_type, e.entity_id, e.occurred_at,
       extract(epoch from clock_timestamp() - e.occurred_at)::float8 as age
  from unnest($1::uuid[], $2::bigint[], $3::bigint[]) r(workspace_id, sequence, room)
 cross join lateral (select * from sync_event e where e.workspace_id = r.workspace_id and e.sequence > r.sequence
                      order by e.sequence limit r.room) e
"""
ENDPOINTS = """
select workspace_id, id, event_types, since_sequence from webhook_endpoint
 where workspace_id = any($1::uuid[]) and is_active
"""
INSERT = """
insert into webhook_delivery (workspace_id, id, endpoint_id, event_id, event_type, sequence, body)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bytea[])
on conflict (workspace_id, endpoint_id, event_id) do nothing
"""
ADVANCE = """
update webhook_relay r set sequence = n.sequence from unnest($1::uuid[], $2::bigint[]) n(workspace_id, sequence)
 where r.workspace_id = n.workspace_id
"""


class EndpointKey(NamedTuple):
    """An endpoint of a workspace."""

    workspace_id: UUID
    id: UUID


class _Delivery(NamedTuple):
    """A row that is to be inserted."""

    workspace_id: UUID
    id: UUID
    endpoint_id: UUID
    event_id: UUID
    event_type: str
    sequence: int
    body: bytes


async def is_any_behind(platform: Platform) -> bool:
    """Whether there is an event that was not relayed."""
    async with platform.database.system.acquire() as connection:
        return bool(await connection.fetchval(IS_ANY_BEHIND))


async def relay_events(platform: Platform, workspaces: Collection[UUID] | None = None) -> set[EndpointKey]:
    """Makes the deliveries of events that have none yet; gives the endpoints that have new ones.

    It is about these workspaces, or about all that nobody else is at.
    """
    touched: set[EndpointKey] = set()
    is_more = True
    while is_more:
        endpoints, is_more = await relay_some_events(platform, workspaces)
        touched |= endpoints
    return touched


async def relay_some_events(
    platform: Platform, workspaces: Collection[UUID] | None = None
) -> tuple[set[EndpointKey], bool]:
    """Does as much of it as one transaction may; gives the endpoints, and whether there may be more."""
    async with platform.database.system.acquire() as connection, transaction(connection):
        if workspaces is None:
            behind = await connection.fetch(LOCK_THOSE_BEHIND)
        else:
            behind = await connection.fetch(LOCK_THESE, list(workspaces))
        if not behind:
            return set(), False
        return await _relay(connection, behind)


async def _relay(connection: Connection, behind: list[Any]) -> tuple[set[EndpointKey], bool]:
    endpoints = _by_workspace(await connection.fetch(ENDPOINTS, [row["workspace_id"] for row in behind]))
    rooms = {row["workspace_id"]: _room(len(endpoints[row["workspace_id"]]), len(behind)) for row in behind}
    events = await connection.fetch(NEW_EVENTS, list(rooms), [row["sequence"] for row in behind], list(rooms.values()))
    deliveries = _deliveries(events, endpoints)
    if deliveries:
        await connection.execute(INSERT, *(list(column) for column in zip(*deliveries, strict=True)))
    for event in events:
        _RELAYED.observe(event["age"])
    # Where there are none any more, they were deleted before anybody came.
    reached = {row["workspace_id"]: row["last"] for row in behind}
    reached |= {event["workspace_id"]: event["sequence"] for event in events}
    await connection.execute(ADVANCE, list(reached), list(reached.values()))
    is_more = len(behind) == WORKSPACES or any(reached[row["workspace_id"]] < row["last"] for row in behind)
    return {EndpointKey(delivery.workspace_id, delivery.endpoint_id) for delivery in deliveries}, is_more


def _room(endpoints: int, workspaces: int) -> int:
    """How many events of a workspace with so many endpoints one transaction takes, among so many workspaces."""
    return max(1, min(EVENTS, DELIVERIES // (workspaces * max(1, endpoints))))


def _by_workspace(endpoints: Iterable[Any]) -> defaultdict[UUID, list[Any]]:
    found: defaultdict[UUID, list[Any]] = defaultdict(list)
    for endpoint in endpoints:
        found[endpoint["workspace_id"]].append(endpoint)
    return found


def _deliveries(events: Iterable[Any], endpoints: Mapping[UUID, list[Any]]) -> list[_Delivery]:
    found = []
    for event in events:
        wanting = [e for e in endpoints[event["workspace_id"]] if _wants(e, event)]
        if wanting:
            body = event_body(event)
            found += [
                _Delivery(e["workspace_id"], new_id(), e["id"], event["id"], event["type"], event["sequence"], body)
                for e in wanting
            ]
    return found


def _wants(endpoint: Any, event: Any) -> bool:
    types = endpoint["event_types"]
    return event["sequence"] > endpoint["since_sequence"] and (types is None or event["type"] in types)
