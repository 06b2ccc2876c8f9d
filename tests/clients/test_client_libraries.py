"""The GraphQL libraries that themes and dashboards are written with, for real: npm's, in Node, against the server.

`make test` installs them from `package-lock.json` beside this file.
"""

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from tests.client import LiveServer
from tests.factories import Shop

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BIN = HERE / "node_modules" / ".bin"
TITLES = ["Arc lamp", "Bowl", "Carafe", "Dish", "Easel"]
# Bounds a hang; nothing is measured by it.
PATIENCE = 90.0

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed."),
    pytest.mark.skipif(not BIN.exists(), reason="npm is not installed, or `make test` did not run it."),
    # Heavy processes: one after the other.
    pytest.mark.xdist_group("client_libraries"),
]


async def run(*command: str | Path) -> str:
    """What a command prints; it must end well."""
    process = await asyncio.create_subprocess_exec(*map(str, command), stdout=PIPE, stderr=PIPE, cwd=HERE)
    async with asyncio.timeout(PATIENCE):
        out, error = await process.communicate()
    assert process.returncode == 0, (error or out).decode()[-3000:]
    return out.decode()


async def node(script: str, *arguments: str | Path) -> Any:
    """What a script says, as JSON."""
    return json.loads(await run("node", HERE / script, *arguments))


@pytest.fixture
async def catalog(shop: Shop) -> str:
    """Five products; the first variant's id."""
    products = [await shop.product(title=title) for title in TITLES]
    found: str = products[0]["variants"]["nodes"][0]["id"]
    return found


class TestGraphqlHttp:
    """npm's graphql-http, by the authors of the specification of GraphQL over HTTP."""

    async def test_finds_nothing_to_object_to(self, live_server: LiveServer) -> None:
        outcomes = await node("audit_http.mjs", live_server.url)

        assert [each for each in outcomes if each["status"] != "ok"] == []
        assert len(outcomes) == 61


class TestApollo:
    """Apollo Client."""

    async def test_reads_pages_changes_persists_and_follows(
        self, shop: Shop, live_server: LiveServer, catalog: str
    ) -> None:
        said = await node(
            "apollo.mjs", live_server.url, live_server.ws_url, shop.storefront_token, shop.api_key, catalog
        )

        assert said["titles"] == TITLES
        assert [(each["code"], each["field"]) for each in said["refused"]] == [("BLANK", ["input", "title"])]
        assert said["created"] == "Made by Apollo"
        assert said["sent"] == ["GET 400 hash", "POST 200 text", "GET 200 hash"]
        assert said["event"]["type"] == "ORDER_CREATED"
        assert said["event"]["order"]["email"] == "apollo@example.com"


class TestUrql:
    """urql."""

    async def test_reads_persists_and_orders(self, shop: Shop, live_server: LiveServer, catalog: str) -> None:
        said = await node("urql.mjs", live_server.url, shop.storefront_token, catalog)

        assert said["title"] == TITLES[0]
        # The hash, then the text with it, then the hash again.
        assert said["sent"][:3] == ["GET 400", "GET 200", "GET 200"]
        assert [each["code"] for each in said["refused"]] == ["OUT_OF_RANGE"]
        assert said["placed"]["order"]["email"] == "urql@example.com"


class TestRelay:
    """relay-compiler and relay-runtime."""

    async def test_compiles_and_continues_a_connection(
        self, shop: Shop, live_server: LiveServer, catalog: str, tmp_path: Path
    ) -> None:
        shutil.copytree(HERE / "relay", tmp_path / "src")
        shutil.copy(ROOT / "schema.graphql", tmp_path / "schema.graphql")
        (tmp_path / "package.json").write_text("{}")
        (tmp_path / "src" / "__generated__").mkdir()
        options = {
            "root": str(tmp_path),
            "sources": {"src": "app"},
            "projects": {
                "app": {
                    "schema": "schema.graphql",
                    "language": "javascript",
                    "output": "src/__generated__",
                    "eagerEsModules": False,
                }
            },
        }
        (tmp_path / "relay.config.json").write_text(json.dumps(options))

        await run(BIN / "relay-compiler", tmp_path / "relay.config.json")
        said = await node("relay.mjs", live_server.url, shop.storefront_token, tmp_path / "src" / "__generated__")

        assert said["titles"] == TITLES
        assert said["refetched"] == TITLES[0]


class TestCodegen:
    """graphql-codegen and TypeScript."""

    async def test_makes_types_that_hold_a_theme_to_the_schema(self, tmp_path: Path) -> None:
        shutil.copy(HERE / "codegen" / "use.ts", tmp_path / "use.ts")
        (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
        config = {
            "schema": str(ROOT / "schema.graphql"),
            "documents": str(ROOT / "schema" / "examples" / "*.graphql"),
            "generates": {
                str(tmp_path / "types.ts"): {
                    "plugins": ["typescript", "typescript-operations", "typed-document-node"],
                    "config": {
                        "scalars": {"Decimal": "string", "Date": "string", "DateTime": "string", "JSON": "unknown"}
                    },
                }
            },
        }
        (tmp_path / "codegen.json").write_text(json.dumps(config))

        await run(BIN / "graphql-codegen", "--config", tmp_path / "codegen.json")
        strict = ["--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "bundler", "--module", "esnext"]
        await run(BIN / "tsc", *strict, tmp_path / "use.ts")
