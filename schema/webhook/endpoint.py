"""Webhook endpoints: the type, and adding, changing and deleting them."""

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry

from core.access import Caller
from core.ids import uuid_in
from resolvers.context import Context
from resolvers.read.source import Flag, SortKey
from resolvers.validation import required_id, validated
from resolvers.webhook import (
    DEFAULT_OVERLAP_HOURS,
    MAX_ENDPOINTS,
    MAX_OVERLAP_HOURS,
    NewWebhookEndpoint,
    SecretRotation,
    WebhookEndpointChanges,
    create_webhook_endpoint,
    delete_webhook_endpoint,
    rotate_webhook_secret,
    update_webhook_endpoint,
)
from resolvers.write import Outcome
from schema.connection import SortDirection, argument
from schema.event import SyncEventType
from schema.mutation import deleted_id, mutation, row, shown_once
from schema.query import read_many, read_one
from schema.reading import Node, column, many, reads, row_id
from schema.webhook.delivery import NAMES, WebhookDelivery, WebhookDeliveryFilter, WebhookDeliverySort

# Whoever may write webhooks sees what they wrote, or had sent.
OWN_WEBHOOK = frozenset({"webhooks:read"})
_URL = (
    "Where to post: an https address of at most 2,000 characters, reachable from the internet. Addresses of private "
    "networks are refused."
)
_DESCRIPTION = "What it is for; at most 500 characters."


@strawberry.enum(description="Why nothing is sent to an endpoint.")
class WebhookEndpointDisabledReason(Enum):
    """Who switched an endpoint off."""

    BY_HAND = strawberry.enum_value("BY_HAND", description="Somebody switched it off.")
    FAILING = strawberry.enum_value("FAILING", description="It had done nothing but fail for days.")
    GONE = strawberry.enum_value("GONE", description="It answered 410 Gone.")


def _type_names(kinds: list[str]) -> list[str]:
    """The kinds as GraphQL writes them; one that no longer exists is never sent and is left out."""
    return [NAMES[kind] for kind in kinds if kind in NAMES]


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


def _endpoint_by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = uuid_in(id, "WebhookEndpoint")
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
}


def endpoint_id(text: str) -> UUID:
    return required_id(text, "WebhookEndpoint", "webhook endpoint")


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await create_webhook_endpoint(context, validated(NewWebhookEndpoint, input))


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await update_webhook_endpoint(context, endpoint_id(id), validated(WebhookEndpointChanges, input))


async def _delete(context: Context, id: str) -> Outcome:  # noqa: A002
    return await delete_webhook_endpoint(context, endpoint_id(id))


async def _rotate(context: Context, id: str, input: dict[str, Any] | None = None) -> Outcome:  # noqa: A002
    return await rotate_webhook_secret(context, endpoint_id(id), validated(SecretRotation, input or {}))


ENDPOINT_ID = argument("id", strawberry.ID, "The endpoint's id.")
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
        arguments=[ENDPOINT_ID, argument("input", WebhookEndpointUpdateInput, "What shall change.")],
        run=_update,
        returns={"webhook_endpoint": row(WebhookEndpoint, "The endpoint as it is now.", granted=OWN_WEBHOOK)},
        codes=("CONFLICT",),
    ),
    "webhook_endpoint_delete": mutation(
        "webhookEndpointDelete",
        "Deletes a webhook endpoint. What waits to be sent to it fails; the log of its deliveries stays.",
        needs="webhooks:write",
        arguments=[ENDPOINT_ID],
        run=_delete,
        returns={"deleted_webhook_endpoint_id": deleted_id("WebhookEndpoint", "The id of what is gone.")},
    ),
    "webhook_endpoint_secret_rotate": mutation(
        "webhookEndpointSecretRotate",
        "Gives a webhook endpoint a new secret. The one of now signs as well until the overlap ends.",
        needs="webhooks:write",
        arguments=[
            ENDPOINT_ID,
            argument("input", WebhookEndpointSecretRotateInput | None, "For how long they overlap.", None),
        ],
        run=_rotate,
        returns={
            "webhook_endpoint": row(WebhookEndpoint, "The endpoint as it is now.", granted=OWN_WEBHOOK),
            "secret": shown_once(f"Its new secret, {_SECRET}", "secret"),
        },
    ),
}
