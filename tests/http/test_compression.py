"""Answers are compressed for who takes it."""

import gzip

import httpx
import pytest

from tests.factories import Shop

TITLES = "{ products { nodes { id title slug description } } }"


async def ask(shop: Shop, accepted: str, *, as_shopper: bool = True) -> tuple[httpx.Headers, bytes]:
    """The headers and the body as they were sent."""
    headers = {"Accept-Encoding": accepted}
    headers |= (
        {"X-Storefront-Token": shop.storefront_token} if as_shopper else {"Authorization": f"Bearer {shop.api_key}"}
    )
    async with shop.graphql.http.stream("POST", "/graphql", json={"query": TITLES}, headers=headers) as response:
        return response.headers, b"".join([part async for part in response.aiter_raw()])


@pytest.mark.parametrize("as_shopper", [True, False], ids=["kept", "fresh"])
class TestCompression:
    """gzip."""

    async def test_is_used_where_it_is_taken(self, shop: Shop, as_shopper: bool) -> None:
        await shop.product(description="A lamp. " * 500)
        _, plain = await ask(shop, "identity", as_shopper=as_shopper)

        for accepted in ("gzip", "br, gzip;q=0.8", "deflate, GZIP", "*", "gzip;q=0.001, *;q=0"):
            headers, body = await ask(shop, accepted, as_shopper=as_shopper)
            assert headers["content-encoding"] == "gzip", accepted
            assert len(body) < len(plain) / 5
            assert gzip.decompress(body) == plain
            assert int(headers["content-length"]) == len(body)

    @pytest.mark.parametrize(
        "accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0, br", "*;q=0", "*, gzip;q=0", "gzip;q=0.000"]
    )
    async def test_is_not_forced_on_others(self, shop: Shop, as_shopper: bool, accepted: str) -> None:
        await shop.product(description="A lamp. " * 500)

        headers, body = await ask(shop, accepted, as_shopper=as_shopper)

        assert "content-encoding" not in headers
        assert b"A lamp. A lamp." in body

    async def test_is_not_worth_it_for_a_short_answer(self, shop: Shop, as_shopper: bool) -> None:
        headers, _ = await ask(shop, "gzip", as_shopper=as_shopper)

        assert "content-encoding" not in headers
