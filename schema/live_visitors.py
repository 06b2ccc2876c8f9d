"""Who is on the sites right now."""

from collections.abc import AsyncGenerator
from datetime import datetime

import strawberry

from resolvers.context import Context
from resolvers.live_visitors import OLDEST_MINUTES, TICK_SECONDS, WINDOW_MINUTES, Present
from resolvers.write import workspace_of
from schema.live import watched_field


@strawberry.type(description="How many visitors are on the sites.")
class LiveVisitors:
    """The visitors of the last minutes."""

    at: datetime = strawberry.field(description="When it was counted; since then it has not changed.")
    visitors: int = strawberry.field(
        description=f"How many visitors were heard from in the last {WINDOW_MINUTES} minutes, bots not counted. "
        f"What happened more than {OLDEST_MINUTES} minutes ago and only comes now does not count."
    )
    page_views_per_minute: float = strawberry.field(
        description=f"How many pages they viewed in these {WINDOW_MINUTES} minutes, by the minute."
    )


def _follow(context: Context) -> AsyncGenerator[Present, None]:
    platform = context.platform
    return platform.live_visitors.follow(platform.database, workspace_of(context))


def _show(present: Present) -> LiveVisitors:
    return LiveVisitors(at=present.at, visitors=present.visitors, page_views_per_minute=present.page_views_per_minute)


SUBSCRIPTIONS = {
    "live_visitors": watched_field(
        "liveVisitors",
        LiveVisitors,
        "How many visitors there are now: at once, and then whenever it has changed, at most every "
        f"{TICK_SECONDS:.0f} seconds.",
        "analytics:read",
        _follow,
        _show,
    ),
}
