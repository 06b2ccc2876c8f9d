"""What visitors do: taking their events, and deleting them."""

from typing import Any

import strawberry

from resolvers.analytics import MAX_EVENTS, MAX_SESSIONS, VisitorData, delete_visitor_data, track_events
from resolvers.context import Context
from resolvers.validation import validated
from resolvers.write import Outcome
from schema.access import Access
from schema.connection import argument
from schema.mutation import Returns, mutation
from schema.scalars import JSON


@strawberry.input(description="One thing that a visitor did.")
class VisitorEventInput:
    """An event, as a theme or its script sends it."""

    id: str = strawberry.field(
        description="The client's own id, best a UUID; at most 64 characters. "
        "Sent again with the same `occurredAt`, the event counts once."
    )
    name: str = strawberry.field(
        description="What it is, such as `page_view`: lower-case letters, digits, underscores; at most 60."
    )
    session_id: str = strawberry.field(description="The visit, by an id that the client made; at most 64 characters.")
    occurred_at: str = strawberry.field(
        description="When, by the client's clock, in ISO 8601 with an offset: at most 72 hours ago, and at most "
        "10 minutes ahead. A text, so that one that is wrong does not refuse the others."
    )
    url: str = strawberry.field(description="On which page; at most 2,048 characters. Host, path and `utm_*` are kept.")
    title: str | None = strawberry.field(default=None, description="The page's title; 300 characters of it are kept.")
    referrer: str | None = strawberry.field(default=None, description="The page before. Host and path are kept.")
    sequence: int | None = strawberry.field(
        default=None, description="Its place in the session, which orders what happened at the same moment."
    )
    properties: JSON | None = strawberry.field(
        default=None, description="What else is to be said: an object of at most 50 keys, 4 levels, 4,096 bytes."
    )


@strawberry.input(description="Whose events shall be deleted: sessions, a customer's, or both.")
class VisitorDataDeleteInput:
    """Who is to be forgotten."""

    session_ids: list[str] | None = strawberry.field(
        default=None, description=f"The sessions, by the ids that the client made; at most {MAX_SESSIONS:,}."
    )
    email: str | None = strawberry.field(
        default=None, description="The customer with this e-mail address: the sessions in which they placed orders."
    )


async def _track(context: Context, events: list[Any]) -> Outcome:
    tracked = await track_events(context, events)
    return {"accepted_count": tracked.accepted, "problems": tracked.problems}


async def _delete(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await delete_visitor_data(context, validated(VisitorData, input))


MUTATIONS = {
    "visitor_events_track": mutation(
        "visitorEventsTrack",
        f"Stores what visitors did, at most {MAX_EVENTS} events. Those that are wrong are refused one by one, the "
        "others are kept. Each counts once, however often it is sent.",
        needs=Access.WORKSPACE,
        arguments=[argument("events", list[VisitorEventInput], "The events, in any order.")],
        run=_track,
        returns={
            "accepted_count": Returns(
                int, "How many are stored, now or before.", lambda outcome: outcome["accepted_count"]
            )
        },
        codes=("FOREIGN",),
    ),
    "visitor_data_delete": mutation(
        "visitorDataDelete",
        "Deletes the events of visitors, for good, and has their days counted anew.",
        needs="analytics:write",
        arguments=[argument("input", VisitorDataDeleteInput, "Whose.")],
        run=_delete,
        returns={
            "deleted_count": Returns(int, "How many events were deleted.", lambda outcome: outcome["count"]),
        },
    ),
}
