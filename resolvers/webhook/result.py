"""Writing what came of tries: many at once, and only under the lease that they were made with."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from core.connections import Connection
from core.database import transaction
from resolvers.context import Platform
from resolvers.webhook.relay import EndpointKey

# Endpoints are locked before their deliveries, in the order of their keys, as whoever deletes one does. So nobody waits
# in a circle, and an endpoint that was lost or deleted while this waited for it takes nothing any more.
# A try that was written already, by a transaction whose answer was lost, is not written again. One whose delivery was
# begun anew in the meantime counts, if it succeeded; if it failed, the new beginning stands. The log of tries conflicts
# with nothing, and if it ever does, deliveries do not wait for it.
WRITE = """
with r as (
  select * from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::timestamptz[],
                       $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::boolean[], $13::float8[])
    r(workspace_id, endpoint_id, delivery_id, attempt_id, due_at, started_at, duration_ms, status_code, error,
      response_body, is_delivered, delay)),
held as (
  select r.* from r join webhook_endpoint e on e.workspace_id = r.workspace_id and e.id = r.endpoint_id
   where e.worker_id = $1 order by e.workspace_id, e.id for no key update of e),
mine as (
  select h.*, d.attempt_count + 1 as number, d.due_at <> h.due_at as is_begun_anew
    from held h
    join webhook_delivery d on d.workspace_id = h.workspace_id and d.id = h.delivery_id and d.due_at is not null
   where not exists (select from webhook_attempt a where a.workspace_id = h.workspace_id and a.id = h.attempt_id)
   order by d.workspace_id, d.id for update of d),
written as (
  update webhook_delivery d
     set attempt_count = m.number,
         tries = case when m.is_begun_anew then d.tries else d.tries + 1 end,
         status = case when m.is_delivered then 'DELIVERED' when m.is_begun_anew or m.delay is not null then 'PENDING'
                       else 'FAILED' end,
         due_at = case when m.is_delivered then null when m.is_begun_anew then d.due_at
                       else now() + m.delay * interval '1 second' end,
         finished_at = case when m.is_delivered or (m.delay is null and not m.is_begun_anew) then now() end
    from mine m where d.workspace_id = m.workspace_id and d.id = m.delivery_id),
hours as (
  insert into webhook_hour as h (workspace_id, endpoint_id, hour, tries, delivered, retries, retries_delivered,
                                 given_up, last_delivered_at, last_tried_at)
  select m.workspace_id, m.endpoint_id, date_trunc('hour', now()), count(*), count(*) filter (where m.is_delivered),
         count(*) filter (where m.number > 1), count(*) filter (where m.number > 1 and m.is_delivered),
         count(*) filter (where not m.is_delivered and m.delay is null and not m.is_begun_anew),
         max(m.started_at) filter (where m.is_delivered), now()
    from mine m group by m.workspace_id, m.endpoint_id
  on conflict (workspace_id, endpoint_id, hour) do update
     set tries = h.tries + excluded.tries, delivered = h.delivered + excluded.delivered,
         retries = h.retries + excluded.retries,
         retries_delivered = h.retries_delivered + excluded.retries_delivered,
         given_up = h.given_up + excluded.given_up,
         last_delivered_at = greatest(h.last_delivered_at, excluded.last_delivered_at),
         last_tried_at = excluded.last_tried_at)
insert into webhook_attempt (workspace_id, id, delivery_id, number, started_at, duration_ms, status_code, error,
                             response_body)
select m.workspace_id, m.attempt_id, m.delivery_id, m.number, m.started_at, m.duration_ms, m.status_code, m.error,
       m.response_body
  from mine m
    on conflict do nothing
"""
# `failing_since` moves only when an endpoint's fortune turns: one that goes on as it did costs no update. What was
# posted to a URL says nothing of the one that the endpoint was given since.
TURN = """
update webhook_endpoint e set failing_since = n.failed_at
  from unnest($2::uuid[], $3::uuid[], $4::text[], $5::boolean[], $6::timestamptz[])
         n(workspace_id, id, url, has_delivered, failed_at)
 where e.workspace_id = n.workspace_id and e.id = n.id and e.url = n.url and e.worker_id = $1
   and e.failing_since is distinct from n.failed_at and (n.has_delivered or e.failing_since is null)
"""
FAILING_TOO_LONG = """
select e.workspace_id, e.id, e.url from unnest($1::uuid[], $2::uuid[], $3::text[]) n(workspace_id, id, url)
  join webhook_endpoint e using (workspace_id, id, url)
 where e.is_active and e.failing_since < now() - $4 * interval '1 day'
"""


class Result(NamedTuple):
    """What came of one try. `due_at` is when it was due; `delay` is the wait until the next, in seconds, if any.

    `url` is where it was posted to.
    """

    workspace_id: UUID
    endpoint_id: UUID
    delivery_id: UUID
    attempt_id: UUID
    due_at: datetime
    started_at: datetime
    duration_ms: int
    status_code: int | None
    error: str | None
    response_body: str
    is_delivered: bool
    delay: float | None
    url: str

    @property
    def endpoint(self) -> EndpointKey:
        return EndpointKey(self.workspace_id, self.endpoint_id)


class _Address(NamedTuple):
    """An endpoint, and where it was posted to."""

    workspace_id: UUID
    endpoint_id: UUID
    url: str


class _Fortune(NamedTuple):
    """What a batch says of one: whether it took anything, and when the first failure behind that began."""

    has_delivered: bool
    failed_at: datetime | None


async def write_results(platform: Platform, worker_id: UUID, results: Sequence[Result]) -> dict[EndpointKey, str]:
    """Writes them all in one transaction; gives the endpoints that have failed for too long, with their URLs.

    They are in the order in which the tries ended.
    """
    *columns, _ = zip(*results, strict=True)
    async with platform.database.system.acquire() as connection, transaction(connection):
        await connection.execute(WRITE, worker_id, *map(list, columns))
        return await _turn(connection, worker_id, _fortunes(results), platform.settings.webhook_give_up_days)


def _fortunes(results: Sequence[Result]) -> dict[_Address, _Fortune]:
    found: dict[_Address, _Fortune] = {}
    for result in results:
        address = _Address(result.workspace_id, result.endpoint_id, result.url)
        has_delivered, failed_at = found.get(address, (False, None))
        if result.is_delivered:
            found[address] = _Fortune(has_delivered=True, failed_at=None)
        else:
            found[address] = _Fortune(has_delivered, failed_at or result.started_at)
    return found


async def _turn(
    connection: Connection, worker_id: UUID, fortunes: dict[_Address, _Fortune], give_up: float
) -> dict[EndpointKey, str]:
    columns = (list(column) for column in (*zip(*fortunes, strict=True), *zip(*fortunes.values(), strict=True)))
    await connection.execute(TURN, worker_id, *columns)
    failed = [address for address, fortune in fortunes.items() if fortune.failed_at]
    if not failed:
        return {}
    rows = await connection.fetch(FAILING_TOO_LONG, *map(list, zip(*failed, strict=True)), give_up)
    return {EndpointKey(row["workspace_id"], row["id"]): row["url"] for row in rows}
