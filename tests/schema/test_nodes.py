"""Anything by its id."""

from core.ids import global_id, new_id
from tests.factories import Shop

NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Product { title } ... on Order { number } } }"


class TestNodes:
    """`nodes(ids:)`."""

    async def test_answers_in_the_order_of_the_ids_with_null_for_what_is_not_there(
        self, shop: Shop, other_shop: Shop
    ) -> None:
        first, second = await shop.product(title="First"), await shop.product(title="Second")
        order = (await shop.order(first["variants"]["nodes"][0]["id"]))["order"]
        foreign = await other_shop.product()
        unknown = global_id("Product", new_id())
        ids = [second["id"], unknown, order["id"], "nonsense", first["id"], foreign["id"], second["id"]]

        answer = await shop.admin(NODES, {"ids": ids})

        again = {"__typename": "Product", "id": second["id"], "title": "Second"}
        assert answer == {
            "data": {
                "nodes": [
                    again,
                    None,
                    {"__typename": "Order", "id": order["id"], "number": 1001},
                    None,
                    {"__typename": "Product", "id": first["id"], "title": "First"},
                    None,
                    again,
                ]
            }
        }

    async def test_refuses_what_the_caller_may_not_read_and_answers_the_rest(self, shop: Shop) -> None:
        product = await shop.product(title="Lamp")
        order = (await shop.order(product["variants"]["nodes"][0]["id"]))["order"]

        answer = await shop.shopper(NODES, {"ids": [order["id"], product["id"]]})

        assert answer["data"] == {"nodes": [None, {"__typename": "Product", "id": product["id"], "title": "Lamp"}]}
        assert [(error["path"], error["extensions"]["scope"]) for error in answer["errors"]] == [
            (["nodes", 0], "orders:read")
        ]

    async def test_takes_a_hundred_ids_and_no_more(self, shop: Shop) -> None:
        ids = [global_id("Product", new_id())] * 101

        answer = await shop.admin(NODES, {"ids": ids})

        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert (await shop.admin(NODES, {"ids": ids[:100]}))["data"]["nodes"] == [None] * 100
