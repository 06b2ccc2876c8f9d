"""Counting visitors and orders, and keeping the weeks of their events."""

from resolvers.analytics.count import count_due_days, due_days
from resolvers.analytics.count_orders import count_due_orders, due_order_days
from resolvers.analytics.partitions import keep_partitions
from tasks.job import Job, Services


async def _is_due(services: Services) -> bool:
    return bool(await due_days(services.platform, 1))


async def _count(services: Services) -> int:
    return await count_due_days(services.platform)


async def _are_orders_due(services: Services) -> bool:
    return bool(await due_order_days(services.platform, 1))


async def _count_orders(services: Services) -> int:
    return await count_due_orders(services.platform)


async def _always(_services: Services) -> bool:
    """Finding out costs as much as doing it."""
    return True


async def _keep(services: Services) -> tuple[int, int]:
    return await keep_partitions(services.platform)


COUNT = Job("count_visitors", 2.0, _is_due, _count)
COUNT_ORDERS = Job("count_orders", 2.0, _are_orders_due, _count_orders)
PARTITIONS = Job("keep_visitor_event_weeks", 600.0, _always, _keep)
