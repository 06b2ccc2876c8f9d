"""Reading, changing, using and deleting assets."""

from typing import Any

import pytest

from core.access import Role
from tests.asset.api import FIELDS, announce, delete, fetched, hex_of, read, ready, send, stored
from tests.asset.files import GOOD, PDF, picture
from tests.factories import PRODUCT_CREATE, Shop, add_member
from tests.people import audit_actions, codes, error_codes

pytestmark = pytest.mark.usefixtures("no_other_worker")
ASSETS = """
query ($filter: AssetFilter, $sort: AssetSort) {
  assets(first: 50, filter: $filter, sort: $sort) { totalCount nodes { title } }
}
"""
UPDATE = f"""
mutation ($id: ID!, $input: AssetUpdateInput!) {{
  assetUpdate(id: $id, input: $input) {{ asset {{ {FIELDS} }} userErrors {{ code field message }} }}
}}
"""
IMAGES = """
query ($id: ID!) {
  product(id: $id) {
    revision
    images(first: 10) { nodes { url altText asset { id status renditions(first: 10) { nodes { width url } } } } }
  }
}
"""
PRODUCT_UPDATE = """
mutation ($id: ID!, $input: ProductUpdateInput!) {
  productUpdate(id: $id, input: $input) { product { revision } userErrors { code field message } }
}
"""
USAGE = """
query ($id: ID!) {
  asset(id: $id) { usage(first: 10) { totalCount nodes { kind entityId title } } }
}
"""
AS_SHOPPER = """
query ($id: ID!) {
  node(id: $id) { ... on Asset { url altText originalFilename metadata sha256 usage { totalCount } } }
}
"""


async def titles(shop: Shop, **variables: Any) -> list[str]:
    answer = await shop.admin(ASSETS, variables)
    assert "errors" not in answer, answer
    return [node["title"] for node in answer["data"]["assets"]["nodes"]]


async def images_of(shop: Shop, product: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await shop.shopper(IMAGES, {"id": product["id"]}))["data"]["product"]["images"][
        "nodes"
    ]
    return found


async def usage_of(shop: Shop, asset: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await shop.admin(USAGE, {"id": asset["id"]}))["data"]["asset"]["usage"]["nodes"]
    return found


async def new_product(shop: Shop, **given: Any) -> dict[str, Any]:
    """The payload of a new product."""
    price = {"amount": "1", "currencyCode": shop.currency_code}
    told = {"title": "Lamp", "variants": [{"sku": "one", "price": price}]} | given
    return await send(shop, PRODUCT_CREATE, "productCreate", {"input": told})


class TestAssets:
    """`assets`."""

    async def test_are_found_by_kind_status_type_and_words(self, shop: Shop) -> None:
        await ready(shop, picture(), title="Brass lamp", filename="dsc_0042.png")
        await ready(shop, GOOD["image/svg+xml"], "image/svg+xml", title="Logo", altText="Ein Löwe", filename="a.svg")
        await ready(shop, PDF, "application/pdf", title="Manual", description="How to hang a lamp", filename="b.pdf")
        await announce(shop, picture(), "image/jpeg", title="Not there yet", filename="c.jpg")

        assert await titles(shop, filter={"kind": ["SVG", "DOCUMENT"]}) == ["Manual", "Logo"]
        assert await titles(shop, filter={"status": ["UPLOADING"]}) == ["Not there yet"]
        assert await titles(shop, filter={"mimeType": ["image/png"]}) == ["Brass lamp"]
        assert await titles(shop, filter={"search": "lamp"}) == ["Manual", "Brass lamp"]
        for words in ("dsc_0042", "dsc", "0042", "png"):
            assert await titles(shop, filter={"search": words}) == ["Brass lamp"]
        assert await titles(shop, filter={"search": "lowe"}) == ["Logo"]
        assert await titles(shop, filter={"search": "lowe lamp"}) == []

    async def test_are_sorted(self, shop: Shop) -> None:
        for name, size in (("b.png", 3), ("A.png", 2), ("c.png", 1)):
            await announce(shop, b"x" * size, filename=name, title=name)

        assert await titles(shop) == ["c.png", "A.png", "b.png"]
        assert await titles(shop, sort={"field": "FILENAME"}) == ["A.png", "b.png", "c.png"]
        assert await titles(shop, sort={"field": "BYTE_SIZE"}) == ["c.png", "A.png", "b.png"]
        assert await titles(shop, sort={"field": "UPDATED_AT", "direction": "ASC"}) == ["b.png", "A.png", "c.png"]

    async def test_are_for_those_who_have_the_scope(self, shop: Shop, new_user: Any) -> None:
        answer = await shop.shopper("{ assets { totalCount } }")
        assert error_codes(answer) == ["FORBIDDEN"]
        for role, can_write in ((Role.VIEWER, False), (Role.STAFF, True)):
            person = await new_user()
            await add_member(shop.platform, shop.workspace_id, person, role)
            caller = {"token": person.token, "workspace": shop.slug}
            seen = await shop.graphql("{ assets { totalCount } }", **caller)
            assert seen == {"data": {"assets": {"totalCount": 0}}}
            given = {"id": "Asset_" + "0" * 32, "input": {"revision": 1}}
            answer = await shop.graphql(UPDATE, given, **caller)
            assert error_codes(answer) == ([] if can_write else ["FORBIDDEN"])

    async def test_show_shoppers_the_picture_and_nothing_else(self, shop: Shop) -> None:
        asset = await ready(shop, picture(), altText="A lamp", metadata={"shelf": 3})
        announced = (await announce(shop, picture()))["asset"]

        seen, unseen = [await shop.shopper(AS_SHOPPER, {"id": each["id"]}) for each in (asset, announced)]

        assert unseen["data"]["node"] is None
        assert seen["data"]["node"] == {
            "url": asset["url"],
            "altText": "A lamp",
            "originalFilename": None,
            "metadata": None,
            "sha256": None,
            "usage": None,
        }
        assert error_codes(seen) == ["FORBIDDEN"] * 4


class TestAssetUpdate:
    """`assetUpdate`."""

    async def test_changes_what_is_said_and_how_it_is_found(self, shop: Shop) -> None:
        asset = await ready(shop, picture(), title="Old", altText="Stays")
        changes = {"title": "Neu", "description": "Für alle", "metadata": {"b": [None, {"c": None}], "a": 1.5}}
        given = {"id": asset["id"], "input": {"revision": 1} | changes}
        payload = await send(shop, UPDATE, "assetUpdate", given)

        assert payload["userErrors"] == []
        assert payload["asset"] == asset | changes | {"revision": 2}
        assert await titles(shop, filter={"search": "fur"}) == ["Neu"]
        assert await titles(shop, filter={"search": "old"}) == []
        types = [row["type"] for row in await shop.sql("select type from sync_event order by sequence")]
        assert types == ["asset.created", "asset.updated"]

    @pytest.mark.parametrize(
        ("written", "refused"),
        [
            ("{ a: null, b: [null, { c: null }], d: 1.5 }", []),
            ("[1]", [("INVALID", ["input", "metadata"])]),
            ("{ a: 340282366920938463463374607431768211456 }", [("INVALID", ["input", "metadata"])]),
            ("{ a: [1e999] }", [("INVALID", ["input", "metadata"])]),
        ],
    )
    async def test_takes_json_that_stands_in_the_document(
        self, shop: Shop, written: str, refused: list[tuple[str, list[str]]]
    ) -> None:
        asset = (await announce(shop, picture(), metadata={"before": None}))["asset"]
        document = UPDATE.replace("($id: ID!, $input: AssetUpdateInput!)", "($id: ID!)").replace(
            "$input", f"{{ revision: 1, metadata: {written} }}"
        )
        payload = await send(shop, document, "assetUpdate", {"id": asset["id"]})

        assert codes(payload) == refused
        kept = {"before": None} if refused else {"a": None, "b": [None, {"c": None}], "d": 1.5}
        assert (await read(shop, asset["id"]))["metadata"] == kept

    async def test_refuses_a_stale_revision(self, shop: Shop) -> None:
        asset = (await announce(shop, picture(), title="Mine"))["asset"]
        variables = {"id": asset["id"], "input": {"revision": 1, "title": "Yours"}}
        assert codes(await send(shop, UPDATE, "assetUpdate", variables)) == []
        again = await send(shop, UPDATE, "assetUpdate", variables | {"input": {"revision": 1, "title": "Late"}})

        assert codes(again) == [("CONFLICT", ["input", "revision"])]
        assert await titles(shop) == ["Yours"]


class TestPictures:
    """Assets as pictures of products."""

    async def test_are_shown_to_shoppers_with_their_sizes(self, shop: Shop) -> None:
        asset = await ready(shop, picture(), altText="Of the asset")
        given = [
            {"assetId": asset["id"]},
            {"url": "https://pictures.example/1.png", "altText": "Elsewhere"},
            {"assetId": asset["id"], "altText": "From behind"},
        ]
        product = await shop.product(images=given)
        images = await images_of(shop, product)

        assert [(each["url"], each["altText"]) for each in images] == [
            (asset["url"], "Of the asset"),
            ("https://pictures.example/1.png", "Elsewhere"),
            (asset["url"], "From behind"),
        ]
        assert images[1]["asset"] is None
        sizes = images[0]["asset"]["renditions"]["nodes"]
        assert sizes == [{"width": each["width"], "url": each["url"]} for each in asset["renditions"]["nodes"]]
        assert (await fetched(shop, sizes[0]["url"])).status_code == 200

    async def test_must_be_ready_pictures_of_the_workspace(self, shop: Shop, other_shop: Shop) -> None:
        announced = (await announce(shop, picture()))["asset"]["id"]
        document = (await ready(shop, PDF, "application/pdf"))["id"]
        foreign = (await ready(other_shop, picture()))["id"]
        images = [{"assetId": each} for each in (announced, document, foreign)]
        before = await audit_actions(shop)
        payload = await new_product(shop, images=[*images, {"altText": "of nothing"}])
        assert codes(payload) == [("INVALID", ["input", "images", "3"])]
        payload = await new_product(shop, images=images)

        assert codes(payload) == [
            ("NOT_READY", ["input", "images", "0", "assetId"]),
            ("INVALID", ["input", "images", "1", "assetId"]),
            ("NOT_FOUND", ["input", "images", "2", "assetId"]),
        ]
        assert await audit_actions(shop) == before

    async def test_can_be_both_neither(self, shop: Shop) -> None:
        asset = await ready(shop, picture())
        both = {"assetId": asset["id"], "url": "https://pictures.example/1.png"}

        assert codes(await new_product(shop, images=[both])) == [("INVALID", ["input", "images", "0"])]

    async def test_are_counted_as_usage_as_long_as_the_product_is_there(self, shop: Shop) -> None:
        asset = await ready(shop, picture())
        assert await usage_of(shop, asset) == []
        product = await shop.product(title="Desk lamp", images=[{"assetId": asset["id"]}])
        assert await usage_of(shop, asset) == [{"kind": "PRODUCT", "entityId": product["id"], "title": "Desk lamp"}]

        changes = {"revision": product["revision"], "images": []}
        await send(shop, PRODUCT_UPDATE, "productUpdate", {"id": product["id"], "input": changes})

        assert await usage_of(shop, asset) == []


class TestAssetDelete:
    """`assetDelete`."""

    async def test_takes_its_files_with_it(self, shop: Shop) -> None:
        asset = await ready(shop, picture())
        other = await ready(shop, picture(400, 300))
        payload = await delete(shop, asset["id"])

        assert payload == {"deletedAssetId": asset["id"], "userErrors": []}
        assert {key.split("/")[2] for key in await stored(shop)} == {hex_of(other)}
        assert (await fetched(shop, asset["url"])).status_code == 404
        types = [row["type"] for row in await shop.sql("select type from sync_event order by sequence")]
        assert types == ["asset.created", "asset.created", "asset.deleted"]
        assert codes(await delete(shop, asset["id"])) == [("NOT_FOUND", ["id"])]

    async def test_of_an_upload_that_has_not_come_tells_nobody(self, shop: Shop) -> None:
        announced = (await announce(shop, picture()))["asset"]
        assert codes(await delete(shop, announced["id"])) == []

        assert await shop.sql("select type from sync_event") == []

    async def test_is_refused_for_what_is_used(self, shop: Shop) -> None:
        asset = await ready(shop, picture())
        for number in range(4):
            await shop.product(title=f"Lamp {number}", images=[{"assetId": asset["id"]}])
        before = await stored(shop)
        payload = await delete(shop, asset["id"])

        assert codes(payload) == [("IN_USE", ["id"])]
        assert payload["userErrors"][0]["message"] == (
            "The asset is used by product “Lamp 0”, product “Lamp 1”, product “Lamp 2” and others. "
            "Take it away from there first, or delete it with force."
        )
        assert await stored(shop) == before
        assert (await fetched(shop, asset["url"])).status_code == 200

    async def test_by_force_takes_it_away_from_products(self, shop: Shop) -> None:
        asset, other = await ready(shop, picture()), await ready(shop, picture(400, 300))
        images = [{"assetId": each["id"]} for each in (asset, other, asset)]
        products = [await shop.product(images=images), await shop.product(images=images[1:2])]
        payload = await delete(shop, asset["id"], force=True)

        assert codes(payload) == []
        assert [image["asset"]["id"] for image in await images_of(shop, products[0])] == [other["id"]]
        rows = await shop.sql("select type, entity_id from sync_event order by sequence desc limit 2")
        assert {(row["type"], row["entity_id"].hex) for row in rows} == {
            ("asset.deleted", hex_of(asset)),
            ("product.updated", products[0]["id"].partition("_")[2]),
        }
        revisions = await shop.sql("select revision from product order by id")
        assert [row["revision"] for row in revisions] == [2, 1]

    async def test_does_not_mind_products_that_are_deleted(self, shop: Shop) -> None:
        asset = await ready(shop, picture())
        product = await shop.product(images=[{"assetId": asset["id"]}])
        await shop.admin("mutation ($id: ID!) { productDelete(id: $id) { deletedProductId } }", {"id": product["id"]})

        assert await usage_of(shop, asset) == []
        assert codes(await delete(shop, asset["id"])) == []
