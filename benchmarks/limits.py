"""What is left of a read when GraphQL, or everything, is taken away: how fast it could be at all."""

import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from benchmarks.readers import PRODUCT_BY_SLUG, PRODUCTS, shopper
from benchmarks.recorder import recording
from benchmarks.shop import platform_of
from benchmarks.world import World
from dev.errors import StartError
from dev.ports import free_port
from dev.process import spawn, stop, wait_until
from resolvers.context import Context
from schema.transport.operation import Asked, new_runner, run

_START_SECONDS = 15.0
_STOP_SECONDS = 3.0


class Raw(NamedTuple):
    """What `benchmarks.raw` sends: the engine's statement, and its arguments by turns."""

    dsn: str
    statement: str
    arguments: list[list[Any]]


class Target(NamedTuple):
    """What requests are sent to."""

    port: int
    pid: int


async def raw_reads(
    world: World, tokens: Sequence[str], first_page: dict[str, Any], slugs: Sequence[tuple[str, str]]
) -> tuple[Raw, Raw]:
    """The page for each storefront, and each product by its storefront and slug, recorded from the application."""
    async with platform_of(world.environment) as plain:
        platform, statements = recording(plain)
        runner = new_runner(platform)
        token, slug = slugs[0]
        context = Context(platform, shopper(token), uuid4().hex, None)
        for asked in (Asked(PRODUCTS, first_page, "Products"), Asked(PRODUCT_BY_SLUG, {"slug": slug}, "ProductBySlug")):
            answer = await run(runner, runner.prepare(asked), context)
            if answer.codes:
                raise RuntimeError(f"The read to record failed: {answer.body}")
        dsn = platform.settings.app_dsn
    page, one = statements
    pages = [[_workspace(each), *page.arguments[1:]] for each in tokens]
    at = one.arguments.index(slug)
    ones = [[_workspace(each), *one.arguments[1:at], name, *one.arguments[at + 1 :]] for each, name in slugs]
    return Raw(dsn, page.sql, pages), Raw(dsn, one.sql, ones)


def _workspace(token: str) -> str:
    return str(shopper(token).workspace_id)


@contextmanager
def bare_application(size: int, log: Path) -> Iterator[Target]:
    """`benchmarks.bare` for the block, sending so many bytes.

    Raises:
        StartError: it did not start.

    """
    port = free_port()
    process = spawn([sys.executable, "-m", "benchmarks.bare", str(port), str(size)], log=log)
    try:
        if not wait_until(lambda: _listens(port), seconds=_START_SECONDS, process=process):
            raise StartError.with_log("The bare application did not start.", log)
        yield Target(port, process.pid)
    finally:
        stop(process, signal.SIGTERM, seconds=_STOP_SECONDS)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
