"""GraphQL over HTTP: POST with JSON; GET shows GraphiQL to people."""

import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import orjson
import structlog
from graphql import GraphQLError, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core.access import Caller
from core.errors import BadUserInput, RequestError, Throttled
from core.telemetry import REQUESTS, SECONDS
from resolvers.authentication import Authenticator, Credentials
from resolvers.context import Context
from schema.transport.operation import (
    Answer,
    Runner,
    encode,
    idempotency_key,
    parse_request,
    refuse_introspection,
    refused,
    run,
)

log = structlog.get_logger()

MAX_BODY = 2 * 1024 * 1024
RESPONSE_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class TooLarge(RequestError):
    """The body is larger than we read."""

    code = BadUserInput.code


class HttpDoor:
    """The ASGI application at /graphql for HTTP. `page` gives people who open it in a browser something to see."""

    def __init__(
        self, runner: Runner, authenticator: Authenticator, page: Callable[[Request], Response | None]
    ) -> None:
        self._runner = runner
        self._authenticator = authenticator
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        page = self._page(request)
        if page is not None:
            return page
        request_id = _request_id(request)
        if request.method != "POST":
            answer = refused([BadUserInput("Send GraphQL by POST.")], request_id)
            return _response(answer, 405, request_id, PLAIN_JSON, allow="POST")
        media_type = _accepted(request.headers.get("accept", ""))
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != PLAIN_JSON:
            answer = refused([BadUserInput("Content-Type must be application/json.")], request_id)
            return _response(answer, 415, request_id, media_type)
        return await self._post(request, request_id, media_type)

    async def _post(self, request: Request, request_id: str, media_type: str) -> Response:
        started = time.perf_counter()
        caller: Caller | None = None
        kind, name = "none", None
        try:
            asked = parse_request(_json(await _body(request)))
            document = self._runner.documents.get(asked.query)
            caller = await self._authenticator.identify(_credentials(request), _address(request))
            if document.errors:
                answer = refused(document.errors, request_id)
            else:
                refuse_introspection(document, caller, self._runner.platform.settings)
                operation = document.operation(asked.operation_name)
                kind, name = operation.operation.value, asked.operation_name
                if operation.operation is OperationType.SUBSCRIPTION:
                    raise BadUserInput("Subscriptions are served over a websocket (graphql-transport-ws).")
                headers = request.headers
                key = idempotency_key(
                    document,
                    asked,
                    caller,
                    headers.get("idempotency-key", ""),
                    headers.get("x-shopper-secret", ""),
                )
                context = Context(self._runner.platform, caller, request_id, key)
                answer = await run(self._runner, asked, document, context)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - shown if it is the client's, masked and logged if it is ours
            answer = refused([error], request_id)
            status = _refused_status(error, media_type)
        else:
            status = 200 if answer.executed or media_type == PLAIN_JSON else 400
        _account(answer, caller, request_id, kind, name, time.perf_counter() - started)
        return _response(answer, status, request_id, media_type)


def _refused_status(error: Exception, media_type: str) -> int:
    if isinstance(error, TooLarge):
        return 413
    if isinstance(error, Throttled):
        return 429
    if not isinstance(error, RequestError | GraphQLError):
        return 500
    return 400 if media_type == RESPONSE_JSON or isinstance(error, BadUserInput) else 200


def _account(
    answer: Answer, caller: Caller | None, request_id: str, kind: str, name: str | None, seconds: float
) -> None:
    """One log line and the metrics of a request. Neither holds variables: they may be personal."""
    outcome = "errors" if answer.has_errors else "ok"
    REQUESTS.labels(kind, outcome).inc()
    SECONDS.labels(kind).observe(seconds)
    log.info(
        "graphql",
        request_id=request_id,
        kind=kind,
        operation=name,
        outcome=outcome,
        codes=[error["extensions"]["code"] for error in answer.body.get("errors", ())] or None,
        workspace=str(caller.workspace_id) if caller and caller.workspace_id else None,
        caller=f"{caller.kind.value}:{caller.id}" if caller else None,
        ms=round(seconds * 1000, 2),
    )


def _response(answer: Answer, status: int, request_id: str, media_type: str, allow: str = "") -> Response:
    headers = {"x-request-id": request_id, "cache-control": "no-store"}
    if allow:
        headers["allow"] = allow
    return Response(encode(answer.body), status, headers, f"{media_type}; charset=utf-8")


def _accepted(accept: str) -> str:
    """The media type of the answer: the new one only where it is asked for."""
    return RESPONSE_JSON if RESPONSE_JSON in accept else PLAIN_JSON


def _request_id(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _credentials(request: Request) -> Credentials:
    headers = request.headers
    return Credentials(
        headers.get("authorization", ""),
        headers.get("x-workspace", ""),
        headers.get("x-storefront-token", ""),
    )


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise TooLarge(f"The body is larger than {MAX_BODY // 1024 // 1024} MB.")
        chunks.append(chunk)
    return b"".join(chunks)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadUserInput("The body is not valid JSON in UTF-8.") from None
