"""The days that a question is about."""

from datetime import date

import strawberry


@strawberry.input(description="Days in the workspace's time zone: either `days`, or `from` and `to`.")
class AnalyticsRange:
    """A range of days."""

    days: int | None = strawberry.field(default=None, description="The last so many, today included.")
    from_: date | None = strawberry.field(default=None, name="from", description="The first day.")
    to: date | None = strawberry.field(default=None, description="The last day, included.")
