"""Placing orders."""

import asyncio
from typing import Any

import pytest

from tests.factories import ORDER_PLACE, Shop
from tests.operations import STOREFRONT


async def place(shop: Shop, given: dict[str, Any], **options: Any) -> dict[str, Any]:
    answer = await shop.shopper(ORDER_PLACE, {"input": given}, **options)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["orderPlace"]
    return payload


async def stock(shop: Shop) -> list[int]:
    rows = await shop.sql("select quantity_available from product_variant order by sku")
    return [row[0] for row in rows]


async def traces(shop: Shop) -> tuple[int, int, int]:
    """How many orders, events and audit entries there are."""
    (row,) = await shop.sql(
        "select (select count(*) from sales_order), (select count(*) from sync_event where type like 'order.%'), "
        "(select count(*) from audit_entry where action like 'order%')"
    )
    return tuple(row)


class TestOrderPlace:
    """`orderPlace`."""

    async def test_answers_what_storefronts_send(self, shop: Shop) -> None:
        small, large = (
            await shop.variant(price="12.50", title="Lamp"),
            await shop.variant(price="3.05", title="Bulb"),
        )
        given = {
            "email": " Ada@Example.com ",
            "lines": [{"variantId": small, "quantity": 2}, {"variantId": large, "quantity": 3}],
            "note": "Ring twice",
            "shippingAddress": {"name": "Ada", "line1": "1 High St", "city": "Leeds", "countryCode": "GB"},
        }

        answer = await shop.shopper(STOREFRONT, {"input": given}, operation="OrderPlace")

        payload = answer["data"]["orderPlace"]
        assert payload["orderToken"].startswith("vo_")
        assert payload["userErrors"] == []
        order = payload["order"]
        assert order.pop("id")
        lines = order.pop("lines")["nodes"]
        assert order == {
            "number": 1001,
            "status": "PLACED",
            "email": "ada@example.com",
            "total": {"amount": "34.15", "currencyCode": "EUR"},
        }
        assert [
            (line["title"], line["quantity"], line["unitPrice"]["amount"], line["total"]["amount"]) for line in lines
        ] == [
            ("Lamp", 2, "12.50", "25.00"),
            ("Bulb", 3, "3.05", "9.15"),
        ]
        assert await traces(shop) == (1, 1, 1)
        (saved,) = await shop.sql("select shipping_address->>'city', note from sales_order")
        assert tuple(saved) == ("Leeds", "Ring twice")

    async def test_numbers_orders_per_workspace(self, shop: Shop, other_shop: Shop) -> None:
        first, second = await shop.variant(), await other_shop.variant()

        numbers = [(await shop.order(first))["order"]["number"] for _ in range(3)]

        assert numbers == [1001, 1002, 1003]
        assert (await other_shop.order(second))["order"]["number"] == 1001

    async def test_adds_up_lines_of_the_same_variant(self, shop: Shop) -> None:
        variant = await shop.variant(quantity=5, price="2.00")
        lines = [{"variantId": variant, "quantity": 2}, {"variantId": variant, "quantity": 3}]

        payload = await place(shop, {"email": "a@example.com", "lines": lines})

        assert payload["order"]["total"]["amount"] == "10.00"
        assert await stock(shop) == [0]

    async def test_keeps_what_was_sold_when_the_product_changes(self, shop: Shop) -> None:
        product = await shop.product(title="Old lamp", price="5.00")
        token = (await shop.order(product["variants"]["nodes"][0]["id"]))["orderToken"]
        await shop.admin(
            "mutation ($id: ID!) { productDelete(id: $id) { userErrors { code } } }", {"id": product["id"]}
        )

        read = await shop.shopper(
            "query ($t: String!) { orderByToken(token: $t) { lines { nodes { title product { id } } } } }",
            {"t": token},
        )

        assert read["data"]["orderByToken"]["lines"]["nodes"] == [{"title": "Old lamp", "product": None}]

    async def test_sells_no_unit_twice(self, shop: Shop) -> None:
        variant = await shop.variant(quantity=10)

        payloads = await asyncio.gather(*(shop.order(variant) for _ in range(50)))

        placed = [payload for payload in payloads if payload["order"]]
        codes = {error["code"] for payload in payloads for error in payload["userErrors"]}
        assert len(placed) == 10
        assert codes == {"OUT_OF_STOCK"}
        assert len({payload["order"]["number"] for payload in placed}) == 10
        assert await stock(shop) == [0]
        assert await traces(shop) == (10, 10, 10)

    async def test_takes_all_lines_or_none(self, shop: Shop) -> None:
        many, few = await shop.variant(quantity=5), await shop.variant(quantity=1)
        lines = [{"variantId": many, "quantity": 5}, {"variantId": few, "quantity": 2}]

        payload = await place(shop, {"email": "a@example.com", "lines": lines})

        assert payload["order"] is None
        assert payload["userErrors"] == [
            {
                "code": "OUT_OF_STOCK",
                "field": ["input", "lines", "1", "quantity"],
                "message": "There are not that many left.",
            }
        ]
        assert sorted(await stock(shop)) == [1, 5]
        assert await traces(shop) == (0, 0, 0)

    async def test_never_deadlocks_whatever_the_order_of_lines(self, shop: Shop) -> None:
        variants = [await shop.variant(quantity=1000) for _ in range(6)]

        async def order(turn: int) -> dict[str, Any]:
            turned = variants[turn % 6 :] + variants[: turn % 6]
            lines = [{"variantId": variant, "quantity": 1} for variant in (turned if turn % 2 else turned[::-1])]
            return await place(shop, {"email": "a@example.com", "lines": lines})

        payloads = await asyncio.gather(*(order(turn) for turn in range(40)))

        assert all(payload["userErrors"] == [] for payload in payloads)
        assert await stock(shop) == [960] * 6

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"email": "nobody"}, "INVALID", ["input", "email"]),
            ({"email": "a@b@c"}, "INVALID", ["input", "email"]),
            ({"email": "x" * 300 + "@example.com"}, "TOO_LONG", ["input", "email"]),
            ({"lines": []}, "TOO_FEW", ["input", "lines"]),
            ({"quantity": 0}, "OUT_OF_RANGE", ["input", "lines", "0", "quantity"]),
            ({"quantity": -5}, "OUT_OF_RANGE", ["input", "lines", "0", "quantity"]),
            ({"quantity": 2_000_000_000}, "OUT_OF_RANGE", ["input", "lines", "0", "quantity"]),
            ({"variantId": "nonsense"}, "NOT_FOUND", ["input", "lines", "0", "variantId"]),
            ({"note": "x" * 5001}, "TOO_LONG", ["input", "note"]),
            ({"note": "a\0b"}, "INVALID", ["input", "note"]),
        ],
    )
    async def test_refuses_what_makes_no_sense(
        self, shop: Shop, change: dict[str, Any], code: str, field: list[str]
    ) -> None:
        line = {"variantId": await shop.variant(), "quantity": 1}
        for key in ("quantity", "variantId"):
            if key in change:
                line[key] = change.pop(key)
        given = {"email": "a@example.com", "lines": [line]} | change

        payload = await place(shop, given)

        assert payload["order"] is None
        assert payload["orderToken"] is None
        assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [(code, field)]
        assert await stock(shop) == [10]
        assert await traces(shop) == (0, 0, 0)

    async def test_refuses_nine_hundred_lines(self, shop: Shop) -> None:
        line = {"variantId": await shop.variant(), "quantity": 1}

        payload = await place(shop, {"email": "a@example.com", "lines": [line] * 900})

        assert [error["code"] for error in payload["userErrors"]] == ["TOO_MANY"]
        assert await stock(shop) == [10]

    async def test_does_not_know_another_workspaces_variant(self, shop: Shop, other_shop: Shop) -> None:
        foreign = await other_shop.variant()

        payload = await shop.order(foreign)

        assert [error["code"] for error in payload["userErrors"]] == ["NOT_FOUND"]
        assert await stock(other_shop) == [10]

    @pytest.mark.parametrize("status", ["DRAFT", "ARCHIVED"])
    async def test_does_not_sell_what_is_not_in_the_shop(self, shop: Shop, status: str) -> None:
        variant = await shop.variant(status=status)

        payload = await shop.order(variant)

        assert [error["code"] for error in payload["userErrors"]] == ["NOT_FOUND"]
        assert await stock(shop) == [10]


class TestIdempotencyKey:
    """The Idempotency-Key of a shopper."""

    async def test_answers_a_repeated_order_with_the_first_one(self, shop: Shop) -> None:
        variant = await shop.variant()

        first = await shop.order(variant, idempotency_key="k1")
        again = await shop.order(variant, idempotency_key="k1")

        assert first["order"]["number"] == 1001
        assert again == first
        assert await stock(shop) == [9]
        assert await traces(shop) == (1, 1, 1)

    async def test_places_one_order_for_many_concurrent_repeats(self, shop: Shop) -> None:
        variant = await shop.variant()

        payloads = await asyncio.gather(*(shop.order(variant, idempotency_key="k1") for _ in range(20)))

        assert all(payload == payloads[0] for payload in payloads)
        assert await stock(shop) == [9]

    async def test_places_an_order_of_many_lines_once(self, shop: Shop) -> None:
        lines = [{"variantId": await shop.variant(), "quantity": 1} for _ in range(3)]
        given = {"email": "a@example.com", "lines": lines}

        payloads = await asyncio.gather(*(place(shop, given, idempotency_key="k1") for _ in range(10)))

        assert all(payload == payloads[0] for payload in payloads)
        assert payloads[0]["order"]["number"] == 1001
        assert await stock(shop) == [9, 9, 9]
        assert await traces(shop) == (1, 1, 1)

    async def test_refuses_the_same_key_with_another_order(self, shop: Shop) -> None:
        variant = await shop.variant()
        await shop.order(variant, idempotency_key="k1")
        other = {"email": "shopper@example.com", "lines": [{"variantId": variant, "quantity": 2}]}

        answer = await shop.shopper(ORDER_PLACE, {"input": other}, idempotency_key="k1")

        assert answer["data"] == {"orderPlace": None}
        assert answer["errors"][0]["extensions"]["code"] == "CONFLICT"
        assert await stock(shop) == [9]

    async def test_tells_shoppers_of_one_storefront_apart_by_their_email(self, shop: Shop) -> None:
        lines = [{"variantId": await shop.variant(), "quantity": 1}]

        ada = await place(shop, {"email": "ada@example.com", "lines": lines}, idempotency_key="k1")
        bob = await place(shop, {"email": "bob@example.com", "lines": lines}, idempotency_key="k1")

        assert ada["order"]["number"] != bob["order"]["number"]
        assert (ada["order"]["email"], bob["order"]["email"]) == ("ada@example.com", "bob@example.com")
        assert ada["orderToken"] != bob["orderToken"]

    async def test_tells_shoppers_apart_by_their_secret(self, shop: Shop) -> None:
        variant = await shop.variant()
        headers = [{"X-Shopper-Secret": letter * 32} for letter in "ab"]

        ada = await shop.order(variant, idempotency_key="k1", headers=headers[0])
        bob = await shop.order(variant, idempotency_key="k1", headers=headers[1])

        assert ada["order"]["number"] != bob["order"]["number"]
        assert await shop.order(variant, idempotency_key="k1", headers=headers[0]) == ada

    async def test_keeps_nothing_of_a_refusal(self, shop: Shop) -> None:
        product = await shop.product(quantity=0)
        variant = product["variants"]["nodes"][0]["id"]
        refused = await shop.order(variant, idempotency_key="k1")
        changes = {"revision": product["revision"], "variants": [{"id": variant, "quantity": 1}]}
        document = """
          mutation ($id: ID!, $i: ProductUpdateInput!) { productUpdate(id: $id, input: $i) { userErrors { code } } }
        """
        await shop.admin(document, {"id": product["id"], "i": changes})

        placed = await shop.order(variant, idempotency_key="k1")

        assert [error["code"] for error in refused["userErrors"]] == ["OUT_OF_STOCK"]
        assert placed["order"]["number"] == 1001

    async def test_does_not_store_the_orders_secret_readable(self, shop: Shop) -> None:
        token = (await shop.order(await shop.variant(), idempotency_key="k1"))["orderToken"]

        (row,) = await shop.sql("select outcome from idempotency_key")

        assert token not in row["outcome"]

    @pytest.mark.parametrize("key", ["x" * 256, "tab\there"])
    async def test_refuses_a_key_that_is_not_usable(self, shop: Shop, key: str) -> None:
        line = {"variantId": await shop.variant(), "quantity": 1}

        answer = await shop.shopper(
            ORDER_PLACE, {"input": {"email": "a@example.com", "lines": [line]}}, idempotency_key=key
        )

        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert await stock(shop) == [10]

    async def test_wants_one_mutation_field(self, shop: Shop) -> None:
        document = """
          mutation ($i: OrderPlaceInput!) {
            a: orderPlace(input: $i) { orderToken }
            b: orderPlace(input: $i) { orderToken }
          }
        """
        line = {"variantId": await shop.variant(), "quantity": 1}

        answer = await shop.shopper(document, {"i": {"email": "a@example.com", "lines": [line]}}, idempotency_key="k1")

        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert await stock(shop) == [10]


class TestOrderByToken:
    """`orderByToken`."""

    async def test_shows_the_order_to_who_has_the_token(self, shop: Shop) -> None:
        payload = await shop.order(await shop.variant())

        answer = await shop.shopper(STOREFRONT, {"token": payload["orderToken"]}, operation="OrderByToken")

        assert answer == {
            "data": {
                "orderByToken": {
                    "id": payload["order"]["id"],
                    "number": 1001,
                    "status": "PLACED",
                    "total": {"amount": "12.50", "currencyCode": "EUR"},
                }
            }
        }

    async def test_shows_nothing_for_any_other_token(self, shop: Shop, other_shop: Shop) -> None:
        token = (await shop.order(await shop.variant()))["orderToken"]
        document = "query ($t: String!) { orderByToken(token: $t) { id } }"
        wrong = token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB")

        nothing = {"data": {"orderByToken": None}}
        for each in ("", "nonsense", "vo_", wrong, shop.storefront_token):
            assert await shop.shopper(document, {"t": each}) == nothing
        assert await other_shop.shopper(document, {"t": token}) == nothing

    async def test_does_not_open_orders_to_shoppers_otherwise(self, shop: Shop) -> None:
        order = (await shop.order(await shop.variant()))["order"]

        listed = await shop.shopper("{ orders { totalCount } }")
        node = await shop.shopper("query ($id: ID!) { node(id: $id) { id } }", {"id": order["id"]})

        assert listed["errors"][0]["extensions"] == {"code": "FORBIDDEN", "scope": "orders:read"}
        assert node["data"] == {"node": None}
        assert node["errors"][0]["extensions"]["code"] == "FORBIDDEN"


CANCEL = """
mutation ($id: ID!, $input: OrderCancelInput) {
  orderCancel(id: $id, input: $input) {
    order { status cancelReason revision }
    userErrors { code field }
  }
}
"""


class TestOrderCancel:
    """`orderCancel`."""

    async def test_returns_the_stock(self, shop: Shop) -> None:
        order = (await shop.order(await shop.variant(), quantity=4))["order"]

        answer = await shop.admin(CANCEL, {"id": order["id"], "input": {"reason": "Broken"}})

        assert answer["data"]["orderCancel"] == {
            "order": {"status": "CANCELLED", "cancelReason": "Broken", "revision": 2},
            "userErrors": [],
        }
        assert await stock(shop) == [10]
        assert await traces(shop) == (1, 2, 2)

    async def test_does_not_tell_the_shopper_why(self, shop: Shop) -> None:
        payload = await shop.order(await shop.variant())
        await shop.admin(CANCEL, {"id": payload["order"]["id"], "input": {"reason": "Looks like fraud"}})

        answer = await shop.shopper(
            "query ($t: String!) { orderByToken(token: $t) { status cancelReason } }", {"t": payload["orderToken"]}
        )

        assert answer == {"data": {"orderByToken": {"status": "CANCELLED", "cancelReason": None}}}

    async def test_cancels_once(self, shop: Shop) -> None:
        order = (await shop.order(await shop.variant(), quantity=4))["order"]

        answers = await asyncio.gather(*(shop.admin(CANCEL, {"id": order["id"]}) for _ in range(5)))

        codes = [error["code"] for answer in answers for error in answer["data"]["orderCancel"]["userErrors"]]
        assert codes == ["ALREADY_CANCELLED"] * 4
        assert await stock(shop) == [10]

    async def test_does_not_know_another_workspaces_order(self, shop: Shop, other_shop: Shop) -> None:
        order = (await shop.order(await shop.variant()))["order"]

        foreign = await other_shop.admin(CANCEL, {"id": order["id"]})
        unknown = await other_shop.admin(CANCEL, {"id": "bm9uc2Vuc2U"})

        assert foreign == unknown
        assert foreign["data"]["orderCancel"]["userErrors"] == [{"code": "NOT_FOUND", "field": ["id"]}]
        assert (await shop.sql("select status from sales_order"))[0][0] == "PLACED"
