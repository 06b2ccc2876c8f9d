"""Webhooks: endpoints, the log of what was delivered to them, and the mutations."""

from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any
from uuid import UUID

import strawberry

from core.access import Caller
from core.ids import GlobalIdOf, uuid_in
from resolvers.context import Context
from resolvers.read.source import AnyOf, Equals, Flag, Lane, Range, SortKey
from resolvers.validation import required_id, validated
from resolvers.webhook import (
    DEFAULT_OVERLAP_HOURS,
    MAX_ENDPOINTS,
    MAX_EVENTS,
    MAX_OVERLAP_HOURS,
    EventRange,
    NewWebhookEndpoint,
    SecretRotation,
    WebhookEndpointChanges,
    create_webhook_endpoint,
    delete_webhook_endpoint,
    ping_webhook_endpoint,
    replay_webhook_delivery,
    replay_webhook_events,
    rotate_webhook_secret,
    update_webhook_endpoint,
)
from resolvers.webhook.body import PING, event_message_id
from resolvers.write import Outcome
from schema.connection import SortDirection, argument
from schema.enums import enum_of
from schema.event import SYNC_EVENT_TYPES, SyncEventType
from schema.filters import DateTimeRange
from schema.mutation import Returns, deleted_id, mutation, row, shown_once
from schema.query import read_many, read_one
from schema.reading import Node, column, many, one, reads, row_id

# Whoever may write webhooks sees what they wrote, or had sent.
OWN_WEBHOOK = frozenset({"webhooks:read"})
_DELIVERED_TYPES = SYNC_EVENT_TYPES | {"WEBHOOK_PING": (PING, "No change: somebody tried whether webhooks arrive.")}
_NAMES = {value: name for name, (value, _) in _DELIVERED_TYPES.items()}
_URL = (
    "Where to post: an https address of at most 2,000 characters, reachable from the internet. Addresses of private "
    "networks are refused."
)
_DESCRIPTION = "What it is for; at most 500 characters."

WebhookEventType = enum_of("WebhookEventType", "What a webhook tells of.", _DELIVERED_TYPES)


@strawberry.enum(description="How far a delivery has come.")
class WebhookDeliveryStatus(Enum):
    """A delivery's status."""

    PENDING = strawberry.enum_value("PENDING", description="It is to be sent, or sent again.")
    DELIVERED = strawberry.enum_value("DELIVERED", description="The receiver has taken it.")
    FAILED = strawberry.enum_value("FAILED", description="It was given up; a replay begins it anew.")


@strawberry.enum(description="Why nothing is sent to an endpoint.")
class WebhookEndpointDisabledReason(Enum):
    """Who switched an endpoint off."""

    BY_HAND = strawberry.enum_value("BY_HAND", description="Somebody switched it off.")
    FAILING = strawberry.enum_value("FAILING", description="It had done nothing but fail for days.")
    GONE = strawberry.enum_value("GONE", description="It answered 410 Gone.")


def _type_names(kinds: list[str]) -> list[str]:
    """The kinds as GraphQL writes them; one that no longer exists is never sent and is left out."""
    return [_NAMES[kind] for kind in kinds if kind in _NAMES]


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
    event_type: WebhookEventType = column("What it tells of.", convert=_NAMES.__getitem__)  # type: ignore[valid-type]
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
    webhook_endpoint: "WebhookEndpoint | None" = one(
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


@reads(
    "webhook_endpoint",
    scope="webhooks:read",
    default_sort=("CREATED_AT", "DESC"),
    sorts={"CREATED_AT": SortKey("{t}.created_at", "timestamptz")},
    filters={"isActive": Flag("{t}.is_active", "not {t}.is_active")},
)
@strawberry.type(description="Where a workspace's events are posted.")
class WebhookEndpoint(Node):
    """One endpoint. Its secret was shown when it was made."""

    id: strawberry.ID = row_id()
    url: str = column("Where events are posted.")
    description: str = column("What it is for; may be empty.")
    event_types: list[SyncEventType] | None = column(
        "What it is told of: all, also what is added one day, where there is nothing.", convert=_type_names
    )
    is_active: bool = column("Whether anything is sent to it.")
    disabled_reason: WebhookEndpointDisabledReason | None = column("Why nothing is sent to it.")
    disabled_at: datetime | None = column("Since when nothing is sent to it.")
    failing_since: datetime | None = column("When it first failed since it last took something.")
    previous_secret_expires_at: datetime | None = column(
        "Until when the secret before the last rotation signs as well; it may be past."
    )
    revision: int = column("Goes up with every change: name the one that you read when you update.")
    created_at: datetime = column("When it was added.")
    updated_at: datetime = column("When somebody last changed it.")
    deliveries = many(
        WebhookDelivery,
        "What was and is to be sent to it, the newest first.",
        "{c}.endpoint_id = {p}.id",
        seen_with_parent=True,
        filter_type=WebhookDeliveryFilter,
        sort_type=WebhookDeliverySort,
    )


@strawberry.input(description="Which webhook endpoints: all that is named must hold.")
class WebhookEndpointFilter:
    """A filter of endpoints."""

    is_active: bool | None = strawberry.field(default=None, description="Whether anything is sent to it.")


@strawberry.enum(description="What webhook endpoints are sorted by.")
class WebhookEndpointSortField(Enum):
    """Keys of a sort."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When it was added.")


@strawberry.input(description="In which order webhook endpoints come.")
class WebhookEndpointSort:
    """A sort of endpoints."""

    field: WebhookEndpointSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="A webhook endpoint to be added.")
class WebhookEndpointCreateInput:
    """A new endpoint."""

    url: str = strawberry.field(description=_URL)
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    event_types: list[SyncEventType] | None = strawberry.field(
        default=None, description="What it is told of: all where none is named."
    )
    is_active: bool | None = strawberry.field(default=None, description="Whether anything is sent to it; it is so.")


@strawberry.input(description="What of a webhook endpoint shall change; what is left out stays.")
class WebhookEndpointUpdateInput:
    """A change of an endpoint."""

    revision: int = strawberry.field(description="The revision that was read; a stale one is refused with CONFLICT.")
    url: str | None = strawberry.field(default=None, description=_URL)
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    event_types: list[SyncEventType] | None = strawberry.field(
        default=None, description="What it is told of; an empty list: all."
    )
    is_active: bool | None = strawberry.field(
        default=None,
        description=(
            "Whether anything is sent to it. What waited when it was switched off is sent once it is active again; "
            "what happens in between is not: `webhookEventsReplay` sends it."
        ),
    )


@strawberry.input(description="How an endpoint's secret is changed.")
class WebhookEndpointSecretRotateInput:
    """A rotation."""

    overlap_hours: int | None = strawberry.field(
        default=None,
        description=(
            f"For how many hours the secret of now signs as well: 0 to {MAX_OVERLAP_HOURS}, {DEFAULT_OVERLAP_HOURS} by "
            "default."
        ),
    )


@strawberry.input(description="Events to be sent again. All that is named must hold; since or afterSequence must be.")
class WebhookEventsReplayInput:
    """A range of events."""

    since: datetime | None = strawberry.field(default=None, description="Those that occurred at this moment or later.")
    until: datetime | None = strawberry.field(default=None, description="Those that occurred before this moment.")
    after_sequence: int | None = strawberry.field(default=None, description="Those behind the event of this number.")
    through_sequence: int | None = strawberry.field(
        default=None, description="Those up to the event of this number, which is among them."
    )
    event_types: list[SyncEventType] | None = strawberry.field(
        default=None, description="Those of these kinds; by default what the endpoint is told of."
    )


def _endpoint_by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = uuid_in(id, "WebhookEndpoint")
    return {"id": found} if found else None


def _delivery_by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002
    found = uuid_in(id, "WebhookDelivery")
    return {"id": found} if found else None


QUERIES = {
    "webhook_endpoint": read_one(
        WebhookEndpoint,
        "A webhook endpoint by its id; null where there is none.",
        "webhooks:read",
        [argument("id", strawberry.ID, "The endpoint's id.")],
        _endpoint_by_id,
    ),
    "webhook_endpoints": read_many(
        WebhookEndpoint,
        "The workspace's webhook endpoints.",
        "webhooks:read",
        WebhookEndpointFilter,
        WebhookEndpointSort,
    ),
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


def _endpoint_id(text: str) -> UUID:
    return required_id(text, "WebhookEndpoint", "webhook endpoint")


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await create_webhook_endpoint(context, validated(NewWebhookEndpoint, input))


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await update_webhook_endpoint(context, _endpoint_id(id), validated(WebhookEndpointChanges, input))


async def _delete(context: Context, id: str) -> Outcome:  # noqa: A002
    return await delete_webhook_endpoint(context, _endpoint_id(id))


async def _rotate(context: Context, id: str, input: dict[str, Any] | None = None) -> Outcome:  # noqa: A002
    return await rotate_webhook_secret(context, _endpoint_id(id), validated(SecretRotation, input or {}))


async def _ping(context: Context, id: str) -> Outcome:  # noqa: A002
    return await ping_webhook_endpoint(context, _endpoint_id(id))


async def _replay(context: Context, id: str) -> Outcome:  # noqa: A002
    return await replay_webhook_delivery(context, required_id(id, "WebhookDelivery", "webhook delivery"))


async def _replay_events(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await replay_webhook_events(context, _endpoint_id(id), validated(EventRange, input))


_ID = argument("id", strawberry.ID, "The endpoint's id.")
_SECRET = "to verify signatures with: keep it, it is not shown again."  # noqa: S105 - a sentence

MUTATIONS = {
    "webhook_endpoint_create": mutation(
        "webhookEndpointCreate",
        f"Adds a webhook endpoint, at most {MAX_ENDPOINTS} a workspace. It is told of all that happens from now on.",
        needs="webhooks:write",
        arguments=[argument("input", WebhookEndpointCreateInput, "The endpoint.")],
        run=_create,
        returns={
            "webhook_endpoint": row(WebhookEndpoint, "The endpoint.", granted=OWN_WEBHOOK),
            "secret": shown_once(f"Its secret, {_SECRET}", "secret"),
        },
        codes=("LIMIT_REACHED",),
    ),
    "webhook_endpoint_update": mutation(
        "webhookEndpointUpdate",
        "Changes a webhook endpoint, or switches it on or off. A stale revision is refused.",
        needs="webhooks:write",
        arguments=[_ID, argument("input", WebhookEndpointUpdateInput, "What shall change.")],
        run=_update,
        returns={"webhook_endpoint": row(WebhookEndpoint, "The endpoint as it is now.", granted=OWN_WEBHOOK)},
        codes=("CONFLICT",),
    ),
    "webhook_endpoint_delete": mutation(
        "webhookEndpointDelete",
        "Deletes a webhook endpoint. What waits to be sent to it fails; the log of its deliveries stays.",
        needs="webhooks:write",
        arguments=[_ID],
        run=_delete,
        returns={"deleted_webhook_endpoint_id": deleted_id("WebhookEndpoint", "The id of what is gone.")},
    ),
    "webhook_endpoint_secret_rotate": mutation(
        "webhookEndpointSecretRotate",
        "Gives a webhook endpoint a new secret. The one of now signs as well until the overlap ends.",
        needs="webhooks:write",
        arguments=[_ID, argument("input", WebhookEndpointSecretRotateInput | None, "For how long they overlap.", None)],
        run=_rotate,
        returns={
            "webhook_endpoint": row(WebhookEndpoint, "The endpoint as it is now.", granted=OWN_WEBHOOK),
            "secret": shown_once(f"Its new secret, {_SECRET}", "secret"),
        },
    ),
    "webhook_endpoint_ping": mutation(
        "webhookEndpointPing",
        "Has a `webhook.ping` sent to an active webhook endpoint, whatever it is told of otherwise.",
        needs="webhooks:write",
        arguments=[_ID],
        run=_ping,
        returns={"webhook_delivery": row(WebhookDelivery, "Its delivery, to be watched.", granted=OWN_WEBHOOK)},
        codes=("INACTIVE",),
    ),
    "webhook_delivery_replay": mutation(
        "webhookDeliveryReplay",
        "Sends a webhook again, at once and with all its tries, to its endpoint if that is active.",
        needs="webhooks:write",
        arguments=[argument("id", strawberry.ID, "The delivery's id.")],
        run=_replay,
        returns={"webhook_delivery": row(WebhookDelivery, "The delivery as it is now.", granted=OWN_WEBHOOK)},
        codes=("INACTIVE",),
    ),
    "webhook_events_replay": mutation(
        "webhookEventsReplay",
        f"Sends a range of events, at most {MAX_EVENTS:,}, to an active webhook endpoint, whether or not they were "
        "sent to it before.",
        needs="webhooks:write",
        arguments=[
            _ID,
            argument("input", WebhookEventsReplayInput, "Which events."),
        ],
        run=_replay_events,
        returns={
            "replayed_count": Returns(int, "How many events are being sent.", lambda outcome: outcome["count"]),
        },
        codes=("INACTIVE",),
    ),
}
