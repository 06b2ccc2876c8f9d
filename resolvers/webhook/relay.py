"""Turning events into deliveries: each event once for each endpoint that wants it.

A workspace's row in `webhook_relay` says how far this came, and is locked while it goes on; so any number of workers
may relay at once, and a relay that dies half way has done nothing. Events are numbered in commit order without gaps:
what is read behind the cursor is everything.
"""

from collections.abc import Collection, Iterable
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
# Workspaces, and events of each, that are relayed in one transaction.
WORKSPACES = 100
EVENTS = 200

IS_ANY_BEHIND = """
select exists (select from webhook_relay r join workspace_counter c using (workspace_id) where c.sequence > r.sequence)
"""
LOCK_THOSE_BEHIND = f"""
select r.workspace_id, r.sequence from webhook_relay r join workspace_counter c using (workspace_id)
 where c.sequence > r.sequence limit {WORKSPACES} for update of r skip locked
"""  # noqa: S608 - constants of ours
# Who is at a workspace already may have looked before the event was committed: here one waits for them.
LOCK_THESE = """
select workspace_id, sequence from webhook_relay where workspace_id = any($1::uuid[]) order by workspace_id for update
"""
NEW_EVENTS = f"""
select e.workspace_id, e.id, e.type, e.sequence, e.entity_type, e.entity_id, e.occurred_at,
       extract(epoch from clock_timestamp() - e.occurred_at)::float8 as age
  from unnest($1::uuid[], $2::bigint[]) r(workspace_id, sequence)
 cross join lateral (select * from sync_event e where e.workspace_id = r.workspace_id and e.sequence > r.sequence
                      order by e.sequence limit {EVENTS}) e
"""  # noqa: S608 - constants of ours
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
        async with platform.database.system.acquire() as connection, transaction(connection):
            is_more, endpoints = await _relay_batch(connection, workspaces)
        touched |= endpoints
    return touched


async def _relay_batch(connection: Connection, workspaces: Collection[UUID] | None) -> tuple[bool, set[EndpointKey]]:
    if workspaces is None:
        behind = await connection.fetch(LOCK_THOSE_BEHIND)
    else:
        behind = await connection.fetch(LOCK_THESE, list(workspaces))
    if not behind:
        return False, set()
    ids = [row["workspace_id"] for row in behind]
    events = await connection.fetch(NEW_EVENTS, ids, [row["sequence"] for row in behind])
    deliveries = _deliveries(events, await connection.fetch(ENDPOINTS, ids))
    if deliveries:
        await connection.execute(INSERT, *(list(column) for column in zip(*deliveries, strict=True)))
    last = {event["workspace_id"]: event["sequence"] for event in events}
    for event in events:
        _RELAYED.observe(event["age"])
    if last:
        await connection.execute(ADVANCE, list(last), list(last.values()))
    is_more = len(behind) == WORKSPACES or len(events) >= EVENTS
    return is_more, {EndpointKey(delivery.workspace_id, delivery.endpoint_id) for delivery in deliveries}


def _deliveries(events: Iterable[Any], endpoints: Iterable[Any]) -> list[_Delivery]:
    by_workspace: dict[UUID, list[Any]] = {}
    for endpoint in endpoints:
        by_workspace.setdefault(endpoint["workspace_id"], []).append(endpoint)
    found = []
    for event in events:
        wanting = [e for e in by_workspace.get(event["workspace_id"], ()) if _wants(e, event)]
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
