"""The inputs that filters share."""

from datetime import datetime

import strawberry

_GT, _GTE = "More than this.", "This or more."
_LT, _LTE = "Less than this.", "This or less."


@strawberry.input(description="A span of time; bounds that are left out are open.")
class DateTimeRange:
    """Bounds of a moment."""

    gt: datetime | None = strawberry.field(default=None, description="After this.")
    gte: datetime | None = strawberry.field(default=None, description="At this moment or after it.")
    lt: datetime | None = strawberry.field(default=None, description="Before this.")
    lte: datetime | None = strawberry.field(default=None, description="At this moment or before it.")


@strawberry.input(description="A span of whole numbers; bounds that are left out are open.")
class IntRange:
    """Bounds of a number."""

    gt: int | None = strawberry.field(default=None, description=_GT)
    gte: int | None = strawberry.field(default=None, description=_GTE)
    lt: int | None = strawberry.field(default=None, description=_LT)
    lte: int | None = strawberry.field(default=None, description=_LTE)
