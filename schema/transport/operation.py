"""Runs one operation, whichever door it came through, and writes its answer."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from inspect import isawaitable
from typing import Any, NamedTuple

import orjson
import structlog
from graphql import FieldNode, GraphQLError, OperationDefinitionNode, OperationType, execute

from core.access import Caller, CallerKind
from core.database import is_overload, is_passing
from core.errors import BadUserInput, Forbidden, RequestError, Throttled
from core.persisted import is_hash
from core.settings import Settings
from core.telemetry import INTERNAL_ERRORS
from resolvers.context import Context, IdempotencyKey, Platform
from resolvers.read import Engine
from schema.documents import MAX_MESSAGE, Document, Documents, Invalid
from schema.executor import ReadingExecutor
from schema.queries import Query, make_query, read
from schema.query import Privacy
from schema.request import Request
from schema.schema import SCHEMA, new_engine
from schema.transport.introspection import Introspection
from schema.transport.limits import Limits
from schema.transport.variables import refuse_many_values

log = structlog.get_logger()

MAX_KEY_LENGTH = 255
MIN_SHOPPER_SECRET_LENGTH = 16
MAX_PREPARED = 2_000
# The variables of a query that is kept, as JSON: of one, and of all together.
MAX_VARIABLES_KEPT = 4_000
MAX_VARIABLES_LENGTH = 1_000_000
GRAPHQL_SCHEMA = SCHEMA._schema  # noqa: SLF001 - Strawberry gives no other way to graphql-core's schema
INTROSPECTION = Introspection(GRAPHQL_SCHEMA)


PreparedKey = tuple[int, str | None, bytes]


class Asked(NamedTuple):
    """What a client sent: the parts of a GraphQL request. `persisted` is the hash that names a document; the text of
    the document may be missing then.
    """

    query: str
    variables: dict[str, Any]
    operation_name: str | None
    persisted: str = ""


class Answer(NamedTuple):
    """A response's body, and whether it came to executing anything at all.

    `sequence` is the number of the last event that all of it is as new as, where that was asked for. It `is_passing`
    where an error is one that may be gone in a moment.
    """

    body: dict[str, Any]
    executed: bool
    sequence: int = 0
    is_passing: bool = False

    @property
    def codes(self) -> list[str] | None:
        """The codes of its errors, if it has any."""
        errors = self.body.get("errors")
        return [error["extensions"]["code"] for error in errors] if errors else None


class Prepared(NamedTuple):
    """An operation that may be executed. `query` is there where the engine reads all of it; `key` names the document,
    the operation and the variables.
    """

    asked: Asked
    document: Document
    operation: OperationDefinitionNode
    cost: int
    query: Query | None
    key: PreparedKey


@dataclass
class Runner:
    """What running an operation needs of this process, and the queries that were sent last."""

    platform: Platform
    engine: Engine
    documents: Documents
    limits: Limits
    _prepared: OrderedDict[PreparedKey, Prepared] = field(default_factory=OrderedDict)
    _length: int = 0

    def prepare(self, asked: Asked) -> Prepared:
        """An operation, measured, and with its variables checked if it is a query: now, or when it was sent before.

        Raises:
            BadUserInput: it is too large, or not there.
            Invalid: the document or the variables do not fit.
            GraphQLError: the document cannot be parsed, or an argument does not fit.

        """
        document = self.documents.get(asked.query)
        try:
            variables = orjson.dumps(asked.variables)
        except orjson.JSONEncodeError:
            raise BadUserInput("The variables are nested too deeply.") from None
        key = (document.key, asked.operation_name, variables)
        prepared = self._prepared.get(key)
        if prepared is not None:
            self._prepared.move_to_end(key)
            return prepared
        prepared = self._prepare(asked, document, key)
        # Secrets are not kept, nor what is hardly sent again.
        is_secret = prepared.query is None or Privacy.SECRET in prepared.query.privacies
        if not is_secret and len(variables) <= MAX_VARIABLES_KEPT:
            self._keep(prepared)
        return prepared

    def _prepare(self, asked: Asked, document: Document, key: PreparedKey) -> Prepared:
        if document.errors:
            raise Invalid(document.errors)
        operation = document.operation(asked.operation_name)
        refuse_many_values(GRAPHQL_SCHEMA, operation, asked.variables)
        size = self.limits.check(document.key, document.node, operation, asked.variables)
        query = None
        if operation.operation is OperationType.QUERY and not document.introspects:
            query = make_query(GRAPHQL_SCHEMA, document, operation, asked.variables)
        return Prepared(asked, document, operation, max(size.cost, 1), query, key)

    def _keep(self, prepared: Prepared) -> None:
        self._prepared[prepared.key] = prepared
        self._length += len(prepared.key[2])
        while len(self._prepared) > MAX_PREPARED or self._length > MAX_VARIABLES_LENGTH:
            self._drop(next(iter(self._prepared)))

    def _drop(self, key: PreparedKey) -> None:
        del self._prepared[key]
        self._length -= len(key[2])

    def forget(self, document_key: int) -> None:
        """Lets go of what holds a document's parts: they take a hundred times as much as its text."""
        for key in [key for key in self._prepared if key[0] == document_key]:
            self._drop(key)
        self.engine.forget(document_key)


def new_runner(platform: Platform) -> Runner:
    """A runner with empty caches."""
    runner = Runner(platform, new_engine(), Documents(GRAPHQL_SCHEMA), Limits(GRAPHQL_SCHEMA))
    runner.documents.on_evicted = runner.forget
    return runner


def parse_request(payload: Any) -> Asked:
    """The parts of a request's JSON.

    Raises:
        BadUserInput: a part is missing or of the wrong type.

    """
    if not isinstance(payload, dict):
        raise BadUserInput("The request must be a JSON object with `query`.")
    query, variables, name = payload.get("query"), payload.get("variables"), payload.get("operationName")
    extensions = payload.get("extensions")
    persisted = _persisted_hash(extensions) if extensions is not None else ""
    if not (isinstance(query, str) and query) and not (query is None and persisted):
        raise BadUserInput("`query` must be a string with a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise BadUserInput("`variables` must be an object.")
    if name is not None and not isinstance(name, str):
        raise BadUserInput("`operationName` must be a string.")
    return Asked(query or "", variables or {}, name, persisted)


def _persisted_hash(extensions: Any) -> str:
    """The hash in `extensions.persistedQuery`, as Apollo's clients and others send it; empty where there is none."""
    if not isinstance(extensions, dict):
        raise BadUserInput("`extensions` must be an object.")
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return ""
    found = persisted.get("sha256Hash") if isinstance(persisted, dict) and persisted.get("version") == 1 else None
    if not isinstance(found, str) or not is_hash(found):
        raise BadUserInput("`extensions.persistedQuery` must have version 1 and a sha256Hash of 64 hexadecimal digits.")
    return found


async def run(
    runner: Runner, prepared: Prepared, context: Context, root_value: Any = None, *, with_sequence: bool = False
) -> Answer:
    """Executes an operation.

    Raises:
        BadUserInput: it asks for too much of the schema.

    """
    request = Request(context, runner.engine, prepared.document.key)
    if prepared.query is not None:
        result = await read(prepared.query, request, with_sequence=with_sequence)
        return _answer(result.data, result.errors, prepared.cost, context.request_id, result.sequence)
    begin = partial(
        execute,
        GRAPHQL_SCHEMA,
        prepared.document.node,
        root_value=root_value,
        context_value=request,
        variable_values=prepared.asked.variables,
        operation_name=prepared.asked.operation_name,
        executor_class=ReadingExecutor,
        hide_suggestions=True,
    )
    document, operation = prepared.document, prepared.operation
    if document.introspects and INTROSPECTION.concerns(document.node, operation):
        executed = await INTROSPECTION.answer(document.key, document.node, operation, begin)
    else:
        begun = begin()
        executed = await begun if isawaitable(begun) else begun
    return _answer(executed.data, executed.errors or [], prepared.cost, context.request_id)


def refuse_introspection(document: Document, caller: Caller, settings: Settings) -> None:
    """In production the schema is shown to people who signed in and to API keys, not to everybody.

    Raises:
        Forbidden: it is asked for by somebody else.

    """
    known = caller.kind in {CallerKind.USER, CallerKind.API_KEY}
    if document.introspects and settings.in_production and not known:
        raise Forbidden("Introspection is for signed-in people and API keys.")


def _answer(
    data: dict[str, Any] | None, errors: Sequence[GraphQLError], cost: int, request_id: str, sequence: int = 0
) -> Answer:
    # Variables that do not fit their types are found before execution: those errors have no path.
    if errors and data is None and all(error.path is None for error in errors):
        return refused(errors, request_id)
    body: dict[str, Any] = {"data": data}
    passing = False
    if errors:
        body["errors"] = _formatted(errors, request_id)
        passing = any(is_passing(error.original_error) for error in errors)
    body["extensions"] = {"cost": {"requested": cost}}
    return Answer(body, executed=True, sequence=sequence, is_passing=passing)


def refused(errors: Iterable[Exception], request_id: str) -> Answer:
    """The answer to a request that was not executed."""
    errors = list(errors)
    passing = any(is_passing(getattr(error, "original_error", error)) for error in errors)
    return Answer({"errors": _formatted(errors, request_id)}, executed=False, is_passing=passing)


def refusal(error: Exception, request_id: str) -> Answer:
    """The answer to a request that was not executed because of this error."""
    return refused(error.errors if isinstance(error, Invalid) else [error], request_id)


def _formatted(errors: Iterable[Exception], request_id: str) -> list[dict[str, Any]]:
    return [format_error(error, request_id) for error in errors]


def format_error(error: Exception, request_id: str) -> dict[str, Any]:
    """An error as clients see it. What is a fault of ours is logged, and masked."""
    located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
    cause = located.original_error
    if is_overload(cause):
        cause = Throttled("The server is busy: somebody else is changing the same thing. Try again in a moment.")
    formatted: dict[str, Any] = {**located.formatted, "message": located.message[:MAX_MESSAGE]}
    if isinstance(cause, RequestError):
        formatted["message"], formatted["extensions"] = cause.message, cause.extensions
    elif cause is None or isinstance(cause, GraphQLError):
        formatted["extensions"] = {"code": BadUserInput.code}
    else:
        INTERNAL_ERRORS.inc()
        log.error("request failed", request_id=request_id, path=located.path, exc_info=cause)
        formatted["message"] = f"Something went wrong on our side. Tell us this request's id: {request_id}."
        formatted["extensions"] = {"code": RequestError.code, "requestId": request_id}
    return formatted


def idempotency_key(prepared: Prepared, caller: Caller, key: str, shopper_secret: str) -> IdempotencyKey | None:
    """The key that a request was sent with, and whose it is; None where the operation changes nothing.

    Raises:
        BadUserInput: the key is not usable, or the document has not exactly one mutation field.

    """
    asked, operation = prepared.asked, prepared.operation
    if not key or operation.operation is not OperationType.MUTATION:
        return None
    if len(key) > MAX_KEY_LENGTH or not key.isprintable():
        raise BadUserInput(f"Idempotency-Key takes 1 to {MAX_KEY_LENGTH} printable characters, best a random UUID.")
    selections = operation.selection_set.selections
    if len(selections) != 1 or not isinstance(selections[0], FieldNode):
        raise BadUserInput("With an Idempotency-Key the operation must have exactly one mutation field.")
    request = orjson.dumps([asked.query, asked.operation_name, asked.variables], option=orjson.OPT_SORT_KEYS)
    return IdempotencyKey(key, _key_owner(caller, shopper_secret), hashlib.sha256(request).digest())


def _key_owner(caller: Caller, shopper_secret: str) -> str:
    """Whose keys these are. All shoppers of a storefront share its token, so a secret of their own is added; where it
    ends in a colon there was none, and the use case adds what tells one person from another.
    """
    if caller.kind not in {CallerKind.SHOPPER, CallerKind.ANONYMOUS}:
        return f"{caller.kind.value}:{caller.id}"
    if shopper_secret and len(shopper_secret) < MIN_SHOPPER_SECRET_LENGTH:
        raise BadUserInput(f"X-Shopper-Secret must have at least {MIN_SHOPPER_SECRET_LENGTH} characters.")
    secret = hashlib.sha256(shopper_secret.encode()).hexdigest() if shopper_secret else ""
    return f"{caller.kind.value}:{caller.id}:{secret}"


def encode(body: Mapping[str, Any]) -> bytes:
    return orjson.dumps(body)
