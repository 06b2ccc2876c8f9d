"""A merchant's machine: what `make run` starts, with the demo shops, and a site that was deployed there.

All of it is its own: PostgreSQL, Redis, server, worker and host, the folder that they run in, and the theme's code.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from graphql import parse, print_ast
from graphql.utilities import separate_operations

from core.ids import uuid_in
from dev.ports import free_port
from integrations.build.packages import packages_key
from integrations.build.source import copy_source
from tests.build.folders import passable_folder
from tests.client import GraphQL, LiveServer
from tests.operations import ADMIN, LIVE
from tests.people import becomes

ROOT = Path(__file__).parents[2]
THEME = ROOT / "themes" / "starter"
# What a clone has of what runs; the themes are copied, so that tests can change them.
LINKED = (
    "alembic.ini",
    "core",
    "dev",
    "integrations",
    "migrations",
    "models",
    "resolvers",
    "routes",
    "schema",
    "server.py",
    "tasks",
)
# What is passed on of the environment: nothing of this project's, but how packages are reached.
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS")
SLUG = "lumen-live"
# Seconds: they bound hangs and measure nothing.
START_SECONDS = 120.0
DEPLOY_SECONDS = 300.0
END_SECONDS = 60.0
ENDED = {"LIVE", "FAILED", "CANCELLED", "SUPERSEDED"}
LOG = """
query ($id: ID!) { deployment(id: $id) { status error logLines(last: 30) { nodes { step text } } } }
"""


@dataclass(frozen=True)
class Machine:
    """A `make run` that is ready. `shop` is what `demo.json` says of the first demo shop."""

    folder: Path
    builds: Path
    server: LiveServer
    http: httpx.AsyncClient
    shop: dict[str, Any]

    @property
    def api_url(self) -> str:
        """Where sites are told that the API is."""
        return f"http://localhost:{self.server.port}"

    @property
    def api_key(self) -> str:
        return str(self.shop["apiKey"])

    async def ask(self, document: str, /, **variables: Any) -> dict[str, Any]:
        """What the merchant's API key is answered: the data of the one root field."""
        answer = await GraphQL(self.http)(document, variables, token=self.api_key)
        assert "errors" not in answer, answer
        (found,) = answer["data"].values()
        return dict(found)

    async def send(self, document: str, /, **variables: Any) -> dict[str, Any]:
        """The same of a mutation that nothing is to refuse."""
        payload = await self.ask(document, **variables)
        assert payload["userErrors"] == [], payload
        return payload


@dataclass(frozen=True)
class Deployed:
    """A site on it that is live, and the deployment that was the first."""

    machine: Machine
    id: str
    url: str
    first: str

    @property
    def app(self) -> Path:
        """What was built and is served."""
        return self.machine.builds / "kept" / str(uuid_in(self.first, "Deployment")) / "app"

    async def deploy(self) -> str:
        """Another deployment, once it is live."""
        return await deploy(self.machine, self.id)


def operation(name: str) -> str:
    """One of the operations that dashboards send."""
    return print_ast(separate_operations(parse(ADMIN + LIVE))[name])


def cannot(reason: str) -> None:
    """Skips the test with the reason; in continuous integration nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def missing() -> str:
    """Why no theme can be built here; empty where one can."""
    if sys.platform != "linux":
        return "Themes are built on Linux alone."
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "Node and npm are not installed."
    if not (THEME / "node_modules" / "next").exists():
        return "The starter theme's packages are not installed: make theme."
    return ""


@pytest.fixture(scope="session")
async def machine() -> AsyncIterator[Machine]:
    """A machine of the session's own, with the starter theme's packages there."""
    if reason := missing():
        cannot(reason)
    with passable_folder() as folder:
        await asyncio.to_thread(_furnish, folder)
        async with _running(folder) as found:
            yield found


@pytest.fixture(scope="session")
async def deployed(machine: Machine) -> Deployed:
    """A site of the starter theme, made and deployed by what a dashboard sends."""
    (theme,) = (await machine.ask(operation("Themes"), first=10))["nodes"]
    given = {"name": "Lumen", "slug": SLUG, "themeId": theme["id"]}
    site = (await machine.send(operation("SiteCreate"), input=given))["site"]
    return Deployed(machine, site["id"], site["url"], await deploy(machine, site["id"]))


async def deploy(machine: Machine, site_id: str) -> str:
    """The id of a deployment that was begun, built and put live."""
    deployment = (await machine.send(operation("SiteDeploy"), id=site_id))["deployment"]["id"]

    async def has_ended() -> bool:
        return (await machine.ask(LOG, id=deployment))["status"] in ENDED

    await becomes(True, has_ended, within=DEPLOY_SECONDS)
    made = await machine.ask(LOG, id=deployment)
    assert made["status"] == "LIVE", made
    return str(deployment)


def _furnish(folder: Path) -> None:
    """As a clone is, in which themes with the starter's packages were built before."""
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    (folder / "themes").mkdir()
    theme = folder / "themes" / "starter"
    copy_source(THEME, theme)
    versions = [_said("node"), _said("npm")]
    shutil.copytree(
        THEME / "node_modules",
        folder / "builds" / "packages" / packages_key(theme, versions),
        symlinks=True,
        copy_function=_link if os.geteuid() == 0 else shutil.copy2,
    )
    for made in (folder / "builds", folder / "builds" / "packages"):
        made.chmod(0o711)


def _said(program: str) -> str:
    return subprocess.check_output([program, "--version"], text=True, timeout=60).strip()  # noqa: S603 - node and npm


def _link(source: str, target: str) -> None:
    """Root's builds run as users who cannot write to root's files; anybody else's would write to the original."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[Machine]:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name in PASSED_ON or name.startswith("npm_config_")}
    environment = kept | {"PORT": str(port), "BUILDS_DIR": str(folder / "builds"), "PYTHONPATH": str(folder)}
    log = folder / "run.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "dev.run",
            "--end-with-parent",
            cwd=folder,
            env=environment,
            stdin=DEVNULL,
            stdout=output,
            stderr=STDOUT,
        )
    try:
        await _ready(process, log)
        demo = orjson.loads((folder / ".data" / "demo.json").read_bytes())
        server = LiveServer(port)
        async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
            yield Machine(folder, folder / "builds", server, http, demo["workspaces"][0])
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(END_SECONDS):
            await process.wait()


async def _ready(process: asyncio.subprocess.Process, log: Path) -> None:
    async def is_ready() -> bool:
        said = await asyncio.to_thread(log.read_text)
        assert process.returncode is None, said
        return "Ready in" in said

    await becomes(True, is_ready, within=START_SECONDS)
