"""Automatically persisted documents: what clients sent once as text and name by its SHA-256 from then on.

All workspaces share them: a document holds no data, whoever names its hash has had its text, and it is executed with
the rights of who names it. They live in Redis for `LIFETIME`, and those used last in this process. With Redis away a
document is not found and not stored: the client sends the text.

Nobody can fill Redis: only callers whose credentials were accepted store anything. A storefront token is no secret, so
a workspace stores `MAX_STORED` characters in a day at most; beyond that its documents are kept in this process alone.
"""

import asyncio
import hashlib
import re
from collections import OrderedDict

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.access import Caller, CallerKind
from core.errors import BadUserInput

log = structlog.get_logger()

KEY_PREFIX = "vitrine:apq:"
STORED_PREFIX = "vitrine:apq-stored:"
LIFETIME = 7 * 24 * 3600
DAY = 24 * 3600
MAX_LENGTH = 100_000
MAX_STORED = 2_000_000
# What one process keeps.
MAX_KEPT = 1_000
MAX_KEPT_LENGTH = 1_000_000
REDIS_SECONDS = 0.05
_HASH = re.compile(r"[0-9a-f]{64}")


def document_hash(text: str) -> str:
    """What a document is named by: the SHA-256 of its text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_hash(name: str) -> bool:
    """Whether it could be the hash of a document."""
    return _HASH.fullmatch(name) is not None


class PersistedDocuments:
    """The documents that all processes share."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._length = 0

    def __contains__(self, name: str) -> bool:
        """Whether this process has the document at hand."""
        return name in self._kept

    async def get(self, name: str) -> str | None:
        """The document of this hash; None where nobody has stored it, or Redis is away."""
        text = self._kept.get(name)
        if text is not None:
            self._kept.move_to_end(name)
            return text
        if not is_hash(name):
            return None
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                found = await self._redis.get(KEY_PREFIX + name)
        except (RedisError, OSError) as error:
            log.warning("persisted document not looked up", error=repr(error))
            return None
        text = found.decode(errors="replace") if isinstance(found, bytes) else None
        # Whoever else writes to this Redis cannot change what a hash means.
        if text is None or document_hash(text) != name:
            return None
        self._keep(name, text)
        return text

    async def put(self, name: str, text: str, caller: Caller) -> None:
        """Stores a document that is valid. Of a caller who is not known nothing is stored.

        Raises:
            BadUserInput: it is too long, or the hash is another document's.

        """
        if len(text) > MAX_LENGTH:
            raise BadUserInput(f"The document is longer than {MAX_LENGTH} characters.")
        if document_hash(text) != name:
            raise BadUserInput("sha256Hash is not the SHA-256 of the document in UTF-8, in lower-case hexadecimal.")
        if caller.kind is CallerKind.ANONYMOUS or name in self._kept:
            return
        self._keep(name, text)
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                await self._store(name, text, str(caller.workspace_id or caller.id))
        except (RedisError, OSError) as error:
            log.warning("persisted document not stored", error=repr(error))

    async def _store(self, name: str, text: str, owner: str) -> None:
        """Two calls, since in a cluster the two keys may lie on two servers."""
        stored = STORED_PREFIX + owner
        async with self._redis.pipeline(transaction=False) as pipeline:
            _ = pipeline.set(stored, 0, ex=DAY, nx=True)
            _ = pipeline.incrby(stored, len(text))
            _, length = await pipeline.execute()
        if length <= MAX_STORED:
            await self._redis.set(KEY_PREFIX + name, text, ex=LIFETIME)

    def _keep(self, name: str, text: str) -> None:
        self._length += len(text) - len(self._kept.pop(name, ""))
        self._kept[name] = text
        while len(self._kept) > MAX_KEPT or self._length > MAX_KEPT_LENGTH:
            _, oldest = self._kept.popitem(last=False)
            self._length -= len(oldest)
