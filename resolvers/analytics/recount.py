"""Having a workspace's figures counted anew, on demand: after some were lost, or a fault in counting was mended."""

from uuid import UUID

from core.database import pinned
from resolvers.analytics.count import recount_all_days
from resolvers.analytics.count_orders import recount_order_days, recount_orders
from resolvers.analytics.day import give_room
from resolvers.context import Platform

_FIND = "select id from workspace where slug = $1"
_ALL = "select slug from workspace order by slug"


async def all_slugs(platform: Platform) -> list[str]:
    """Of all workspaces."""
    async with platform.database.system.acquire() as connection:
        return [row["slug"] for row in await connection.fetch(_ALL)]


async def recount_workspace(platform: Platform, slug: str) -> bool:
    """Notes all days with events or orders, which the worker then counts; False where there is no such workspace.

    Days whose events were deleted for their age keep their figures.
    """
    async with platform.database.system.acquire() as connection:
        workspace_id: UUID | None = await connection.fetchval(_FIND, slug)
    if workspace_id is None:
        return False
    async with platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        await give_room(connection)
        await recount_all_days(connection, workspace_id)
        await recount_order_days(connection, workspace_id)
        await recount_orders(connection, workspace_id)
    return True
