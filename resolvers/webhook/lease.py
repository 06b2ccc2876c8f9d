"""Which worker delivers to which endpoint.

An endpoint is one worker's at a time, so that its deliveries are posted with one bound in all and none is posted twice
at once. A worker says every second that it lives; the endpoints of one that did not for `ALIVE` are free to others, and
whatever it writes about them after that is ignored. Time is the database's.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from core.database import transaction
from resolvers.context import Platform
from resolvers.webhook.relay import EndpointKey
from resolvers.webhook.waiting import WAITING

ALIVE = "5 seconds"
CLAIM_AT_ONCE = 2_000

KEEP_ALIVE = f"""
insert into worker (id, alive_until) values ($1, now() + interval '{ALIVE}')
on conflict (id) do update set alive_until = excluded.alive_until
"""  # noqa: S608 - a constant of ours
_IS_FREE = """
e.is_active
and (e.worker_id is null
     or not exists (select from worker w where w.id = e.worker_id and w.alive_until > now()))
"""
_HAS_DUE = """
exists (select from webhook_delivery d
         where d.workspace_id = e.workspace_id and d.endpoint_id = e.id and d.due_at <= now())
"""
_TAKE = """
update webhook_endpoint e set worker_id = $1 from free where e.workspace_id = free.workspace_id and e.id = free.id
returning e.workspace_id, e.id, e.failing_since is not null as is_failing
"""
CLAIM_ANY = f"""
with recursive {WAITING},
free as (select e.workspace_id, e.id
           from waiting k join webhook_endpoint e on e.workspace_id = k.workspace_id and e.id = k.endpoint_id
          where {_IS_FREE} and {_HAS_DUE} limit {CLAIM_AT_ONCE} for update of e skip locked) {_TAKE}
"""  # noqa: S608 - constants of ours
CLAIM_OF = f"""
with free as (select e.workspace_id, e.id from webhook_endpoint e
               where e.workspace_id = any($2::uuid[]) and {_IS_FREE} and {_HAS_DUE}
               for update of e skip locked) {_TAKE}
"""  # noqa: S608 - constants of ours
DUE = """
select d.workspace_id, d.endpoint_id, d.id, d.event_id, d.body, d.tries, d.due_at, e.url, e.secret,
       e.site_id, s.live_deployment_id, v.address,
       case when e.previous_secret_expires_at > now() then e.previous_secret end as previous_secret,
       case when d.attempt_count = 0 then extract(epoch from clock_timestamp() - d.created_at)::float8 end as age
  from unnest($2::uuid[], $3::uuid[], $4::bigint[]) k(workspace_id, id, room)
  join webhook_endpoint e on e.workspace_id = k.workspace_id and e.id = k.id and e.worker_id = $1 and e.is_active
  left join site s on s.workspace_id = e.workspace_id and s.id = e.site_id
  left join site_server v on v.workspace_id = e.workspace_id and v.deployment_id = s.live_deployment_id
 cross join lateral (
   select d.* from webhook_delivery d
    where d.workspace_id = e.workspace_id and d.endpoint_id = e.id and d.due_at <= now()
    order by d.due_at, d.id limit k.room) d
 order by d.due_at limit $5
"""
RELEASE = """
update webhook_endpoint e set worker_id = null from unnest($2::uuid[], $3::uuid[]) k(workspace_id, id)
 where e.workspace_id = k.workspace_id and e.id = k.id and e.worker_id = $1
"""


async def keep_alive(platform: Platform, worker_id: UUID) -> None:
    """Says that the worker lives."""
    async with platform.database.system.acquire() as connection:
        await connection.execute(KEEP_ALIVE, worker_id)


async def claim_any(platform: Platform, worker_id: UUID) -> dict[EndpointKey, bool]:
    """Takes endpoints that nobody has and that have something due.

    Gives those taken, and whether what was posted last to each failed.
    """
    async with platform.database.system.acquire() as connection:
        return _claimed(await connection.fetch(CLAIM_ANY, worker_id))


async def claim_of(platform: Platform, worker_id: UUID, workspaces: Collection[UUID]) -> dict[EndpointKey, bool]:
    """The same for all such endpoints of these workspaces."""
    async with platform.database.system.acquire() as connection:
        return _claimed(await connection.fetch(CLAIM_OF, worker_id, list(workspaces)))


def _claimed(rows: Iterable[Any]) -> dict[EndpointKey, bool]:
    return {EndpointKey(row["workspace_id"], row["id"]): row["is_failing"] for row in rows}


async def due_deliveries(
    platform: Platform, worker_id: UUID, rooms: Mapping[EndpointKey, int], longest: int
) -> list[Any]:
    """What is due for endpoints of the worker's, the oldest first, at most so many of each and of all.

    `age` is how many seconds ago those that were never tried were made. `address` is where a site is served whose
    endpoint it is, while it runs.
    """
    async with platform.database.system.acquire() as connection:
        rows: list[Any] = await connection.fetch(DUE, worker_id, *_columns(rooms), list(rooms.values()), longest)
    return rows


async def release(platform: Platform, worker_id: UUID, keys: Collection[EndpointKey]) -> None:
    """Gives endpoints back."""
    async with platform.database.system.acquire() as connection:
        await connection.execute(RELEASE, worker_id, *_columns(keys))


async def resign(platform: Platform, worker_id: UUID) -> None:
    """Gives everything back: the worker ends."""
    async with platform.database.system.acquire() as connection, transaction(connection):
        await connection.execute("update webhook_endpoint set worker_id = null where worker_id = $1", worker_id)
        await connection.execute("delete from worker where id = $1", worker_id)


def _columns(keys: Iterable[EndpointKey]) -> tuple[list[UUID], list[UUID]]:
    keys = list(keys)
    return [key.workspace_id for key in keys], [key.id for key in keys]
