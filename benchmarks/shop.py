"""A shop to measure in: a fresh workspace, its variants, and the operations that storefronts and dashboards send."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse
from redis.asyncio import Redis

from benchmarks.client import post
from core.database import Database
from core.pubsub import Doorbells
from core.settings import Settings
from integrations.storage import new_storage
from resolvers.context import Platform
from tests.client import GraphQL
from tests.factories import Shop, make_shop

EXAMPLES = Path(__file__).parent.parent / "schema" / "examples"
ADDRESS = {"name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "countryCode": "GB"}
PRICE = "24.90"
_VARIANTS_PER_PRODUCT = 10


def operation(file: str, name: str) -> str:
    """The text of one operation, or fragment, of the examples, as a client would send it."""
    for node in parse((EXAMPLES / file).read_text()).definitions:
        if not isinstance(node, OperationDefinitionNode | FragmentDefinitionNode):
            continue
        if node.name and node.name.value == name and node.loc:
            return node.loc.source.body[node.loc.start : node.loc.end]
    raise LookupError(f"{file} has no operation {name}.")


ORDER_PLACE = operation("storefront.graphql", "OrderPlace")
ORDER_EVENTS = operation("live.graphql", "OrderEvents")


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings that a process with this environment has."""
    names = Settings.model_fields
    return Settings.model_validate({n: environment[n.upper()] for n in names if n.upper() in environment})


@asynccontextmanager
async def platform_of(environment: Mapping[str, str]) -> AsyncIterator[Platform]:
    """Database and Redis as the server has them, for rows that are made past it. Its doorbells do not ring."""
    settings = settings_of(environment)
    redis = Redis.from_url(settings.redis_url.get_secret_value())
    database = await Database.open(settings)
    try:
        yield Platform(settings, database, redis, Doorbells(redis), new_storage(settings))
    finally:
        await database.close()
        await redis.aclose()


@asynccontextmanager
async def open_shop(environment: Mapping[str, str], port: int) -> AsyncIterator[Shop]:
    """A fresh workspace on the server at the port."""
    async with (
        platform_of(environment) as platform,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http,
    ):
        yield await make_shop(platform, GraphQL(http))


async def stock_variants(shop: Shop, count: int, quantity: int) -> list[str]:
    """That many variants on sale, ten a product: their ids."""
    ids: list[str] = []
    while len(ids) < count:
        here = min(_VARIANTS_PER_PRODUCT, count - len(ids))
        price = {"amount": PRICE, "currencyCode": shop.currency_code}
        variants = [
            {"sku": f"B-{len(ids) + n}", "title": f"Size {n}", "price": price, "quantity": quantity}
            for n in range(here)
        ]
        product = await shop.product(title=f"Desk lamp {len(ids)}", variants=variants)
        ids += [variant["id"] for variant in product["variants"]["nodes"]]
    return ids


def order_input(email: str, lines: Mapping[str, int]) -> dict[str, Any]:
    """The input of an order: how many of which variant."""
    wanted = [{"variantId": variant_id, "quantity": quantity} for variant_id, quantity in lines.items()]
    return {"email": email, "lines": wanted, "shippingAddress": ADDRESS}


def order_request(shop_token: str, key: str, email: str, lines: Mapping[str, int]) -> bytes:
    """The HTTP request of an order."""
    payload = {
        "query": ORDER_PLACE,
        "operationName": "OrderPlace",
        "variables": {"input": order_input(email, lines)},
    }
    return post("/graphql", payload, {"X-Storefront-Token": shop_token, "Idempotency-Key": key})
