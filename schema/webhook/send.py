"""Having webhooks sent: a ping, one delivery again, a range of events."""

from datetime import datetime
from typing import Any

import strawberry

from resolvers.context import Context
from resolvers.validation import required_id, validated
from resolvers.webhook import (
    MAX_EVENTS,
    EventRange,
    ping_webhook_endpoint,
    replay_webhook_delivery,
    replay_webhook_events,
)
from resolvers.write import Outcome
from schema.connection import argument
from schema.event import SyncEventType
from schema.mutation import Returns, mutation, row
from schema.webhook.delivery import WebhookDelivery
from schema.webhook.endpoint import ENDPOINT_ID, OWN_WEBHOOK, endpoint_id


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


async def _ping(context: Context, id: str) -> Outcome:  # noqa: A002
    return await ping_webhook_endpoint(context, endpoint_id(id))


async def _replay(context: Context, id: str) -> Outcome:  # noqa: A002
    return await replay_webhook_delivery(context, required_id(id, "WebhookDelivery", "webhook delivery"))


async def _replay_events(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await replay_webhook_events(context, endpoint_id(id), validated(EventRange, input))


MUTATIONS = {
    "webhook_endpoint_ping": mutation(
        "webhookEndpointPing",
        "Has a `webhook.ping` sent to an active webhook endpoint, whatever it is told of otherwise.",
        needs="webhooks:write",
        arguments=[ENDPOINT_ID],
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
            ENDPOINT_ID,
            argument("input", WebhookEventsReplayInput, "Which events."),
        ],
        run=_replay_events,
        returns={
            "replayed_count": Returns(int, "How many events are being sent.", lambda outcome: outcome["count"]),
        },
        codes=("INACTIVE",),
    ),
}
