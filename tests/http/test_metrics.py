"""Who may read `/metrics`."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from resolvers.context import Platform
from resolvers.health import Backlog
from routes.health import ROUTES

TOKEN = "a-token-of-the-tests"


async def ask(application: Any, address: str, path: str = "/metrics", **headers: str) -> httpx.Response:
    """The answer to a client at the address."""
    transport = httpx.ASGITransport(application, client=(address, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://vitrine") as http:
        return await http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def open_application(app: tuple[Any, int]) -> Any:
    """The whole application, which has no token."""
    return app[0]


@pytest.fixture
def closed_application(platform: Platform) -> Starlette:
    """The addresses alone, with a token."""
    found = Starlette(routes=ROUTES)
    settings = platform.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    found.state.platform = replace(platform, settings=settings)
    found.state.backlog = Backlog(found.state.platform)
    return found


class TestMetricsWithoutToken:
    """`/metrics` where there is no METRICS_TOKEN."""

    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
    async def test_are_shown_to_this_machine(self, open_application: Any, address: str) -> None:
        shown = await ask(open_application, address)

        assert shown.status_code == 200
        assert "vitrine_database_up 1.0" in shown.text.splitlines()

    @pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.2", "172.17.0.1", "2001:db8::7", "::ffff:10.0.0.2", ""])
    async def test_are_shown_to_no_other(self, open_application: Any, address: str) -> None:
        refused = await ask(open_application, address)

        assert refused.status_code == 403
        assert refused.text.startswith("Metrics are shown to this machine alone. Set METRICS_TOKEN")
        assert "vitrine_" not in refused.text

    @pytest.mark.parametrize("named", ["203.0.113.7", "127.0.0.1", "127.0.0.1, 203.0.113.7"])
    async def test_are_not_passed_on_by_a_proxy(self, open_application: Any, named: str) -> None:
        assert (await ask(open_application, "127.0.0.1", X_Forwarded_For=named)).status_code == 403

    async def test_are_the_only_ones_that_are_hidden(self, open_application: Any) -> None:
        assert (await ask(open_application, "203.0.113.7", "/healthz")).status_code == 200
        assert (await ask(open_application, "203.0.113.7", "/readyz")).status_code == 200


class TestMetricsWithToken:
    """`/metrics` where there is a METRICS_TOKEN."""

    @pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.7"])
    async def test_are_shown_to_who_names_it(self, closed_application: Starlette, address: str) -> None:
        shown = await ask(closed_application, address, Authorization=f"Bearer {TOKEN}")

        assert shown.status_code == 200
        assert "vitrine_redis_up 1.0" in shown.text.splitlines()

    @pytest.mark.parametrize(
        "named", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"]
    )
    async def test_are_shown_to_no_other(self, closed_application: Starlette, named: str) -> None:
        refused = await ask(closed_application, "127.0.0.1", Authorization=named)

        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert "vitrine_" not in refused.text
