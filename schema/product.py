"""Products: the type, its filters and sorts, and the mutations."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import strawberry

from core.access import Caller
from core.ids import uuid_in
from core.words import search_words
from resolvers.context import Context
from resolvers.product import (
    NewProduct,
    ProductChanges,
    StockAdjustment,
    adjust_stock,
    create_product,
    delete_product,
    update_product,
)
from resolvers.read.source import AnyOf, Column, Embedded, Flag, Lane, Range, SortKey, Words
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.access import Access
from schema.asset import Asset
from schema.connection import SortDirection, argument
from schema.filters import DateTimeRange
from schema.money import Money, MoneyInput
from schema.mutation import deleted_id, mutation, row
from schema.query import Privacy, read_many, read_one
from schema.reading import Node, column, embedded, many, money, money_columns, one, reads, row_id
from schema.structured_data import OF_PRODUCT, product_structured_data
from schema.url import absolute_url

OWN_PRODUCTS = frozenset({"products:read"})
PRODUCT_PUBLISHED = (
    "exists (select from product p where p.workspace_id = {t}.workspace_id and p.id = {t}.product_id "
    "and p.status = 'ACTIVE' and p.deleted_at is null)"
)
ON_SALE = "{t}.quantity_available > 0"


def _sees_stock(caller: Caller) -> bool:
    return not caller.hides_stock


@strawberry.enum(description="Who sees a product.")
class ProductStatus(Enum):
    """A product's status."""

    DRAFT = strawberry.enum_value("DRAFT", description="In the making: not in the shop.")
    ACTIVE = strawberry.enum_value("ACTIVE", description="In the shop.")
    ARCHIVED = strawberry.enum_value("ARCHIVED", description="No longer in the shop.")


@reads(
    "product_image",
    unpublished_scope="products:read",
    published_where=PRODUCT_PUBLISHED,
    default_sort=("POSITION", "ASC"),
    sorts={"POSITION": SortKey("{t}.position", "bigint")},
)
@strawberry.type(description="A picture of a product.")
class ProductImage(Node):
    """One picture."""

    id: strawberry.ID = row_id()
    url: str = column("Where the picture is: an absolute address.", convert=absolute_url)
    alt_text: str = column("What the picture shows, for those who do not see it.")
    asset: Asset | None = one(
        "The asset that it is, with its smaller sizes; null for a picture by its address.",
        "Asset",
        "{c}.id = {p}.asset_id",
    )


@reads(
    "product_variant",
    where="{t}.deleted_at is null",
    unpublished_scope="products:read",
    published_where=PRODUCT_PUBLISHED,
    default_sort=("POSITION", "ASC"),
    sorts={"POSITION": SortKey("{t}.position", "bigint")},
)
@strawberry.type(description="One thing that can be bought: a product in one size, colour or the like.")
class ProductVariant(Node):
    """One variant."""

    id: strawberry.ID = row_id()
    sku: str = column("The merchant's own code for it, unique in the workspace.")
    title: str = column("What tells it from the product's other variants, such as a size; may be empty.")
    price: Money = money("What one costs.", "{t}.price_amount")
    available_for_sale: bool = column("Whether there is at least one left.", ON_SALE)
    quantity_available: int | None = column(
        "How many are left. Null for shoppers where the storefront hides it.", visible=_sees_stock
    )
    product: Annotated["Product", strawberry.lazy("schema.product")] | None = one(
        "The product that this is a variant of.", "Product", "{c}.id = {p}.product_id"
    )
    created_at: datetime = column("When it was added.")
    updated_at: datetime = column("When it was last edited; orders, which take its stock, do not count.")


@strawberry.type(description="From the lowest to the highest price of a product's variants.")
class PriceRange:
    """A product's prices."""

    min_variant_price: Money = strawberry.field(description="The lowest price.")
    max_variant_price: Money = strawberry.field(description="The highest price.")


_CURRENCY = "{t}.currency_code"
_PRICE_RANGE: dict[str, Column | Embedded] = {
    "minVariantPrice": Embedded(money_columns("{t}.min_price_amount", _CURRENCY)),
    "maxVariantPrice": Embedded(money_columns("{t}.max_price_amount", _CURRENCY)),
}


@reads(
    "product",
    where="{t}.deleted_at is null",
    unpublished_scope="products:read",
    published_where="{t}.status = 'ACTIVE'",
    default_sort=("CREATED_AT", "DESC"),
    sorts={
        "CREATED_AT": SortKey("{t}.created_at", "timestamptz", "'-infinity'::timestamptz"),
        "UPDATED_AT": SortKey("{t}.updated_at", "timestamptz", "'-infinity'::timestamptz"),
        "TITLE": SortKey("{t}.title_sort", "text", "''"),
        "PRICE": SortKey("{t}.min_price_amount", "bigint", "0"),
    },
    filters={
        "status": AnyOf("{t}.status", "text[]"),
        "availableForSale": Flag("{t}.available_for_sale = true", "{t}.available_for_sale = false"),
        "createdAt": Range("{t}.created_at"),
        "updatedAt": Range("{t}.updated_at"),
        "search": Words("product_search_token", "k.product_id = {t}.id", "product_id", search_words),
    },
    lanes=(
        Lane("{t}.status", ("'ACTIVE'", "'DRAFT'", "'ARCHIVED'")),
        Lane("{t}.available_for_sale", ("true", "false")),
    ),
)
@strawberry.type(description="What a shop sells.")
class Product(Node):
    """One product. Shoppers find it only while it is ACTIVE."""

    id: strawberry.ID = row_id()
    title: str = column("Its name.")
    slug: str = column("Its part of an address, unique in the workspace.")
    description: str = column("What a shopper reads about it; may be empty.")
    status: ProductStatus = column("Who sees it.")
    available_for_sale: bool = column("Whether any variant can be bought now.")
    price_range: PriceRange = embedded("What it costs, from its cheapest to its dearest variant.", _PRICE_RANGE)
    structured_data: str = column(
        "For search engines: JSON-LD (schema.org's Product and its offers), fit for a script element as it is. "
        "It has the address of the product's page where the storefront token is a site's.",
        *OF_PRODUCT,
        convert=product_structured_data,
    )
    revision: int = column("Goes up with every change: name the one that you read when you update.")
    created_at: datetime = column("When it was added.")
    updated_at: datetime = column("When it was last edited; orders, which take its stock, do not count.")
    images = many(ProductImage, "Its pictures, the main one first.", "{c}.product_id = {p}.id", seen_with_parent=True)
    variants = many(
        ProductVariant,
        "What can be bought of it, in the merchant's order.",
        "{c}.product_id = {p}.id",
        seen_with_parent=True,
    )


@strawberry.input(description="Which products: all that is named must hold.")
class ProductFilter:
    """A filter of products."""

    status: list[ProductStatus] | None = strawberry.field(default=None, description="Has one of these.")
    available_for_sale: bool | None = strawberry.field(default=None, description="Whether any variant can be bought.")
    created_at: DateTimeRange | None = strawberry.field(default=None, description="When it was added.")
    updated_at: DateTimeRange | None = strawberry.field(default=None, description="When it was last edited.")
    search: str | None = strawberry.field(
        default=None, description="Words of which each begins a word of its title, description or SKUs."
    )


@strawberry.enum(description="What products are sorted by.")
class ProductSortField(Enum):
    """Keys of a sort."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When it was added.")
    UPDATED_AT = strawberry.enum_value("UPDATED_AT", description="When it was last edited.")
    TITLE = strawberry.enum_value("TITLE", description="Its title, whatever the case.")
    PRICE = strawberry.enum_value("PRICE", description="The price of its cheapest variant.")


@strawberry.input(description="In which order products come.")
class ProductSort:
    """A sort of products."""

    field: ProductSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="A picture of a product.")
class ProductImageInput:
    """A picture: an asset, or one by its address."""

    asset_id: strawberry.ID | None = strawberry.field(
        default=None, description="A READY asset that is a picture. This or `url` must be named."
    )
    url: str | None = strawberry.field(
        default=None, description="An absolute http(s) address, or a path below /media/ on this server."
    )
    alt_text: str | None = strawberry.field(
        default=None, description="What it shows; at most 500 characters. An asset's own text by default."
    )


@strawberry.input(description="A variant of a new product.")
class ProductVariantInput:
    """A new variant."""

    sku: str = strawberry.field(description="The merchant's own code, unique in the workspace; 1 to 100 characters.")
    title: str | None = strawberry.field(default=None, description="What tells it apart; at most 255 characters.")
    price: MoneyInput = strawberry.field(description="What one costs.")
    quantity: int | None = strawberry.field(default=None, description="How many there are to sell; 0 by default.")


@strawberry.input(description="A variant as it shall be after an update.")
class ProductVariantChangesInput:
    """A changed or added variant."""

    id: strawberry.ID | None = strawberry.field(
        default=None, description="Which variant of the product; left out, a new one is added."
    )
    sku: str | None = strawberry.field(default=None, description="Its new code; needed for a new variant.")
    title: str | None = strawberry.field(default=None, description="Its new title.")
    price: MoneyInput | None = strawberry.field(default=None, description="Its new price; needed for a new variant.")
    quantity: int | None = strawberry.field(default=None, description="How many there are to sell from now on.")


@strawberry.input(description="A product to be added.")
class ProductCreateInput:
    """A new product."""

    title: str = strawberry.field(description="Its name; 1 to 255 characters.")
    slug: str | None = strawberry.field(
        default=None,
        description="Its part of an address: lower-case letters, digits, hyphens. Made of the title by default.",
    )
    description: str | None = strawberry.field(default=None, description="At most 50,000 characters.")
    status: ProductStatus | None = strawberry.field(default=None, description="DRAFT by default.")
    images: list[ProductImageInput] | None = strawberry.field(
        default=None, description="At most 50, the main one first."
    )
    variants: list[ProductVariantInput] = strawberry.field(description="1 to 100 variants.")


@strawberry.input(description="What of a product shall change; what is left out stays.")
class ProductUpdateInput:
    """A change of a product."""

    revision: int = strawberry.field(description="The revision that was read; a stale one is refused with CONFLICT.")
    title: str | None = strawberry.field(default=None, description="Its new name.")
    slug: str | None = strawberry.field(default=None, description="Its new part of an address.")
    description: str | None = strawberry.field(default=None, description="Its new description.")
    status: ProductStatus | None = strawberry.field(default=None, description="Its new status.")
    images: list[ProductImageInput] | None = strawberry.field(default=None, description="All its pictures from now on.")
    variants: list[ProductVariantChangesInput] | None = strawberry.field(
        default=None, description="All its variants from now on; those that are not named are deleted."
    )


@strawberry.input(description="A correction of a variant's stock.")
class ProductVariantStockAdjustInput:
    """A difference in stock."""

    delta: int = strawberry.field(description="How many come in; below zero, how many go out.")
    reason: str | None = strawberry.field(default=None, description="Why, for the audit log; at most 500 characters.")


def _by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = uuid_in(id, "Product")
    return {"id": found} if found else None


def _by_slug(_caller: Caller, slug: str) -> dict[str, Any]:
    return {"slug": slug}


QUERIES = {
    "product": read_one(
        Product,
        "A product by its id; null where there is none.",
        Access.WORKSPACE,
        [argument("id", strawberry.ID, "The product's id.")],
        _by_id,
        Privacy.PUBLISHED,
    ),
    "product_by_slug": read_one(
        Product,
        "A product by its slug; null where there is none.",
        Access.WORKSPACE,
        [argument("slug", str, "The product's slug.")],
        _by_slug,
        Privacy.PUBLISHED,
    ),
    "products": read_many(
        Product,
        "The workspace's products: the active ones, and with the scope `products:read` all of them.",
        Access.WORKSPACE,
        ProductFilter,
        ProductSort,
        Privacy.PUBLISHED,
    ),
}


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await create_product(context, validated(NewProduct, input))


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    changes = validated(ProductChanges, input)
    return await update_product(context, required_id(id, "Product", "product"), changes)


async def _delete(context: Context, id: str) -> Outcome:  # noqa: A002
    return await delete_product(context, required_id(id, "Product", "product"))


async def _adjust_stock(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    adjustment = validated(StockAdjustment, input)
    return await adjust_stock(context, required_id(id, "ProductVariant", "variant"), adjustment)


_ID = argument("id", strawberry.ID, "The product's id.")
_CODES = ("CURRENCY_MISMATCH", "DUPLICATE", "NOT_READY", "TAKEN", "TOO_PRECISE")

MUTATIONS = {
    "product_create": mutation(
        "productCreate",
        "Adds a product with its variants and pictures.",
        needs="products:write",
        arguments=[argument("input", ProductCreateInput, "The product.")],
        run=_create,
        returns={"product": row(Product, "The product as it is now.", granted=OWN_PRODUCTS)},
        codes=_CODES,
    ),
    "product_update": mutation(
        "productUpdate",
        "Changes a product. A revision that is no longer the current one is refused.",
        needs="products:write",
        arguments=[_ID, argument("input", ProductUpdateInput, "What shall change.")],
        run=_update,
        returns={"product": row(Product, "The product as it is now.", granted=OWN_PRODUCTS)},
        codes=(*_CODES, "CONFLICT"),
    ),
    "product_delete": mutation(
        "productDelete",
        "Takes a product and its variants out of the shop for good. Orders keep what they sold.",
        needs="products:write",
        arguments=[_ID],
        run=_delete,
        returns={"deleted_product_id": deleted_id("Product", "The id of the deleted product.")},
    ),
    "product_variant_stock_adjust": mutation(
        "productVariantStockAdjust",
        "Corrects how many of a variant there are, by a difference: orders that come in meanwhile still count.",
        needs="products:write",
        arguments=[
            argument("id", strawberry.ID, "The variant's id."),
            argument("input", ProductVariantStockAdjustInput, "The correction."),
        ],
        run=_adjust_stock,
        returns={"product_variant": row(ProductVariant, "The variant as it is now.", granted=OWN_PRODUCTS)},
    ),
}
