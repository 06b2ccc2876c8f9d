"""Sending a range of events to one endpoint, whether or not they were sent to it before."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from core.errors import Problem, Refused
from core.events import SyncEventType
from core.ids import new_id
from core.pubsub import deliveries_channel
from resolvers.context import Context
from resolvers.validation import Input
from resolvers.webhook.body import event_body
from resolvers.webhook.endpoint import active_endpoint
from resolvers.webhook.input import EventTypes, named_types
from resolvers.write import Outcome, Write, workspace_of, write

MAX_EVENTS = 10_000
_MAX_SEQUENCE = 2**63 - 1
_FIRST_MOMENT = datetime.min.replace(tzinfo=UTC)
_LAST_MOMENT = datetime.max.replace(tzinfo=UTC)
# When an event occurred (its transaction began) and when its id was made lie in this time, which is longer than any
# transaction may take. Both are by the database's clock.
_APART = timedelta(minutes=5)
_MILLISECOND_SHIFT = 80  # where a UUIDv7 has its time

# The moments are looked for exactly between two sequences that surely enclose them, which the ids' own times find.
EVENTS = """
select e.workspace_id, e.sequence, e.id, e.type, e.entity_type, e.entity_id, e.occurred_at
  from sync_event e
 where e.workspace_id = $1
   and e.sequence > greatest($2::bigint, (
     select b.sequence from sync_event b where b.workspace_id = $1 and b.id < $4::uuid order by b.id desc limit 1))
   and e.sequence <= least($3::bigint, (
     select b.sequence from sync_event b where b.workspace_id = $1 and b.id > $5::uuid order by b.id limit 1))
   and e.occurred_at >= $6 and e.occurred_at < $7
   and e.type = any($8::text[])
 order by e.sequence limit $9
"""
# In the order of their ids, so that two who do this do not wait in a circle.
LOCK_DELIVERIES = """
select from webhook_delivery where workspace_id = $1 and endpoint_id = $2 and event_id = any($3::uuid[])
 order by id for update
"""
DELIVER = """
insert into webhook_delivery (workspace_id, endpoint_id, id, event_id, event_type, sequence, body)
select $1, $2, * from unnest($3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bytea[])
on conflict (workspace_id, endpoint_id, event_id)
do update set status = 'PENDING', tries = 0, due_at = now(), finished_at = null
"""


class EventRange(Input):
    """Which events: all that is named must hold. Of `since` and `after_sequence` one must be."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    after_sequence: Annotated[int, Field(ge=0)] | None = None
    through_sequence: Annotated[int, Field(ge=0)] | None = None
    event_types: EventTypes = Field(default_factory=list)


async def replay_webhook_events(context: Context, endpoint_id: UUID, wanted: EventRange) -> Outcome:
    """Has the events of a range sent to an endpoint: those that it asks for, unless event types are named.

    An event without a delivery gets one, also if it is older than the endpoint; one that has a delivery begins anew.
    The outcome has the `count` of events.

    Raises:
        Refused: BLANK (the range has no beginning), NOT_FOUND, INACTIVE (the endpoint), TOO_MANY (more than
            `MAX_EVENTS`).

    """
    if wanted.since is None and wanted.after_sequence is None:
        message = "Say from where on: by since, a moment, or by afterSequence, the number of an event."
        raise Refused(Problem("BLANK", message, ("input", "since")))
    async with write(context) as tx:
        endpoint = await active_endpoint(tx, endpoint_id)
        kinds = named_types(wanted.event_types) or endpoint.event_types or [kind.value for kind in SyncEventType]
        events = await _events(tx, wanted, kinds)
        if events:
            # Encoding thousands takes a tenth of a second.
            columns = await asyncio.to_thread(_columns, events)
            await tx.connection.execute(LOCK_DELIVERIES, tx.workspace_id, endpoint_id, columns[1])
            await tx.connection.execute(DELIVER, tx.workspace_id, endpoint_id, *columns)
        said = wanted.model_dump(mode="json", exclude_unset=True) | {"replayedCount": len(events)}
        tx.audit("webhookEventsReplay", "WebhookEndpoint", endpoint_id, said)
        outcome = tx.done(count=len(events))
    if events:
        context.platform.doorbells.ring(deliveries_channel(workspace_of(context)))
    return outcome


async def _events(tx: Write, wanted: EventRange, kinds: list[str]) -> Sequence[Any]:
    since, until = wanted.since or _FIRST_MOMENT, wanted.until or _LAST_MOMENT
    events: Sequence[Any] = await tx.connection.fetch(
        EVENTS,
        tx.workspace_id,
        wanted.after_sequence or 0,
        _MAX_SEQUENCE if wanted.through_sequence is None else wanted.through_sequence,
        _id_of(wanted.since, -_APART),
        _id_of(wanted.until, _APART),
        since,
        until,
        kinds,
        MAX_EVENTS + 1,
    )
    if len(events) > MAX_EVENTS:
        last = events[MAX_EVENTS - 1]["sequence"]
        message = (
            f"The range has more than {MAX_EVENTS:,} events: replay those with throughSequence {last} first, then go "
            f"on with afterSequence {last}."
        )
        raise Refused(Problem("TOO_MANY", message, ("input",)))
    return events


def _id_of(moment: datetime | None, apart: timedelta) -> UUID | None:
    """The smallest UUIDv7 of a moment; with none nothing is compared."""
    if moment is None:
        return None
    milliseconds = int((moment.timestamp() + apart.total_seconds()) * 1000)
    return UUID(int=min(max(milliseconds, 0), 2**48 - 1) << _MILLISECOND_SHIFT)


def _columns(events: Sequence[Any]) -> tuple[list[Any], ...]:
    """The arrays of the new deliveries: ids, events' ids, kinds, sequences, bodies."""
    return (
        [new_id() for _ in events],
        [event["id"] for event in events],
        [event["type"] for event in events],
        [event["sequence"] for event in events],
        [event_body(event) for event in events],
    )
