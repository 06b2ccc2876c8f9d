"""The world of the tests: the real application on a loopback port, on real PostgreSQL and Redis, and fresh workspaces.

`make test` starts the services and names them in the environment.
"""

import asyncio
import os
import socket
import zoneinfo
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from core.settings import Settings, settings
from core.telemetry import configure_logging
from resolvers.context import Platform
from resolvers.workspace.input import time_zones
from routes.connection import BoundedHttp, BoundedWebSocket
from server import Application
from tests.client import GraphQL, LiveServer
from tests.domain.zone import Zone, running
from tests.factories import Person, Shop, make_shop, make_user
from tests.own_services import take_own_services
from tests.pipeline.machine import deployed, machine

# Here, so that all who use them share one.
__all__ = ["deployed", "machine"]


def pytest_configure() -> None:
    """Before anything reads settings."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        take_own_services(worker)


@pytest.fixture(scope="session")
def test_settings() -> Settings:
    """The settings that `make test` made; without its services there is nothing to test against."""
    found = settings()
    if found.environment != "test":
        pytest.exit("Run the tests with `make test`: it starts PostgreSQL and Redis for them.", returncode=2)
    return found


@pytest.fixture(scope="session")
async def everybodys_zone() -> AsyncIterator[Zone]:
    """The DNS of the tests' domains."""
    async with running(Zone()) as zone:
        yield zone


@pytest.fixture(scope="session")
async def app(test_settings: Settings, everybodys_zone: Zone) -> AsyncIterator[tuple[Any, int]]:
    """The application, served by uvicorn in this process."""
    configure_logging("WARNING")
    asked = {
        "domain_dns_servers": f"127.0.0.1:{everybodys_zone.dns_port}",
        "domain_http_port": everybodys_zone.http_port,
        "domain_dns_seconds": 1.0,
        "domain_http_seconds": 2.0,
    }
    application = Application(test_settings.model_copy(update=asked))
    # The protocol is named, or asyncio would not switch off Nagle's waiting.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            http=BoundedHttp,
            ws=BoundedWebSocket,
            log_config=None,
            access_log=False,
            timeout_keep_alive=60,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        if serving.done():
            serving.result()
        await asyncio.sleep(0.01)
    yield application, port
    server.should_exit = True
    await serving
    listening.close()


@pytest.fixture(scope="session")
def live_server(app: tuple[Any, int]) -> LiveServer:
    return LiveServer(app[1])


@pytest.fixture(scope="session")
def platform(app: tuple[Any, int]) -> Platform:
    found: Platform = app[0].state.platform
    return found


@pytest.fixture(scope="session")
async def graphql(live_server: LiveServer) -> AsyncIterator[GraphQL]:
    """What sends GraphQL over HTTP and gives the answer as JSON."""
    async with httpx.AsyncClient(base_url=live_server.url, timeout=30) as http:
        yield GraphQL(http)


@pytest.fixture
async def shop(platform: Platform, graphql: GraphQL) -> Shop:
    """A fresh workspace in EUR."""
    return await make_shop(platform, graphql)


@pytest.fixture
async def other_shop(platform: Platform, graphql: GraphQL) -> Shop:
    """Another workspace, whose ids must mean nothing to the first."""
    return await make_shop(platform, graphql)


@pytest.fixture
def new_shop(platform: Platform, graphql: GraphQL) -> Any:
    """What makes workspaces, awaited with their options."""

    async def make(**options: Any) -> Shop:
        return await make_shop(platform, graphql, **options)

    return make


@pytest.fixture
def new_user(platform: Platform) -> Any:
    """What makes signed-in users, awaited."""

    async def make(**options: Any) -> Person:
        return await make_user(platform, **options)

    return make


@pytest.fixture
def new_zone(tmp_path: Path) -> Iterator[str]:
    """A time zone that Python knows and PostgreSQL does not, as after an update of the one: the time of Kolkata."""
    name = "Test/Newcity"
    (tmp_path / "Test").mkdir()
    (tmp_path / name).write_bytes((files("tzdata") / "zoneinfo" / "Asia" / "Kolkata").read_bytes())
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path), *before])
    time_zones.cache_clear()
    yield name
    zoneinfo.reset_tzpath(before)
    zoneinfo.ZoneInfo.clear_cache(only_keys=[name])
    time_zones.cache_clear()
