"""`changes`: polling what was committed."""

import asyncio
from typing import Any

import pytest

from core.ids import global_id
from resolvers.feed import event_cursor
from resolvers.read.log import WINDOW
from tests.changes.feed import LATEST, PAGE, RENAME, add_events, latest, page, refused, sequences
from tests.client import LiveServer
from tests.factories import Shop
from tests.live.socket import signed_in
from tests.live.test_subscriptions import ACTIVITY, settled
from tests.tenancy.world import key_with


class TestChanges:
    """What a poll shows."""

    async def test_shows_what_happened_in_order(self, shop: Shop) -> None:
        product = await shop.product()
        order = (await shop.order(product["variants"]["nodes"][0]["id"]))["order"]

        found = await page(shop)

        events = [edge["node"] for edge in found["edges"]]
        assert [(event["sequence"], event["type"], event["entityId"]) for event in events] == [
            (1, "PRODUCT_CREATED", product["id"]),
            (2, "ORDER_CREATED", order["id"]),
        ]
        assert found["nodes"] == [{"sequence": event["sequence"], "type": event["type"]} for event in events]
        assert all(event["id"].startswith("SyncEvent_") and event["occurredAt"] for event in events)
        assert [edge["cursor"] for edge in found["edges"]] == [event_cursor(1), event_cursor(2)]
        assert found["pageInfo"] == {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": event_cursor(1),
            "endCursor": event_cursor(2),
        }

    async def test_shows_only_what_came_behind_the_cursor(self, shop: Shop) -> None:
        await shop.product()
        cursor = (await page(shop))["pageInfo"]["endCursor"]
        nothing = await page(shop, cursor)
        await shop.product()
        await shop.product()

        found = await page(shop, nothing["pageInfo"]["endCursor"])

        assert nothing["edges"] == []
        assert nothing["pageInfo"] == {
            "hasNextPage": False,
            "hasPreviousPage": True,
            "startCursor": None,
            "endCursor": cursor,
        }
        assert sequences(found) == [2, 3]

    @pytest.mark.parametrize("size", [1, 2, 3, 7])
    async def test_pages_neither_skip_nor_repeat(self, shop: Shop, size: int) -> None:
        await add_events(shop, *["product.updated"] * 7)
        seen, cursor, pages = [], None, 0

        while True:
            found = await page(shop, cursor, size)
            seen += sequences(found)
            cursor, pages = found["pageInfo"]["endCursor"], pages + 1
            if not found["pageInfo"]["hasNextPage"]:
                break

        assert seen == [1, 2, 3, 4, 5, 6, 7]
        assert pages == -(-7 // size)

    async def test_tells_a_new_client_where_to_begin(self, shop: Shop) -> None:
        nowhere = await latest(shop)
        await shop.product()
        before = await latest(shop)
        await shop.product()

        assert nowhere is None
        assert before == event_cursor(1)
        assert sequences(await page(shop, before)) == [2]
        assert await latest(shop) == event_cursor(2)

    async def test_is_empty_where_nothing_ever_happened(self, shop: Shop) -> None:
        found = await page(shop)

        assert found["edges"] == []
        assert found["pageInfo"]["endCursor"] is None
        assert found["pageInfo"]["hasNextPage"] is False

    async def test_shows_the_types_that_are_asked_for(self, shop: Shop) -> None:
        await add_events(shop, "product.created", "order.created", "product.updated", "order.updated")

        assert sequences(await page(shop, types=["ORDER_CREATED", "ORDER_UPDATED"])) == [2, 4]
        assert sequences(await page(shop, types=["PRODUCT_UPDATED"])) == [3]
        assert sequences(await page(shop, types=[])) == []

    async def test_ends_where_it_looked_whatever_the_filter_left(self, shop: Shop) -> None:
        """A poller that seldom sees anything must not fall behind what is kept."""
        await add_events(shop, "product.created", *["order.created"] * 5)

        found = await page(shop, types=["PRODUCT_CREATED"])
        full = await page(shop, first=1, types=["ORDER_CREATED"])

        assert sequences(found) == [1]
        assert (found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]) == (event_cursor(6), False)
        assert (full["pageInfo"]["endCursor"], full["pageInfo"]["hasNextPage"]) == (event_cursor(2), True)

    async def test_looks_at_a_bounded_number_of_events_for_a_page(self, shop: Shop) -> None:
        await add_events(shop, *["order.created"] * (WINDOW + 5), "product.created")

        found = await page(shop, types=["PRODUCT_CREATED"])
        rest = await page(shop, found["pageInfo"]["endCursor"], types=["PRODUCT_CREATED"])

        assert (sequences(found), found["pageInfo"]["hasNextPage"]) == ([], True)
        assert found["pageInfo"]["endCursor"] == event_cursor(WINDOW)
        assert (sequences(rest), rest["pageInfo"]["hasNextPage"]) == ([WINDOW + 6], False)

    async def test_takes_the_cursors_of_subscriptions_and_gives_them_its_own(
        self, shop: Shop, live_server: LiveServer
    ) -> None:
        await shop.product()
        async with signed_in(live_server, shop.api_key) as socket:
            await socket.subscribe(ACTIVITY, {"after": (await page(shop))["pageInfo"]["endCursor"]})
            await settled()
            await shop.product()
            event = (await socket.next())["activity"]
        await shop.product()

        assert event["sequence"] == 2
        assert sequences(await page(shop, event["cursor"])) == [3]

    async def test_its_events_are_nodes(self, shop: Shop) -> None:
        product = await shop.product()
        event_id = (await page(shop))["edges"][0]["node"]["id"]
        document = "query ($id: ID!) { node(id: $id) { id ... on SyncEvent { sequence type entityId } } }"

        expected = {"id": event_id, "sequence": 1, "type": "PRODUCT_CREATED", "entityId": product["id"]}
        assert (await shop.admin(document, {"id": event_id}))["data"] == {"node": expected}
        assert (await shop.shopper(document, {"id": event_id}))["data"] == {"node": expected}

    async def test_answers_under_aliases_and_fragments(self, shop: Shop) -> None:
        await shop.product()
        document = """
          { feed: changes(first: 2) { __typename ...Rest at: latestCursor } }
          fragment Rest on SyncEventConnection {
            edges { __typename here: cursor node { __typename ... on Node { id } kind: type } }
            pageInfo { __typename to: endCursor }
          }
        """

        found = (await shop.admin(document))["data"]["feed"]

        (edge,) = found["edges"]
        assert edge.pop("node").keys() == {"__typename", "id", "kind"}
        assert edge == {"__typename": "SyncEventEdge", "here": event_cursor(1)}
        assert found["pageInfo"] == {"__typename": "PageInfo", "to": event_cursor(1)}
        assert (found["__typename"], found["at"]) == ("SyncEventConnection", event_cursor(1))


class TestRefusals:
    """What a poll is refused for."""

    @pytest.mark.parametrize(
        "cursor", ["", "nonsense", "ZXZlbnQ6", event_cursor(-1), event_cursor(2**63), "SEQUENCE:1:" + "0" * 32]
    )
    async def test_a_cursor_that_is_none(self, shop: Shop, cursor: str) -> None:
        assert await refused(shop, cursor) == "BAD_USER_INPUT"

    @pytest.mark.parametrize("ahead", [1, 10**6, 2**63 - 3])
    async def test_a_cursor_ahead_of_everything(self, shop: Shop, ahead: int) -> None:
        await shop.product()

        assert await refused(shop, event_cursor(1 + ahead)) == "BAD_USER_INPUT"
        assert await refused(shop, event_cursor(1 + ahead), by_shopper=True) == "BAD_USER_INPUT"

    @pytest.mark.parametrize("first", [-1, 101])
    async def test_a_page_out_of_bounds(self, shop: Shop, first: int) -> None:
        answer = await shop.admin(PAGE, {"first": first})

        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    async def test_it_takes_at_most_a_hundred_events(self, shop: Shop) -> None:
        await add_events(shop, *["product.updated"] * 101)

        found = await page(shop, first=100)

        assert sequences(found) == list(range(1, 101))
        assert found["pageInfo"]["hasNextPage"]


class TestWhoMayPoll:
    """Callers of `changes`."""

    async def test_shoppers_see_no_orders(self, shop: Shop) -> None:
        product = await shop.product()
        await shop.order(product["variants"]["nodes"][0]["id"])
        await add_events(shop, "workspace.settings_updated")

        found = await page(shop, by_shopper=True)
        asked = await page(shop, by_shopper=True, types=["ORDER_CREATED", "ORDER_UPDATED"])

        assert [node["type"] for node in found["nodes"]] == ["PRODUCT_CREATED", "WORKSPACE_SETTINGS_UPDATED"]
        assert asked["nodes"] == []
        assert found["pageInfo"]["endCursor"] == event_cursor(3)

    async def test_shoppers_read_no_order_event_by_its_id(self, shop: Shop) -> None:
        await shop.order(await shop.variant())
        order_event = (await page(shop, types=["ORDER_CREATED"]))["edges"][0]["node"]["id"]

        answer = await shop.shopper("query ($id: ID!) { node(id: $id) { id } }", {"id": order_event})

        assert answer["data"] == {"node": None}

    async def test_a_key_needs_the_scope(self, shop: Shop) -> None:
        await shop.product()
        with_it = await key_with(shop, "events:read")
        without = await key_with(shop, "products:read", "orders:read")

        answer = await shop.graphql(LATEST, token=without)

        assert sequences(await page(shop, token=with_it)) == [1]
        assert [error["extensions"] for error in answer["errors"]] == [{"code": "FORBIDDEN", "scope": "events:read"}]

    async def test_nobody_else_may(self, shop: Shop) -> None:
        answer = await shop.graphql(LATEST)

        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]

    async def test_sees_nothing_of_another_workspace(self, shop: Shop, other_shop: Shop) -> None:
        await other_shop.product()
        foreign = (await page(other_shop))["edges"][0]["node"]["id"]
        await shop.product()

        answer = await shop.admin("query ($id: ID!) { node(id: $id) { id } }", {"id": foreign})

        assert sequences(await page(shop)) == [1]
        assert answer["data"] == {"node": None}
        assert foreign != global_id("SyncEvent", shop.workspace_id)

    @pytest.mark.parametrize("caller", ["key", "shopper"])
    async def test_is_never_kept(self, shop: Shop, caller: str) -> None:
        credentials: dict[str, Any] = (
            {"token": shop.api_key} if caller == "key" else {"storefront_token": shop.storefront_token}
        )
        response = await shop.graphql.response(LATEST, **credentials)
        await shop.sql(
            "update workspace_counter set sequence = sequence + 1 where workspace_id = $1", shop.workspace_id
        )
        again = await shop.graphql.response(LATEST, **credentials)

        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers
        assert (response.json()["data"], again.json()["data"]) == (
            {"changes": {"latestCursor": None}},
            {"changes": {"latestCursor": event_cursor(1)}},
        )

    async def test_is_never_kept_by_get_either(self, shop: Shop) -> None:
        headers = {"X-Storefront-Token": shop.storefront_token, "apollo-require-preflight": "true"}
        response = await shop.graphql.http.get("/graphql", params={"query": LATEST}, headers=headers)

        assert response.json()["data"] == {"changes": {"latestCursor": None}}
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers


class TestBesideWriters:
    """Polling while others commit."""

    async def test_misses_nothing_and_sees_nothing_twice(self, shop: Shop) -> None:
        products = [await shop.product(quantity=10_000) for _ in range(4)]
        begin = await latest(shop)
        writing = asyncio.gather(*(_write(shop, product, 10) for product in products))
        seen: list[int] = []
        cursor = begin
        while not writing.done() or (await page(shop, cursor))["nodes"]:
            found = await page(shop, cursor, first=3)
            seen += sequences(found)
            cursor = found["pageInfo"]["endCursor"]
        await writing

        assert seen == list(range(5, 5 + 2 * 10 * len(products)))


async def _write(shop: Shop, product: dict[str, Any], times: int) -> None:
    """Orders and changes of a product."""
    revision = product["revision"]
    for n in range(times):
        answer = await shop.admin(RENAME, {"id": product["id"], "revision": revision, "title": f"Lamp {n}"})
        revision = answer["data"]["productUpdate"]["product"]["revision"]
        assert (await shop.order(product["variants"]["nodes"][0]["id"]))["order"]
