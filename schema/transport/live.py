"""Live operations: one that many follow is executed once for each event and its answer sent to all of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
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

from core.broadcast import Broadcast
from core.errors import BadUserInput, CursorExpired
from resolvers.context import Context
from resolvers.feed import Event, Feed, parse_event_cursor
from resolvers.write import workspace_of
from schema.access import check
from schema.live import LIVE_FIELDS, LiveField, ToldField, WatchedField
from schema.transport.audience import Answers, ComeAgain, Message, TooSlow, Waiting
from schema.transport.operation import GRAPHQL_SCHEMA, Prepared, Runner, encode, refused, run

log = structlog.get_logger()

MAX_VARIABLE_ERRORS = 20
# Events that may wait to be executed for a group.
MAX_BEHIND = 1_000
# Seconds between two tries of what PostgreSQL was too busy for, or away.
PAUSES = (0.1, 0.4, 1.0)


@dataclass(frozen=True, slots=True)
class Following:
    """A checked subscription: what it follows, and from where."""

    prepared: Prepared
    live_field: LiveField | WatchedField | ToldField
    after: int | None
    context: Context
    arguments: dict[str, Any]


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
    cursor = None if isinstance(live_field, ToldField) else arguments.get("after")
    return Following(
        prepared,
        live_field,
        None if cursor is None else parse_event_cursor(cursor),
        replace(context, idempotency=None),
        arguments,
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


class _Group:
    """All who follow the same operation with the same rights in the same workspace."""

    def __init__(self, key: Any, workspace_id: UUID, live_field: LiveField, answers: Answers) -> None:
        self.key = key
        self.workspace_id = workspace_id
        self.live_field = live_field
        self.answers = answers
        self.followers: list[Waiting] = []
        self.sequence = 0
        self.task: asyncio.Task[None] | None = None
        self._events: asyncio.Queue[Event | Exception] = asyncio.Queue()
        self._ended = False

    def hear(self, event: Event | None) -> None:
        """Takes an event from the feed; None where some were lost."""
        if event is None:
            self._end(CursorExpired())
        elif self._events.qsize() >= MAX_BEHIND:
            self._end(ComeAgain("The server cannot keep up: come back with the last cursor."))
        elif not self._ended:
            self._events.put_nowait(event)

    def _end(self, reason: Exception) -> None:
        if not self._ended:
            self._ended = True
            self._events.put_nowait(reason)

    async def next(self) -> Event:
        """The next event, when there is one. Raises the reason at the end."""
        event = await self._events.get()
        if isinstance(event, Exception):
            raise event
        return event

    def show(self, message: Message) -> None:
        """Hands a message to every follower; one for whom too much waits is let go."""
        for follower in list(self.followers):
            if not follower.put(message):
                follower.end(TooSlow())
                self.followers.remove(follower)


class LiveOperations:
    """The operations that are followed in this process."""

    def __init__(self, runner: Runner, feed: Feed) -> None:
        self._runner = runner
        self._feed = feed
        self._groups: dict[Any, _Group] = {}
        self._watched: Broadcast[Any, bytes] = Broadcast()

    async def follow(self, following: Following) -> AsyncIterator[bytes]:
        """The answers for what was missed since `after`, then for what is new, in order and without a gap.

        Of what is watched the answers for the newest value.

        Raises:
            BadUserInput: the cursor is ahead of the workspace.
            CursorExpired: events that should be shown are no longer kept.
            ComeAgain: too many answers wait to be taken; or PostgreSQL could not be read for a while.

        """
        field = following.live_field
        if isinstance(field, WatchedField):
            answers = self._values(following, field)
        elif isinstance(field, ToldField):
            answers = self._told(following, field)
        else:
            answers = self._events(following, field)
        async with aclosing(answers):
            async for body in answers:
                yield body

    async def _told(self, following: Following, field: ToldField) -> AsyncGenerator[bytes, None]:
        async with aclosing(field.follow(following.context, following.arguments)) as values:
            async for value in values:
                yield await self._execute(following, partial(_as_is, value))

    async def _values(self, following: Following, field: WatchedField) -> AsyncGenerator[bytes, None]:
        key = _group_key(following, workspace_of(following.context))
        async with aclosing(self._watched.follow(key, partial(self._bodies, following, field))) as bodies:
            async for body in bodies:
                yield body

    async def _bodies(self, following: Following, field: WatchedField) -> AsyncGenerator[bytes, None]:
        async with aclosing(field.follow(following.context)) as values:
            async for value in values:
                yield await self._execute(following, partial(field.show, value))

    async def _events(self, following: Following, field: LiveField) -> AsyncGenerator[bytes, None]:
        workspace_id = workspace_of(following.context)
        after = following.after
        if after is not None:
            await self._feed.check(workspace_id, after)
        waiting = Waiting()
        group = await self._join(following, field, workspace_id, waiting)
        joined_at = group.sequence
        try:
            if after is not None:
                async for event in self._feed.missed(workspace_id, after, joined_at):
                    if event.type in group.live_field.event_types:
                        yield await group.answers.get(event)
            while True:
                message = await waiting.take()
                # A process that lags behind hears of events that another one has shown this subscriber already.
                if after is None or message.sequence > after:
                    yield message.body
        finally:
            self._leave(group, waiting)

    async def _join(self, following: Following, field: LiveField, workspace_id: UUID, waiting: Waiting) -> _Group:
        key = _group_key(following, workspace_id)
        position = await self._feed.position(workspace_id)
        # From here on nothing waits: the group and its place in the feed are made together.
        group = self._groups.get(key)
        if group is None:
            answers = Answers(partial(self._execute_event, following, field))
            group = self._groups[key] = _Group(key, workspace_id, field, answers)
            group.sequence = self._feed.follow(workspace_id, group.hear, position)
            group.task = asyncio.create_task(self._pump(group))
        group.followers.append(waiting)
        return group

    def _leave(self, group: _Group, waiting: Waiting) -> None:
        if waiting in group.followers:
            group.followers.remove(waiting)
        if not group.followers and self._forget(group) and group.task:
            group.task.cancel()

    def _forget(self, group: _Group) -> bool:
        if self._groups.get(group.key) is not group:
            return False
        del self._groups[group.key]
        self._feed.unfollow(group.workspace_id, group.hear)
        return True

    async def _pump(self, group: _Group) -> None:
        """Executes the operation once for each event, and hands the answer to everybody in the group. Where it cannot
        go on the group ends, and who comes next begins another one.
        """
        try:
            while True:
                event = await group.next()
                if event.type in group.live_field.event_types:
                    group.show(Message(event.sequence, await group.answers.get(event)))
                group.sequence = event.sequence
        except (CursorExpired, ComeAgain) as reason:
            for follower in group.followers:
                follower.end(reason)
            group.followers.clear()
            self._forget(group)

    async def _execute_event(self, following: Following, field: LiveField, event: Event) -> bytes:
        return await self._execute(following, partial(field.show, event))

    async def _execute(self, following: Following, show: Callable[[], Any]) -> bytes:
        """The answer for one event or value; a fault of ours becomes an error in it, since the next may do better.

        Raises:
            ComeAgain: PostgreSQL was away, or busy, each time.

        """
        for pause in (*PAUSES, None):
            try:
                answer = await run(self._runner, following.prepared, following.context, show())
            except Exception as error:  # noqa: BLE001 - reported to the subscriber and the log, masked
                answer = refused([error], following.context.request_id)
            if not answer.is_passing:
                return encode(answer.body)
            if pause is not None:
                await asyncio.sleep(pause)
        raise ComeAgain("The server cannot read it now: come back with the last cursor.")


def _as_is(value: Any) -> Any:
    return value


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
