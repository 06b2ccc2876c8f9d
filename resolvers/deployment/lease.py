"""Which worker builds what. A deployment is one worker's for as long as that says so; time is the database's."""

from typing import Any
from uuid import UUID

import asyncpg

from resolvers.context import Platform

# A worker that builds says every few seconds that it lives. What one that was killed was at is another's after this.
LEASE_SECONDS = 15.0
LEASE = f"{LEASE_SECONDS} seconds"
EXTEND_SECONDS = 3.0
MAX_ATTEMPTS = 2

# Of the workspaces with the fewest builds under way the one that was served longest ago, and of that the oldest.
_DUE = """
with busy as (
  select workspace_id, count(*) as builds from deployment
   where status = 'BUILDING' and lease_until > now() group by workspace_id)
select d.workspace_id, d.id from deployment d left join busy b on b.workspace_id = d.workspace_id
 where (d.status = 'BUILDING' and d.lease_until <= now()
        or d.status = 'QUEUED' and not exists (
             select from deployment o
              where o.workspace_id = d.workspace_id and o.site_id = d.site_id and o.status = 'BUILDING'))
   and coalesce(b.builds, 0) < $1
 order by coalesce(b.builds, 0),
          (select max(p.started_at) from deployment p
            where p.workspace_id = d.workspace_id and p.created_at > now() - interval '1 day') nulls first,
          d.created_at
 limit 1
"""
IS_ANY_DUE = f"select exists ({_DUE})"
TAKE = f"""
with due as ({_DUE} for update of d skip locked)
update deployment d
   set status = 'BUILDING', step = 'FETCH', attempt = d.attempt + 1, started_at = coalesce(d.started_at, now()),
       lease_until = now() + interval '{LEASE}', lease_token = $2
  from due where d.workspace_id = due.workspace_id and d.id = due.id
returning d.workspace_id, d.id, d.site_id, d.number, d.theme_id, d.theme_version, d.attempt
"""  # noqa: S608 - constants of ours
EXTEND = f"""
update deployment d set lease_until = now() + interval '{LEASE}'
  from (select is_cancelling from deployment where workspace_id = $1 and id = $2) before
 where d.workspace_id = $1 and d.id = $2 and d.lease_token = $3 and d.status = 'BUILDING'
returning before.is_cancelling
"""  # noqa: S608 - constants of ours


async def is_any_build_due(platform: Platform) -> bool:
    """Whether there is a deployment that waits for a worker."""
    async with platform.database.system.acquire() as connection:
        return bool(await connection.fetchval(IS_ANY_DUE, platform.settings.builds_at_once_per_workspace))


async def lease_build(platform: Platform, token: UUID) -> Any:
    """The next deployment to be built, which is this worker's from now on; None where there is none."""
    async with platform.database.system.acquire() as connection:
        try:
            return await connection.fetchrow(TAKE, platform.settings.builds_at_once_per_workspace, token)
        except asyncpg.UniqueViolationError:
            # Another worker took another deployment of the same site in this moment.
            return None


async def extend_lease(platform: Platform, row: Any, token: UUID) -> bool | None:
    """Says that the worker is at it. Whether it is to be cancelled; None where it is no longer this worker's."""
    async with platform.database.system.acquire() as connection:
        found: bool | None = await connection.fetchval(EXTEND, row["workspace_id"], row["id"], token)
        return found
