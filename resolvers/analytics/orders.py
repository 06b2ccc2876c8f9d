"""What was counted of orders, by day and hour."""

from typing import Any

from resolvers.analytics.reader import Reader
from resolvers.analytics.span import Span

_DAYS = "select * from order_day where workspace_id = $1 and day >= $2 and day <= $3"
_HOURS = "select * from order_hour where workspace_id = $1 and day >= $2 and day <= $3"


async def days(reader: Reader, span: Span) -> list[Any]:
    """The rows of `order_day`."""
    return await reader.fetch(_DAYS, span.first, span.last)


async def hours(reader: Reader, span: Span) -> list[Any]:
    """The rows of `order_hour`."""
    return await reader.fetch(_HOURS, span.first, span.last)
