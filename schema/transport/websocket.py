"""GraphQL over websockets: the graphql-transport-ws protocol, which is the only one spoken here."""

import asyncio
from typing import Any
from uuid import uuid4

import orjson
import structlog
from graphql import OperationType
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from core.access import Caller, CallerKind
from core.database import is_passing
from core.errors import Throttled
from core.telemetry import SOCKETS, SUBSCRIPTIONS
from resolvers.authentication import Credentials
from resolvers.context import Context
from schema.transport.admission import Admission
from schema.transport.audience import ComeAgain, TooSlow
from schema.transport.live import Following, LiveOperations, prepare_live
from schema.transport.operation import (
    Asked,
    Runner,
    encode,
    format_error,
    parse_request,
    refusal,
    run,
)

log = structlog.get_logger()

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 3.0
SEND_SECONDS = 10.0
# With the time that a caller is believed, a revoked or expired credential ends its sockets within 5 seconds.
RECHECK_SECONDS = 2.5
MAX_OPERATIONS = 100
MAX_ID_LENGTH = 128
# Messages in `MESSAGES_WINDOW` seconds.
MAX_MESSAGES = 1_000
MESSAGES_WINDOW = 10.0
# The one code for faults that clients come back after: npm graphql-ws takes 1011, and 4429, for the end.
COME_AGAIN = 1013
# What a close frame holds besides its code.
MAX_REASON = 123


class Closed(Exception):
    """The connection must end, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:MAX_REASON].decode(errors="ignore")


class WebSocketDoor:
    """The ASGI application at /graphql for websockets."""

    def __init__(
        self,
        runner: Runner,
        admission: Admission,
        live: LiveOperations,
    ) -> None:
        self.runner = runner
        self.admission = admission
        self.live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        origin = websocket.headers.get("origin")
        if origin and not self.admission.origin_allowed(None, origin):
            await websocket.close(4403, "This origin may not connect.")
            return
        if PROTOCOL not in websocket.scope["subprotocols"]:
            await websocket.accept()
            await websocket.close(4406, f"Speak {PROTOCOL}.")
            return
        await websocket.accept(PROTOCOL)
        with SOCKETS.track_inprogress():
            await _Connection(self, websocket).serve()


class _Connection:
    """One client's connection."""

    def __init__(self, door: WebSocketDoor, websocket: WebSocket) -> None:
        self._door = door
        self._websocket = websocket
        self._id = uuid4().hex
        self._caller: Caller | None = None
        self._credentials = Credentials()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()
        self._ended: asyncio.Future[Closed] = asyncio.get_running_loop().create_future()
        self._messages = 0
        self._messages_since = 0.0

    async def serve(self) -> None:
        """Serves the connection to its end, and leaves nothing of it running."""
        try:
            # How long we take after that is no fault of the client's.
            await self._initialise(await self._first_message())
        except Closed as closed:
            await self._close(closed)
            return
        except WebSocketDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - logged and masked; the client may come back
            format_error(error, self._id)
            await self._close(Closed(COME_AGAIN, "Something went wrong on our side: come back in a moment."))
            return
        tasks = [asyncio.create_task(self._receive()), asyncio.create_task(self._recheck())]
        try:
            await self._close(await self._ended)
        finally:
            for task in (*tasks, *self._operations.values()):
                task.cancel()
            await asyncio.gather(*tasks, *self._operations.values(), return_exceptions=True)

    def _end(self, code: int, reason: str) -> None:
        if not self._ended.done():
            self._ended.set_result(Closed(code, reason))

    async def _close(self, closed: Closed) -> None:
        if self._websocket.application_state is not WebSocketState.CONNECTED:
            return
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._websocket.close(closed.code, closed.reason)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            log.info("websocket gone before it was closed", connection=self._id)

    async def _message(self) -> dict[str, Any]:
        received = await self._websocket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1000))
        self._refuse_flood()
        try:
            message = orjson.loads(received.get("text") or received.get("bytes") or "")
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise Closed(4400, "Messages are JSON objects with a type.")
        return message

    def _refuse_flood(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._messages_since > MESSAGES_WINDOW:
            self._messages, self._messages_since = 0, now
        self._messages += 1
        if self._messages > MAX_MESSAGES:
            raise Closed(1008, f"At most {MAX_MESSAGES} messages in {MESSAGES_WINDOW:.0f} seconds.")

    # -- who it is ------------------------------------------------------------------------------------------------

    async def _first_message(self) -> dict[str, Any]:
        """The first message that is no ping; there are `INIT_SECONDS` for it."""
        try:
            async with asyncio.timeout(INIT_SECONDS):
                while (message := await self._message())["type"] in {"ping", "pong"}:
                    await self._answer_ping(message)
        except TimeoutError:
            raise Closed(4408, "Connection initialisation timeout") from None
        return message

    async def _initialise(self, message: dict[str, Any]) -> None:
        if message["type"] != "connection_init":
            raise Closed(4401, "Unauthorized")
        payload = message.get("payload") or {}
        if not isinstance(payload, dict):
            raise Closed(4400, "The payload of connection_init must be an object.")
        values = [payload.get(key) or "" for key in ("authorization", "workspace", "storefrontToken")]
        if not all(isinstance(value, str) for value in values):
            raise Closed(4400, "authorization, workspace and storefrontToken must be strings.")
        self._credentials = Credentials(*values)
        try:
            caller = await self._identify()
        except Throttled as error:
            raise Closed(COME_AGAIN, error.message) from None
        if caller.problem or caller.workspace_problem:
            raise Closed(4403, "Forbidden: " + str(caller.problem or caller.workspace_problem)[:100])
        if not self._door.admission.origin_allowed(caller, self._websocket.headers.get("origin", "")):
            raise Closed(4403, "This origin may not use the storefront token.")
        self._caller = caller
        await self._send({"type": "connection_ack"})

    async def _identify(self, *, is_known: bool = False) -> Caller:
        client = self._websocket.client
        address = client.host if client else ""
        return await self._door.admission.identify(self._credentials, address, is_known=is_known)

    async def _recheck(self) -> None:
        """Ends the connection when its credentials are no longer what they were."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            try:
                caller = await self._identify(is_known=True)
            except Exception as error:  # noqa: BLE001 - PostgreSQL is away or busy: nobody is put out for that
                log.warning("websocket not rechecked", connection=self._id, error=str(error))
                continue
            before = self._caller
            if caller.problem or (before and _rights(caller) != _rights(before)):
                self._end(4403, "Forbidden: the credentials have expired, were revoked or changed.")
                return

    # -- messages -------------------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        try:
            while True:
                await self._handle(await self._message())
        except Closed as closed:
            self._end(closed.code, closed.reason)
        except (WebSocketDisconnect, RuntimeError):
            self._end(1000, "")

    async def _handle(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "subscribe":
                self._subscribe(message)
            case "complete":
                operation = self._operations.pop(_operation_id(message), None)
                if operation:
                    operation.cancel()
            case "ping" | "pong":
                await self._answer_ping(message)
            case "connection_init":
                raise Closed(4429, "Too many initialisation requests")
            case other:
                raise Closed(4400, f"There is no message of type {other[:50]!r}.")

    async def _answer_ping(self, message: dict[str, Any]) -> None:
        if message["type"] == "ping":
            await self._send({"type": "pong"})

    def _subscribe(self, message: dict[str, Any]) -> None:
        operation_id = _operation_id(message)
        if operation_id in self._operations:
            raise Closed(4409, f"Subscriber for {operation_id} already exists")
        if len(self._operations) >= MAX_OPERATIONS:
            raise Closed(4400, f"At most {MAX_OPERATIONS} operations run on a connection.")
        task = asyncio.create_task(self._operate(operation_id, message.get("payload")))
        self._operations[operation_id] = task
        task.add_done_callback(lambda done: self._forget(operation_id, done))

    def _forget(self, operation_id: str, done: asyncio.Task[None]) -> None:
        """Frees the id of an operation that ended, unless another one has it already."""
        if self._operations.get(operation_id) is done:
            del self._operations[operation_id]

    async def _operate(self, operation_id: str, payload: Any) -> None:
        """Runs one operation to its end; whatever is wrong with it is told under its id and ends only it."""
        request_id = f"{self._id}:{operation_id}"
        try:
            asked = parse_request(payload)
            await self._run(operation_id, asked, request_id)
        except ComeAgain as error:
            self._end(COME_AGAIN, str(error))
        except Exception as error:  # noqa: BLE001 - format_error shows what is the client's and masks what is ours
            errors = refusal(error, request_id).body["errors"]
            await self._try_send({"id": operation_id, "type": "error", "payload": errors})

    async def _run(self, operation_id: str, asked: Asked, request_id: str) -> None:
        runner, caller = self._door.runner, self._caller or Caller(CallerKind.ANONYMOUS)
        prepared = await self._door.admission.prepare(asked, caller)
        await self._door.admission.charge(caller, prepared.cost)
        context = Context(runner.platform, caller, request_id)
        if prepared.operation.operation is OperationType.SUBSCRIPTION:
            with SUBSCRIPTIONS.track_inprogress():
                await self._follow(operation_id, prepare_live(prepared, context))
        else:
            answer = await run(runner, prepared, context)
            if not answer.executed:
                await self._send({"id": operation_id, "type": "error", "payload": answer.body["errors"]})
                return
            await self._send_next(operation_id, encode(answer.body))
        await self._send({"id": operation_id, "type": "complete"})

    async def _follow(self, operation_id: str, following: Following) -> None:
        """Sends what is followed. A client that is told of an error does not come back by itself, as it shall where
        nothing is wrong with what it asked.
        """
        try:
            async for body in self._door.live.follow(following):
                await self._send_next(operation_id, body)
        except Exception as error:
            if is_passing(error):
                log.warning("subscription ended, it may come again", connection=self._id, error=str(error))
                raise ComeAgain("The server is busy: come back in a moment, with the last cursor.") from error
            raise

    # -- sending --------------------------------------------------------------------------------------------------

    async def _send_next(self, operation_id: str, body: bytes) -> None:
        await self._send_bytes(b'{"id":%b,"type":"next","payload":%b}' % (orjson.dumps(operation_id), body))

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_bytes(encode(message))

    async def _send_bytes(self, message: bytes) -> None:
        """Sends a message; a client that does not take it in `SEND_SECONDS` is let go."""
        try:
            async with asyncio.timeout(SEND_SECONDS), self._sending:
                await self._websocket.send({"type": "websocket.send", "text": message.decode()})
        except TimeoutError:
            self._end(COME_AGAIN, str(TooSlow()))
            raise asyncio.CancelledError from None

    async def _try_send(self, message: dict[str, Any]) -> None:
        try:
            await self._send(message)
        except (RuntimeError, WebSocketDisconnect):
            log.info("websocket gone before its error was told", connection=self._id)


def _rights(caller: Caller) -> tuple[Any, ...]:
    return caller.workspace_id, caller.scopes, caller.hides_stock, caller.allowed_origins, caller.registered_only


def _operation_id(message: dict[str, Any]) -> str:
    operation_id = message.get("id")
    if not isinstance(operation_id, str) or not 0 < len(operation_id) <= MAX_ID_LENGTH:
        raise Closed(4400, f"A {message['type']} message needs an id of 1 to {MAX_ID_LENGTH} characters.")
    return operation_id
