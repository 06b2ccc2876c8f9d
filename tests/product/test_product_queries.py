"""How products are read."""

from typing import Any

from tests.factories import Shop
from tests.operations import STOREFRONT


class TestProducts:
    """`products` and `productBySlug`, as storefronts send them."""

    async def test_answers_the_storefronts_page_of_products(self, shop: Shop) -> None:
        price = {"amount": "12.50", "currencyCode": "EUR"}
        dear = {"amount": "30", "currencyCode": "EUR"}
        await shop.product(
            title="Brass lamp",
            slug="brass-lamp",
            description="Shines.",
            images=[{"url": "https://pictures.example/1.png", "altText": "A lamp"}],
            variants=[
                {"sku": "LAMP-S", "title": "Small", "price": price, "quantity": 3},
                {"sku": "LAMP-L", "title": "Large", "price": dear},
            ],
        )

        answer = await shop.shopper(STOREFRONT, {"first": 10}, operation="Products")

        connection = answer["data"]["products"]
        node = connection["edges"][0]["node"]
        ids = [variant.pop("id") for variant in node["variants"]["nodes"]]
        assert node.pop("id")
        assert len(set(ids)) == 2
        assert node == {
            "title": "Brass lamp",
            "slug": "brass-lamp",
            "description": "Shines.",
            "availableForSale": True,
            "priceRange": {
                "minVariantPrice": {"amount": "12.50", "currencyCode": "EUR"},
                "maxVariantPrice": {"amount": "30.00", "currencyCode": "EUR"},
            },
            "images": {"nodes": [{"url": "https://pictures.example/1.png", "altText": "A lamp"}]},
            "variants": {
                "nodes": [
                    {
                        "sku": "LAMP-S",
                        "title": "Small",
                        "price": {"amount": "12.50", "currencyCode": "EUR"},
                        "availableForSale": True,
                        "quantityAvailable": 3,
                    },
                    {
                        "sku": "LAMP-L",
                        "title": "Large",
                        "price": {"amount": "30.00", "currencyCode": "EUR"},
                        "availableForSale": False,
                        "quantityAvailable": 0,
                    },
                ]
            },
        }
        assert connection["pageInfo"] == {"hasNextPage": False, "endCursor": connection["edges"][0]["cursor"]}

    async def test_shows_shoppers_only_active_products(self, shop: Shop) -> None:
        draft = await shop.product(status="DRAFT")

        listed = await shop.shopper("{ products { totalCount nodes { id } } }")
        by_slug = await shop.shopper("query ($s: String!) { productBySlug(slug: $s) { id } }", {"s": draft["slug"]})
        by_node = await shop.shopper("query ($id: ID!) { node(id: $id) { id } }", {"id": draft["id"]})

        assert listed["data"]["products"] == {"totalCount": 0, "nodes": []}
        assert by_slug == {"data": {"productBySlug": None}}
        assert by_node == {"data": {"node": None}}
        assert (await shop.admin("{ products { totalCount } }"))["data"]["products"]["totalCount"] == 1

    async def test_pages_forwards_and_backwards_through_every_sort(self, shop: Shop) -> None:
        titles = ["Álamo", "beech", "Cedar", "date", "Elm"]
        for number, title in enumerate(titles):
            await shop.product(title=title, price=f"{(number * 7) % 5 + 1}.00")
        for field in ("TITLE", "PRICE", "CREATED_AT", "UPDATED_AT"):
            for direction in ("ASC", "DESC"):
                sort = {"field": field, "direction": direction}
                whole = await page(shop, {"first": 100, "sort": sort})
                expected = [edge["node"]["title"] for edge in whole["edges"]]
                assert sorted(expected) == sorted(titles)
                assert await walk(shop, sort, "first", "after") == expected
                assert await walk(shop, sort, "last", "before") == expected

    async def test_finds_by_words_status_stock_and_time(self, shop: Shop) -> None:
        await shop.product(title="Brass desk lamp", description="Warm light")
        await shop.product(title="Oak stool", quantity=0)

        async def titles(**wanted: Any) -> list[str]:
            document = "query ($f: ProductFilter) { products(filter: $f) { nodes { title } } }"
            answer = await shop.admin(document, {"f": wanted})
            return [node["title"] for node in answer["data"]["products"]["nodes"]]

        assert await titles(search="lam BRA") == ["Brass desk lamp"]
        assert await titles(search="light") == ["Brass desk lamp"]
        assert await titles(search="lamp stool") == []
        assert await titles(availableForSale=False) == ["Oak stool"]
        assert await titles(availableForSale=True) == ["Brass desk lamp"]
        assert await titles(status=["DRAFT", "ARCHIVED"]) == []
        assert len(await titles(createdAt={"gte": "2020-01-01T00:00:00Z"})) == 2
        assert await titles(createdAt={"lt": "2020-01-01T00:00:00Z"}) == []

    async def test_needs_no_page_to_be_filtered(self, shop: Shop) -> None:
        answer = await shop.shopper('{ products(filter: { search: "x" }) { __typename } }')

        assert answer == {"data": {"products": {"__typename": "ProductConnection"}}}

    async def test_refuses_pages_and_cursors_that_make_no_sense(self, shop: Shop) -> None:
        for arguments in ("first: -1", "first: 101", "first: 1, last: 1", 'after: "nonsense"', 'after: ""'):
            answer = await shop.shopper(f"{{ products({arguments}) {{ nodes {{ id }} }} }}")
            assert answer["data"] is None, arguments
            assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT", arguments

    async def test_refuses_a_cursor_of_another_sort(self, shop: Shop) -> None:
        await shop.product()
        cursor = (await page(shop, {"first": 1}))["edges"][0]["cursor"]

        answer = await shop.shopper(PAGE, {"after": cursor, "sort": {"field": "TITLE"}})

        assert "another sort" in answer["errors"][0]["message"]

    async def test_hides_stock_where_the_storefront_does(self, new_shop: Any) -> None:
        shop = await new_shop(hides_stock=True)
        await shop.product(quantity=3)
        document = "{ products { nodes { variants { nodes { quantityAvailable availableForSale } } } } }"

        shopper, admin = await shop.shopper(document), await shop.admin(document)

        seen = [answer["data"]["products"]["nodes"][0]["variants"]["nodes"][0] for answer in (shopper, admin)]
        assert seen == [
            {"quantityAvailable": None, "availableForSale": True},
            {"quantityAvailable": 3, "availableForSale": True},
        ]

    async def test_answers_aliases_fragments_and_directives(self, shop: Shop) -> None:
        await shop.product(title="Lamp", quantity=2)
        document = """
          query ($no: Boolean = false, $n: Int = 1) {
            shown: products(first: $n) {
              __typename
              nodes { ...A kind: __typename description @include(if: $no) slug @skip(if: true) }
              again: nodes { title variants(first: 1) { totalCount nodes { product { title } } } }
            }
          }
          fragment A on Product { ...B name: title }
          fragment B on Node { ... on Product { status } }
        """
        answer = await shop.admin(document)

        assert answer["data"]["shown"] == {
            "__typename": "ProductConnection",
            "nodes": [{"status": "ACTIVE", "name": "Lamp", "kind": "Product"}],
            "again": [{"title": "Lamp", "variants": {"totalCount": 1, "nodes": [{"product": {"title": "Lamp"}}]}}],
        }


PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String, $sort: ProductSort) {
  products(first: $first, after: $after, last: $last, before: $before, sort: $sort) {
    edges { cursor node { title } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


async def page(shop: Shop, variables: dict[str, Any]) -> dict[str, Any]:
    answer = await shop.shopper(PAGE, variables)
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["products"]
    return found


async def walk(shop: Shop, sort: dict[str, str], size: str, from_cursor: str) -> list[str]:
    """Every title, read two at a time from one end."""
    titles: list[str] = []
    cursor = None
    while True:
        found = await page(shop, {size: 2, from_cursor: cursor, "sort": sort})
        read = [edge["node"]["title"] for edge in found["edges"]]
        titles = titles + read if size == "first" else read + titles
        info = found["pageInfo"]
        if not info["hasNextPage" if size == "first" else "hasPreviousPage"]:
            return titles
        cursor = info["endCursor" if size == "first" else "startCursor"]
