"""The operations that a site's build registers for its token, and finding them for the shoppers who name them."""

import time
from collections import OrderedDict
from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from core.database import PIN_FIRST, PINNED_STATEMENT
from core.errors import Problem, Refused
from core.ids import new_id
from core.persisted import document_hash, is_hash
from core.pubsub import REVOKED_CHANNEL, revoked_channel
from models import PersistedOperation
from resolvers.context import Context, Platform
from resolvers.storefront_token.update import locked_token
from resolvers.validation import Input, no_nul, problem_error
from resolvers.write import Outcome, Write, write

MAX_DOCUMENTS = 200
MAX_DOCUMENT_LENGTH = 100_000
MAX_TOTAL_BYTES = 1024 * 1024
# Of one token: a build that registers without ever taking back is told so.
MAX_REGISTERED = 2_000
# Seconds for which a document is believed to be registered without looking again, as callers are.
CACHE_SECONDS = 2.0
MAX_CACHED = 1_000
MAX_CACHED_LENGTH = 1_000_000


def _bounded(documents: list[str]) -> list[str]:
    if sum(len(text.encode()) for text in documents) > MAX_TOTAL_BYTES:
        raise problem_error(
            "TOO_LONG", "All documents together must have at most 1 MB: register them in several calls."
        )
    return documents


Document = Annotated[str, StringConstraints(min_length=1, max_length=MAX_DOCUMENT_LENGTH), AfterValidator(no_nul)]
Hash = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class NewOperations(Input):
    """Documents of one operation each."""

    documents: Annotated[list[Document], Field(min_length=1, max_length=MAX_DOCUMENTS), AfterValidator(_bounded)]


class GivenUpOperations(Input):
    """The hashes of what shoppers shall no longer send."""

    hashes: Annotated[list[Hash], Field(min_length=1, max_length=MAX_DOCUMENTS)]


class ValidDocument(NamedTuple):
    """A document that the schema was found to answer, as it was sent, and the name of its one operation."""

    text: str
    name: str | None


async def register_operations(context: Context, token_id: UUID, documents: list[ValidDocument]) -> Outcome:
    """Lets the token's shoppers name these documents by their hashes. What is registered already stays as it is.

    The outcome has the token's `id`, and `operations`: `hash` and `name` of each document, in their order.

    Raises:
        Refused: NOT_FOUND, TOO_MANY (the token would have more than `MAX_REGISTERED`).

    """
    named = {document_hash(document.text): document for document in documents}
    async with write(context) as tx:
        token = await locked_token(tx, token_id)
        rows = [
            {
                "workspace_id": tx.workspace_id,
                "id": new_id(),
                "storefront_token_id": token.id,
                "hash": name,
                "name": document.name,
                "document": document.text,
            }
            for name, document in named.items()
        ]
        await tx.session.execute(insert(PersistedOperation).values(rows).on_conflict_do_nothing())
        await _refuse_too_many(tx, token_id)
        tx.audit("storefrontTokenOperationsRegister", "StorefrontToken", token.id, {"hashes": list(named)})
        operations = [{"hash": name, "name": document.name} for name, document in named.items()]
        return tx.done(id=token.id, operations=operations)


async def unregister_operations(context: Context, token_id: UUID, given_up: GivenUpOperations) -> Outcome:
    """Shoppers can no longer name these documents, everywhere within seconds. What is not registered is no error.

    The outcome has the token's `id`, and `hashes`, those that were registered.

    Raises:
        Refused: NOT_FOUND.

    """
    async with write(context) as tx:
        token = await locked_token(tx, token_id)
        statement = (
            delete(PersistedOperation)
            .where(PersistedOperation.storefront_token_id == token.id, PersistedOperation.hash.in_(given_up.hashes))
            .returning(PersistedOperation.hash)
        )
        hashes = sorted(await tx.session.scalars(statement))
        tx.audit("storefrontTokenOperationsUnregister", "StorefrontToken", token.id, {"hashes": hashes})
        outcome = tx.done(id=token.id, hashes=hashes)
    context.platform.doorbells.ring(revoked_channel(token_id))
    return outcome


async def _refuse_too_many(tx: Write, token_id: UUID) -> None:
    """The token is locked, so that nobody else is adding to it."""
    statement = select(func.count()).where(PersistedOperation.storefront_token_id == token_id)
    count = await tx.session.scalar(statement) or 0
    if count > MAX_REGISTERED:
        message = f"A token has at most {MAX_REGISTERED} operations: unregister those of old builds."
        raise Refused(Problem("TOO_MANY", message, ("input", "documents")))


FIND_DOCUMENT = PINNED_STATEMENT.format(
    inner=(
        f"select document from persisted_operation where {PIN_FIRST} "  # noqa: S608 - a constant of ours
        "and workspace_id = $1 and storefront_token_id = $2 and hash = $3"
    )
)


async def registered_document(platform: Platform, workspace_id: UUID, token_id: UUID, name: str) -> str | None:
    """The document of this hash, if it was registered for the token."""
    if not is_hash(name):
        return None
    async with platform.database.app.acquire() as connection:
        found: str | None = await connection.fetchval(FIND_DOCUMENT, workspace_id, token_id, name)
        return found


class RegisteredDocuments:
    """What shoppers name again and again, remembered for `CACHE_SECONDS` and forgotten when it is unregistered."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._found: OrderedDict[tuple[UUID, str], tuple[str, float]] = OrderedDict()
        self._length = 0

    async def run(self) -> None:
        """Forgets what is unregistered anywhere, until it is cancelled."""
        await self._platform.doorbells.listen(REVOKED_CHANNEL, self.forget)

    def forget(self, row_id: str) -> None:
        """Drops the documents of the token."""
        for key in [key for key in self._found if str(key[0]) == row_id]:
            self._drop(key)

    async def get(self, workspace_id: UUID, token_id: UUID, name: str) -> str | None:
        """The document of this hash, if it was registered for the token."""
        key = (token_id, name)
        found = self._found.get(key)
        if found is not None and found[1] >= time.monotonic():
            return found[0]
        text = await registered_document(self._platform, workspace_id, token_id, name)
        self._drop(key)
        if text is not None:
            self._found[key] = (text, time.monotonic() + CACHE_SECONDS)
            self._length += len(text)
            while len(self._found) > MAX_CACHED or self._length > MAX_CACHED_LENGTH:
                self._drop(next(iter(self._found)))
        return text

    def _drop(self, key: tuple[UUID, str]) -> None:
        found = self._found.pop(key, None)
        if found is not None:
            self._length -= len(found[0])
