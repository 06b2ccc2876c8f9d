"""Changing a product. What is not named stays as it is; variants and images that are named replace the old list."""

from typing import Annotated, cast
from uuid import UUID

from pydantic import Field
from sqlalchemy import delete, func, select

from core.errors import Problem, Refused
from core.events import SyncEventType
from models import Product, ProductImage, ProductSearchToken, ProductVariant
from resolvers.context import Context
from resolvers.product.availability import locked_variants
from resolvers.product.create import (
    add_images,
    add_tokens,
    currency_of,
    duplicate_skus,
    flush_or_refuse,
    slug_is_taken,
    slug_problem,
)
from resolvers.product.input import (
    MAX_IMAGES,
    MAX_VARIANTS,
    Description,
    ImageInput,
    Slug,
    Status,
    Title,
    VariantChanges,
    price_problems,
)
from resolvers.validation import Input
from resolvers.write import Outcome, Write, write


class ProductChanges(Input):
    """What shall change, and the revision that the editor saw."""

    revision: int
    title: Title | None = None
    slug: Slug | None = None
    description: Description | None = None
    status: Status | None = None
    images: Annotated[list[ImageInput], Field(max_length=MAX_IMAGES)] | None = None
    variants: Annotated[list[VariantChanges], Field(min_length=1, max_length=MAX_VARIANTS)] | None = None


async def update_product(context: Context, product_id: UUID, changes: ProductChanges) -> Outcome:
    """Changes a product; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, CONFLICT (the revision is stale), and what `create_product` refuses.

    """
    async with write(context) as tx:
        currency = await currency_of(tx)
        variants = await locked_variants(tx, product_id) if changes.variants is not None else []
        product = await locked_product(tx, product_id)
        if product.revision != changes.revision:
            message = f"The product was changed since: it is at revision {product.revision} now. Read it again."
            raise Refused(Problem("CONFLICT", message, ("input", "revision")))
        await _change_fields(tx, product, changes)
        if changes.variants is not None:
            await _change_variants(tx, product, variants, changes.variants, currency)
        if changes.images is not None:
            await tx.session.execute(delete(ProductImage).where(ProductImage.product_id == product.id))
            await add_images(tx, product, changes.images)
        product.revision += 1
        product.updated_at = func.now()
        await flush_or_refuse(tx)
        if {"title", "description", "variants"} & changes.model_fields_set:
            await _renew_tokens(tx, product)
        tx.event(SyncEventType.PRODUCT_UPDATED, "Product", product.id)
        tx.audit("productUpdate", "Product", product.id, changes.model_dump(mode="json", exclude_unset=True))
        return tx.done(id=product.id)


async def locked_product(tx: Write, product_id: UUID) -> Product:
    """The product, locked until the write is done.

    Raises:
        Refused: NOT_FOUND.

    """
    statement = select(Product).where(Product.id == product_id, Product.deleted_at.is_(None)).with_for_update()
    product = await tx.session.scalar(statement)
    if product is None:
        raise Refused(Problem("NOT_FOUND", "There is no product with this id.", ("id",)))
    return product


async def _change_fields(tx: Write, product: Product, changes: ProductChanges) -> None:
    if changes.slug and changes.slug != product.slug:
        if await slug_is_taken(tx.session, changes.slug):
            raise Refused(slug_problem(changes.slug))
        product.slug = changes.slug
    for name in ("title", "description", "status"):
        value = getattr(changes, name)
        if value is not None:
            setattr(product, name, value)


async def _change_variants(
    tx: Write, product: Product, locked: list[ProductVariant], wanted: list[VariantChanges], currency: str
) -> None:
    """Makes the list the product's variants; `locked` are those that it has."""
    old = {variant.id: variant for variant in locked}
    _refuse_wrong_variants(wanted, old)
    amounts = _amounts(wanted, old, currency)
    kept = {change.id for change in wanted if change.id}
    for variant in old.values():
        if variant.id not in kept:
            variant.deleted_at = func.now()
    # A SKU that one variant gives up may go to another: the old holders let go first.
    for change in wanted:
        if change.id and change.sku is not None and change.sku != old[change.id].sku:
            old[change.id].sku = f"{change.id} gives up {old[change.id].sku}"
    await tx.session.flush()
    variants = [old[change.id] if change.id else _new_variant(tx, product) for change in wanted]
    for position, (variant, change, amount) in enumerate(zip(variants, wanted, amounts, strict=True)):
        _change_variant(variant, change, amount, position)
    product.min_price_amount, product.max_price_amount = min(amounts), max(amounts)
    product.variants_in_stock = sum(variant.quantity_available > 0 for variant in variants)


def _refuse_wrong_variants(wanted: list[VariantChanges], old: dict[UUID, ProductVariant]) -> None:
    problems: list[Problem] = []
    for index, change in enumerate(wanted):
        at = ("input", "variants", str(index))
        if change.id and change.id not in old:
            problems.append(Problem("NOT_FOUND", "The product has no variant with this id.", (*at, "id")))
        elif change.id and change.id in {other.id for other in wanted[:index]}:
            problems.append(Problem("DUPLICATE", "The variant stands twice in the list.", (*at, "id")))
        if not change.id and change.sku is None:
            problems.append(Problem("BLANK", "A new variant needs a SKU.", (*at, "sku")))
        if not change.id and change.price is None:
            problems.append(Problem("BLANK", "A new variant needs a price.", (*at, "price")))
    skus = [change.sku or (old[change.id].sku if change.id and change.id in old else "") for change in wanted]
    problems += duplicate_skus([sku or f"\0{index}" for index, sku in enumerate(skus)])
    if problems:
        raise Refused(*problems)


def _amounts(wanted: list[VariantChanges], old: dict[UUID, ProductVariant], currency: str) -> list[int]:
    """The price of each wanted variant in minor units: the new one, or the one that it has."""
    prices = [
        (("input", "variants", str(index), "price"), change.price)
        for index, change in enumerate(wanted)
        if change.price is not None
    ]
    amounts, problems = price_problems(prices, currency)
    if problems:
        raise Refused(*problems)
    new = iter(amounts)
    # A variant without a price is an old one: new ones were refused.
    return [next(new) if change.price is not None else old[cast("UUID", change.id)].price_amount for change in wanted]


def _new_variant(tx: Write, product: Product) -> ProductVariant:
    variant = ProductVariant(
        workspace_id=tx.workspace_id,
        product_id=product.id,
        title="",
        currency_code=product.currency_code,
        quantity_available=0,
    )
    tx.session.add(variant)
    return variant


def _change_variant(variant: ProductVariant, change: VariantChanges, amount: int, position: int) -> None:
    variant.position, variant.price_amount = position, amount
    variant.updated_at = func.now()
    if change.sku is not None:
        variant.sku = change.sku
    if change.title is not None:
        variant.title = change.title
    if change.quantity is not None:
        variant.quantity_available = change.quantity


async def _renew_tokens(tx: Write, product: Product) -> None:
    await tx.session.execute(delete(ProductSearchToken).where(ProductSearchToken.product_id == product.id))
    statement = select(ProductVariant.sku).where(
        ProductVariant.product_id == product.id, ProductVariant.deleted_at.is_(None)
    )
    add_tokens(tx, product, list(await tx.session.scalars(statement)))
