"""The log of what was and is to be sent to webhook endpoints, try by try."""

from datetime import datetime
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from core.access import Caller
from core.ids import GlobalIdOf, uuid_in
from resolvers.read.source import AnyOf, Equals, Lane, Range, SortKey
from resolvers.webhook.body import PING, event_message_id
from schema.connection import SortDirection, argument
from schema.enums import enum_of
from schema.event import SYNC_EVENT_TYPES
from schema.filters import DateTimeRange
from schema.query import read_many, read_one
from schema.reading import Node, column, many, one, reads, row_id

if TYPE_CHECKING:
    from schema.webhook.endpoint import WebhookEndpoint

_DELIVERED_TYPES = SYNC_EVENT_TYPES | {"WEBHOOK_PING": (PING, "No change: somebody tried whether webhooks arrive.")}
NAMES = {value: name for name, (value, _) in _DELIVERED_TYPES.items()}

WebhookEventType = enum_of("WebhookEventType", "What a webhook tells of.", _DELIVERED_TYPES)


@strawberry.enum(description="How far a delivery has come.")
class WebhookDeliveryStatus(Enum):
    """A delivery's status."""

    PENDING = strawberry.enum_value("PENDING", description="It is to be sent, or sent again.")
    DELIVERED = strawberry.enum_value("DELIVERED", description="The receiver has taken it.")
    FAILED = strawberry.enum_value("FAILED", description="It was given up; a replay begins it anew.")


@reads(
    "webhook_attempt",
    scope="webhooks:read",
    default_sort=("NUMBER", "ASC"),
    sorts={"NUMBER": SortKey("{t}.number", "bigint")},
)
@strawberry.type(description="One try to deliver a webhook.")
class WebhookAttempt(Node):
    """One try."""

    id: strawberry.ID = row_id()
    number: int = column("Which one of its delivery, from 1; replays count on.")
    started_at: datetime = column("When it began.")
    status_code: int | None = column("The HTTP status that was answered, if any was.")
    duration_ms: int = column("How long it took, in milliseconds.")
    error: str | None = column("Why it failed, where it did.")
    response_body: str = column("The beginning of what was answered, at most 20 kB; may be empty.")


@reads(
    "webhook_delivery",
    scope="webhooks:read",
    default_sort=("CREATED_AT", "DESC"),
    sorts={"CREATED_AT": SortKey("{t}.created_at", "timestamptz")},
    filters={
        "endpointId": Equals("{t}.endpoint_id", partial(uuid_in, type_name="WebhookEndpoint")),
        "status": AnyOf("{t}.status", "text[]"),
        "eventType": AnyOf("{t}.event_type", "text[]"),
        "createdAt": Range("{t}.created_at"),
    },
    lanes=(Lane("{t}.status", ("'PENDING'", "'DELIVERED'", "'FAILED'")),),
)
@strawberry.type(description="One event for one endpoint: what is sent, and how far it has come.")
class WebhookDelivery(Node):
    """One entry of the log, which outlives its endpoint."""

    id: strawberry.ID = row_id()
    event_type: WebhookEventType = column("What it tells of.", convert=NAMES.__getitem__)  # type: ignore[valid-type]
    event_id: strawberry.ID = column("The event's id, which every try sends as `webhook-id`.", convert=event_message_id)
    sequence: int = column("The event's number in its workspace; 0 for a ping.")
    endpoint_id: strawberry.ID = column(
        "The id of the endpoint that it is for, also where that is deleted.", convert=GlobalIdOf("WebhookEndpoint")
    )
    status: WebhookDeliveryStatus = column("How far it has come.")
    next_attempt_at: datetime | None = column(
        "When it is tried next; nothing where it is not tried any more. It waits while its endpoint is not active.",
        "{t}.due_at",
    )
    attempt_count: int = column("How often it was tried, replays included.")
    created_at: datetime = column("When it was entered.")
    finished_at: datetime | None = column("When it was delivered or given up.")
    payload: str = column("The body that is posted, byte for byte.", "{t}.body", convert=bytes.decode)
    attempts = many(WebhookAttempt, "Its tries, the oldest first.", "{c}.delivery_id = {p}.id", seen_with_parent=True)
    webhook_endpoint: Annotated["WebhookEndpoint", strawberry.lazy("schema.webhook.endpoint")] | None = one(
        "The endpoint that it is for; null where that is deleted.", "WebhookEndpoint", "{c}.id = {p}.endpoint_id"
    )


@strawberry.input(description="Which deliveries: all that is named must hold.")
class WebhookDeliveryFilter:
    """A filter of deliveries."""

    endpoint_id: strawberry.ID | None = strawberry.field(
        default=None, description="Is for this endpoint, which may be deleted."
    )
    status: list[WebhookDeliveryStatus] | None = strawberry.field(default=None, description="Has one of these.")
    event_type: list[WebhookEventType] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Tells of one of these."
    )
    created_at: DateTimeRange | None = strawberry.field(default=None, description="When it was entered.")


@strawberry.enum(description="What deliveries are sorted by.")
class WebhookDeliverySortField(Enum):
    """Keys of a sort."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When it was entered.")


@strawberry.input(description="In which order deliveries come.")
class WebhookDeliverySort:
    """A sort of deliveries."""

    field: WebhookDeliverySortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


def _delivery_by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002
    found = uuid_in(id, "WebhookDelivery")
    return {"id": found} if found else None


QUERIES = {
    "webhook_delivery": read_one(
        WebhookDelivery,
        "A delivery by its id; null where there is none, or no longer.",
        "webhooks:read",
        [argument("id", strawberry.ID, "The delivery's id.")],
        _delivery_by_id,
    ),
    "webhook_deliveries": read_many(
        WebhookDelivery,
        "The log of what was and is to be sent to webhook endpoints.",
        "webhooks:read",
        WebhookDeliveryFilter,
        WebhookDeliverySort,
    ),
}
