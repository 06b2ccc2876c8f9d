"""The way to a site: what is asked under its name, and what comes back."""

import asyncio
from typing import Any

import httpx
import pytest

from routes.hosted import MAX_BODY, SiteNames
from tests.client import LiveServer
from tests.deployment.workshop import Built, Workshop
from tests.factories import Shop, make_site
from tests.hosting.visitor import Visitor, hosting, live, visiting


class TestSiteNames:
    @pytest.mark.parametrize(
        ("host", "name"),
        [
            (b"my-shop.localhost:8000", ("my-shop.localhost", True)),
            (b"My-Shop.LOCALHOST", ("my-shop.localhost", True)),
            (b"my-shop.localhost.:80", ("my-shop.localhost", True)),
            (b"Lamps.Example:80", ("lamps.example", False)),
            (b"localhost:8000", None),
            (b"127.0.0.1:8000", None),
            (b"[::1]:8000", None),
            (b"10.0.0.1", None),
            (b"server:8000", None),
            (b".", None),
            (b"", None),
            (b"notlocalhost", None),
        ],
    )
    def test_are_told_by_their_form(self, live_server: LiveServer, shop: Shop, host: bytes, name: Any) -> None:
        assert SiteNames(shop.platform.settings).name_in(host) == name

    def test_leave_the_api_its_own_name(self, shop: Shop) -> None:
        settings = shop.platform.settings.model_copy(
            update={
                "sites_url": "https://{slug}.shops.example",
                "base_url": "https://api.shops.example",
                "assets_url": "https://pictures.shops.example",
            }
        )

        assert SiteNames(settings).name_in(b"api.shops.example") is None
        assert SiteNames(settings).name_in(b"pictures.shops.example") is None
        assert SiteNames(settings).name_in(b"lamps.shops.example") == ("lamps.shops.example", True)


class TestNothingThere:
    async def test_is_said_plainly(self, live_server: LiveServer) -> None:
        async with httpx.AsyncClient(base_url=live_server.url) as http:
            response = await http.get("/", headers={"Host": "no-such-shop.localhost"})

        assert response.status_code == 404
        assert "There is no shop here" in response.text
        assert response.headers["cache-control"] == "no-store"

    async def test_is_said_of_a_site_that_was_never_live(self, shop: Shop, live_server: LiveServer) -> None:
        site = await make_site(shop)
        async with httpx.AsyncClient(base_url=live_server.url) as http:
            response = await http.get("/", headers={"Host": f"{site['slug']}.localhost"})

        assert response.status_code == 404
        assert "not open yet" in response.text

    async def test_names_of_markup_are_shown_as_text(self, live_server: LiveServer) -> None:
        async with httpx.AsyncClient(base_url=live_server.url) as http:
            response = await http.get("/", headers={"Host": "<b>x</b>.localhost"})

        assert response.status_code in {400, 404}
        assert "<b>x" not in response.text


@pytest.fixture
async def served(workshop: Workshop, shop: Shop, live_server: LiveServer) -> Any:
    """A site that is live, and a visitor."""
    site = await workshop.site(shop)
    async with hosting(workshop), visiting(live_server, site) as visitor:
        await live(site)
        yield site, visitor


class TestPassingOn:
    async def test_brings_the_request_as_it_was_sent(self, served: tuple[Built, Visitor]) -> None:
        _, visitor = served
        sent = {"Cookie": "a=1; b=2", "Accept-Language": "de", "X-Own": "own"}

        response = await visitor.request("POST", "/a%2Fb/c?d=e%20f&g", headers=sent, content=b"body")

        seen = response.json()
        assert (seen["method"], seen["url"], seen["body"]) == ("POST", "/a%2Fb/c?d=e%20f&g", "body")
        assert {name.lower(): seen["headers"][name.lower()] for name in sent} == {k.lower(): v for k, v in sent.items()}

    async def test_tells_the_site_who_asked_and_where(self, served: tuple[Built, Visitor]) -> None:
        _, visitor = served

        seen = (await visitor.get("/", headers={"X-Forwarded-Host": "evil.example", "Forwarded": "for=x"})).json()

        headers = seen["headers"]
        assert headers["host"] == headers["x-forwarded-host"] == visitor.host
        assert headers["x-forwarded-for"] == "127.0.0.1"
        assert headers["x-forwarded-proto"] == "http"
        assert "forwarded" not in headers

    async def test_keeps_what_is_of_one_connection_to_itself(self, served: tuple[Built, Visitor]) -> None:
        _, visitor = served
        sent = {"Connection": "x-mine, close", "X-Mine": "1", "TE": "trailers", "Proxy-Authorization": "secret"}

        seen = (await visitor.get("/", headers=sent)).json()

        assert not {"x-mine", "te", "proxy-authorization"} & set(seen["headers"])

    async def test_asks_for_the_site_where_no_path_is_asked_for(self, served: tuple[Built, Visitor]) -> None:
        _, visitor = served
        url = visitor.http.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(f"OPTIONS * HTTP/1.1\r\nHost: {visitor.host}\r\nConnection: close\r\n\r\n".encode())

        answer = await reader.read()
        writer.close()

        assert answer.startswith(b"HTTP/1.1 200 ")

    async def test_brings_back_every_cookie(self, served: tuple[Built, Visitor]) -> None:
        _, visitor = served

        response = await visitor.get()

        assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]

    async def test_serves_static_files(self, served: tuple[Built, Visitor]) -> None:
        _, visitor = served

        assert (await visitor.get("/_next/static/app.js")).text == "console.log('hello')"

    async def test_streams_the_answer(self, served: tuple[Built, Visitor]) -> None:
        """The beginning is there before the end is made."""
        _, visitor = served

        async with visitor.http.stream("GET", "/stream", headers={"Host": visitor.host}) as response:
            pieces = [piece async for piece in response.aiter_raw()]

        assert pieces == [b"first", b"second"]

    async def test_takes_a_body_in_pieces(self, served: tuple[Built, Visitor]) -> None:
        _, visitor = served

        async def pieces() -> Any:
            for number in range(3):
                yield b"%d" % number
                await asyncio.sleep(0.01)

        response = await visitor.request("PUT", "/", content=pieces())

        assert response.json()["body"] == "012"

    async def test_refuses_a_body_that_is_too_large(self, served: tuple[Built, Visitor]) -> None:
        _, visitor = served

        response = await visitor.request("POST", "/", content=b"x" * (MAX_BODY + 1))

        assert response.status_code == 413
        assert (await visitor.get()).status_code == 200

    async def test_survives_a_site_that_breaks_off(self, served: tuple[Built, Visitor]) -> None:
        _, visitor = served

        response = await visitor.request("POST", "/die")

        assert response.status_code == 502
        assert (await visitor.get()).status_code == 200

    async def test_leaves_the_api_alone(self, served: tuple[Built, Visitor], shop: Shop) -> None:
        _, visitor = served

        assert (await visitor.get("/graphql")).json()["url"] == "/graphql"
        assert (await shop.admin("{ workspace { slug } }"))["data"]["workspace"]["slug"] == shop.slug
