"""The log of deliveries and their tries: what it shows, to whom, and how much is read for it."""

import json
from collections.abc import Awaitable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from core.database import pinned
from core.events import SyncEventType
from core.ids import global_id, new_id
from resolvers.context import Platform
from resolvers.webhook import relay_events
from schema.webhook import WebhookEventType
from tests.client import GraphQL
from tests.factories import Shop, make_shop
from tests.operations import ADMIN
from tests.people import becomes, error_codes
from tests.plans import plan_of, rows_read, scans
from tests.tenancy.world import key_with
from tests.webhook.api import DELETE, DELIVERY_FIELDS, URL, created, send, uuid_of
from tests.webhook.receiver import receiving
from tests.webhook.world import attempts, deliveries, dispatching

BY_ID = f"""
query ($id: ID!) {{
  webhookDelivery(id: $id) {{
    {DELIVERY_FIELDS}
    webhookEndpoint {{ id url }}
    attempts {{ totalCount nodes {{ number startedAt statusCode durationMs error responseBody }} }}
  }}
}}
"""
IDS = """
query ($first: Int, $after: String, $last: Int, $filter: WebhookDeliveryFilter, $sort: WebhookDeliverySort) {
  webhookDeliveries(first: $first, after: $after, last: $last, filter: $filter, sort: $sort) {
    nodes { id } pageInfo { endCursor } totalCount
  }
}
"""
OF_ENDPOINT = """
query ($id: ID!, $filter: WebhookDeliveryFilter) {
  webhookEndpoint(id: $id) { deliveries(first: 20, filter: $filter) { nodes { id status } } }
}
"""


async def shown(shop: Shop, row_id: UUID) -> dict[str, Any]:
    answer = await shop.admin(BY_ID, {"id": global_id("WebhookDelivery", row_id)})
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["webhookDelivery"]
    return found


@pytest.mark.usefixtures("no_other_worker")
class TestWebhookDelivery:
    """One entry."""

    async def test_shows_what_waits(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        product = await shop.product()
        await relay_events(shop.platform, [shop.workspace_id])

        (row,) = await deliveries(shop, uuid_of(endpoint_id))
        delivery = await shown(shop, row["id"])

        assert delivery == {
            "id": global_id("WebhookDelivery", row["id"]),
            "eventType": "PRODUCT_CREATED",
            "eventId": global_id("SyncEvent", row["event_id"]),
            "sequence": 1,
            "endpointId": endpoint_id,
            "status": "PENDING",
            "nextAttemptAt": moment(row["due_at"]),
            "attemptCount": 0,
            "createdAt": moment(row["created_at"]),
            "finishedAt": None,
            "payload": row["body"].decode(),
            "webhookEndpoint": {"id": endpoint_id, "url": URL},
            "attempts": {"totalCount": 0, "nodes": []},
        }
        assert json.loads(delivery["payload"])["entity_id"] == product["id"]

    async def test_shows_every_try_the_oldest_first(self, shop: Shop) -> None:
        async with receiving(status=503, body="später".encode()) as receiver, dispatching(shop.platform) as dispatcher:
            endpoint_id = await created(shop, url=receiver.url)
            await shop.product()
            await receiver.has(1)

            async def tries() -> int:
                return int((await deliveries(shop, uuid_of(endpoint_id)))[0]["attempt_count"])

            await becomes(1, tries)
            receiver.status, receiver.body = 204, b""
            await shop.sql("update webhook_delivery set due_at = now()")
            dispatcher.platform.doorbells.ring(f"vitrine:deliveries:{shop.workspace_id}")
            await becomes(2, tries)

        (row,) = await deliveries(shop, uuid_of(endpoint_id))
        delivery = await shown(shop, row["id"])
        kept = await attempts(shop, row["id"])
        assert (delivery["status"], delivery["nextAttemptAt"]) == ("DELIVERED", None)
        assert delivery["finishedAt"] == moment(row["finished_at"])
        assert delivery["attempts"] == {
            "totalCount": 2,
            "nodes": [
                {
                    "number": 1,
                    "startedAt": moment(kept[0]["started_at"]),
                    "statusCode": 503,
                    "durationMs": kept[0]["duration_ms"],
                    "error": "It answered 503.",
                    "responseBody": "später",
                },
                {
                    "number": 2,
                    "startedAt": moment(kept[1]["started_at"]),
                    "statusCode": 204,
                    "durationMs": kept[1]["duration_ms"],
                    "error": None,
                    "responseBody": "",
                },
            ],
        }

    async def test_outlives_its_endpoint(self, shop: Shop) -> None:
        endpoint_id = await created(shop)
        await shop.product()
        await relay_events(shop.platform, [shop.workspace_id])
        await send(shop, DELETE, "webhookEndpointDelete", id=endpoint_id)

        (row,) = await deliveries(shop, uuid_of(endpoint_id))
        delivery = await shown(shop, row["id"])

        assert (delivery["webhookEndpoint"], delivery["endpointId"]) == (None, endpoint_id)
        assert delivery["status"] == "FAILED"
        answer = await shop.admin(IDS, {"filter": {"endpointId": endpoint_id}})
        assert answer["data"]["webhookDeliveries"]["nodes"] == [{"id": delivery["id"]}]

    def test_names_every_event_type_and_the_ping(self) -> None:
        assert {kind.value for kind in WebhookEventType} == {*SyncEventType, "webhook.ping"}


class TestAccess:
    """Who reads the log."""

    @pytest.mark.parametrize(
        "document", ["{ webhookDeliveries { nodes { id } } }", "{ webhookEndpoints { nodes { id } } }"]
    )
    async def test_takes_a_scope_of_its_own(self, shop: Shop, document: str) -> None:
        others = await key_with(shop, "events:read", "webhooks:write")

        assert error_codes(await shop.admin(document, token=others)) == ["FORBIDDEN"]
        assert error_codes(await shop.shopper(document)) == ["FORBIDDEN"]
        assert error_codes(await shop.admin(document, token=await key_with(shop, "webhooks:read"))) == []


def moment(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


# -- much of it -------------------------------------------------------------------------------------------------------

DELIVERIES = 12_000
ENDPOINTS = 6
PAGE = 20
# A page and one more from each of three lanes, with some room.
ROWS_OF_A_PAGE = 100
# A tenth of a percent has failed, all of it for the first endpoint; the times are a second apart, the newest first.
FILL = """
insert into webhook_delivery (workspace_id, id, endpoint_id, event_id, event_type, sequence, body, status, due_at,
                              created_at)
select $1, gen_random_uuid(), ($2::uuid[])[1 + n % $3], gen_random_uuid(), 'product.updated', n, '{}', s,
       case when s = 'PENDING' then timestamptz '2100-01-01' end, timestamptz '2026-01-01' - n * interval '1 second'
  from generate_series(0, $4 - 1) n,
       lateral (select case when n % 600 = 0 then 'FAILED' when n % 50 = 3 then 'PENDING' else 'DELIVERED' end s) s
"""


class Log(NamedTuple):
    """A shop with much in its log."""

    shop: Shop
    endpoints: list[UUID]
    rows: list[Any]

    def filter(self, name: str) -> dict[str, Any]:
        half = self.rows[DELIVERIES // 2]["created_at"].isoformat()
        filters: dict[str, dict[str, Any]] = {
            "all": {},
            "failed": {"status": "FAILED"},
            "unfinished": {"status": ["FAILED", "PENDING"]},
            "endpoint": {"endpointId": global_id("WebhookEndpoint", self.endpoints[1])},
            "failed of endpoint": {
                "endpointId": global_id("WebhookEndpoint", self.endpoints[0]),
                "status": "FAILED",
            },
            "failed of another endpoint": {
                "endpointId": global_id("WebhookEndpoint", self.endpoints[1]),
                "status": "FAILED",
            },
            "no endpoint": {"endpointId": global_id("WebhookEndpoint", new_id())},
            "older": {"createdAt": {"lt": half}},
            "older of endpoint": {
                "endpointId": global_id("WebhookEndpoint", self.endpoints[1]),
                "createdAt": {"lt": half},
            },
        }
        return filters[name]

    def leaves(self, name: str) -> list[Any]:
        """The rows that the filter leaves, the newest first."""
        half = self.rows[DELIVERIES // 2]["created_at"]
        first, second = self.endpoints[:2]
        holds: dict[str, Any] = {
            "all": lambda _: True,
            "failed": lambda row: row["status"] == "FAILED",
            "unfinished": lambda row: row["status"] != "DELIVERED",
            "endpoint": lambda row: row["endpoint_id"] == second,
            "failed of endpoint": lambda row: row["endpoint_id"] == first and row["status"] == "FAILED",
            "failed of another endpoint": lambda row: row["endpoint_id"] == second and row["status"] == "FAILED",
            "no endpoint": lambda _: False,
            "older": lambda row: row["created_at"] < half,
            "older of endpoint": lambda row: row["endpoint_id"] == second and row["created_at"] < half,
        }
        return [row for row in self.rows if holds[name](row)]


FILTERS = (
    "all",
    "failed",
    "unfinished",
    "endpoint",
    "failed of endpoint",
    "failed of another endpoint",
    "no endpoint",
    "older",
    "older of endpoint",
)


@pytest.fixture(scope="module")
async def log(platform: Platform, graphql: GraphQL) -> Log:
    shop = await make_shop(platform, graphql)
    # They are off, so that no worker of another test looks at them.
    endpoints = [uuid_of(await created(shop, isActive=False)) for _ in range(ENDPOINTS)]
    async with platform.database.app.acquire() as connection, pinned(connection, shop.workspace_id):
        await connection.execute(FILL, shop.workspace_id, endpoints, ENDPOINTS, DELIVERIES)
    rows = await shop.sql(
        "select id, endpoint_id, status, created_at from webhook_delivery order by created_at desc, id desc"
    )
    return Log(shop, endpoints, rows)


@pytest.mark.xdist_group("webhook_log")
class TestWebhookDeliveries:
    """The list."""

    @pytest.mark.parametrize("name", FILTERS)
    async def test_shows_what_is_asked_for(self, log: Log, name: str) -> None:
        given = log.filter(name)
        ids = [global_id("WebhookDelivery", row["id"]) for row in log.leaves(name)]

        async def page(**paging: Any) -> Any:
            return (await log.shop.admin(IDS, {"filter": given, **paging}))["data"]["webhookDeliveries"]

        def nodes(wanted: list[str]) -> list[dict[str, str]]:
            return [{"id": each} for each in wanted]

        first = await page(first=PAGE)
        assert (first["nodes"], first["totalCount"]) == (nodes(ids[:PAGE]), len(ids))
        if len(ids) > PAGE:
            second = await page(first=PAGE, after=first["pageInfo"]["endCursor"])
            assert second["nodes"] == nodes(ids[PAGE : 2 * PAGE])
        oldest = await page(first=PAGE, sort={"field": "CREATED_AT"})
        assert oldest["nodes"] == nodes(ids[::-1][:PAGE])

    @pytest.mark.parametrize("name", FILTERS)
    async def test_reads_few_rows(self, log: Log, name: str) -> None:
        """The first page, and one from the middle of the log."""
        middle = log.rows[DELIVERIES // 2]
        for after in (None, f"CREATED_AT:{middle['created_at'].isoformat()}:{middle['id'].hex}"):
            variables = {"first": PAGE, "after": after, "filter": log.filter(name)}

            await refuse_much(log, log.shop.admin(IDS.replace("totalCount", ""), variables))

    async def test_reads_few_rows_as_clients_ask(self, log: Log) -> None:
        variables = {"first": PAGE, "filter": log.filter("failed")}

        await refuse_much(log, log.shop.admin(ADMIN, variables, operation="WebhookDeliveries"))

    @pytest.mark.parametrize("status", ["FAILED", "DELIVERED"])
    async def test_reads_few_rows_below_an_endpoint(self, log: Log, status: str) -> None:
        variables = {"id": global_id("WebhookEndpoint", log.endpoints[0]), "filter": {"status": status}}

        await refuse_much(log, log.shop.admin(OF_ENDPOINT, variables))
        answer = await log.shop.admin(OF_ENDPOINT, variables)
        nodes = answer["data"]["webhookEndpoint"]["deliveries"]["nodes"]
        assert [node["status"] for node in nodes] == [status] * PAGE


async def refuse_much(log: Log, asking: Awaitable[dict[str, Any]]) -> None:
    plan = await plan_of(log.shop.platform, asking, "webhook_delivery")
    found = [node for node in scans(plan) if node.get("Relation Name") == "webhook_delivery"]
    assert found, plan
    assert [node for node in found if node["Node Type"] == "Seq Scan"] == []
    assert sum(map(rows_read, found)) <= ROWS_OF_A_PAGE, json.dumps(plan, indent=1)
