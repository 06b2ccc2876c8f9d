"""The worker's process."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import redis.asyncio

from core.settings import Settings
from dev.ports import free_port
from resolvers.context import Platform
from resolvers.email import add_email
from tasks.doorbell import NAMESPACE
from tests.people import becomes, new_email, system_sql

pytestmark = pytest.mark.usefixtures("no_other_worker")
STARTED = b'"worker started"'


@asynccontextmanager
async def worker(data: Path, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker that is up; killed at the end if it still is."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tasks",
        env=os.environ | {"DATA_DIR": str(data), "LOG_LEVEL": "INFO"} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout
    while STARTED not in (line := await asyncio.wait_for(process.stdout.readline(), 20)):
        assert line, "the worker ended while starting"
    drain = asyncio.create_task(process.stdout.read())
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await drain


async def add(platform: Platform) -> str:
    address = new_email()
    async with platform.database.app.session() as session:
        await add_email(session, to=address, subject="Hello", text_body="Hello")
    return address


def sent(platform: Platform, address: str) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        (found,) = await system_sql(
            platform, "select sent_at is not null from email_message where to_address = $1", address
        )
        return bool(found[0])

    return ask


async def flush(settings: Settings) -> None:
    """Loses every doorbell, as a Redis that was restarted would."""
    async with redis.asyncio.Redis.from_url(settings.redis_url.get_secret_value()) as client:
        async for key in client.scan_iter(f"{NAMESPACE}*"):
            await client.delete(key)


class TestWorker:
    """`python -m tasks`."""

    async def test_sends_mail_and_stops_when_told(self, platform: Platform, tmp_path: Path) -> None:
        async with worker(tmp_path) as process:
            address = await add(platform)
            await becomes(True, sent(platform, address), 10)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 8) == 0

        letters = [path.read_text() for path in (tmp_path / "mail").glob("*.eml")]
        assert [address in letter for letter in letters].count(True) == 1

    async def test_loses_nothing_when_redis_is_flushed(
        self, platform: Platform, test_settings: Settings, tmp_path: Path
    ) -> None:
        async with worker(tmp_path):
            addresses = []
            for _ in range(10):
                addresses.append(await add(platform))
                await flush(test_settings)
                await asyncio.sleep(0.1)
            for address in addresses:
                await becomes(True, sent(platform, address), 10)

    async def test_works_while_redis_is_away(self, platform: Platform, tmp_path: Path) -> None:
        async with worker(tmp_path, REDIS_URL="redis://127.0.0.1:1/0") as process:
            address = await add(platform)
            await becomes(True, sent(platform, address), 20)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 15) == 0

    async def test_goes_on_after_a_worker_was_killed(self, platform: Platform, tmp_path: Path) -> None:
        async with worker(tmp_path) as process:
            process.kill()
            await process.wait()
        address = await add(platform)

        async with worker(tmp_path):
            await becomes(True, sent(platform, address), 10)

    async def test_ends_with_an_error_where_it_cannot_start(self, tmp_path: Path) -> None:
        nowhere = "postgresql://nobody:x@127.0.0.1:1/nothing"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tasks",
            env=os.environ | {"DATA_DIR": str(tmp_path), "DATABASE_URL": nowhere},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

        output, _ = await asyncio.wait_for(process.communicate(), 30)

        assert process.returncode == 1
        assert b"worker cannot start" in output

    async def test_ends_with_an_error_where_its_port_is_taken(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tasks",
                env=os.environ | {"DATA_DIR": str(tmp_path), "WORKER_PORT": str(taken.getsockname()[1])},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await asyncio.wait_for(process.communicate(), 30)

        assert process.returncode == 1
        assert b"worker cannot start" in output
        assert b"in use" in output

    async def test_stops_when_told_beside_who_reads_its_metrics(self, tmp_path: Path) -> None:
        port = free_port()
        async with worker(tmp_path, WORKER_PORT=str(port)) as process, httpx.AsyncClient() as http:
            assert (await http.get(f"http://127.0.0.1:{port}/metrics")).status_code == 200
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 8) == 0
