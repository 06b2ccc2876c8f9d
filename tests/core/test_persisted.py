"""Automatically persisted documents, on a real Redis."""

import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from core.access import Caller, CallerKind
from core.errors import BadUserInput
from core.ids import new_id
from core.persisted import (
    KEY_PREFIX,
    LIFETIME,
    MAX_KEPT,
    MAX_KEPT_LENGTH,
    MAX_LENGTH,
    MAX_STORED,
    PersistedDocuments,
    document_hash,
)
from core.settings import Settings
from dev.redis import EmbeddedRedis


def shopper() -> Caller:
    return Caller(CallerKind.SHOPPER, id=new_id(), workspace_id=new_id())


def document(length: int = 0) -> str:
    text = f"query Café_{new_id().hex} {{ __typename }}"
    return text + " " * max(length - len(text), 0)


@pytest.fixture
async def redis(test_settings: Settings) -> AsyncIterator[Redis]:
    client = Redis.from_url(test_settings.redis_url.get_secret_value())
    yield client
    await client.aclose()


class TestPersistedDocuments:
    """`PersistedDocuments`: each here is what one process has."""

    async def test_gives_every_process_what_one_has_stored(self, redis: Redis) -> None:
        text = document()
        name = document_hash(text)
        assert await PersistedDocuments(redis).get(name) is None

        await PersistedDocuments(redis).put(name, text, shopper())

        assert await PersistedDocuments(redis).get(name) == text
        assert LIFETIME - 60 < await redis.ttl(KEY_PREFIX + name) <= LIFETIME

    async def test_remembers_without_redis_what_it_has_seen(self, redis: Redis) -> None:
        text, documents = document(), PersistedDocuments(redis)
        name = document_hash(text)
        await documents.put(name, text, shopper())
        await redis.delete(KEY_PREFIX + name)

        assert await documents.get(name) == text
        assert await PersistedDocuments(redis).get(name) is None

    async def test_stores_nothing_of_who_is_not_known(self, redis: Redis) -> None:
        text, documents = document(), PersistedDocuments(redis)

        await documents.put(document_hash(text), text, Caller(CallerKind.ANONYMOUS, problem="revoked"))

        assert await documents.get(document_hash(text)) is None
        assert await redis.exists(KEY_PREFIX + document_hash(text)) == 0

    @pytest.mark.parametrize("length", [0, MAX_LENGTH + 1])
    async def test_refuses_another_documents_hash_and_what_is_too_long(self, redis: Redis, length: int) -> None:
        text, documents = document(length), PersistedDocuments(redis)
        name = document_hash(text) if length else document_hash(text + " ")

        with pytest.raises(BadUserInput):
            await documents.put(name, text, shopper())

        assert await documents.get(name) is None

    async def test_stores_what_a_workspace_may_store_in_a_day_and_no_more(self, redis: Redis) -> None:
        documents, caller = PersistedDocuments(redis), shopper()
        texts = [document(MAX_LENGTH) for _ in range(MAX_STORED // MAX_LENGTH + 5)]

        for text in texts:
            await documents.put(document_hash(text), text, caller)
        another = document()
        await documents.put(document_hash(another), another, shopper())

        stored = await redis.exists(*(KEY_PREFIX + document_hash(text) for text in texts))
        assert stored == MAX_STORED // MAX_LENGTH
        assert await documents.get(document_hash(texts[-1])) == texts[-1], "in this process it is kept"
        assert await redis.exists(KEY_PREFIX + document_hash(another)) == 1

    async def test_keeps_a_bounded_number_in_the_process(self, redis: Redis) -> None:
        documents = PersistedDocuments(redis)
        for length, expected in ((0, MAX_KEPT), (MAX_LENGTH, MAX_KEPT_LENGTH // MAX_LENGTH)):
            for _ in range(expected + 5):
                text = document(length)
                await documents.put(document_hash(text), text, shopper())

            assert len(documents._kept) == expected
            assert documents._length == sum(map(len, documents._kept.values()))

    async def test_does_not_believe_redis_what_a_hash_means(self, redis: Redis) -> None:
        name = document_hash(document())
        for planted in (b"{ viewer { email } }", b"\xff\xfe"):
            await redis.set(KEY_PREFIX + name, planted, ex=60)

            assert await PersistedDocuments(redis).get(name) is None

    @pytest.mark.parametrize("name", ["", "x", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n", "\0" * 64])
    async def test_finds_nothing_by_what_is_no_hash(self, redis: Redis, name: str) -> None:
        assert await PersistedDocuments(redis).get(name) is None

    async def test_finds_and_stores_nothing_while_redis_is_away(self, tmp_path: Path) -> None:
        server = EmbeddedRedis(tmp_path / "redis", log=tmp_path / "redis.log")
        server.start()
        try:
            redis = Redis.from_url(server.url)
            stored, unknown = document(), document()
            await PersistedDocuments(redis).put(document_hash(stored), stored, shopper())
            started = time.monotonic()

            os.kill(server.process.pid, signal.SIGSTOP)
            while_hanging = PersistedDocuments(redis)
            await while_hanging.put(document_hash(unknown), unknown, shopper())
            assert await while_hanging.get(document_hash(unknown)) == unknown
            assert await while_hanging.get(document_hash(stored)) is None
            os.kill(server.process.pid, signal.SIGCONT)
            server.stop()
            while_stopped = PersistedDocuments(redis)
            await while_stopped.put(document_hash(unknown), unknown, shopper())
            assert await while_stopped.get(document_hash(stored)) is None

            assert time.monotonic() - started < 5
            await redis.aclose()
        finally:
            server.stop()
