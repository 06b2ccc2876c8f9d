"""Who polls `changes`, and how far behind they are."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers.polling import EVENTS_BEHIND, OLDEST_UNREAD_AT
from schema.audit import CallerKind, id_of_caller
from schema.query import read_many
from schema.reading import Node, column, one, reads, row_id

if TYPE_CHECKING:
    from schema.site import Site


@reads("polling_state", scope="events:read")
@strawberry.type(description="How far a poller of `changes` has come. It is known a second later, as monitoring is.")
class PollingState(Node):
    """One API key or storefront token that polls."""

    id: strawberry.ID = row_id()
    caller_kind: CallerKind = column("Whether an API key polls or a storefront token.")
    caller_id: strawberry.ID = column(
        "The id of the API key or storefront token.", "{t}.caller_id", "{t}.caller_kind", convert=id_of_caller
    )
    caller_label: str = column("The name of the key or token, as it was then.")
    site: Annotated["Site", strawberry.lazy("schema.site")] | None = one(
        "The site that the storefront token is of, if it is of one. Needs the scope `sites:read`.",
        "Site",
        "{c}.id = {p}.site_id",
    )
    last_polled_at: datetime = column("When it last asked.")
    sequence: int | None = column(
        "The number of the event that it last asked from: it says that it has read so far. Null while it named none."
    )
    events_behind: int | None = column(
        "How many events were committed since, of whatever type. Null while it named no cursor.", EVENTS_BEHIND
    )
    oldest_unread_at: datetime | None = column(
        "When the oldest event occurred that it has not asked past; null where there is none.", OLDEST_UNREAD_AT
    )


QUERIES = {
    "polling_states": read_many(
        PollingState, "Who has polled `changes` in the last 30 days, and how far behind they are.", "events:read"
    ),
}
