"""Runs one operation, whichever door it came through, and writes its answer."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable
from typing import Any, NamedTuple

import orjson
import structlog
from graphql import ExecutionResult, FieldNode, GraphQLError, OperationType, execute

from core.access import Caller, CallerKind
from core.database import is_overload
from core.errors import BadUserInput, Forbidden, RequestError, Throttled
from core.settings import Settings
from resolvers.context import Context, IdempotencyKey, Platform
from resolvers.read import Engine
from schema.executor import ReadingExecutor
from schema.request import Request
from schema.schema import SCHEMA
from schema.transport.documents import Document, Documents
from schema.transport.introspection import Introspection
from schema.transport.limits import Limits
from schema.transport.variables import refuse_many_values

log = structlog.get_logger()

MAX_KEY_LENGTH = 255
MIN_SHOPPER_SECRET_LENGTH = 16
GRAPHQL_SCHEMA = SCHEMA._schema  # noqa: SLF001 - Strawberry gives no other way to graphql-core's schema
INTROSPECTION = Introspection(GRAPHQL_SCHEMA)


class Asked(NamedTuple):
    """What a client sent: the three parts of a GraphQL request."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None


class Answer(NamedTuple):
    """A response's body, and whether it came to executing anything at all."""

    body: dict[str, Any]
    executed: bool

    @property
    def has_errors(self) -> bool:
        return "errors" in self.body


@dataclass
class Runner:
    """What running an operation needs of this process."""

    platform: Platform
    engine: Engine
    documents: Documents
    limits: Limits


def parse_request(payload: Any) -> Asked:
    """The parts of a request's JSON.

    Raises:
        BadUserInput: a part is missing or of the wrong type.

    """
    if not isinstance(payload, dict):
        raise BadUserInput("The request must be a JSON object with `query`.")
    query, variables, name = payload.get("query"), payload.get("variables"), payload.get("operationName")
    if not isinstance(query, str) or not query:
        raise BadUserInput("`query` must be a string with a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise BadUserInput("`variables` must be an object.")
    if name is not None and not isinstance(name, str):
        raise BadUserInput("`operationName` must be a string.")
    if not isinstance(payload.get("extensions"), dict | None):
        raise BadUserInput("`extensions` must be an object.")
    if variables:
        refuse_many_values(variables)
    return Asked(query, variables or {}, name)


async def run(
    runner: Runner,
    asked: Asked,
    document: Document,
    context: Context,
    root_value: Any = None,
) -> Answer:
    """Executes an operation of a valid document.

    Raises:
        BadUserInput: it is too large.

    """
    if document.errors:
        return refused(document.errors, context.request_id)
    operation = document.operation(asked.operation_name)
    runner.limits.check(document.key, document.node, operation, asked.variables)
    request = Request(context, runner.engine, document.key)
    begin = partial(
        execute,
        GRAPHQL_SCHEMA,
        document.node,
        root_value=root_value,
        context_value=request,
        variable_values=asked.variables,
        operation_name=asked.operation_name,
        executor_class=ReadingExecutor,
        hide_suggestions=True,
    )
    if document.introspects and INTROSPECTION.concerns(document.node, operation):
        return _answer(await INTROSPECTION.answer(document.key, document.node, operation, begin), context.request_id)
    result = begin()
    if isawaitable(result):
        result = await result
    return _answer(result, context.request_id)


def refuse_introspection(document: Document, caller: Caller, settings: Settings) -> None:
    """In production the schema is shown to people who signed in and to API keys, not to everybody.

    Raises:
        Forbidden: it is asked for by somebody else.

    """
    known = caller.kind in {CallerKind.USER, CallerKind.API_KEY}
    if document.introspects and settings.in_production and not known:
        raise Forbidden("Introspection is for signed-in people and API keys.")


def _answer(result: ExecutionResult, request_id: str) -> Answer:
    errors = result.errors
    if not errors:
        return Answer({"data": result.data}, executed=True)
    # Variables that do not fit their types are found before execution: those errors have no path.
    if result.data is None and all(error.path is None for error in errors):
        return refused(errors, request_id)
    return Answer({"data": result.data, "errors": _formatted(errors, request_id)}, executed=True)


def refused(errors: Iterable[Exception], request_id: str) -> Answer:
    """The answer to a request that was not executed."""
    return Answer({"errors": _formatted(errors, request_id)}, executed=False)


def _formatted(errors: Iterable[Exception], request_id: str) -> list[dict[str, Any]]:
    return [format_error(error, request_id) for error in errors]


def format_error(error: Exception, request_id: str) -> dict[str, Any]:
    """An error as clients see it. What is a fault of ours is logged, and masked."""
    located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
    cause = located.original_error
    if is_overload(cause):
        cause = Throttled("The server is busy: somebody else is changing the same thing. Try again in a moment.")
    formatted: dict[str, Any] = dict(located.formatted)
    if isinstance(cause, RequestError):
        formatted["message"], formatted["extensions"] = cause.message, cause.extensions
    elif cause is None or isinstance(cause, GraphQLError):
        formatted["extensions"] = {"code": BadUserInput.code}
    else:
        log.error("request failed", request_id=request_id, path=located.path, exc_info=cause)
        formatted["message"] = f"Something went wrong on our side. Tell us this request's id: {request_id}."
        formatted["extensions"] = {"code": RequestError.code, "requestId": request_id}
    return formatted


def idempotency_key(
    document: Document, asked: Asked, caller: Caller, key: str, shopper_secret: str
) -> IdempotencyKey | None:
    """The key that a request was sent with, and whose it is; None where the operation changes nothing.

    Raises:
        BadUserInput: the key is not usable, or the document has not exactly one mutation field.

    """
    operation = document.operation(asked.operation_name)
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
