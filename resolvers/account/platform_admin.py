"""Platform administrators: who runs this Vitrine, for all workspaces. No request makes one."""

from uuid import UUID

from core.ids import new_id
from resolvers.context import Platform

SET = "update app_user set is_platform_admin = $2, updated_at = now() where email = $1 returning id"
NOTE = "insert into user_audit_entry (id, user_id, action, address, request_id) values ($1, $2, $3, '', '')"


async def set_platform_admin(platform: Platform, email: str, *, is_admin: bool) -> UUID | None:
    """Makes the user with this address a platform administrator, or no longer; gives their id if there is one."""
    async with platform.database.system.acquire() as connection, connection.transaction():
        user_id: UUID | None = await connection.fetchval(SET, email.strip().lower(), is_admin)
        if user_id is not None:
            action = "platformAdminMake" if is_admin else "platformAdminUnmake"
            await connection.execute(NOTE, new_id(), user_id, action)
        return user_id
