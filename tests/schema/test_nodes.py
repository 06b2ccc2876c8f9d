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

    async def test_does_not_take_one_types_id_for_anothers(self, shop: Shop) -> None:
        order = (await shop.order(await shop.variant()))["order"]
        as_product = order["id"].replace("Order_", "Product_")

        answer = await shop.admin(NODES, {"ids": [as_product, order["id"]]})

        assert answer["data"]["nodes"] == [None, {"__typename": "Order", "id": order["id"], "number": 1001}]

    async def test_shows_shoppers_no_part_of_what_is_not_theirs(self, shop: Shop) -> None:
        product = await shop.product(images=[{"url": "https://a.example/1.png"}])
        await shop.order(product["variants"]["nodes"][0]["id"])
        parts = "{ orders { nodes { lines { nodes { id } } } } products { nodes { id images { nodes { id } } } } }"
        read = (await shop.admin(parts))["data"]
        line = read["orders"]["nodes"][0]["lines"]["nodes"][0]["id"]
        image = read["products"]["nodes"][0]["images"]["nodes"][0]["id"]
        node = "query ($id: ID!) { node(id: $id) { id } }"
        seen = await shop.shopper(node, {"id": image})
        change = """
          mutation ($id: ID!) { productUpdate(id: $id, input: { revision: 1, status: DRAFT }) { userErrors { code } } }
        """
        await shop.admin(change, {"id": product["id"]})

        assert seen["data"]["node"] == {"id": image}
        assert (await shop.shopper(node, {"id": image}))["data"] == {"node": None}
        assert (await shop.admin(node, {"id": image}))["data"]["node"] == {"id": image}
        refused = await shop.shopper(node, {"id": line})
        assert refused["data"] == {"node": None}
        assert refused["errors"][0]["extensions"]["scope"] == "orders:read"
