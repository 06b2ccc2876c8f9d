"""Live operations: one that many follow is executed once for each event and its answer sent to all of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import structlog
from graphql import (
    DocumentNode,
    FieldNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.values import get_argument_values, get_variable_values

from core.errors import BadUserInput, CursorExpired
from resolvers.context import Context
from resolvers.feed import Event, Feed, check_cursor, events_after, parse_event_cursor
from resolvers.write import workspace_of
from schema.access import check
from schema.live import LIVE_FIELDS, LiveField
from schema.transport.operation import GRAPHQL_SCHEMA, Prepared, Runner, encode, refused, run

log = structlog.get_logger()

MAX_WAITING = 256
MAX_VARIABLE_ERRORS = 20


class TooSlow(Exception):
    """A subscriber does not take its messages; it may come back with its last cursor."""


class Message(NamedTuple):
    """One event's answer, encoded."""

    sequence: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Following:
    """A checked subscription: what it follows, and from where."""

    prepared: Prepared
    live_field: LiveField
    after: int | None
    context: Context


def prepare_live(prepared: Prepared, context: Context) -> Following:
    """Checks a subscription before anything is followed.

    Raises:
        RequestError: the caller may not follow this, or an argument is wrong.
        GraphQLError: the variables do not fit.

    """
    asked, operation = prepared.asked, prepared.operation
    node = operation.selection_set.selections[0]
    if not isinstance(node, FieldNode):
        raise BadUserInput("A subscription's root must be a plain field.")
    live_field = LIVE_FIELDS[node.name.value]
    check(context.caller, live_field.needs)
    variables = get_variable_values(
        GRAPHQL_SCHEMA,
        operation.variable_definitions or (),
        asked.variables,
        max_errors=MAX_VARIABLE_ERRORS,
        # Looking for what was meant takes the square of what was sent.
        hide_suggestions=True,
    )
    if isinstance(variables, list):
        raise variables[0]
    subscription = GRAPHQL_SCHEMA.subscription_type
    if subscription is None:
        raise LookupError("the schema has no subscriptions")
    arguments = get_argument_values(subscription.fields[node.name.value], node, variables)
    cursor = arguments.get("after")
    return Following(
        prepared,
        live_field,
        None if cursor is None else parse_event_cursor(cursor),
        replace(context, idempotency=None),
    )


def _variables_shown(following: Following) -> dict[str, Any]:
    """The variables that can make a difference to an event's answer: not the one that only says where to begin."""
    (root, *_) = following.prepared.operation.selection_set.selections
    uses = Counter(_variables_in(following.prepared.document.node))
    cursors = {
        argument.value.name.value
        for argument in getattr(root, "arguments", None) or ()
        if argument.name.value == "after" and isinstance(argument.value, VariableNode)
    }
    given = following.prepared.asked.variables
    return {name: value for name, value in given.items() if name not in cursors or uses[name] > 1}


class _FindsVariables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_variable(self, node: VariableNode, _key: Any, parent: Any, *_args: Any) -> None:
        if not isinstance(parent, VariableDefinitionNode):
            self.names.append(node.name.value)


def _variables_in(document: DocumentNode) -> list[str]:
    """The name of each use of a variable."""
    finder = _FindsVariables()
    visit(document, finder)
    return finder.names


@dataclass
class _Group:
    """All who follow the same operation with the same rights in the same workspace."""

    key: Any
    following: Following
    workspace_id: UUID
    events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)
    queues: list[asyncio.Queue[Message | Exception]] = field(default_factory=list)
    sequence: int = 0
    task: asyncio.Task[None] | None = None


class LiveOperations:
    """The operations that are followed in this process."""

    def __init__(self, runner: Runner, feed: Feed) -> None:
        self._runner = runner
        self._feed = feed
        self._groups: dict[Any, _Group] = {}
        self._joining = asyncio.Lock()

    async def follow(self, following: Following) -> AsyncIterator[bytes]:
        """The answers for what was missed since `after`, then for what is new, in order and without a gap.

        Raises:
            BadUserInput: the cursor is ahead of the workspace.
            CursorExpired: events that should be shown are no longer kept.
            TooSlow: more than `MAX_WAITING` answers wait to be taken.

        """
        database, workspace_id = self._runner.platform.database, workspace_of(following.context)
        if following.after is not None:
            await check_cursor(database, workspace_id, following.after)
        queue: asyncio.Queue[Message | Exception] = asyncio.Queue(MAX_WAITING)
        group = await self._join(following, workspace_id, queue)
        joined_at = group.sequence
        try:
            if following.after is not None:
                async for event in events_after(database, workspace_id, following.after, joined_at):
                    if event.type in following.live_field.event_types:
                        yield await self._execute(following, event)
            while isinstance(message := await queue.get(), Message):
                # A process that lags behind hears of events that another one has shown this subscriber already.
                if following.after is None or message.sequence > following.after:
                    yield message.body
            raise message
        finally:
            self._leave(group, queue)

    async def _join(
        self, following: Following, workspace_id: UUID, queue: asyncio.Queue[Message | Exception]
    ) -> _Group:
        key = _group_key(following, workspace_id)
        async with self._joining:
            group = self._groups.get(key)
            if group is None:
                group = _Group(key, following, workspace_id)
                group.sequence = await self._feed.follow(workspace_id, group.events.put_nowait)
                group.task = asyncio.create_task(self._pump(group))
                self._groups[key] = group
            group.queues.append(queue)
        return group

    def _leave(self, group: _Group, queue: asyncio.Queue[Message | Exception]) -> None:
        if queue in group.queues:
            group.queues.remove(queue)
        if not group.queues and self._groups.get(group.key) is group:
            del self._groups[group.key]
            self._feed.unfollow(group.workspace_id, group.events.put_nowait)
            if group.task:
                group.task.cancel()

    async def _pump(self, group: _Group) -> None:
        """Executes the operation once for each event, and hands the answer to everybody in the group."""
        while True:
            event = await group.events.get()
            if event is None:
                self._give_up(group)
                return
            if event.type in group.following.live_field.event_types:
                message = Message(event.sequence, await self._execute(group.following, event))
                for queue in list(group.queues):
                    _hand(queue, message, group)
            group.sequence = event.sequence

    def _give_up(self, group: _Group) -> None:
        """Ends a group that missed events; who comes next begins another one."""
        for queue in group.queues:
            queue.put_nowait(CursorExpired())
        group.queues.clear()
        if self._groups.get(group.key) is group:
            del self._groups[group.key]
            self._feed.unfollow(group.workspace_id, group.events.put_nowait)

    async def _execute(self, following: Following, event: Event) -> bytes:
        """The answer for one event; a failure of ours becomes an error in it, since the next event may do better."""
        root = following.live_field.show(event)
        try:
            answer = await run(self._runner, following.prepared, following.context, root)
        except Exception as error:  # noqa: BLE001 - reported to the subscriber and the log, masked
            answer = refused([error], following.context.request_id)
        return encode(answer.body)


def _hand(queue: asyncio.Queue[Message | Exception], message: Message, group: _Group) -> None:
    """Puts a message where there is room. Who lets `MAX_WAITING` pile up is let go; one place is for the reason."""
    if queue.qsize() < MAX_WAITING - 1:
        queue.put_nowait(message)
    else:
        queue.put_nowait(TooSlow())
        group.queues.remove(queue)


def _group_key(following: Following, workspace_id: UUID) -> Any:
    caller = following.context.caller
    return (
        workspace_id,
        following.prepared.document.key,
        following.prepared.asked.operation_name,
        orjson.dumps(_variables_shown(following), option=orjson.OPT_SORT_KEYS),
        caller.kind,
        caller.scopes,
        caller.hides_stock,
    )
