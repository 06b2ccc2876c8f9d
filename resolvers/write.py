"""The one door through which a workspace is changed.

A write is one transaction: the idempotency key is claimed first, then rows change, and the last statement before the
commit numbers the sync events, writes the audit entries and stores the outcome. Nothing is locked after the counter,
so writers never wait in a circle. Going round this door loses events, the audit log and idempotency.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from core.connections import Connection
from core.crypto import decrypt, encrypt
from core.database import driver_connection, pinned
from core.errors import Conflict, Unauthenticated
from core.events import SyncEventType
from core.ids import new_id
from core.pubsub import events_channel, published_channel
from resolvers.context import Context, IdempotencyKey

IDEMPOTENCY_LIFETIME = "24 hours"

Outcome = Mapping[str, Any]


class AlreadyDone(Exception):
    """The same key was sent before with the same request: `outcome` is what it came to."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("already done")
        self.outcome = outcome


class Secret(str):
    """A value of an outcome that is shown once: stored encrypted, and only as long as the key."""

    __slots__ = ()


@dataclass
class Write:
    """A transaction in progress, and what it is to leave behind."""

    context: Context
    workspace_id: UUID
    connection: Connection
    outcome: Outcome = field(default_factory=dict)
    _session: AsyncSession | None = None
    _events: list[tuple[str, str, UUID]] = field(default_factory=list)
    _audit: list[tuple[UUID, str, str, UUID, str]] = field(default_factory=list)
    shoppers_see: bool = False

    @property
    def session(self) -> AsyncSession:
        if self._session is None:
            raise RuntimeError("write_directly has no session; use write")
        return self._session

    def event(self, event_type: SyncEventType, entity_type: str, entity_id: UUID) -> None:
        """A sync event to be numbered and written at the end."""
        self._events.append((event_type.value, entity_type, entity_id))
        self.shoppers_see = self.shoppers_see or event_type.shoppers_see

    def audit(self, action: str, entity_type: str, entity_id: UUID, changes: Mapping[str, Any] | None = None) -> None:
        """An audit entry: `action` is the mutation's name, `changes` what it set (never a secret)."""
        encoded = orjson.dumps(changes or {}, default=str).decode()
        self._audit.append((new_id(), action, entity_type, entity_id, encoded))

    def done(self, **outcome: Any) -> Outcome:
        """What the mutation came to: ids, and secrets that are shown once. It is all that a replay knows."""
        self.outcome = outcome
        return outcome

    async def fetch_claiming(self, statement: str, *arguments: Any) -> list[Any]:
        """Runs a statement that changes rows, and claims the idempotency key in it: one round trip for both.

        `$1` is the workspace, the arguments are `$2` on. The statement must take its rows `from claim`, which is empty
        where the key is taken: so it locks nothing before the key is its own, and changes nothing if it is not.
        """
        key = self.context.idempotency
        values = [self.workspace_id, *arguments]
        if key is None:
            rows: list[Any] = await self.connection.fetch(f"with claim as (select) {statement}", *values)
            return rows
        places = (f"${len(values) + place}" for place in (1, 2, 3))
        claim = CLAIM.format(*places)
        sql = f"with claim as ({claim}) {statement}"
        rows = await self.connection.fetch(sql, *values, key.caller, key.key, key.fingerprint)
        if not rows:
            await _replay_unless_claimed(self, key)
        return rows

    async def finish(self, *more: str, arguments: tuple[Any, ...] = (), order_numbers: int = 0) -> None:
        """The last statement: counter, events, audit, outcome, and the CTEs in `more`, whose arguments are `$2` on.

        In them `counter` has `sequence` and `order_number`, each the last that was given before this write.

        Raises:
            LookupError: the workspace has no counter, so that its events would be lost.

        """
        values: list[Any] = [self.workspace_id, *arguments]
        parts: list[str] = []

        def parameters(*new: Any) -> list[str]:
            values.extend(new)
            return [f"${number}" for number in range(len(values) - len(new) + 1, len(values) + 1)]

        if self._events:
            parts += _events_sql(self._events, order_numbers, parameters)
        parts += more
        if self._audit:
            parts.append(_audit_sql(self._audit, self.context, parameters))
        if self.context.idempotency:
            parts.append(self._outcome_sql(self.context.idempotency, parameters))
        if not parts:
            return
        last = "select sequence from counter" if self._events else "select null"
        sequence = await self.connection.fetchval(f"with {', '.join(parts)} {last}", *values)
        if self._events and sequence is None:
            raise LookupError(f"Workspace {self.workspace_id} has no counter: its events would be lost.")

    def _outcome_sql(self, key: IdempotencyKey, parameters: Any) -> str:
        sealed = seal_outcome(self.outcome, self.context)
        outcome, caller, key_text = parameters(sealed, key.caller, key.key)
        return (
            f"outcome as (update idempotency_key set outcome = {outcome} "
            f"where workspace_id = $1 and caller = {caller} and key = {key_text})"
        )

    @property
    def has_events(self) -> bool:
        return bool(self._events)


def _events_sql(events: list[tuple[str, str, UUID]], order_numbers: int, parameters: Any) -> list[str]:
    """The database makes their ids: by these they are found by time, and its clock is the one for all machines."""
    types, entity_types, entity_ids, count, orders = parameters(
        *(list(column) for column in zip(*events, strict=True)), len(events), order_numbers
    )
    return [
        (
            f"counter as (update workspace_counter set sequence = sequence + {count}::bigint, "
            f"order_number = order_number + {orders}::bigint where workspace_id = $1 "
            f"returning sequence - {count}::bigint as sequence, order_number - {orders}::bigint as order_number)"
        ),
        (
            "events as (insert into sync_event (workspace_id, sequence, id, type, entity_type, entity_id) "
            "select $1, counter.sequence + e.n, uuidv7(), e.type, e.entity_type, e.entity_id from counter, "
            f"unnest({types}::text[], {entity_types}::text[], {entity_ids}::uuid[]) "
            "with ordinality e(type, entity_type, entity_id, n))"
        ),
    ]


def _audit_sql(audit: list[tuple[UUID, str, str, UUID, str]], context: Context, parameters: Any) -> str:
    caller = context.caller
    ids, actions, entity_types, entity_ids, changes, kind, caller_id, label, address, request_id = parameters(
        *(list(column) for column in zip(*audit, strict=True)),
        caller.kind.value,
        caller.id,
        caller.label,
        caller.address,
        context.request_id,
    )
    return (
        "audit as (insert into audit_entry (workspace_id, id, caller_kind, caller_id, caller_label, address, "
        "request_id, action, entity_type, entity_id, changes) "
        f"select $1, a.id, {kind}, {caller_id}::uuid, {label}, {address}, {request_id}, "
        "a.action, a.entity_type, a.entity_id, a.changes::jsonb "
        f"from unnest({ids}::uuid[], {actions}::text[], {entity_types}::text[], {entity_ids}::uuid[], "
        f"{changes}::text[]) a(id, action, entity_type, entity_id, changes))"
    )


@asynccontextmanager
async def write(context: Context, workspace_id: UUID | None = None) -> AsyncIterator[Write]:
    """A write through a SQLAlchemy session. The workspace is the caller's unless another is named (a new one).

    Raises:
        AlreadyDone: the request's idempotency key was used before for the same request.
        Conflict: it was used for another request, or one with the same key is running.
        Throttled: no database connection became free in time.

    """
    workspace_id = workspace_id or workspace_of(context)
    async with context.platform.database.app.session(workspace_id) as session:
        transaction = Write(context, workspace_id, await driver_connection(session), _session=session)
        await _claim(transaction)
        yield transaction
        await session.flush()
        await transaction.finish()
    _ring(transaction)


@asynccontextmanager
async def write_directly(context: Context) -> AsyncIterator[Write]:
    """A write on an asyncpg connection, for hot paths: every round trip counts, so the use case makes them itself.

    Its first statement goes through `fetch_claiming` and its last through `finish`. Raises what `write` does.
    """
    workspace_id = workspace_of(context)
    async with context.platform.database.app.acquire() as connection, pinned(connection, workspace_id):
        transaction = Write(context, workspace_id, connection)
        yield transaction
    _ring(transaction)


def workspace_of(context: Context) -> UUID:
    """The workspace that the caller acts in.

    Raises:
        Unauthenticated: the caller has none.

    """
    if context.caller.workspace_id is None:
        raise Unauthenticated("This needs a workspace.")
    return context.caller.workspace_id


def _ring(transaction: Write) -> None:
    if transaction.has_events:
        transaction.context.platform.doorbells.ring(events_channel(transaction.workspace_id))
    if transaction.shoppers_see:
        transaction.context.platform.doorbells.ring(published_channel(transaction.workspace_id))


# With the places of caller, key and fingerprint; `$1` is the workspace.
CLAIM = (
    "insert into idempotency_key (workspace_id, caller, key, fingerprint) values ($1, {}, {}, {}) "
    "on conflict (workspace_id, caller, key) do update "
    "set fingerprint = excluded.fingerprint, outcome = null, created_at = now() "
    f"where idempotency_key.created_at < now() - interval '{IDEMPOTENCY_LIFETIME}' returning true"
)
CLAIM_ALONE = CLAIM.format("$2", "$3", "$4")


async def _claim(transaction: Write) -> None:
    """Takes the request's idempotency key, waiting for a request with the same one that is running."""
    key = transaction.context.idempotency
    if key is None:
        return
    try:
        claimed = await transaction.connection.fetchval(
            CLAIM_ALONE, transaction.workspace_id, key.caller, key.key, key.fingerprint
        )
    except asyncpg.LockNotAvailableError:
        raise Conflict("A request with this Idempotency-Key is still running. Try again in a moment.") from None
    if not claimed:
        await _replay_unless_claimed(transaction, key)


async def _replay_unless_claimed(transaction: Write, key: IdempotencyKey) -> None:
    """Answers a key that another request has taken. A row without an outcome is this transaction's own."""
    row = await transaction.connection.fetchrow(
        "select fingerprint, outcome from idempotency_key where workspace_id = $1 and caller = $2 and key = $3",
        transaction.workspace_id,
        key.caller,
        key.key,
    )
    if row is None:
        raise Conflict("This Idempotency-Key has just expired. Send a new one.")
    if row["outcome"] is not None:
        raise_replay(row, key, transaction.context)


def raise_replay(row: Any, key: IdempotencyKey, context: Context) -> None:
    """Answers a key that is taken.

    Raises:
        AlreadyDone: with the outcome of the first request.
        Conflict: the first request was another one.

    """
    if row["fingerprint"] != key.fingerprint:
        raise Conflict("This Idempotency-Key was used for another request. Send a new key with a new request.")
    raise AlreadyDone(open_outcome(row["outcome"], context))


def seal_outcome(outcome: Outcome, context: Context) -> str:
    """The outcome as JSON, its secrets encrypted for this idempotency key."""
    secret_key = context.platform.settings.secret_key.get_secret_value()
    bound_to = context.idempotency.key if context.idempotency else ""
    sealed = {
        name: {"sealed": encrypt(value, secret_key, bound_to)} if isinstance(value, Secret) else value
        for name, value in outcome.items()
    }
    return orjson.dumps(sealed, default=str).decode()


def open_outcome(stored: str, context: Context) -> Outcome:
    """The outcome that was sealed for this key; a secret of another SECRET_KEY is gone and reads as None."""
    secret_key = context.platform.settings.secret_key.get_secret_value()
    bound_to = context.idempotency.key if context.idempotency else ""
    return {
        name: decrypt(value["sealed"], secret_key, bound_to) if isinstance(value, dict) else value
        for name, value in orjson.loads(stored).items()
    }
