"""Adding, changing and deleting products."""

import asyncio
from typing import Any

import pytest

from tests.factories import Shop
from tests.operations import ADMIN

MONEY = {"amount": "12.50", "currencyCode": "EUR"}
READ = """
query ($id: ID!) {
  product(id: $id) {
    title slug status revision description
    priceRange { minVariantPrice { amount } maxVariantPrice { amount } }
    images { nodes { url } }
    variants { nodes { id sku title price { amount } quantityAvailable } }
  }
}
"""


async def create(shop: Shop, given: dict[str, Any], **options: Any) -> dict[str, Any]:
    answer = await shop.admin(ADMIN, {"input": given}, operation="ProductCreate", **options)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["productCreate"]
    return payload


async def update(shop: Shop, product_id: str, given: dict[str, Any]) -> dict[str, Any]:
    answer = await shop.admin(ADMIN, {"id": product_id, "input": given}, operation="ProductUpdate")
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["productUpdate"]
    return payload


async def read(shop: Shop, product_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.admin(READ, {"id": product_id}))["data"]["product"]
    return found


async def traces(shop: Shop) -> tuple[int, int, int]:
    """How many products, events and audit entries there are."""
    (row,) = await shop.sql(
        "select (select count(*) from product), (select count(*) from sync_event), (select count(*) from audit_entry)"
    )
    return tuple(row)


def codes(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


class TestProductCreate:
    """`productCreate`."""

    async def test_adds_a_draft_with_a_slug_of_its_title(self, shop: Shop) -> None:
        given = {"title": " Crème Brûlée Lamp ", "variants": [{"sku": "L", "price": MONEY, "quantity": 3}]}

        payload = await create(shop, given)

        product = payload["product"]
        assert payload["userErrors"] == []
        assert product.pop("id")
        assert product["variants"]["nodes"][0].pop("id")
        assert product == {
            "slug": "creme-brulee-lamp",
            "status": "DRAFT",
            "revision": 1,
            "variants": {"nodes": [{"sku": "L", "price": MONEY, "quantityAvailable": 3}]},
        }
        assert await traces(shop) == (1, 1, 1)

    async def test_numbers_slugs_that_are_taken(self, shop: Shop) -> None:
        slugs = [
            (await create(shop, {"title": "Lamp", "variants": [{"sku": sku, "price": MONEY}]}))["product"]["slug"]
            for sku in "abc"
        ]

        assert slugs == ["lamp", "lamp-2", "lamp-3"]

    async def test_gives_a_deleted_products_slug_and_skus_to_a_new_one(self, shop: Shop) -> None:
        given = {"title": "Lamp", "slug": "lamp", "variants": [{"sku": "L", "price": MONEY}]}
        first = (await create(shop, given))["product"]
        await shop.admin(ADMIN, {"id": first["id"]}, operation="ProductDelete")

        second = await create(shop, given)

        assert second["product"]["slug"] == "lamp"

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"title": "  "}, "BLANK", ["input", "title"]),
            ({"title": "x" * 1_000_000}, "TOO_LONG", ["input", "title"]),
            ({"title": "a\0b"}, "INVALID", ["input", "title"]),
            ({"slug": "Not A Slug"}, "INVALID", ["input", "slug"]),
            ({"slug": "taken"}, "TAKEN", ["input", "slug"]),
            ({"variants": []}, "TOO_FEW", ["input", "variants"]),
            ({"images": [{"url": "javascript:alert(1)"}]}, "INVALID", ["input", "images", "0", "url"]),
            ({"images": [{"url": "/media/../secret"}]}, "INVALID", ["input", "images", "0", "url"]),
        ],
    )
    async def test_refuses_what_makes_no_sense(
        self, shop: Shop, change: dict[str, Any], code: str, field: list[str]
    ) -> None:
        await create(shop, {"title": "Other", "slug": "taken", "variants": [{"sku": "T", "price": MONEY}]})
        before = await traces(shop)

        payload = await create(shop, {"title": "Lamp", "variants": [{"sku": "L", "price": MONEY}]} | change)

        assert payload["product"] is None
        assert codes(payload) == [(code, field)]
        assert await traces(shop) == before

    @pytest.mark.parametrize(
        ("variant", "code", "field"),
        [
            ({"sku": ""}, "BLANK", ["sku"]),
            ({"sku": "taken"}, "TAKEN", ["sku"]),
            ({"quantity": -1}, "OUT_OF_RANGE", ["quantity"]),
            ({"quantity": 2_000_000_000}, "OUT_OF_RANGE", ["quantity"]),
            ({"price": {"amount": "-1", "currencyCode": "EUR"}}, "OUT_OF_RANGE", ["price", "amount"]),
            ({"price": {"amount": "1e20", "currencyCode": "EUR"}}, "OUT_OF_RANGE", ["price", "amount"]),
            ({"price": {"amount": "1.005", "currencyCode": "EUR"}}, "TOO_PRECISE", ["price", "amount"]),
            ({"price": {"amount": "1", "currencyCode": "USD"}}, "CURRENCY_MISMATCH", ["price", "currencyCode"]),
        ],
    )
    async def test_refuses_a_variant_that_makes_no_sense(
        self, shop: Shop, variant: dict[str, Any], code: str, field: list[str]
    ) -> None:
        await create(shop, {"title": "Other", "variants": [{"sku": "taken", "price": MONEY}]})
        before = await traces(shop)

        payload = await create(shop, {"title": "Lamp", "variants": [{"sku": "L", "price": MONEY} | variant]})

        assert codes(payload) == [(code, ["input", "variants", "0", *field])]
        assert await traces(shop) == before

    async def test_refuses_decimals_where_the_currency_has_none(self, new_shop: Any) -> None:
        shop = await new_shop(currency_code="JPY")

        def variant(amount: str) -> list[dict[str, Any]]:
            return [{"sku": "L", "price": {"amount": amount, "currencyCode": "JPY"}}]

        refused = await create(shop, {"title": "Lamp", "variants": variant("1800.5")})
        made = await create(shop, {"title": "Lamp", "variants": variant("1800")})

        assert codes(refused) == [("TOO_PRECISE", ["input", "variants", "0", "price", "amount"])]
        price = made["product"]["variants"]["nodes"][0]["price"]
        assert price == {"amount": "1800", "currencyCode": "JPY"}

    async def test_names_everything_that_is_wrong_at_once(self, shop: Shop) -> None:
        variants = [{"sku": "A", "price": MONEY}, {"sku": "A", "price": {"amount": "1.001", "currencyCode": "EUR"}}]

        payload = await create(shop, {"title": "Lamp", "variants": variants})

        assert sorted(codes(payload)) == [
            ("DUPLICATE", ["input", "variants", "1", "sku"]),
            ("TOO_PRECISE", ["input", "variants", "1", "price", "amount"]),
        ]

    async def test_is_done_once_for_an_idempotency_key(self, shop: Shop) -> None:
        given = {"title": "Lamp", "variants": [{"sku": "L", "price": MONEY}]}

        payloads = await asyncio.gather(*(create(shop, given, idempotency_key="k") for _ in range(5)))

        assert all(payload == payloads[0] for payload in payloads)
        assert await traces(shop) == (1, 1, 1)

    async def test_takes_a_slug_once_however_many_ask_for_it(self, shop: Shop) -> None:
        answers = await asyncio.gather(
            *(create(shop, {"title": "Lamp", "slug": "l", "variants": [{"sku": s, "price": MONEY}]}) for s in "abcde")
        )

        assert sorted(len(answer["userErrors"]) for answer in answers) == [0, 1, 1, 1, 1]
        assert {code for answer in answers for code, _ in codes(answer)} == {"TAKEN"}


class TestProductDelete:
    """`productDelete`."""

    async def test_waits_for_orders_in_their_order(self, shop: Shop) -> None:
        price = {"amount": "1.00", "currencyCode": "EUR"}
        # SKUs that run against the ids: an update that went by the one and locked by the other would deadlock.
        variants = [{"sku": f"S{99 - n:02d}", "price": price, "quantity": 100} for n in range(40)]
        product = await shop.product(variants=variants)
        ids = "query ($id: ID!) { product(id: $id) { variants(first: 100) { nodes { id } } } }"
        nodes = (await shop.admin(ids, {"id": product["id"]}))["data"]["product"]["variants"]["nodes"]
        lines = [{"variantId": node["id"], "quantity": 1} for node in nodes]
        document = "mutation ($i: OrderPlaceInput!) { orderPlace(input: $i) { userErrors { code } } }"

        answers = await asyncio.gather(
            *(shop.shopper(document, {"i": {"email": "a@example.com", "lines": lines}}) for _ in range(8)),
            shop.admin(ADMIN, {"id": product["id"]}, operation="ProductDelete"),
            *(shop.shopper(document, {"i": {"email": "a@example.com", "lines": lines}}) for _ in range(8)),
        )

        assert [answer["errors"] for answer in answers if "errors" in answer] == []


class TestProductUpdate:
    """`productUpdate`."""

    async def test_changes_what_is_named_and_keeps_the_rest(self, shop: Shop) -> None:
        product = await shop.product(title="Lamp", description="Bright", images=[{"url": "https://a.example/1.png"}])

        payload = await update(shop, product["id"], {"revision": 1, "title": "Desk lamp", "status": "ARCHIVED"})

        changed = payload["product"]
        assert (changed["title"], changed["status"], changed["revision"]) == ("Desk lamp", "ARCHIVED", 2)
        whole = await read(shop, product["id"])
        assert whole["description"] == "Bright"
        assert whole["slug"] == product["slug"]
        assert [image["url"] for image in whole["images"]["nodes"]] == ["https://a.example/1.png"]

    async def test_refuses_a_stale_revision(self, shop: Shop) -> None:
        product = await shop.product(title="Lamp")
        await update(shop, product["id"], {"revision": 1, "title": "First"})
        before = await traces(shop)

        payload = await update(shop, product["id"], {"revision": 1, "title": "Second"})

        assert codes(payload) == [("CONFLICT", ["input", "revision"])]
        assert (await read(shop, product["id"]))["title"] == "First"
        assert await traces(shop) == before

    async def test_lets_one_of_two_concurrent_editors_win(self, shop: Shop) -> None:
        product = await shop.product()

        payloads = await asyncio.gather(
            *(update(shop, product["id"], {"revision": 1, "title": title}) for title in ("a", "b", "c"))
        )

        assert sorted(len(payload["userErrors"]) for payload in payloads) == [0, 1, 1]

    async def test_replaces_variants_keeping_those_it_names(self, shop: Shop) -> None:
        product = await shop.product(
            variants=[
                {"sku": "A", "title": "Small", "price": MONEY, "quantity": 5},
                {"sku": "B", "title": "Large", "price": MONEY, "quantity": 6},
            ]
        )
        kept = product["variants"]["nodes"][0]["id"]
        new = {"sku": "B", "title": "Huge", "price": {"amount": "99", "currencyCode": "EUR"}, "quantity": 1}

        payload = await update(shop, product["id"], {"revision": 1, "variants": [new, {"id": kept, "quantity": 9}]})

        assert payload["userErrors"] == []
        whole = await read(shop, product["id"])
        assert whole["priceRange"] == {"minVariantPrice": {"amount": "12.50"}, "maxVariantPrice": {"amount": "99.00"}}
        variants = whole["variants"]["nodes"]
        assert variants[1]["id"] == kept
        assert [(v["sku"], v["title"], v["price"]["amount"], v["quantityAvailable"]) for v in variants] == [
            ("B", "Huge", "99.00", 1),
            ("A", "Small", "12.50", 9),
        ]

    async def test_lets_two_variants_change_their_skus(self, shop: Shop) -> None:
        product = await shop.product(variants=[{"sku": "A", "price": MONEY}, {"sku": "B", "price": MONEY}])
        first, second = (variant["id"] for variant in product["variants"]["nodes"])
        swapped = [{"id": first, "sku": "B"}, {"id": second, "sku": "A"}]

        payload = await update(shop, product["id"], {"revision": 1, "variants": swapped})

        assert payload["userErrors"] == []
        variants = (await read(shop, product["id"]))["variants"]["nodes"]
        assert [(variant["id"], variant["sku"]) for variant in variants] == [(first, "B"), (second, "A")]

    async def test_is_found_by_its_new_words_and_no_longer_by_its_old(self, shop: Shop) -> None:
        product = await shop.product(title="Brass lamp")
        await update(shop, product["id"], {"revision": 1, "title": "Copper lamp"})

        async def found(words: str) -> int:
            document = "query ($w: String) { products(filter: { search: $w }) { totalCount } }"
            count: int = (await shop.admin(document, {"w": words}))["data"]["products"]["totalCount"]
            return count

        assert (await found("copper"), await found("brass")) == (1, 0)

    @pytest.mark.parametrize("operation", ["ProductUpdate", "ProductDelete"])
    async def test_does_not_know_another_workspaces_product(self, shop: Shop, other_shop: Shop, operation: str) -> None:
        product = await shop.product()
        before = await traces(shop)

        foreign = await other_shop.admin(
            ADMIN, {"id": product["id"], "input": {"revision": 1, "title": "Mine"}}, operation=operation
        )
        unknown = await other_shop.admin(
            ADMIN, {"id": "bm9uc2Vuc2U", "input": {"revision": 1, "title": "Mine"}}, operation=operation
        )

        assert foreign == unknown
        assert codes(next(iter(foreign["data"].values()))) == [("NOT_FOUND", ["id"])]
        assert await traces(shop) == before


ADJUST = """
mutation ($id: ID!, $delta: Int!) {
  productVariantStockAdjust(id: $id, input: { delta: $delta }) {
    productVariant { quantityAvailable }
    userErrors { code field message }
  }
}
"""


class TestProductVariantStockAdjust:
    """`productVariantStockAdjust`."""

    async def test_counts_beside_orders_that_come_in(self, shop: Shop) -> None:
        variant = await shop.variant(quantity=10)

        await asyncio.gather(
            *(shop.admin(ADJUST, {"id": variant, "delta": 5}) for _ in range(4)),
            *(shop.order(variant) for _ in range(6)),
        )

        assert [row[0] for row in await shop.sql("select quantity_available from product_variant")] == [24]

    async def test_leaves_no_fewer_than_none(self, shop: Shop) -> None:
        variant = await shop.variant(quantity=2)

        answer = await shop.admin(ADJUST, {"id": variant, "delta": -3})

        payload = answer["data"]["productVariantStockAdjust"]
        assert codes(payload) == [("OUT_OF_RANGE", ["input", "delta"])]
        assert [row[0] for row in await shop.sql("select quantity_available from product_variant")] == [2]
