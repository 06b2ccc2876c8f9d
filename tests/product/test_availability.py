"""Whether a product is available for sale: stored on the product, and the truth whatever changes its variants."""

import asyncio
import random
from typing import Any

from tests.factories import ORDER_PLACE, Shop
from tests.operations import ADMIN

MONEY = {"amount": "5.00", "currencyCode": "EUR"}
# The product's flag and count beside what its variants say.
TRUTH = """
select p.id, p.available_for_sale, p.variants_in_stock, count(v.id) as really
  from product p left join product_variant v
    on v.workspace_id = p.workspace_id and v.product_id = p.id and v.deleted_at is null and v.quantity_available > 0
 group by p.workspace_id, p.id
"""
PRODUCTS = "{ products { nodes { id revision variants { nodes { id quantityAvailable } } } } }"
STEPS = 60
WORKERS = 8
STEPS_AT_ONCE = 30
MEANWHILE = {"CONFLICT", "NOT_FOUND", "OUT_OF_STOCK", "OUT_OF_RANGE", "ALREADY_CANCELLED"}


async def wrong(shop: Shop) -> list[Any]:
    """The products whose flag or count is not the truth."""
    rows = await shop.sql(TRUTH)
    return [tuple(row) for row in rows if (row[1], row[2]) != (row["really"] > 0, row["really"])]


async def available(shop: Shop, product_id: str) -> bool:
    document = "query ($id: ID!) { product(id: $id) { availableForSale } }"
    found: bool = (await shop.admin(document, {"id": product_id}))["data"]["product"]["availableForSale"]
    return found


class Chance:
    """Mutations at random, on a shop of few products with little stock: it sells out and comes back all the time."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.random = random.Random(seed)
        self.orders: list[str] = []
        self.done: set[str] = set()

    async def step(self) -> None:
        """One mutation; a refusal is fine where others were faster, an error never is."""
        answer = (await self.shop.admin(PRODUCTS))["data"]["products"]["nodes"]
        products = [product for product in answer if product["variants"]["nodes"]]
        actions = [self.order, self.order, self.order, self.adjust, self.update, self.retitle, self.cancel, self.cancel]
        action = self.random.choice([*actions, self.create, self.delete]) if len(products) > 2 else self.create
        answer = await action(products)
        if answer is None:
            return
        assert "errors" not in answer, (action.__name__, answer)
        (payload,) = answer["data"].values()
        codes = {error["code"] for error in payload["userErrors"]}
        assert codes <= MEANWHILE, (action.__name__, answer)
        if not codes:
            self.done.add(action.__name__)
            if payload.get("order"):
                self.orders.append(payload["order"]["id"])

    def _variants(self, count: int) -> list[dict[str, Any]]:
        return [
            {"sku": f"S{self.random.getrandbits(80):x}", "price": MONEY, "quantity": self.random.randint(0, 2)}
            for _ in range(count)
        ]

    async def create(self, _products: list[Any]) -> Any:
        given = {"title": "Lamp", "status": "ACTIVE", "variants": self._variants(self.random.randint(1, 3))}
        given["slug"] = f"lamp-{self.random.getrandbits(60):x}"
        return await self.shop.admin(ADMIN, {"input": given}, operation="ProductCreate")

    async def delete(self, products: list[Any]) -> Any:
        return await self.shop.admin(
            "mutation ($id: ID!) { productDelete(id: $id) { userErrors { code } } }",
            {"id": self.random.choice(products)["id"]},
        )

    async def retitle(self, products: list[Any]) -> Any:
        product = self.random.choice(products)
        given = {"revision": product["revision"], "title": "Light", "status": self.random.choice(["ACTIVE", "DRAFT"])}
        return await self._update(product, given if self.random.random() < 0.3 else {**given, "status": "ACTIVE"})

    async def update(self, products: list[Any]) -> Any:
        product = self.random.choice(products)
        old = product["variants"]["nodes"]
        stay = self.random.sample(old, self.random.randint(0, len(old)))
        kept: list[dict[str, Any]] = [{"id": variant["id"]} for variant in stay]
        for variant in kept:
            if self.random.random() < 0.5:
                variant["quantity"] = self.random.randint(0, 2)
        variants = kept + self._variants(self.random.randint(0 if kept else 1, 1))
        return await self._update(product, {"revision": product["revision"], "variants": variants})

    async def _update(self, product: Any, given: dict[str, Any]) -> Any:
        return await self.shop.admin(ADMIN, {"id": product["id"], "input": given}, operation="ProductUpdate")

    async def adjust(self, products: list[Any]) -> Any:
        variant = self.random.choice(self.random.choice(products)["variants"]["nodes"])
        return await self.shop.admin(
            "mutation ($id: ID!, $input: ProductVariantStockAdjustInput!) "
            "{ productVariantStockAdjust(id: $id, input: $input) { userErrors { code } } }",
            {"id": variant["id"], "input": {"delta": self.random.choice((-2, -1, 1, 2))}},
        )

    async def order(self, products: list[Any]) -> Any:
        variants = [variant for product in products for variant in product["variants"]["nodes"]]
        chosen = self.random.sample(variants, min(len(variants), self.random.randint(1, 4)))
        lines = [
            {"variantId": variant["id"], "quantity": max(1, variant["quantityAvailable"])}
            for variant in chosen
            if variant["quantityAvailable"] or self.random.random() < 0.1
        ]
        if not lines:
            return None
        return await self.shop.shopper(ORDER_PLACE, {"input": {"email": "a@example.com", "lines": lines}})

    async def cancel(self, _products: list[Any]) -> Any:
        if not self.orders:
            return None
        order = self.orders.pop(self.random.randrange(len(self.orders)))
        document = "mutation ($id: ID!) { orderCancel(id: $id, input: {}) { userErrors { code } } }"
        return await self.shop.admin(document, {"id": order})


ALL = {"create", "delete", "retitle", "update", "adjust", "order", "cancel"}


class TestAvailableForSale:
    """`Product.availableForSale`, and the filter by it."""

    async def test_follows_a_variants_stock_by_orders_and_cancellations(self, shop: Shop) -> None:
        variants = [{"sku": sku, "price": MONEY, "quantity": 1} for sku in ("A", "B")]
        product = await shop.product(variants=variants)
        first, second = (variant["id"] for variant in product["variants"]["nodes"])
        seen = [await available(shop, product["id"])]
        await shop.order(first)
        seen.append(await available(shop, product["id"]))
        order = (await shop.order(second))["order"]["id"]
        seen.append(await available(shop, product["id"]))
        assert await wrong(shop) == []

        document = "mutation ($id: ID!) { orderCancel(id: $id) { userErrors { code } } }"
        await shop.admin(document, {"id": order})

        seen.append(await available(shop, product["id"]))
        assert seen == [True, True, False, True]
        assert await wrong(shop) == []

    async def test_sells_out_several_products_with_one_order(self, shop: Shop) -> None:
        products = [
            await shop.product(variants=[{"sku": f"{n}{k}", "price": MONEY, "quantity": 1} for k in range(2)])
            for n in range(3)
        ]
        lines = [
            {"variantId": variant["id"], "quantity": 1}
            for product in products
            for variant in product["variants"]["nodes"][: 1 if product is products[0] else 2]
        ]

        await shop.shopper(ORDER_PLACE, {"input": {"email": "a@example.com", "lines": lines}})

        assert [await available(shop, product["id"]) for product in products] == [True, False, False]
        assert await wrong(shop) == []

    async def test_does_not_change_the_revision_that_editors_read(self, shop: Shop) -> None:
        product = await shop.product(quantity=1)

        await shop.order(product["variants"]["nodes"][0]["id"])

        ((revision, created, updated),) = await shop.sql("select revision, created_at, updated_at from product")
        assert (revision, created) == (product["revision"], updated)

    async def test_a_refused_order_leaves_it(self, shop: Shop) -> None:
        variants = [{"sku": sku, "price": MONEY, "quantity": quantity} for sku, quantity in (("A", 1), ("B", 0))]
        product = await shop.product(variants=variants)
        lines = [{"variantId": variant["id"], "quantity": 1} for variant in product["variants"]["nodes"]]

        await shop.shopper(ORDER_PLACE, {"input": {"email": "a@example.com", "lines": lines}})

        assert await available(shop, product["id"])
        assert await wrong(shop) == []

    async def test_is_the_truth_after_every_mutation(self, shop: Shop) -> None:
        chance = Chance(shop, 7)
        for step in range(STEPS):
            await chance.step()
            assert await wrong(shop) == [], step

        # Then the rest of what there is, so that none is left out whatever chance chose.
        for name in sorted(ALL - chance.done):
            while name not in chance.done:
                await chance.step()
        assert await wrong(shop) == []

    async def test_is_the_truth_after_many_mutations_at_once(self, shop: Shop) -> None:
        async def work(seed: int) -> set[str]:
            chance = Chance(shop, seed)
            for _ in range(STEPS_AT_ONCE):
                await chance.step()
            return chance.done

        done = await asyncio.gather(*(work(seed) for seed in range(WORKERS)))

        assert set().union(*done) == ALL
        assert await wrong(shop) == []
