"""Webhooks can be told to be ours: by the libraries that others wrote, and by ten lines of Node."""

import asyncio
import os
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
import svix

from integrations.webhook import Poster, Posting, new_webhook_secret
from tests.webhook.receiver import Received, receiving

SCRIPT = Path(__file__).with_name("verify.js")
BODY = '{"event_type":"product.updated","name":"Bücher 📚"}'.encode()
LIBRARIES = pytest.mark.parametrize(
    ("library", "error"),
    [
        (standardwebhooks.Webhook, standardwebhooks.WebhookVerificationError),
        (svix.Webhook, svix.webhooks.WebhookVerificationError),
    ],
    ids=["standardwebhooks", "svix"],
)


async def received(*secrets: str, posts: int = 1) -> list[Received]:
    """What a receiver got, byte for byte."""
    async with receiving() as receiver, Poster(allow_loopback=True) as poster:
        for _ in range(posts):
            outcome = await poster.post(Posting(receiver.url, "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", BODY, secrets))
            assert outcome.is_delivered
        return receiver.received


async def node_says(secret: str, signature: str, body: bytes) -> str:
    process = await asyncio.create_subprocess_exec(
        "node",
        str(SCRIPT),
        signature,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "WEBHOOK_SECRET": secret},
    )
    said, _ = await process.communicate(body)
    return said.decode().strip()


class TestSecret:
    """`new_webhook_secret`."""

    def test_is_as_standard_webhooks_has_it(self) -> None:
        secret = new_webhook_secret()
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/]+={0,2}", secret)
        assert 24 <= len(b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64

    def test_is_never_the_same(self) -> None:
        assert len({new_webhook_secret() for _ in range(100)}) == 100


class TestStandardWebhooks:
    """`webhook-signature`: what the libraries raise nothing about is genuine to them."""

    @LIBRARIES
    async def test_is_verified_by_others(self, library: Any, error: Any) -> None:
        secret = new_webhook_secret()
        (got,) = await received(secret)
        library(secret).verify(got.body, dict(got.headers))

    @LIBRARIES
    async def test_holds_the_body_the_id_and_the_time(self, library: Any, error: Any) -> None:
        secret = new_webhook_secret()
        (got,) = await received(secret)
        later = str(int(got.headers["webhook-timestamp"]) + 1)
        for body, change in (
            (got.body + b" ", {}),
            (got.body, {"webhook-id": "msg_other"}),
            (got.body, {"webhook-timestamp": later}),
        ):
            with pytest.raises(error):
                library(secret).verify(body, {**got.headers, **change})

    @LIBRARIES
    async def test_is_verified_by_either_secret_during_a_rotation(self, library: Any, error: Any) -> None:
        new, old = new_webhook_secret(), new_webhook_secret()
        (got,) = await received(new, old)
        for secret in (new, old):
            library(secret).verify(got.body, dict(got.headers))
        with pytest.raises(error):
            library(new_webhook_secret()).verify(got.body, dict(got.headers))

    async def test_keeps_the_id_and_renews_the_time(self) -> None:
        secret = new_webhook_secret()
        first, second = await received(secret, posts=2)
        assert first.headers["webhook-id"] == second.headers["webhook-id"] == "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
        for got in (first, second):
            assert abs(int(got.headers["webhook-timestamp"]) - got.at) < 5


class TestThemes:
    """`X-Webhook-Signature`, whose key is the secret as it is written."""

    async def test_is_verified_by_ten_lines_of_node(self) -> None:
        secret = new_webhook_secret()
        (got,) = await received(secret)
        signature = got.headers["X-Webhook-Signature"]
        assert await node_says(secret, signature, got.body) == "genuine"
        assert await node_says(secret, signature, got.body + b" ") == "forged"
        assert await node_says(new_webhook_secret(), signature, got.body) == "forged"

    async def test_is_the_older_secrets_during_a_rotation(self) -> None:
        new, old = new_webhook_secret(), new_webhook_secret()
        (got,) = await received(new, old)
        assert await node_says(old, got.headers["X-Webhook-Signature"], got.body) == "genuine"
        assert await node_says(new, got.headers["X-Webhook-Signature"], got.body) == "forged"


class TestHeaders:
    """What else a webhook says of itself."""

    async def test_tell_what_it_is_and_who_sends_it(self) -> None:
        (got,) = await received(new_webhook_secret())
        assert got.headers["Content-Type"] == "application/json"
        assert got.headers["User-Agent"] == "Vitrine-Webhooks/1"
        assert got.body == BODY
