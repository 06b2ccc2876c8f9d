"""Deleting what nobody needs any more, a bounded batch at a time, so that no table is locked for long.

Several workers may do it at once: who comes second finds the rows gone.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from core.clock import now
from core.database import DATABASE_FAULTS
from core.settings import Settings
from resolvers.account.throttle import WINDOW
from resolvers.context import Platform
from resolvers.visitor import SALT_DAYS
from resolvers.webhook.waiting import WAITING
from resolvers.write import IDEMPOTENCY_LIFETIME

log = structlog.get_logger()

BATCH = 1_000
# Batches of one table in one run: the rest waits for the next run, a minute later. 800 deliveries a second leave 48,000
# rows a minute; deleting 20,000 takes 0.2 s.
MAX_BATCHES = 200
# A session that expired is kept some days more, so that its user can be told why it ended.
KEEP_SESSIONS = "7 days"
KEEP_EMAILS = timedelta(days=30)
KEEP_WORKERS = "1 hour"
# A poller that has not asked for so long is gone.
KEEP_POLLING_STATES = "30 days"
# Workspaces whose events are pruned in one run, those with the oldest first.
MAX_WORKSPACES = 1_000
_MILLISECOND_SHIFT = 80  # where a UUIDv7 has its time

# What waits for an endpoint that is deleted.
_ORPHANS = f"""
with recursive {WAITING},
gone as (
  select * from waiting w
   where not exists (select from webhook_endpoint e where e.workspace_id = w.workspace_id and e.id = w.endpoint_id)),
orphans as (
  select d.place from gone g
   cross join lateral (
     select v.ctid as place from webhook_delivery v
      where v.workspace_id = g.workspace_id and v.endpoint_id = g.endpoint_id and v.due_at is not null
      limit {BATCH}) d
   limit {BATCH})
delete from webhook_delivery where ctid = any(array(select place from orphans)) and due_at is not null
"""  # noqa: S608 - constants of ours


# Drafts that were published or discarded, to the letter as their index says it.
_FINISHED = "status in ('PUBLISHED', 'DISCARDED')"


class _Rule(NamedTuple):
    """Rows of a table that go, the oldest first where an index has them in order.

    `$1`, where the condition has it, is an id older than which rows were written before. `key` is what they are deleted
    by where the role may not see all of the table, and so not where its rows lie.
    """

    table: str
    condition: str
    older_than: timedelta | None = None
    order: str = ""
    key: str = ""


def _rules(settings: Settings) -> tuple[_Rule, ...]:
    """Deleting a session deletes its refresh tokens. Those that a living session has used are kept as long as a session
    may rest: one that comes back in that time was stolen. Deliveries that wait are kept as long as they wait.
    """
    log_begins = f"now() - {settings.webhook_log_days} * interval '1 day'"
    drafts_begin = f"now() - {settings.draft_days} * interval '1 day'"
    return (
        _Rule("idempotency_key", f"created_at < now() - interval '{IDEMPOTENCY_LIFETIME}'"),
        _Rule("user_idempotency_key", f"created_at < now() - interval '{IDEMPOTENCY_LIFETIME}'"),
        _Rule("sign_in_throttle", f"window_started_at < now() - interval '{WINDOW}'"),
        _Rule("user_session", f"expires_at < now() - interval '{KEEP_SESSIONS}'"),
        _Rule("password_reset", "expires_at < now()"),
        _Rule("refresh_token", "id < $1 and used_at is not null", timedelta(seconds=settings.refresh_token_lifetime)),
        _Rule("polling_state", f"last_polled_at < now() - interval '{KEEP_POLLING_STATES}'"),
        _Rule("email_message", "id < $1 and (sent_at is not null or failed_at is not null)", KEEP_EMAILS),
        _Rule(
            "storefront_draft",
            f"{_FINISHED} and updated_at < {drafts_begin}",
            order="updated_at",
            key="workspace_id, id",
        ),
        _Rule("webhook_delivery", f"created_at < {log_begins} and due_at is null", order="created_at"),
        _Rule("webhook_hour", f"hour < {log_begins}", order="hour"),
        _Rule("visitor_salt", f"day < (now() at time zone 'UTC')::date - {SALT_DAYS}", order="day"),
        _Rule("worker", f"alive_until < now() - interval '{KEEP_WORKERS}'"),
    )


# The primary key finds each workspace's oldest event.
_WITH_OLD_EVENTS = """
select c.workspace_id from workspace_counter c
 cross join lateral (
   select e.occurred_at from sync_event e where e.workspace_id = c.workspace_id order by e.sequence limit 1) oldest
 where oldest.occurred_at < now() - make_interval(days => $1)
 order by oldest.occurred_at limit $2
"""
# Of the smallest numbers those before the first event that is young enough. Who began earlier may have committed later,
# so `occurred_at` is not in order: by it alone there would be gaps, and a gap tells readers that they missed something.
_PRUNE = """
with oldest as (
  select sequence, occurred_at >= now() - make_interval(days => $2) as is_young
    from sync_event where workspace_id = $1 order by sequence limit $3),
kept as (select coalesce(min(sequence) filter (where is_young), max(sequence) + 1) as first from oldest)
delete from sync_event e using kept where e.workspace_id = $1 and e.sequence < kept.first
"""


async def delete_old_rows(platform: Platform) -> dict[str, int]:
    """Deletes what is too old; gives how many rows of each table. What fails, or takes too long, stops nothing else."""
    steps: list[tuple[str, Callable[[], Awaitable[int]]]] = [
        (rule.table, partial(_delete, platform, rule)) for rule in _rules(platform.settings)
    ]
    steps += [
        ("webhook_delivery", partial(_delete_in_batches, platform, _ORPHANS)),
        ("sync_event", partial(_prune_events, platform)),
    ]
    deleted = Counter[str]()
    for table, step in steps:
        try:
            deleted[table] += await step()
        except DATABASE_FAULTS as error:
            log.warning("old rows not deleted, trying again soon", table=table, error=str(error))
    return dict(deleted)


async def _prune_events(platform: Platform) -> int:
    """Deletes old events of each workspace from the front, so that what is kept has no gaps."""
    days = platform.settings.event_days
    async with platform.database.system.acquire() as connection:
        rows = await connection.fetch(_WITH_OLD_EVENTS, days, MAX_WORKSPACES)
    return sum([await _delete_in_batches(platform, _PRUNE, row["workspace_id"], days, BATCH) for row in rows])


async def _delete(platform: Platform, rule: _Rule) -> int:
    arguments = [] if rule.older_than is None else [_first_id(rule.older_than)]
    order = f"order by {rule.order}" if rule.order else ""
    found = f"select {{}} from {rule.table} where {rule.condition} {order} limit {BATCH}"  # noqa: S608 - names of ours
    those = f"({rule.key}) in ({found.format(rule.key)})" if rule.key else f"ctid = any(array({found.format('ctid')}))"
    statement = f"delete from {rule.table} where {those}"  # noqa: S608 - names and conditions of ours
    return await _delete_in_batches(platform, statement, *arguments)


async def _delete_in_batches(platform: Platform, statement: str, *arguments: Any) -> int:
    deleted = 0
    for _ in range(MAX_BATCHES):
        async with platform.database.system.acquire() as connection:
            status = await connection.execute(statement, *arguments)
        count = int(status.rpartition(" ")[2])
        deleted += count
        if count < BATCH:
            break
    return deleted


def _first_id(age: timedelta) -> UUID:
    """The smallest UUIDv7 of the moment that long ago: a range over the primary key, which is in order of time."""
    milliseconds = int((now() - age).timestamp() * 1000)
    return UUID(int=milliseconds << _MILLISECOND_SHIFT)
