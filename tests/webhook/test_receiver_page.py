"""What `docs/webhooks.md` tells receivers to do, done with what is posted."""

import json
import re
import shutil
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path
from typing import Any

import pytest

from tests.factories import Shop
from tests.webhook.api import PING, ROTATE, create, send
from tests.webhook.receiver import Received, receiving
from tests.webhook.world import dispatching

PAGE = Path("docs/webhooks.md").read_text()
NODE = shutil.which("node")
ASK = """
const [secret, headers, body] = JSON.parse(process.argv[1]);
console.log(isOurs(secret, headers, Buffer.from(body)));
"""
OTHER_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

pytestmark = pytest.mark.usefixtures("no_other_worker")


def block(language: str) -> str:
    """The one piece of code in the language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


async def posted(shop: Shop, *, rotates: bool = False) -> tuple[list[str], Received]:
    """The secrets that an endpoint has had, the newest last, and what is posted to it."""
    async with receiving() as receiver, dispatching(shop.platform):
        made = await create(shop, url=receiver.url)
        secrets, endpoint_id = [made["secret"]], made["webhookEndpoint"]["id"]
        if rotates:
            secrets.append((await send(shop, ROTATE, "webhookEndpointSecretRotate", id=endpoint_id))["secret"])
        await send(shop, PING, "webhookEndpointPing", id=endpoint_id)
        (received,) = await receiver.has(1)
    return secrets, received


async def by_python(secret: str, headers: dict[str, str], body: bytes) -> bool:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 - our own page
    return bool(names["is_ours"](secret, headers, body))


async def by_node(secret: str, headers: dict[str, str], body: bytes) -> bool:
    lowered = {name.lower(): value for name, value in headers.items()}
    given = json.dumps([secret, lowered, body.decode()])
    arguments = ("--input-type=module", "--eval", block("js").replace("export ", "") + ASK, given)
    node = await create_subprocess_exec(str(NODE), *arguments, stdout=PIPE)
    printed, _ = await node.communicate()
    assert node.returncode == 0
    return bool(json.loads(printed))


class TestVerifying:
    """The few lines that the page gives."""

    @pytest.mark.parametrize(
        "is_ours",
        [by_python, pytest.param(by_node, marks=pytest.mark.skipif(NODE is None, reason="Node is missing."))],
    )
    async def test_accept_what_is_ours_and_nothing_else(self, shop: Shop, is_ours: Any) -> None:
        (secret,), received = await posted(shop)
        headers = dict(received.headers)

        assert await is_ours(secret, headers, received.body)
        assert not await is_ours(secret, headers, received.body.replace(b"ping", b"pong"))
        assert not await is_ours(OTHER_SECRET, headers, received.body)

    async def test_find_both_secrets_in_one_header_and_the_older_in_the_other(self, shop: Shop) -> None:
        (older, newer), received = await posted(shop, rotates=True)
        headers = dict(received.headers)

        assert [await by_python(secret, headers, received.body) for secret in (older, newer)] == [True, True]
        if NODE:
            assert [await by_node(secret, headers, received.body) for secret in (older, newer)] == [True, False]
