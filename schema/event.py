"""What changes in a workspace, live."""

from datetime import datetime
from typing import Any

import strawberry

from core.events import SyncEventType as EventType
from core.ids import global_id
from resolvers.feed import Event, event_cursor
from resolvers.read import Read
from schema.connection import argument
from schema.enums import enum_of
from schema.live import live_field
from schema.order import OWN_ORDER, Order

_DESCRIPTIONS = {
    EventType.PRODUCT_CREATED: "A product was added.",
    EventType.PRODUCT_UPDATED: "A product, its variants, prices, pictures or stock were edited.",
    EventType.PRODUCT_DELETED: "A product was deleted.",
    EventType.ORDER_CREATED: "An order was placed.",
    EventType.ORDER_UPDATED: "An order changed: it was cancelled, for one.",
    EventType.SITE_CREATED: "A site was added.",
    EventType.SITE_UPDATED: "A site's name, address or theme changed.",
    EventType.SITE_DELETED: "A site was deleted.",
    EventType.SITE_DEPLOYED: "A site went live with a new deployment, or went back to an older one.",
    EventType.SITE_FAILING: "A site's server failed again and again: `server.error` of its live deployment says why.",
    EventType.SITE_DOMAIN_ADDED: "A domain was added to a site. It is not proven yet.",
    EventType.SITE_DOMAIN_VERIFIED: "A domain was proven: its site is served under it.",
    EventType.SITE_DOMAIN_LAPSING: "What proved a domain is gone. Its site is served under it for a while.",
    EventType.SITE_DOMAIN_REMOVED: "A domain is no longer a site's: it was removed, its time was over, or another "
    "workspace has proven it.",
    EventType.DEPLOYMENT_CREATED: "A deployment of a site was begun.",
    EventType.DEPLOYMENT_FAILED: "A deployment of a site came to nothing: what was live before still is.",
    EventType.STOREFRONT_PUBLISHED: "A site looks different: another version of its config is live.",
    EventType.STOREFRONT_DRAFT_UPDATED: "A draft of what a site looks like was made, edited, scheduled or given up.",
    EventType.BANNER_PUBLISHED: "A site may show other banners: one was published, or one that is was changed, moved, "
    "archived or deleted.",
    EventType.BANNER_DRAFT_UPDATED: "A banner that shoppers do not see was made, edited, archived or deleted.",
    EventType.LOGO_PUBLISHED: "A site may show another logo: one was published, or one that is was changed, "
    "archived or deleted.",
    EventType.LOGO_DRAFT_UPDATED: "A logo that shoppers do not see was made, edited, archived or deleted.",
    EventType.ASSET_CREATED: "An uploaded picture or file is ready to be used.",
    EventType.ASSET_UPDATED: "What is said of a picture or file was edited, or its file was refused or lost.",
    EventType.ASSET_DELETED: "A picture or file was deleted.",
    EventType.WORKSPACE_SETTINGS_UPDATED: "The workspace's name, currency or other settings changed.",
}
SYNC_EVENT_TYPES = {kind.name: (kind.value, _DESCRIPTIONS[kind]) for kind in EventType}
SyncEventType = enum_of(
    "SyncEventType",
    "A kind of change.",
    SYNC_EVENT_TYPES,
)


@strawberry.type(description="Something that happened to an order.")
class OrderEvent:
    """One event about an order."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on from here.")
    type: SyncEventType = strawberry.field(description="What happened.")  # type: ignore[valid-type]
    order: Order | None = strawberry.field(description="The order as it is when the event is sent.")


@strawberry.type(description="Something that changed in the workspace.")
class ActivityEvent:
    """One event of any kind."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on from here.")
    sequence: int = strawberry.field(description="The event's number in its workspace: in commit order, without gaps.")
    type: SyncEventType = strawberry.field(description="What happened.")  # type: ignore[valid-type]
    entity_id: strawberry.ID = strawberry.field(description="The id of what changed; `node` reads it.")
    occurred_at: datetime = strawberry.field(description="When it changed.")


def _order_event(event: Event) -> Any:
    order = Read("Order", {"id": event.entity_id}, granted=OWN_ORDER)
    return OrderEvent(cursor=event_cursor(event.sequence), type=SyncEventType(event.type), order=order)  # type: ignore[arg-type]


def _activity(event: Event) -> Any:
    return ActivityEvent(
        cursor=event_cursor(event.sequence),
        sequence=event.sequence,
        type=SyncEventType(event.type),
        entity_id=strawberry.ID(global_id(event.entity_type, event.entity_id)),
        occurred_at=event.occurred_at,
    )


_AFTER = argument(
    "after",
    str | None,
    "The cursor of the last event that was seen: what was missed since comes first. From now on where it is left out.",
    None,
)

SUBSCRIPTIONS = {
    "order_events": live_field(
        "orderEvents",
        OrderEvent,
        "Orders as they are placed and changed.",
        "orders:read",
        frozenset({EventType.ORDER_CREATED, EventType.ORDER_UPDATED}),
        _order_event,
        [_AFTER],
    ),
    "activity": live_field(
        "activity",
        ActivityEvent,
        "Everything that changes in the workspace.",
        "events:read",
        frozenset(EventType),
        _activity,
        [_AFTER],
    ),
}
