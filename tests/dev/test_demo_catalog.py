"""The demo shops keep what the seeding and the reader count on."""

import re
from collections import Counter
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from dev.demo.catalog import SHOPS, Product, Shop
from dev.demo.pictures import DRAWINGS, MAX_BYTES, picture_svg
from dev.demo.shops.strokes import PALETTES

CURRENCY_DIGITS = {"EUR": 2, "JPY": 0}
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

each_shop = pytest.mark.parametrize("shop", SHOPS, ids=lambda shop: shop.slug)


def pictures(shop: Shop) -> list[tuple[Product, int]]:
    """List every picture of a shop, as its product and index."""
    return [(product, index) for product in shop.products for index in range(len(product.pictures))]


def repeated(values: list[str]) -> list[str]:
    """List the values that occur more than once."""
    return [value for value, times in Counter(values).items() if times > 1]


class TestShops:
    """What is promised of both shops together."""

    def test_have_one_currency_with_and_one_without_minor_units(self) -> None:
        """So that money with no decimals is seen in the demo."""
        assert [(shop.slug, shop.currency_code) for shop in SHOPS] == [
            ("maison-lumen", "EUR"),
            ("kumo-paper", "JPY"),
        ]

    def test_draw_with_every_drawing_and_palette_there_is(self) -> None:
        """A drawing that no product uses is dead code; a product without one cannot be seeded."""
        products = [product for shop in SHOPS for product in shop.products]
        assert {product.shape for product in products} == set(DRAWINGS)
        assert {product.palette for product in products} == set(PALETTES)


@each_shop
class TestCatalog:
    """What is promised of each shop's products."""

    def test_fills_more_than_one_page(self, shop: Shop) -> None:
        """Sixty products and more, so that a list has a next page."""
        assert len(shop.products) >= 60

    def test_repeats_no_title_slug_sku_description_or_file_name(self, shop: Shop) -> None:
        """The database refuses a taken slug or SKU; the reader, a repeated text."""
        assert repeated([product.title for product in shop.products]) == []
        assert repeated([product.slug for product in shop.products]) == []
        assert repeated([product.description for product in shop.products]) == []
        assert repeated([variant.sku for product in shop.products for variant in product.variants]) == []
        assert repeated([picture.file_name for product in shop.products for picture in product.pictures]) == []

    def test_has_slugs_and_skus_of_plain_letters(self, shop: Shop) -> None:
        """Accents and apostrophes stay in the titles."""
        assert [product.slug for product in shop.products if not SLUG.fullmatch(product.slug)] == []
        skus = [variant.sku for product in shop.products for variant in product.variants]
        assert [sku for sku in skus if not re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]+)+", sku)] == []

    def test_has_prices_with_exactly_the_currencys_digits(self, shop: Shop) -> None:
        """Exact units: "49.00" in euros, "1800" in yen, and nothing is free."""
        digits = CURRENCY_DIGITS[shop.currency_code]
        prices = [variant.price for product in shop.products for variant in product.variants]
        pattern = rf"[1-9]\d*\.\d{{{digits}}}" if digits else r"[1-9]\d*"
        assert [price for price in prices if not re.fullmatch(pattern, price)] == []
        assert min(map(Decimal, prices)) > 0

    def test_has_one_to_five_variants_with_distinct_titles(self, shop: Shop) -> None:
        """A variant's title tells it from its siblings."""
        for product in shop.products:
            titles = [variant.title for variant in product.variants]
            assert 1 <= len(titles) <= 5, product.slug
            assert all(titles), product.slug
            assert repeated(titles) == [], product.slug

    def test_describes_each_product_in_two_to_four_sentences(self, shop: Shop) -> None:
        """Copy, not filler."""
        for product in shop.products:
            sentences = re.findall(r"[.!?](?:\s|$)", product.description)
            assert 2 <= len(sentences) <= 4, product.slug
            assert 60 <= len(product.description) <= 400, product.slug

    def test_shows_every_status_and_some_sold_out_variants(self, shop: Shop) -> None:
        """Mostly active, a few drafts, two archived; some active products have variants with none left."""
        statuses = Counter(product.status for product in shop.products)
        assert statuses["ARCHIVED"] == 2
        assert 2 <= statuses["DRAFT"] <= 5
        assert statuses["ACTIVE"] >= 60
        active = [product for product in shop.products if product.status == "ACTIVE"]
        quantities = [variant.quantity for product in active for variant in product.variants]
        assert min(quantities) == 0
        assert 3 <= quantities.count(0) <= len(quantities) // 5
        assert any(all(variant.quantity == 0 for variant in product.variants) for product in active)

    def test_knows_twelve_customers_by_address(self, shop: Shop) -> None:
        """Past orders need somebody and somewhere; example.com so that no mail can reach a stranger."""
        assert len({customer.email for customer in shop.customers}) == len(shop.customers) == 12
        for customer in shop.customers:
            assert customer.email.endswith("@example.com")
            assert customer.name
            address = customer.address
            assert address.street, customer.name
            assert address.city, customer.name
            assert address.postal_code, customer.name
            assert re.fullmatch("[A-Z]{2}", address.country_code)


@each_shop
class TestPictures:
    """What is promised of every picture."""

    def test_come_one_to_three_a_product_with_an_alternative_text(self, shop: Shop) -> None:
        """The text names the product."""
        for product in shop.products:
            assert 1 <= len(product.pictures) <= 3, product.slug
            assert all(product.title in picture.alt_text for picture in product.pictures), product.slug

    def test_are_small_well_formed_and_fetch_nothing(self, shop: Shop) -> None:
        """An SVG served to a browser must neither run nor load anything."""
        for product, index in pictures(shop):
            svg = picture_svg(shop, product, index)
            assert len(svg.encode()) < MAX_BYTES, (product.slug, index)
            root = ET.fromstring(svg)  # noqa: S314 -- our own text
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            assert (root.get("width"), root.get("height")) == ("800", "800")
            tags = {element.tag.rpartition("}")[2] for element in root.iter()}
            assert tags.isdisjoint({"script", "image", "use", "foreignObject", "style", "a"})
            attributes = [(name, value) for element in root.iter() for name, value in element.attrib.items()]
            assert [name for name, _ in attributes if "href" in name or name.startswith("on")] == []
            references = {value for _, value in attributes if "url(" in value}
            assert references <= {f"url(#{element.get('id')})" for element in root.iter() if element.get("id")}

    def test_are_the_same_at_every_drawing_and_differ_from_each_other(self, shop: Shop) -> None:
        """Seeding twice writes the same bytes; no two pictures are alike."""
        drawn = [picture_svg(shop, product, index) for product, index in pictures(shop)]
        assert drawn == [picture_svg(shop, product, index) for product, index in pictures(shop)]
        without_title = [re.sub(r"<title>.*?</title>", "", svg) for svg in drawn]
        assert repeated(without_title) == []
