"""What a caller may use is bounded, over HTTP as everywhere."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.server import serving
from tests.factories import Shop

BURST = 30
# So slow that nothing comes back while a test runs.
_RATES = {
    "THROTTLE_CALLER_RATE": "1",
    "THROTTLE_CALLER_BURST": str(BURST),
    "THROTTLE_ANONYMOUS_RATE": "1",
    "THROTTLE_ANONYMOUS_BURST": str(BURST),
    "DATABASE_POOL_SIZE": "2",
}
PRODUCTS = "{ products(first: 10) { nodes { id } } }"


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server that lets little through."""
    with serving({**os.environ, **_RATES}, tmp_path / "server.log") as server:
        await server.ready()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as http:
            yield http


async def ask(http: httpx.AsyncClient, query: str, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await http.post("/graphql", json={"query": query}, headers=sent)


@pytest.mark.xdist_group("faults")
class TestThrottling:
    """Points, by the caller and by the address."""

    async def test_tells_what_an_operation_costs(self, shop: Shop) -> None:
        answer: dict[str, Any] = (await shop.graphql.response(PRODUCTS, token=shop.api_key)).json()

        assert answer["extensions"]["cost"] == {"requested": 10}

    async def test_refuses_who_has_used_theirs_up(self, shop: Shop, strict: httpx.AsyncClient) -> None:
        key = {"Authorization": f"Bearer {shop.api_key}"}
        statuses = [(await ask(strict, PRODUCTS, **key)).status_code for _ in range(2)]
        refused = await ask(strict, PRODUCTS, **key)

        assert statuses == [200, 200]
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        (error,) = refused.json()["errors"]
        assert error["extensions"]["code"] == "THROTTLED"
        assert error["extensions"]["maximum"] == BURST
        assert error["extensions"]["cost"] == 10

    async def test_charges_a_point_for_what_is_kept(self, shop: Shop, strict: httpx.AsyncClient) -> None:
        shopper = {"X_Storefront_Token": shop.storefront_token}

        statuses = [(await ask(strict, PRODUCTS, **shopper)).status_code for _ in range(12)]

        assert statuses == [200] * 12

    async def test_charges_the_address_for_credentials_that_nobody_knows(
        self, shop: Shop, strict: httpx.AsyncClient
    ) -> None:
        codes = []
        for number in range(BURST + 10):
            answer = await ask(strict, "{ workspace { slug } }", Authorization=f"Bearer made up {number}")
            codes.append(answer.json()["errors"][0]["extensions"]["code"])

        assert codes[0] == "UNAUTHENTICATED"
        assert codes[-1] == "THROTTLED"
