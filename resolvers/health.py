"""Whether PostgreSQL and Redis answer, and what waits to be done, of all workspaces together."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from core.database import DATABASE_FAULTS
from resolvers.context import Platform
from resolvers.hosting.failing import TOLD_AFTER
from resolvers.site.health import STALE_SITES
from resolvers.webhook.waiting import WAITING

# Seconds: a database that takes longer is not one to send people to. Nothing here waits longer.
PATIENCE = 2.0
# However often it is asked, the database is asked no more often than this, in seconds.
LOOK_SECONDS = 1.0

# So much is looked at: the figures go no higher than this, and are there also where everything waits.
MAX_ENDPOINTS = 20_000
MAX_COUNTED = 100_000

_OF_ENDPOINT = "d.workspace_id = e.workspace_id and d.endpoint_id = e.id"
# Active endpoints to which something waits, with the oldest of each: a walk over indexes. `oldest_at` is of the
# first row from an endpoint's pending ones on, and it has some; by equality the planner would read and sort them all.
# `tried_at` is the last try of this hour or the one before: whoever was tried since then is late for no fault of ours.
_ENDPOINTS = f"""
select e.workspace_id, e.id,
       (select min(d.due_at) from webhook_delivery d where {_OF_ENDPOINT} and d.due_at is not null) as due_at,
       (select d.created_at from webhook_delivery d
         where (d.workspace_id, d.endpoint_id, d.status) >= (e.workspace_id, e.id, 'PENDING')
         order by d.workspace_id, d.endpoint_id, d.status, d.created_at limit 1) as oldest_at,
       (select max(h.last_tried_at) from webhook_hour h
         where h.workspace_id = e.workspace_id and h.endpoint_id = e.id
           and h.hour >= date_trunc('hour', now()) - interval '1 hour') as tried_at
  from waiting w join webhook_endpoint e on e.workspace_id = w.workspace_id and e.id = w.endpoint_id and e.is_active
 limit {MAX_ENDPOINTS}
"""  # noqa: S608 - constants of ours
_COUNT = f"""
select count(*)::float8 from (
  select from endpoints e
   cross join lateral (select from webhook_delivery d where {_OF_ENDPOINT} and d.due_at is not null
                        limit {MAX_COUNTED}) d
   limit {MAX_COUNTED}) counted
"""  # noqa: S608 - constants of ours
_BEHIND = """
select k.sequence - r.sequence as events,
       (select s.occurred_at from sync_event s where s.workspace_id = r.workspace_id and s.sequence > r.sequence
         order by s.sequence limit 1) as oldest_at
  from webhook_relay r join workspace_counter k using (workspace_id) where k.sequence > r.sequence
"""
# A poller that has not asked for a day is taken for one that is no more.
_STALE_POLLERS = """
select count(*) from polling_state p join workspace_counter k using (workspace_id)
 where k.sequence > p.sequence and p.last_polled_at > now() - interval '1 day'
   and (select s.occurred_at from sync_event s where s.workspace_id = p.workspace_id and s.sequence > p.sequence
         order by s.sequence limit 1) < now() - interval '2 minutes'
"""
# Uploads that nobody has looked into yet, by when they were completed; `due_at` moves with each try.
_ASSETS = f"(select updated_at from asset where due_at is not null order by due_at limit {MAX_COUNTED}) a"  # noqa: S608
_OVERDUE_PUBLISH = (
    "select extract(epoch from now() - min(publish_at))::float8 from storefront_draft where publish_at <= now()"
)
_DEPLOYMENTS = """
select count(*) filter (where status = 'QUEUED')::float8 as builds_waiting,
       extract(epoch from now() - min(created_at) filter (where status = 'QUEUED'))::float8 as oldest_build,
       count(*) filter (where status = 'BUILDING')::float8 as builds_running,
       extract(epoch from now() - min(starting_since))::float8 as oldest_start
  from deployment where status in ('QUEUED', 'BUILDING', 'STARTING')
"""
# Of what is live.
_SERVERS = f"""
select count(*) filter (where v.status = 'RUNNING')::float8 as sites_running,
       count(*) filter (where v.failure_count >= {TOLD_AFTER})::float8 as sites_failing,
       extract(epoch from now() - min(v.checked_at) filter (where v.status = 'RUNNING'))::float8 as sites_unchecked
  from site s
  join site_server v on v.workspace_id = s.workspace_id and v.deployment_id = s.live_deployment_id
 where s.deleted_at is null
"""  # noqa: S608 - a constant of ours
BACKLOG = f"""
with recursive {WAITING}, endpoints as ({_ENDPOINTS}), behind as ({_BEHIND})
select w.waiting, w.overdue, w.oldest_waiting, b.unrelayed, b.oldest_unrelayed,
       ({_STALE_POLLERS}) as stale_pollers, ({STALE_SITES}) as stale_sites,
       (select count(*) from email_message where sent_at is null and failed_at is null) as emails,
       s.assets, s.oldest_asset, ({_OVERDUE_PUBLISH}) as overdue_publish, l.*, r.*
  from (select ({_COUNT}) as waiting,
               extract(epoch from max(now() - greatest(due_at, tried_at)) filter (where due_at < now()))::float8
                 as overdue,
               extract(epoch from max(now() - oldest_at))::float8 as oldest_waiting
          from endpoints) w,
       (select coalesce(sum(events), 0)::float8 as unrelayed,
               extract(epoch from max(now() - oldest_at))::float8 as oldest_unrelayed
          from behind) b,
       (select count(*)::float8 as assets, extract(epoch from max(now() - updated_at))::float8 as oldest_asset
          from {_ASSETS}) s,
       ({_DEPLOYMENTS}) l, ({_SERVERS}) r
"""  # noqa: S608 - constants of ours
# What is shown of a row of BACKLOG.
_GAUGES = {
    "waiting": (
        "vitrine_webhook_waiting",
        f"Deliveries that wait for a try, to active endpoints; {MAX_COUNTED} means that many or more.",
    ),
    "overdue": (
        "vitrine_webhook_overdue_seconds",
        "For how long the most neglected endpoint had something due and no try of it ended, in seconds.",
    ),
    "oldest_waiting": (
        "vitrine_webhook_oldest_waiting_seconds",
        "The age of the oldest delivery that waits for a try, in seconds: of a receiver that fails, as a rule.",
    ),
    "unrelayed": ("vitrine_events_unrelayed", "Events that have no deliveries yet, where there are endpoints."),
    "oldest_unrelayed": (
        "vitrine_events_oldest_unrelayed_seconds",
        "The age of the oldest event that has no deliveries yet, in seconds.",
    ),
    "stale_pollers": (
        "vitrine_pollers_stale",
        "Who polled the changes feed in the last day, and has not asked past an event of more than 2 minutes ago.",
    ),
    "stale_sites": (
        "vitrine_sites_stale",
        "Sites to which webhooks do not get through, and that have not asked past an event of more than 2 minutes ago.",
    ),
    "emails": ("vitrine_emails_waiting", "E-mails that wait to be sent."),
    "assets": (
        "vitrine_assets_waiting",
        f"Uploads that are complete and not looked into; {MAX_COUNTED} means that many or more.",
    ),
    "oldest_asset": (
        "vitrine_assets_oldest_waiting_seconds",
        "For how long the oldest of them has been complete, in seconds.",
    ),
    "overdue_publish": (
        "vitrine_publishes_overdue_seconds",
        "For how long a scheduled draft should have been published and is not, in seconds.",
    ),
    "builds_waiting": ("vitrine_builds_waiting", "Deployments that wait for a worker."),
    "oldest_build": ("vitrine_builds_oldest_waiting_seconds", "For how long the oldest of them has, in seconds."),
    "builds_running": ("vitrine_builds_running", "Deployments that are being built."),
    "oldest_start": (
        "vitrine_sites_oldest_starting_seconds",
        "For how long a host has owed a deployment that is built its start, in seconds.",
    ),
    "sites_running": ("vitrine_sites_running", "Live sites whose server runs."),
    "sites_failing": (
        "vitrine_sites_failing",
        f"Live sites whose server failed {TOLD_AFTER} times in a row or more.",
    ),
    "sites_unchecked": (
        "vitrine_sites_unchecked_seconds",
        "How long ago a host looked at the running site that it looked at the longest ago, in seconds.",
    ),
}


async def database_answers(platform: Platform) -> bool:
    """Whether PostgreSQL answers in time to what requests run as."""
    try:
        async with asyncio.timeout(PATIENCE), platform.database.app.acquire() as connection:
            return bool(await connection.fetchval("select true"))
    except DATABASE_FAULTS:
        return False


async def redis_answers(platform: Platform) -> bool:
    """Whether Redis answers in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            return bool(await platform.redis.ping())
    except (RedisError, OSError):
        return False


class Backlog:
    """What waits, for Prometheus: asked of the database when somebody wants to know."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._figures = _Figures(is_database_up=False, is_redis_up=False, row=None)

    async def figures(self) -> Collector:
        """As of `LOOK_SECONDS` ago at most. What PostgreSQL does not tell in time is absent."""
        async with self._looking:
            if time.monotonic() >= self._looked_at + LOOK_SECONDS:
                database, redis, row = await asyncio.gather(
                    database_answers(self._platform), redis_answers(self._platform), self._row()
                )
                self._figures = _Figures(is_database_up=database, is_redis_up=redis, row=row)
                self._looked_at = time.monotonic()
        return self._figures

    async def _row(self) -> Mapping[str, Any] | None:
        try:
            async with asyncio.timeout(PATIENCE), self._platform.database.system.acquire() as connection:
                row = await connection.fetchrow(BACKLOG)
                return None if row is None else dict(row)
        except DATABASE_FAULTS:
            return None


class _Figures(Collector):
    def __init__(self, *, is_database_up: bool, is_redis_up: bool, row: Mapping[str, Any] | None) -> None:
        self._is_database_up = is_database_up
        self._is_redis_up = is_redis_up
        self._row = row

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("vitrine_database_up", "Whether PostgreSQL answers.", int(self._is_database_up))
        yield GaugeMetricFamily("vitrine_redis_up", "Whether Redis answers.", int(self._is_redis_up))
        if self._row is not None:
            for column, (name, explanation) in _GAUGES.items():
                yield GaugeMetricFamily(name, explanation, self._row[column] or 0)
