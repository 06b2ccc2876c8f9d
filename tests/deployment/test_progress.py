"""Following a deployment live."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from core.ids import global_id
from resolvers.deployment.progress import progress_cursor
from resolvers.feed import event_cursor
from tests.client import LiveServer
from tests.deployment.workshop import Built, Workshop, texts
from tests.factories import Shop
from tests.live.socket import Socket, signed_in

PROGRESS = Path("schema/examples/live.graphql").read_text().partition("subscription DeploymentProgress")
DOCUMENT = PROGRESS[1] + PROGRESS[2]


async def follow(socket: Socket, deployment_id: str, after: str | None = None) -> None:
    await socket.subscribe(DOCUMENT, {"id": deployment_id, "after": after})


async def until_complete(socket: Socket) -> list[dict[str, Any]]:
    """Everything that comes, to the end."""
    found = []
    while (message := await socket.receive())["type"] == "next":
        found.append(message["payload"]["data"]["deploymentProgress"])
    assert message == {"id": "1", "type": "complete"}
    return found


async def cancelled(site: Built, deployment_id: str) -> None:
    document = "mutation ($id: ID!) { deploymentCancel(id: $id) { userErrors { code } } }"
    await site.shop.admin(document, {"id": deployment_id})


class TestDeploymentProgress:
    async def test_tells_steps_and_lines_as_they_come(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        site = await workshop.site(shop, "console.log('hello'); process.exit(1)")
        deployment = await site.deploy()
        async with signed_in(live_server, shop.api_key) as socket:
            await follow(socket, deployment)
            first = (await socket.next())["deploymentProgress"]
            assert (first["status"], first["step"], first["line"]) == (
                "QUEUED",
                None,
                "Waiting for a worker to build it.",
            )
            await workshop.build()
            rest = await until_complete(socket)

        assert [first["line"], *(each["line"] for each in rest)] == texts(await site.deployment(deployment))
        assert {"FETCH", "INSTALL", "CONFIGURE", "BUILD"} == {each["step"] for each in rest}
        assert "hello" in [each["line"] for each in rest]
        assert rest[-1]["status"] == "FAILED"

    async def test_goes_on_from_a_cursor(self, workshop: Workshop, shop: Shop, live_server: LiveServer) -> None:
        site = await workshop.site(shop, "process.exit(1)")
        deployment = (await site.deployed())["id"]
        async with signed_in(live_server, shop.api_key) as socket:
            await follow(socket, deployment)
            everything = await until_complete(socket)
            await follow(socket, deployment, everything[2]["cursor"])
            behind = await until_complete(socket)
            await follow(socket, deployment, everything[-1]["cursor"])
            nothing = await until_complete(socket)

        assert behind == everything[3:]
        assert nothing == []

    async def test_ends_with_one_that_is_cancelled(
        self, workshop: Workshop, shop: Shop, live_server: LiveServer
    ) -> None:
        site = await workshop.site(shop)
        deployment = await site.deploy()
        async with signed_in(live_server, shop.api_key) as socket:
            await follow(socket, deployment)
            await socket.next()
            await cancelled(site, deployment)

            (last,) = await until_complete(socket)
        assert (last["status"], last["line"]) == ("CANCELLED", "Cancelled by tests.")

    @pytest.mark.parametrize(
        ("deployment", "after", "code"),
        [
            (global_id("Deployment", UUID(int=7)), None, "NOT_FOUND"),
            ("nonsense", None, "NOT_FOUND"),
            (global_id("Deployment", UUID(int=7)), "nonsense", "BAD_USER_INPUT"),
            (global_id("Deployment", UUID(int=7)), event_cursor(1), "BAD_USER_INPUT"),
            (global_id("Deployment", UUID(int=7)), progress_cursor(2**63), "BAD_USER_INPUT"),
            (global_id("Deployment", UUID(int=7)), progress_cursor(2**63 - 1), "NOT_FOUND"),
        ],
    )
    async def test_is_refused_where_there_is_nothing_to_follow(
        self, shop: Shop, live_server: LiveServer, deployment: str, after: str | None, code: str
    ) -> None:
        async with signed_in(live_server, shop.api_key) as socket:
            await follow(socket, deployment, after)
            message = await socket.receive()

        assert message["type"] == "error"
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
