"""What a host is to run, by what PostgreSQL says, and what it says of that itself."""

from typing import NamedTuple
from uuid import UUID

from resolvers.context import Platform

# A deployment that is to start, and what is live of each site.
DESIRED = """
select d.workspace_id, d.id, d.site_id, s.slug, d.theme_version, d.status = 'STARTING' as is_starting,
       coalesce(v.status = 'STOPPED', false) as is_stopped,
       coalesce(v.wanted_at > v.stopped_at, false) as is_wanted,
       extract(epoch from now() - d.starting_since)::float8 as waited,
       extract(epoch from now() - v.requested_at)::float8 as idle, coalesce(v.failure_count, 0) as failures
  from deployment d
  join site s on s.workspace_id = d.workspace_id and s.id = d.site_id
  left join site_server v on v.workspace_id = d.workspace_id and v.deployment_id = d.id
 where s.deleted_at is null and (d.status = 'STARTING' or d.status = 'LIVE')
"""
SET_RUNNING = """
insert into site_server (workspace_id, deployment_id, status, address, checked_at, requested_at)
values ($1, $2, 'RUNNING', $3, now(), now())
on conflict (workspace_id, deployment_id) do update
  set status = 'RUNNING', address = excluded.address, checked_at = now(), requested_at = now()
"""
SET_STOPPED = """
insert into site_server (workspace_id, deployment_id, status, stopped_at) values ($1, $2, 'STOPPED', now())
on conflict (workspace_id, deployment_id) do update set status = 'STOPPED', address = null, stopped_at = now()
"""
SET_FAILED = """
insert into site_server as v (workspace_id, deployment_id, status, error, stopped_at, failed_at, failure_count)
values ($1, $2, 'STOPPED', $3, now(), now(), 1)
on conflict (workspace_id, deployment_id) do update
  set status = 'STOPPED', address = null, error = excluded.error, stopped_at = now(), failed_at = now(),
      failure_count = v.failure_count + 1
returning failure_count, told_at is not null as is_told
"""
SET_CHECKED = """
update site_server set checked_at = now(), memory_bytes = $3 where workspace_id = $1 and deployment_id = $2
"""
SET_WELL = """
update site_server set failure_count = 0, error = null, failed_at = null, told_at = null
 where workspace_id = $1 and deployment_id = $2
"""
# One that somebody asked for meanwhile stays.
STOP_IDLE = """
update site_server set status = 'STOPPED', address = null, stopped_at = now()
 where workspace_id = $1 and deployment_id = $2 and status = 'RUNNING'
   and requested_at < now() - $3 * interval '1 second'
returning true
"""
# What another host, or none, has left behind.
FORGET_OTHERS = """
update site_server set status = 'STOPPED', address = null, stopped_at = now(), wanted_at = null
 where status <> 'STOPPED' and deployment_id <> all($1::uuid[])
"""


class Desired(NamedTuple):
    """A deployment that is to run. `waited` are the seconds since it was to start, `idle` those since it was asked.

    `failures` is how often in a row its server failed.
    """

    workspace_id: UUID
    id: UUID
    site_id: UUID
    slug: str
    theme_version: str
    is_starting: bool
    is_stopped: bool
    is_wanted: bool
    waited: float | None
    idle: float | None
    failures: int

    def is_late(self, seconds: float) -> bool:
        """Whether it was to start for longer than that."""
        return self.is_starting and (self.waited or 0.0) > seconds


async def find_desired(platform: Platform) -> dict[UUID, Desired]:
    """Everything that is to run, or to be started when it is asked for."""
    async with platform.database.system.acquire() as connection:
        rows = await connection.fetch(DESIRED)
    return {row["id"]: Desired(*row) for row in rows}


async def say_running(platform: Platform, wanted: Desired, address: str) -> None:
    async with platform.database.system.acquire() as connection:
        await connection.execute(SET_RUNNING, wanted.workspace_id, wanted.id, address)


async def say_stopped(platform: Platform, wanted: Desired) -> None:
    async with platform.database.system.acquire() as connection:
        await connection.execute(SET_STOPPED, wanted.workspace_id, wanted.id)


async def say_failed(platform: Platform, wanted: Desired, reason: str) -> tuple[int, bool]:
    """Says that it stopped for this reason. Gives how often in a row it did, and whether its owners know."""
    async with platform.database.system.acquire() as connection:
        (row,) = await connection.fetch(SET_FAILED, wanted.workspace_id, wanted.id, reason)
    return row["failure_count"], row["is_told"]


async def say_checked(platform: Platform, wanted: Desired, memory: int) -> None:
    async with platform.database.system.acquire() as connection:
        await connection.execute(SET_CHECKED, wanted.workspace_id, wanted.id, memory)


async def say_well(platform: Platform, wanted: Desired) -> None:
    """Forgets its failures."""
    async with platform.database.system.acquire() as connection:
        await connection.execute(SET_WELL, wanted.workspace_id, wanted.id)


async def stop_if_idle(platform: Platform, wanted: Desired, seconds: float) -> bool:
    """Says that it is stopped, unless somebody asked for it meanwhile: then it is not to be."""
    async with platform.database.system.acquire() as connection:
        return bool(await connection.fetchval(STOP_IDLE, wanted.workspace_id, wanted.id, seconds))


async def forget_others(platform: Platform, running: list[UUID]) -> None:
    """Says of everything but these that it does not run."""
    async with platform.database.system.acquire() as connection:
        await connection.execute(FORGET_OTHERS, running)
