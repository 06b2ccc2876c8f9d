"""What a site looks like, read by shoppers: beside pages of products of as many bytes, by the same server."""

import json
from typing import Any

import httpx
import orjson

from benchmarks.catalog import add_workspaces, settle
from benchmarks.machine import about
from benchmarks.phase import Child, child, measured, median
from benchmarks.postgres import Postgres
from benchmarks.read_report import COLUMNS, Row
from benchmarks.readers import PRODUCTS, add_api_key, asked_by_post
from benchmarks.report import Report
from benchmarks.server import Server, serving
from benchmarks.shop import operation, platform_of
from benchmarks.world import World
from core.ids import global_id
from tests.factories import STARTER, make_theme

CONNECTIONS = 8
ROUNDS = 5
SECONDS = 2.0
WARM_UP_SECONDS = 1.0
PRODUCTS_EACH = 200
PAGE = {"first": 50}
CONFIG = operation("storefront.graphql", "StorefrontConfig")
PRODUCTS_CACHED, CONFIG_CACHED = "products, cached", "config of as many bytes, cached"
PRODUCTS_READ, CONFIG_READ, SMALL_READ = "products, read", "config of as many bytes, read", "config of a new site, read"
SMALL_CACHED = "config of a new site, cached"
MAX_TO_PRODUCTS = 1.1


async def measure(world: World) -> tuple[Report, dict[str, str]]:
    """All rows, round by round, so that what the machine does meanwhile meets all of them."""
    report = Report("A site's look, read by shoppers", COLUMNS)
    uncached = {**world.environment, "STOREFRONT_CACHE_SECONDS": "0"}
    async with Postgres.connected(world.superuser_url, world.postgres_log) as postgres:
        circumstances = about(postgres.version)
        with (
            serving(uncached, world.directory / "uncached.log") as reading,
            serving(world.environment, world.directory / "cached.log") as caching,
            child("benchmarks.read_load", CONNECTIONS) as load,
        ):
            await reading.ready()
            await caching.ready()
            small, large, size = await _sites(world, postgres, caching)
            rows = [
                _row(load, caching, PRODUCTS_CACHED, _products(large), '"hasNextPage":'),
                _row(load, caching, CONFIG_CACHED, _config(large), '"settings":'),
                _row(load, caching, SMALL_CACHED, _config(small), '"settings":'),
                _row(load, reading, PRODUCTS_READ, _products(large), '"hasNextPage":'),
                _row(load, reading, CONFIG_READ, _config(large), '"settings":'),
                _row(load, reading, SMALL_READ, _config(small), '"settings":'),
            ]
            await _run(rows, postgres)
    report.rows += [row.cells for row in rows]
    cost = {row.name: median(row.rounds).server_ms for row in rows}
    ratio = cost[CONFIG_CACHED] / cost[PRODUCTS_CACHED]
    report.verdict(
        f"{CONFIG_CACHED}: {ratio:.2f} times what {PRODUCTS_CACHED} costs, at most {MAX_TO_PRODUCTS}",
        holds=ratio <= MAX_TO_PRODUCTS,
    )
    report.notes += [
        (
            f"{CONNECTIONS} kept connections, POST, identity encoding, {ROUNDS} rounds of {SECONDS:.0f} s a row, by "
            "turns; each figure is the median of its rounds. ms are CPU time a request."
        ),
        f"products: the operation Products with first: {PAGE['first']}. Both answers have about {size / 1000:.0f} kB.",
    ]
    return report, circumstances


async def _sites(world: World, postgres: Postgres, server: Server) -> tuple[str, str, int]:
    """The storefront tokens of a new site, and of one whose layout makes its config as long as a page of products."""
    async with platform_of(world.environment) as platform:
        theme_id = global_id("Theme", await make_theme(platform, STARTER))
    (workspace_id,) = await add_workspaces(postgres.admin, 1, PRODUCTS_EACH)
    key = {"Authorization": f"Bearer {await add_api_key(postgres.admin, workspace_id)}"}
    await postgres.admin.execute(
        "insert into workspace_counter (workspace_id) values ($1) on conflict do nothing", workspace_id
    )
    await settle(postgres.admin)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as http:

        async def send(document: str, variables: dict[str, Any], headers: dict[str, str]) -> Any:
            answer = await http.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
            return orjson.loads(answer.raise_for_status().content)["data"]

        sites = []
        for name in ("small", "large"):
            given = {"name": name, "slug": f"bench-{name}", "themeId": theme_id}
            made = await send(operation("admin.graphql", "SiteCreate"), {"input": given}, key)
            sites.append(made["siteCreate"]["site"])
        page = await http.post(
            "/graphql",
            json={"query": PRODUCTS, "operationName": "Products", "variables": PAGE},
            headers=_as(sites[1]["storefrontToken"]) | {"Accept-Encoding": "identity"},
        )
        size = len(page.content)
        changes = {"layout": {"content": _blocks(size), "root": {}, "zones": {}}}
        new = {"siteId": sites[1]["id"], "name": "Long", "changes": changes}
        made = await send(operation("admin.graphql", "DraftCreate"), {"input": new}, key)
        draft = made["storefrontDraftCreate"]["storefrontDraft"]["id"]
        await send(operation("admin.graphql", "DraftPublish"), {"id": draft, "input": {"revision": 1}}, key)
    return sites[0]["storefrontToken"], sites[1]["storefrontToken"], size


def _blocks(size: int) -> list[dict[str, Any]]:
    """Blocks as the editor writes them, of about so many bytes."""
    blocks: list[dict[str, Any]] = []
    while len(json.dumps(blocks)) < size - 2_000:
        props = {
            "id": f"Text-{len(blocks)}",
            "text": "A heavy brass lamp that is glad to be looked at.",
            "align": "left",
        }
        blocks.append({"type": "Text", "props": props})
    return blocks


def _as(token: str) -> dict[str, str]:
    return {"X-Storefront-Token": token}


def _products(token: str) -> bytes:
    return asked_by_post(PRODUCTS, "Products", PAGE, _as(token))


def _config(token: str) -> bytes:
    return asked_by_post(CONFIG, "StorefrontConfig", {}, _as(token))


def _row(load: Child, server: Server, name: str, request: bytes, contains: str) -> Row:
    load.tell({"name": name, "requests": [request.decode("latin-1")], "status": 200, "contains": contains})
    return Row(name, load, {"run": name, "port": server.port, "seconds": SECONDS}, server.pid)


async def _run(rows: list[Row], postgres: Postgres) -> None:
    for row in rows:
        await measured(row.load, {**row.phase, "seconds": WARM_UP_SECONDS}, row.server, postgres.pid)
    for number in range(1, ROUNDS + 1):
        for row in rows:
            found = await measured(row.load, row.phase, row.server, postgres.pid)
            row.rounds.append(found)
            print(f"   {number} {row.name}: {found.server_ms:.3f} + {found.postgres_ms:.3f} ms", flush=True)
