"""Forgetting visitors: the events of sessions, named by their ids or by the orders that a customer placed in them."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from core.connections import Connection
from core.errors import Problem, Refused
from resolvers.analytics.count import recount_days
from resolvers.analytics.event import MAX_ID_LENGTH, key_of
from resolvers.context import Context
from resolvers.validation import Email, Input, no_nul
from resolvers.write import Outcome, write

MAX_SESSIONS = 1_000
# Seconds. All of a workspace's events are looked at: none of its indexes knows sessions, which would cost every event.
DELETE_SECONDS = 60.0

SessionId = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_ID_LENGTH), AfterValidator(no_nul), AfterValidator(key_of)
]


class VisitorData(Input):
    """Whose events shall go."""

    session_ids: Annotated[tuple[SessionId, ...], Field(max_length=MAX_SESSIONS)] = ()
    email: Email | None = None


# The sessions in which the customer's orders were placed, as `purchase` events tell by the order's id.
_SESSIONS_OF_CUSTOMER = """
select distinct e.session_id from visitor_event e
 where e.workspace_id = $1 and e.name = 'purchase' and e.properties->>'orderId' = any(
   select 'Order_' || replace(o.id::text, '-', '') from sales_order o where o.workspace_id = $1 and o.email = $2)
"""
# Of the moments only the quarters of an hour, at which every day there is begins.
_DELETE = """
with gone as (
  delete from visitor_event where workspace_id = $1 and session_id = any($2::uuid[]) returning occurred_at)
select count(*) as count,
       coalesce(array_agg(distinct date_bin('15 minutes', occurred_at, 'epoch')), '{}') as moments
  from gone
"""


async def delete_visitor_data(context: Context, whose: VisitorData) -> Outcome:
    """Deletes the events of the sessions, and has their days counted anew; the outcome has their `count`.

    Raises:
        Refused: BLANK (neither sessions nor an e-mail address).

    """
    if not whose.session_ids and whose.email is None:
        message = "Name sessions by sessionIds, or a customer by email."
        raise Refused(Problem("BLANK", message, ("input", "sessionIds")))
    async with write(context) as tx:
        await tx.connection.execute(f"set local statement_timeout = '{DELETE_SECONDS:.0f}s'")
        sessions = {UUID(each) for each in whose.session_ids}
        if whose.email is not None:
            sessions |= await _sessions_of(tx.connection, tx.workspace_id, whose.email)
        gone = await tx.connection.fetchrow(_DELETE, tx.workspace_id, list(sessions), timeout=DELETE_SECONDS)
        moments, count = (gone["moments"], gone["count"]) if gone else ([], 0)
        await recount_days(tx.connection, tx.workspace_id, moments)
        # Not who it was: the audit log would keep what was to be forgotten.
        tx.audit("visitorDataDelete", "Workspace", tx.workspace_id, {"sessions": len(sessions), "events": count})
        return tx.done(count=count)


async def _sessions_of(connection: Connection, workspace_id: UUID, email: str) -> set[UUID]:
    rows = await connection.fetch(_SESSIONS_OF_CUSTOMER, workspace_id, email, timeout=DELETE_SECONDS)
    return {row["session_id"] for row in rows}
