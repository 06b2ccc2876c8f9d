"""What is posted: the bytes of one event, made once and sent the same at every try."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from core.ids import global_id

PING = "webhook.ping"


def event_message_id(event_id: UUID) -> str:
    """`webhook-id`: the event's own id, the same at every try and for every endpoint."""
    return global_id("SyncEvent", event_id)


def webhook_body(
    *,
    workspace_id: UUID,
    event_id: UUID,
    event_type: str,
    sequence: int,
    entity_type: str,
    entity_id: UUID,
    occurred_at: datetime,
) -> bytes:
    """The JSON that themes are told: ids and the time, never what changed, so that nothing old is ever believed.

    `sequence` is what a theme sends back as `X-Min-Sequence`; a ping, which is no change, has 0.
    """
    return orjson.dumps(
        {
            "event_type": event_type,
            "entity_id": global_id(entity_type, entity_id),
            "workspace_id": global_id("Workspace", workspace_id),
            "timestamp": occurred_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "id": event_message_id(event_id),
            "sequence": sequence,
        }
    )


def event_body(event: Any) -> bytes:
    """The bytes of a row of `sync_event`."""
    return webhook_body(
        workspace_id=event["workspace_id"],
        event_id=event["id"],
        event_type=event["type"],
        sequence=event["sequence"],
        entity_type=event["entity_type"],
        entity_id=event["entity_id"],
        occurred_at=event["occurred_at"],
    )
