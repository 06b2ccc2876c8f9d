"""The clients that dashboards use, for real: npm's graphql-ws in Node."""

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.client import LiveServer
from tests.factories import Shop

SCRIPT = Path(__file__).with_name("follow_orders.mjs")
ROOT = SCRIPT.parents[2]
LIVE = ROOT / "schema" / "examples" / "live.graphql"
NODE = shutil.which("node")
# Bounds a hang; nothing is measured by it.
PATIENCE = 60.0

needs_node = pytest.mark.skipif(
    NODE is None or not (ROOT / "node_modules" / "graphql-ws").exists(), reason="Node or its packages are missing."
)


@needs_node
class TestGraphqlWs:
    """npm's graphql-ws."""

    async def test_sees_an_order_arrive(self, shop: Shop, live_server: LiveServer) -> None:
        variant = await shop.variant()
        node = await asyncio.create_subprocess_exec(
            str(NODE), str(SCRIPT), live_server.ws_url, shop.api_key, str(LIVE), stdout=PIPE, cwd=ROOT
        )
        assert node.stdout
        async with asyncio.timeout(PATIENCE):
            assert json.loads(await node.stdout.readline()) == {"ready": True}
            # Both subscriptions were sent with the acknowledgement; an order that comes too early is followed by one
            # that does not.
            seen: dict[str, dict[str, object]] = {}
            placed = []
            reading = asyncio.create_task(node.stdout.read())
            while not reading.done():
                placed.append((await shop.order(variant))["order"])
                await asyncio.sleep(0.2)
            for line in (await reading).splitlines():
                message = json.loads(line)
                seen[message["operation"]] = message["answer"]["data"]
            assert await node.wait() == 0

        order = seen["OrderEvents"]["orderEvents"]
        assert isinstance(order, dict)
        assert order["type"] == "ORDER_CREATED"
        assert order["order"]["id"] in {each["id"] for each in placed}
        activity = seen["Activity"]["activity"]
        assert isinstance(activity, dict)
        assert activity["entityId"] in {each["id"] for each in placed}
