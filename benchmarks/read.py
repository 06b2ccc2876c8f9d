"""Storefront reads through HTTP and GraphQL, beside what is left when GraphQL, or everything, is taken away."""

import random
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import httpx
import orjson

from benchmarks.catalog import IMAGES, PRODUCTS_PER_WORKSPACE, VARIANTS, add_workspaces, settle
from benchmarks.cpu import peak_megabytes
from benchmarks.limits import Raw, Target, bare_application, raw_reads
from benchmarks.machine import about
from benchmarks.phase import Child, child, measured
from benchmarks.postgres import Postgres
from benchmarks.read_report import (
    BARE,
    BY_SLUG,
    CACHED,
    CACHED_GET,
    COLUMNS,
    PAGE_OF_50,
    RAW_PAGE,
    RAW_SLUG,
    TYPENAME,
    UNCHANGED,
    UNCHANGED_LONG,
    UNSEEN,
    Row,
    judge,
    judge_memory,
)
from benchmarks.readers import (
    PRODUCT_BY_SLUG,
    PRODUCTS,
    add_storefronts,
    address_of,
    asked_by_get,
    asked_by_post,
    persisted_query,
)
from benchmarks.report import Report
from benchmarks.server import Server, serving
from benchmarks.world import World

CONNECTIONS = 8
ROUNDS = 3
SECONDS = 2.0
WARM_UP_SECONDS = 0.7
# As long as asking each of many workspaces once takes: who comes every few seconds is remembered then, as in use.
STEADY_SECONDS = 4.0
WORKSPACES, PRODUCTS_EACH = 20, 1_000
MANY_WORKSPACES = 2_000
PAGE = 50
# More than the server keeps prepared operations: where each has other variables, none is there when it comes again.
SLUGS = 5_000
FIRST_PAGE = {"first": PAGE}
FEW = f"page, {WORKSPACES} workspaces of {PRODUCTS_PER_WORKSPACE}"
MANY = f"page, {MANY_WORKSPACES:,} workspaces of {PRODUCTS_PER_WORKSPACE}"
_HAS_VARIANTS, _HAS_PAGE = '"variants":{"nodes":[{', '"hasNextPage":'


class Storefronts(NamedTuple):
    """Tokens of the workspaces of 1,000 and of 60 products; of the former products that shoppers see, each by the token
    and its slug.
    """

    few: list[str]
    many: list[str]
    slugs: list[tuple[str, str]]


async def measure(world: World) -> tuple[Report, dict[str, str]]:
    """All rows, round by round, so that what the machine does meanwhile meets all of them."""
    report = Report("Storefront reads", COLUMNS)
    uncached = {**world.environment, "STOREFRONT_CACHE_SECONDS": "0"}
    async with Postgres.connected(world.superuser_url, world.postgres_log) as postgres:
        circumstances = about(postgres.version)
        storefronts = await _catalogs(postgres)
        size = 0
        with (
            serving(uncached, world.directory / "uncached.log") as server,
            serving(world.environment, world.directory / "cached.log") as caching,
            child("benchmarks.read_load", CONNECTIONS) as load,
            child("benchmarks.raw", CONNECTIONS) as raw,
        ):
            await server.ready()
            await caching.ready()
            tags, size = await _known_pages(caching, storefronts.few)
            with bare_application(size, world.directory / "bare.log") as bare:
                rows = [
                    *_uncached_rows(load, server, storefronts),
                    *_raw_rows(raw, *await raw_reads(world, storefronts.few, FIRST_PAGE, storefronts.slugs)),
                    *_cached_rows(load, caching, tags),
                    _row(load, bare, BARE, list(map(_page, storefronts.few)), has_postgres=False),
                ]
                await _run(rows, postgres)
            megabytes = {"without cache": peak_megabytes(server.pid), "with cache": peak_megabytes(caching.pid)}
    judge(report, {row.name: row for row in rows}, FEW, MANY)
    judge_memory(report, megabytes)
    report.notes += _notes(size)
    return report, circumstances


async def _catalogs(postgres: Postgres) -> Storefronts:
    few = await add_workspaces(postgres.admin, WORKSPACES, PRODUCTS_EACH)
    many = await add_workspaces(postgres.admin, MANY_WORKSPACES)
    few_tokens, many_tokens = await add_storefronts(postgres.admin, few), await add_storefronts(postgres.admin, many)
    await settle(postgres.admin)
    rows = await postgres.admin.fetch(
        "select workspace_id, slug from product where workspace_id = any($1::uuid[]) and status = 'ACTIVE'", few
    )
    token_of = dict(zip(few, few_tokens, strict=True))
    slugs = [(token_of[row["workspace_id"]], row["slug"]) for row in rows]
    return Storefronts(few_tokens, many_tokens, random.Random(1).sample(slugs, SLUGS))


_OF_WORKSPACES = "page, "


async def _run(rows: Sequence[Row], postgres: Postgres) -> None:
    for row in rows:
        await measured(row.load, {**row.phase, "seconds": WARM_UP_SECONDS}, row.server, postgres.pid)
    await settle(postgres.admin)
    for number in range(1, ROUNDS + 1):
        for row in rows:
            if row.name.startswith(_OF_WORKSPACES):
                await measured(row.load, {**row.phase, "seconds": STEADY_SECONDS}, row.server, postgres.pid)
            found = await measured(row.load, row.phase, row.server, postgres.pid)
            row.rounds.append(found)
            print(f"   {number} {row.name}: {found.server_ms:.3f} + {found.postgres_ms:.3f} ms", flush=True)


def _row(
    load: Child,
    server: Server | Target,
    name: str,
    requests: list[bytes],
    *,
    contains: str = "",
    status: int = 200,
    has_postgres: bool = True,
) -> Row:
    """A row whose requests are sent to a server by turns."""
    told = [request.decode("latin-1") for request in requests]
    load.tell({"name": name, "requests": told, "status": status, "contains": contains})
    return Row(name, load, {"run": name, "port": server.port, "seconds": SECONDS}, server.pid, has_postgres)


def _uncached_rows(load: Child, server: Server, storefronts: Storefronts) -> list[Row]:
    slugs, some = storefronts.slugs, random.Random(1).sample(storefronts.many, WORKSPACES)
    by_slug = [_by_slug(token, {"slug": slug}) for token, slug in slugs]
    # A variable that the operation does not have changes nothing but that it was not sent before.
    unseen = [_by_slug(token, {"slug": slug, "number": number}) for number, (token, slug) in enumerate(slugs)]
    typename = [asked_by_post(TYPENAME, None, {}, _as(token)) for token in storefronts.few]
    return [
        _row(load, server, PAGE_OF_50, list(map(_page, storefronts.few)), contains=_HAS_PAGE),
        _row(load, server, BY_SLUG, by_slug, contains=_HAS_VARIANTS),
        _row(load, server, UNSEEN, unseen, contains=_HAS_VARIANTS),
        _row(load, server, TYPENAME, typename, contains='"Query"'),
        _row(load, server, FEW, list(map(_page, some)), contains=_HAS_PAGE),
        _row(load, server, MANY, list(map(_page, storefronts.many)), contains=_HAS_PAGE),
    ]


def _raw_rows(raw: Child, page: Raw, by_slug: Raw) -> list[Row]:
    named = {RAW_PAGE: page, RAW_SLUG: by_slug}
    return [Row(name, raw, {**each._asdict(), "seconds": SECONDS}, raw.pid) for name, each in named.items()]


def _cached_rows(load: Child, server: Server, tags: Mapping[str, str]) -> list[Row]:
    """Rows of the server that keeps answers. `tags` has the ETag of each storefront's page."""
    short = address_of(PRODUCTS, FIRST_PAGE, persisted=True)
    plain = address_of(PRODUCTS, FIRST_PAGE, persisted=False)
    known = [_as(token) | {"If-None-Match": tag} for token, tag in tags.items()]
    persisted = [asked_by_get(short, _as(token)) for token in tags]
    return [
        _row(load, server, CACHED, list(map(_page, tags)), contains=_HAS_PAGE),
        _row(load, server, CACHED_GET, persisted, contains=_HAS_PAGE),
        _row(load, server, UNCHANGED, [asked_by_get(short, headers) for headers in known], status=304),
        _row(load, server, UNCHANGED_LONG, [asked_by_get(plain, headers) for headers in known], status=304),
    ]


async def _known_pages(server: Server, tokens: Sequence[str]) -> tuple[dict[str, str], int]:
    """The ETag of each storefront's page, whose document is persisted from then on, and a page's bytes on average."""
    tags, sizes = {}, []
    headers = {"Accept-Encoding": "identity"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", headers=headers, timeout=30) as http:
        # As clients do that were told PersistedQueryNotFound.
        payload = {"query": PRODUCTS, "variables": FIRST_PAGE, "extensions": persisted_query(PRODUCTS)}
        (await http.post("/graphql", json=payload, headers=_as(tokens[0]))).raise_for_status()
        for token in tokens:
            answer = await http.get(address_of(PRODUCTS, FIRST_PAGE, persisted=True), headers=_as(token))
            _check_page(answer)
            tags[token] = answer.headers["ETag"]
            sizes.append(len(answer.content))
    return tags, round(statistics.mean(sizes))


def _check_page(answer: httpx.Response) -> None:
    """It is the page that the targets are about, and no shorter one."""
    nodes = [edge["node"] for edge in orjson.loads(answer.raise_for_status().content)["data"]["products"]["edges"]]
    children = {(len(node["variants"]["nodes"]), len(node["images"]["nodes"])) for node in nodes}
    if (len(nodes), children) != (PAGE, {(VARIANTS, IMAGES)}):
        raise RuntimeError(f"The page is another one than is to be measured: {len(nodes)} products, {children}.")


def _as(token: str) -> dict[str, str]:
    return {"X-Storefront-Token": token}


def _page(token: str) -> bytes:
    return asked_by_post(PRODUCTS, "Products", FIRST_PAGE, _as(token))


def _by_slug(token: str, variables: dict[str, Any]) -> bytes:
    return asked_by_post(PRODUCT_BY_SLUG, "ProductBySlug", variables, _as(token))


def _notes(size: int) -> list[str]:
    return [
        (
            f"{CONNECTIONS} kept connections, identity encoding, {ROUNDS} rounds of {SECONDS:.0f} s a row, by turns; "
            "each figure is the median of its rounds. Every answer was checked. others: cores that other programs had "
            "meanwhile."
        ),
        (
            "ms are CPU time a request: of the server's process (in the raw rows the one that runs asyncpg), and of "
            "all of PostgreSQL's processes."
        ),
        (
            f"The page is the operation Products with first: {PAGE}, {size / 1000:.0f} kB; by slug is ProductBySlug. "
            f"{WORKSPACES} workspaces of {PRODUCTS_EACH:,} products with {VARIANTS} variants and {IMAGES} pictures; in "
            f"the same tables {MANY_WORKSPACES:,} of {PRODUCTS_PER_WORKSPACE}, of which {WORKSPACES} or all are asked."
        ),
        (
            "Production's settings; authentication, throttling and the log of requests are on. The rows without "
            "`cached` and `304` have STOREFRONT_CACHE_SECONDS=0."
        ),
        (
            "raw asyncpg: the engine's own statement and parameters, prepared, on as many connections; its records "
            "encoded by orjson as lists, UUIDs as hex. bare ASGI app: the same uvicorn, uvloop and httptools, the "
            "requests of `cached, POST`."
        ),
    ]
