"""Sending what is due.

PostgreSQL holds what is due and who is at it. A worker leases a batch by the database's clock, sends it, and writes the
results under its lease's token: one that was so slow that its lease went to another worker writes nothing. An e-mail is
sent at least once; it is sent twice where a worker dies between the sending and the writing.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from core.ids import new_id
from integrations.messaging import Email, Mailer, Undeliverable
from resolvers.context import Platform

log = structlog.get_logger()

BATCH = 20
# Seconds for one e-mail, and for a batch, which is sent all at once: a lease outlives its batch.
SEND_TIMEOUT = 20.0
LEASE = "60 seconds"
MAX_ATTEMPTS = 8
# 1, 2, 4 … minutes after each attempt that failed, and never more than this.
MAX_BACKOFF_MINUTES = 60
MAX_ERROR_LENGTH = 500

# One that was leased as often as it may be tried and never came back takes its worker down each time.
GIVE_UP = f"""
update email_message set failed_at = now(), error = 'Every worker that sent it ended before it was done.'
 where id = any(array(select id from email_message
                       where sent_at is null and failed_at is null and due_at <= now() and lease_until <= now()
                         and attempt >= {MAX_ATTEMPTS} limit 100 for update skip locked))
"""  # noqa: S608 - constants of ours
LEASE_BATCH = f"""
with due as (
  select id from email_message
   where sent_at is null and failed_at is null and due_at <= now() and (lease_until is null or lease_until <= now())
     and attempt < {MAX_ATTEMPTS}
   order by due_at limit $1 for update skip locked)
update email_message e set lease_until = now() + interval '{LEASE}', lease_token = $2, attempt = e.attempt + 1
  from due where e.id = due.id
returning e.id, e.to_address, e.subject, e.text_body, e.attempt
"""  # noqa: S608 - constants of ours
# What was sent is kept without its text: that may hold a link that lets somebody in.
WRITE_RESULTS = f"""
update email_message e
   set sent_at = case when r.error is null then now() end,
       failed_at = case when r.error is not null and (r.is_final or e.attempt >= {MAX_ATTEMPTS}) then now() end,
       text_body = case when r.error is null then '' else e.text_body end,
       error = r.error,
       due_at = now() + least(power(2, e.attempt - 1), {MAX_BACKOFF_MINUTES}) * interval '1 minute',
       lease_until = null,
       lease_token = null
  from unnest($2::uuid[], $3::text[], $4::boolean[]) r(id, error, is_final)
 where e.id = r.id and e.lease_token = $1
"""  # noqa: S608 - constants of ours
IS_ANY_DUE = """
select exists (select from email_message
                where sent_at is null and failed_at is null and due_at <= now()
                  and (lease_until is null or lease_until <= now()))
"""


class _Result(NamedTuple):
    """What came of one e-mail: no error where it was sent; a final one is not tried again."""

    id: UUID
    error: str | None
    is_final: bool


async def is_any_due(platform: Platform) -> bool:
    """Whether there is an e-mail that no worker is at."""
    async with platform.database.system.acquire() as connection:
        return bool(await connection.fetchval(IS_ANY_DUE))


async def send_due_emails(platform: Platform, mailer: Mailer) -> int:
    """Sends what is due, batch by batch, until nothing is left that is; gives how many were tried."""
    tried = 0
    while rows := await _lease(platform, token := new_id()):
        results = await asyncio.gather(*(_send(mailer, row) for row in rows))
        await _write(platform, token, results)
        tried += len(rows)
    return tried


async def _lease(platform: Platform, token: UUID) -> list[Any]:
    async with platform.database.system.acquire() as connection:
        await connection.execute(GIVE_UP)
        rows: list[Any] = await connection.fetch(LEASE_BATCH, BATCH, token)
    return rows


async def _send(mailer: Mailer, row: Any) -> _Result:
    email = Email(row["id"], row["to_address"], row["subject"], row["text_body"])
    error, is_final = None, False
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            await mailer.send(email)
    except Undeliverable as refusal:
        error, is_final = str(refusal), True
    except TimeoutError:
        error = f"The mail server took longer than {SEND_TIMEOUT:.0f} s."
    except Exception as failure:  # noqa: BLE001 - whatever a provider raises, the others of the batch are sent
        error = f"{type(failure).__name__}: {failure}"
    if error:
        log.warning("e-mail not sent", email_id=str(row["id"]), attempt=row["attempt"], error=error)
    return _Result(row["id"], error[:MAX_ERROR_LENGTH] if error else None, is_final)


async def _write(platform: Platform, token: UUID, results: Sequence[_Result]) -> None:
    ids, errors, finals = zip(*results, strict=True)
    async with platform.database.system.acquire() as connection:
        await connection.execute(WRITE_RESULTS, token, list(ids), list(errors), list(finals))
