"""Attacks by a request: each is answered in time, below 500, and nobody else waits for it."""

import json

import pytest

from tests.attacks.conftest import Target
from tests.attacks.documents import BEYOND, DOCUMENTS, SMALL
from tests.attacks.requests import BEACONS, REQUESTS
from tests.attacks.wire import Answer, asking, exchange, request
from tests.factories import Shop

pytestmark = pytest.mark.xdist_group("attacks")
CODES = {
    "PERSISTED_QUERY_NOT_FOUND",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "NOT_FOUND",
    "BAD_USER_INPUT",
    "CONFLICT",
    "THROTTLED",
}


def assert_well_formed(answer: Answer) -> None:
    """A GraphQL response, or the few words of a refusal by HTTP alone."""
    assert answer.status, "the connection ended without an answer"
    if answer.body and "json" in answer.headers.get("content-type", ""):
        body = answer.json
        assert body.get("errors", "data" in body or "status" in body)
        for error in body.get("errors", ()):
            assert error["message"]
            assert error["extensions"]["code"] in CODES


class TestDocuments:
    """Documents that are hard to parse, to check or to run."""

    @pytest.mark.parametrize("name", [*DOCUMENTS, *BEYOND, *SMALL])
    async def test_are_answered_at_once(self, target: Target, shop: Shop, name: str) -> None:
        document = {**DOCUMENTS, **BEYOND, **SMALL}[name]
        ask = asking(document, {"Authorization": f"Bearer {shop.api_key}"})

        answer = await target.withstands(lambda: exchange(target.port, ask))

        assert_well_formed(answer)


class TestRequests:
    """Requests that are no GraphQL, or no HTTP."""

    @pytest.mark.parametrize("name", REQUESTS)
    async def test_are_answered_at_once(self, target: Target, name: str) -> None:
        answer = await target.withstands(lambda: exchange(target.port, REQUESTS[name]))

        assert_well_formed(answer)


class TestBeacons:
    """Visitors' events that are hard to read."""

    @pytest.mark.parametrize("name", BEACONS)
    async def test_are_answered_at_once(self, target: Target, shop: Shop, name: str) -> None:
        beacon = request(target=f"/track?token={shop.storefront_token}", body=BEACONS[name])

        answer = await target.withstands(lambda: exchange(target.port, beacon))

        assert answer.status == 200
        assert answer.json["acceptedCount"] + len(answer.json["userErrors"]) == len(json.loads(BEACONS[name])["events"])
