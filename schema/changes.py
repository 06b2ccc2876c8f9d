"""The changes feed: what changed in the workspace, to be asked for again and again."""

from datetime import datetime
from typing import Any

import strawberry

from core.events import SyncEventType as EventType
from core.ids import global_id
from resolvers.feed import event_cursor, parse_event_cursor
from resolvers.read import Read
from resolvers.read.connection import MAX_PAGE_SIZE
from resolvers.read.source import AnyOf, Log
from schema.access import Access
from schema.connection import Edge, PageInfo, argument
from schema.event import SyncEventType
from schema.query import root_field
from schema.reading import Node, column, reads, row_id
from schema.request import Request

_SHOPPERS_SEE = ", ".join(f"'{kind.value}'" for kind in EventType if kind.shoppers_see)
_NAMES = {kind.value: kind.name for kind in EventType}


@reads(
    "sync_event",
    unpublished_scope="events:read",
    published_where=f"{{t}}.type in ({_SHOPPERS_SEE})",
    log=Log("{t}.sequence", event_cursor, parse_event_cursor),
    filters={"types": AnyOf("{t}.type", "text[]")},
)
@strawberry.type(description="One committed change in the workspace.")
class SyncEvent(Node):
    """One event. Shoppers see those that can change what a storefront shows."""

    id: strawberry.ID = row_id()
    sequence: int = column("Its number in the workspace: in the order of the commits, without gaps.")
    type: SyncEventType = column("What happened.", convert=_NAMES.__getitem__)
    entity_id: strawberry.ID = column(
        "The id of what changed; `node` reads it, unless it is gone.",
        "{t}.entity_type",
        "{t}.entity_id",
        convert=global_id,
    )
    occurred_at: datetime = column("When it changed.")


@strawberry.type(description="A page of what changed, in the order of the commits.")
class SyncEventConnection:
    """A page of the log. It is read forwards only, and nobody counts it."""

    nodes: list[SyncEvent] = strawberry.field(description="The events of this page.")
    edges: list[Edge[SyncEvent]] = strawberry.field(description="The events of this page with their cursors.")
    page_info: PageInfo = strawberry.field(
        description=(
            "Where this page lies. `endCursor` is how far was looked, beyond the last event that is shown where the "
            "filter leaves some out: keep it, and ask with it next time."
        )
    )
    latest_cursor: str | None = strawberry.field(
        description="The cursor of the last event that was committed, whatever its type; null where there was none."
    )


@strawberry.input(description="Which events: all that is named must hold.")
class SyncEventFilter:
    """A filter of events."""

    types: list[SyncEventType] | None = strawberry.field(default=None, description="Of one of these types.")


def _changes(request: Request, after: str | None = None, **_arguments: Any) -> Read:
    request.context.platform.polls.note(request.context.caller, None if after is None else parse_event_cursor(after))
    return Read("SyncEvent", many=True)


QUERIES = {
    "changes": root_field(
        _changes,
        SyncEventConnection,
        "What was committed since a cursor, in order, nothing left out and nothing twice. Where what came behind the "
        "cursor is no longer kept, the error is CURSOR_EXPIRED.",
        Access.EVENTS,
        [
            argument("first", int, f"How many, at most {MAX_PAGE_SIZE}."),
            argument(
                "after",
                str | None,
                "The `endCursor` of the last page, or the cursor of an event, here or of a subscription. The oldest "
                "event that is kept comes first where it is left out.",
                None,
            ),
            argument("filter", SyncEventFilter | None, "Which ones; all where nothing is named.", None),
        ],
    ),
}
