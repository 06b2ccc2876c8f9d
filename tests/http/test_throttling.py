"""Throttling by cost over HTTP and websockets, by a server of its own that restores a point a second."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from benchmarks.server import Server, serving
from tests.client import GraphQL, LiveServer
from tests.factories import ORDER_PLACE, Shop
from tests.live.socket import connect

CALLER, ADDRESS, ANONYMOUS = 100, 150, 20
_RATES = {
    "THROTTLE_CALLER_RATE": "1",
    "THROTTLE_CALLER_BURST": str(CALLER),
    "THROTTLE_ADDRESS_RATE": "1",
    "THROTTLE_ADDRESS_BURST": str(ADDRESS),
    "THROTTLE_ANONYMOUS_RATE": "1",
    "THROTTLE_ANONYMOUS_BURST": str(ANONYMOUS),
}
_POOL = {"DATABASE_POOL_SIZE": "4", "DATABASE_ACQUIRE_TIMEOUT": "10"}
METRICS_TOKEN = secrets.token_hex(16)
FORTY = "{ products(first: 40) { nodes { id } } }"
FORTY_TITLES = "{ products(first: 40) { nodes { title } } }"
ONE = "{ __typename }"


@pytest.fixture(scope="module")
async def strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """The server, as a process."""
    log = tmp_path_factory.mktemp("throttling") / "server.log"
    with serving({**os.environ, **_POOL, **_RATES, "METRICS_TOKEN": METRICS_TOKEN}, log) as process:
        await process.ready()
        yield process


def somewhere() -> dict[str, str]:
    """The header of a proxy that speaks for a new address: what an address has used up is another test's."""
    return {"X-Forwarded-For": "10." + ".".join(str(secrets.randbelow(256)) for _ in range(3))}


@dataclass(frozen=True)
class Strict:
    """The server as clients at one address reach it."""

    http: httpx.AsyncClient
    shop: Shop

    async def ask(self, document: str, *, at: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        """As an API key, which nothing is kept for."""
        given = {"token": self.shop.api_key, **options}
        return await GraphQL(self.http).response(document, headers=at or {}, **given)


@pytest.fixture
async def here(strict: Server, shop: Shop) -> AsyncIterator[Strict]:
    url = f"http://127.0.0.1:{strict.port}"
    async with httpx.AsyncClient(base_url=url, timeout=30, headers=somewhere()) as http:
        yield Strict(http, shop)


def throttled(response: httpx.Response) -> dict[str, Any]:
    """The extensions of a refusal for the cost."""
    assert response.status_code == 429, response.text
    body = response.json()
    assert "data" not in body
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "THROTTLED"
    extensions: dict[str, Any] = error["extensions"]
    return extensions


def let_through(response: httpx.Response) -> bool:
    assert response.status_code in {200, 429}, response.text
    return response.status_code == 200


class TestRefusal:
    """What has used its points up."""

    async def test_says_what_there_is_and_when_to_come_again(self, here: Strict) -> None:
        assert [let_through(await here.ask(FORTY)) for _ in range(3)] == [True, True, False]

        refused = await here.ask(FORTY)

        told = throttled(refused)
        assert set(told) == {"code", "retryAfter", "cost", "available", "maximum", "restoreRate"}
        assert (told["cost"], told["maximum"], told["restoreRate"]) == (40, CALLER, 1)
        assert 0 <= told["available"] < 40
        # Points come back one by one: this many seconds, and no more, are missing.
        assert told["retryAfter"] == pytest.approx(40 - told["available"], abs=1)
        assert refused.headers["cache-control"] == "no-store"

    async def test_is_never_told_to_come_again_too_early(self, here: Strict) -> None:
        """Retry-After knows whole seconds only."""
        refused = [each for each in [await here.ask(FORTY) for _ in range(6)] if not let_through(each)]

        for each in refused:
            after = throttled(each)["retryAfter"]
            assert after <= int(each.headers["retry-after"]) < after + 1
        assert len(refused) == 4

    async def test_may_still_ask_for_less(self, here: Strict) -> None:
        assert [let_through(await here.ask(FORTY)) for _ in range(3)] == [True, True, False]

        assert let_through(await here.ask(ONE))

    async def test_changes_nothing(self, here: Strict) -> None:
        variant = await here.shop.variant()
        order = {"email": "s@example.com", "lines": [{"variantId": variant, "quantity": 1}]}
        token: dict[str, Any] = {"token": None, "storefront_token": here.shop.storefront_token}
        for most_of_it in (FORTY, FORTY_TITLES):
            await here.ask(most_of_it, **token)
        # A document that is new to the server takes a point for each 100 characters.
        place = ORDER_PLACE + "#" * 2_000

        refused = await GraphQL(here.http).response(
            place, {"input": order}, storefront_token=here.shop.storefront_token
        )

        throttled(refused)
        assert (await here.shop.admin("{ orders { totalCount } }"))["data"] == {"orders": {"totalCount": 0}}

    async def test_concerns_nobody_else(self, here: Strict, other_shop: Shop) -> None:
        while let_through(await here.ask(FORTY)):
            pass

        assert let_through(await here.ask(FORTY, token=other_shop.api_key))
        assert let_through(await here.ask(FORTY, token=here.shop.owner_token, workspace=here.shop.slug))

    async def test_follows_a_caller_to_another_address(self, here: Strict) -> None:
        while let_through(await here.ask(FORTY)):
            pass

        throttled(await here.ask(FORTY, at=somewhere()))

    async def test_is_counted(self, here: Strict) -> None:
        async def count() -> float:
            token = {"Authorization": f"Bearer {METRICS_TOKEN}"}
            lines = (await here.http.get("/metrics", headers=token)).text.splitlines()
            return sum(float(line.split()[1]) for line in lines if line.startswith("vitrine_throttled_total{"))

        before = await count()
        assert [let_through(await here.ask(FORTY)) for _ in range(4)] == [True, True, False, False]

        assert await count() == before + 2


class TestCost:
    """What an operation takes."""

    @pytest.mark.parametrize(
        ("document", "cost"),
        [
            (ONE, 1),
            ("{ workspace { slug } }", 1),
            ("{ products(first: 10) { nodes { id title } } }", 10),
            ("{ a: products(first: 10) { nodes { id } } b: products(first: 5) { nodes { id } } }", 15),
            ("{ products(first: 50) { nodes { images(first: 3) { nodes { id } } } } }", 200),
        ],
    )
    async def test_is_told_with_the_answer(self, shop: Shop, document: str, cost: int) -> None:
        response = await shop.graphql.response(document, token=shop.api_key)

        assert response.json()["extensions"] == {"cost": {"requested": cost}}

    async def test_of_a_kept_answer_is_a_point(self, here: Strict) -> None:
        token: dict[str, Any] = {"token": None, "storefront_token": here.shop.storefront_token}

        asked = [await here.ask(FORTY_TITLES, **token) for _ in range(15)]

        assert all(map(let_through, asked))
        assert {each.json()["extensions"]["cost"]["requested"] for each in asked} == {40}

    async def test_of_more_than_there_ever_is_takes_all(self, here: Strict) -> None:
        huge = "{ products(first: 100) { nodes { variants(first: 10) { nodes { id } } } } }"
        # The document is new to the server, which took a point already: now the bucket must be full again.
        told = throttled(await here.ask(huge))
        assert told["cost"] > told["maximum"]
        await asyncio.sleep(told["retryAfter"] + 0.5)

        assert let_through(await here.ask(huge))
        assert throttled(await here.ask(FORTY))["available"] < CALLER // 2


class TestAddresses:
    """What holds for all who come from one address."""

    async def test_share_what_a_workspace_is_granted_there(self, here: Strict) -> None:
        """One alone gets less than that, and at another address the second has its own."""
        create = 'mutation { storefrontTokenCreate(input: { name: "two" }) { storefrontToken { token } } }'
        made = (await here.shop.admin(create))["data"]["storefrontTokenCreate"]["storefrontToken"]["token"]
        second: dict[str, Any] = {"token": None, "storefront_token": made}
        await here.ask(FORTY)
        await here.ask(FORTY)

        assert let_through(await here.ask(FORTY, **second))
        refused = await here.ask(FORTY_TITLES, **second)

        assert throttled(refused)["maximum"] == ADDRESS
        assert let_through(await here.ask(FORTY_TITLES, at=somewhere(), **second))

    async def test_pay_for_credentials_that_nobody_knows(self, here: Strict, other_shop: Shop) -> None:
        """Guessing is a look-up each, charged to where it comes from."""
        answers = [await here.ask(ONE, token=f"vk_{secrets.token_hex(20)}") for _ in range(ANONYMOUS + 10)]

        assert let_through(answers[0])
        assert throttled(answers[-1])["maximum"] == ANONYMOUS
        throttled(await here.ask(ONE, token=other_shop.api_key))
        assert let_through(await here.ask(ONE, token=other_shop.api_key, at=somewhere()))

    async def test_pay_for_what_nobody_asks(self, here: Strict) -> None:
        answers = [await here.ask(ONE, token=None) for _ in range(ANONYMOUS + 10)]

        assert let_through(answers[0])
        assert throttled(answers[-1])["maximum"] == ANONYMOUS
        assert let_through(await here.ask(ONE, token=None, at=somewhere()))


class TestWebsocket:
    """Operations that come through a websocket."""

    async def test_take_from_the_same_bucket(self, here: Strict, strict: Server) -> None:
        headers = {"additional_headers": somewhere()}
        async with connect(LiveServer(strict.port), **headers) as socket:
            await socket.init(authorization=f"Bearer {here.shop.api_key}")
            for _ in range(2):
                await socket.subscribe(FORTY)
                await socket.next()
                assert (await socket.receive())["type"] == "complete"

            throttled(await here.ask(FORTY))
            await socket.subscribe(FORTY)
            message = await socket.receive()

            assert message["type"] == "error"
            (error,) = message["payload"]
            assert error["extensions"]["code"] == "THROTTLED"
            assert (error["extensions"]["cost"], error["extensions"]["maximum"]) == (40, CALLER)
            await socket.subscribe(ONE)
            assert await socket.next() == {"__typename": "Query"}
