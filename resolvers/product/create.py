"""Adding a product."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Problem, Refused
from core.events import SyncEventType
from core.ids import new_id
from core.words import MAX_SLUG_LENGTH, slugify
from models import Asset, Product, ProductImage, ProductSearchToken, ProductVariant, Workspace
from resolvers.asset.keys import asset_path
from resolvers.asset.picture import picture_assets
from resolvers.context import Context
from resolvers.product.input import (
    MAX_IMAGES,
    MAX_VARIANTS,
    Description,
    ImageInput,
    Slug,
    Status,
    Title,
    VariantInput,
    price_problems,
)
from resolvers.product.search import product_tokens
from resolvers.validation import Input
from resolvers.write import Outcome, Write, write


class NewProduct(Input):
    """A product to be added. Without a slug it gets one from its title; without a status it is a draft."""

    title: Title
    slug: Slug | None = None
    description: Description = ""
    status: Status = "DRAFT"
    images: Annotated[list[ImageInput], Field(max_length=MAX_IMAGES, default_factory=list)]
    variants: Annotated[list[VariantInput], Field(min_length=1, max_length=MAX_VARIANTS)]


async def create_product(context: Context, new: NewProduct) -> Outcome:
    """Adds a product; the outcome has its `id`.

    Raises:
        Refused: TAKEN, DUPLICATE, CURRENCY_MISMATCH, TOO_PRECISE, OUT_OF_RANGE, and for pictures NOT_FOUND, NOT_READY.

    """
    async with write(context) as tx:
        currency = await currency_of(tx)
        prices = [(("input", "variants", str(i), "price"), v.price) for i, v in enumerate(new.variants)]
        amounts, problems = price_problems(prices, currency)
        problems += duplicate_skus([variant.sku for variant in new.variants])
        problems += await taken_skus(tx.session, {v.sku: i for i, v in enumerate(new.variants)})
        slug = new.slug or await free_slug(tx.session, new.title)
        if new.slug and await slug_is_taken(tx.session, new.slug):
            problems.append(slug_problem(new.slug))
        if problems:
            raise Refused(*problems)
        product = Product(
            workspace_id=tx.workspace_id,
            id=new_id(),
            title=new.title,
            slug=slug,
            description=new.description,
            status=new.status,
            currency_code=currency,
            min_price_amount=min(amounts),
            max_price_amount=max(amounts),
            variants_in_stock=sum(variant.quantity > 0 for variant in new.variants),
        )
        tx.session.add(product)
        await flush_or_refuse(tx)
        tx.session.add_all(
            ProductVariant(
                workspace_id=tx.workspace_id,
                product_id=product.id,
                sku=variant.sku,
                title=variant.title,
                price_amount=amount,
                currency_code=currency,
                quantity_available=variant.quantity,
                position=position,
            )
            for position, (variant, amount) in enumerate(zip(new.variants, amounts, strict=True))
        )
        await add_images(tx, product, new.images)
        add_tokens(tx, product, [variant.sku for variant in new.variants])
        await flush_or_refuse(tx)
        tx.event(SyncEventType.PRODUCT_CREATED, "Product", product.id)
        tx.audit("productCreate", "Product", product.id, new.model_dump(mode="json"))
        return tx.done(id=product.id)


async def currency_of(tx: Write) -> str:
    """The workspace's currency, locked against a change until this write is done."""
    statement = select(Workspace.currency_code).where(Workspace.id == tx.workspace_id).with_for_update(read=True)
    return str(await tx.session.scalar(statement))


async def slug_is_taken(session: AsyncSession, slug: str) -> bool:
    statement = select(Product.id).where(Product.slug == slug, Product.deleted_at.is_(None))
    return await session.scalar(statement) is not None


def slug_problem(slug: str) -> Problem:
    return Problem("TAKEN", f"Another product has the slug {slug}.", ("input", "slug"))


async def free_slug(session: AsyncSession, title: str) -> str:
    """A slug from the title, numbered where others have it. Two at the same moment may still collide: TAKEN."""
    base = slugify(title) or "product"
    if not await slug_is_taken(session, base):
        return base
    for number in range(2, 100):
        candidate = f"{base[: MAX_SLUG_LENGTH - 4]}-{number}"
        if not await slug_is_taken(session, candidate):
            return candidate
    return f"{base[: MAX_SLUG_LENGTH - 13]}-{new_id().hex[-12:]}"


def duplicate_skus(skus: list[str]) -> list[Problem]:
    """A problem for each SKU that stands twice in the input."""
    return [
        Problem("DUPLICATE", f"Two variants have the SKU {sku}.", ("input", "variants", str(index), "sku"))
        for index, sku in enumerate(skus)
        if sku in skus[:index]
    ]


async def taken_skus(session: AsyncSession, index_of: dict[str, int]) -> list[Problem]:
    """A problem for each SKU that a variant of the workspace already has."""
    statement = select(ProductVariant.sku).where(ProductVariant.sku.in_(index_of), ProductVariant.deleted_at.is_(None))
    return [
        Problem("TAKEN", f"Another variant has the SKU {sku}.", ("input", "variants", str(index_of[sku]), "sku"))
        for sku in await session.scalars(statement)
    ]


async def add_images(tx: Write, product: Product, images: list[ImageInput]) -> None:
    """Adds pictures in their order.

    Raises:
        Refused: NOT_FOUND, NOT_READY, INVALID (an asset that cannot be one).

    """
    wanted = {
        image.asset_id: ("input", "images", str(position), "assetId")
        for position, image in enumerate(images)
        if image.asset_id
    }
    assets = await picture_assets(tx, wanted)
    tx.session.add_all(
        _image(tx, product, image, position, assets[image.asset_id] if image.asset_id else None)
        for position, image in enumerate(images)
    )


def _image(tx: Write, product: Product, image: ImageInput, position: int, asset: Asset | None) -> ProductImage:
    if asset is not None and asset.filename is not None:
        url, alt_text = asset_path(asset.workspace_id, asset.id, asset.filename), asset.alt_text
    else:
        url, alt_text = image.url or "", ""
    return ProductImage(
        workspace_id=tx.workspace_id,
        product_id=product.id,
        url=url,
        asset_id=image.asset_id,
        alt_text=alt_text if image.alt_text is None else image.alt_text,
        position=position,
    )


def add_tokens(tx: Write, product: Product, skus: list[str]) -> None:
    tx.session.add_all(
        ProductSearchToken(workspace_id=tx.workspace_id, token=token, product_id=product.id)
        for token in product_tokens(product.title, product.description, skus)
    )


async def flush_or_refuse(tx: Write) -> None:
    """Writes what is pending; a slug or SKU that somebody took in the meantime is refused like one taken before.

    Raises:
        Refused: TAKEN.

    """
    try:
        await tx.session.flush()
    except IntegrityError as error:
        if "uq_product_workspace_id_slug" in str(error.orig):
            raise Refused(Problem("TAKEN", "Another product has this slug.", ("input", "slug"))) from None
        if "uq_product_variant_workspace_id_sku" in str(error.orig):
            raise Refused(Problem("TAKEN", "Another variant has this SKU.", ("input", "variants"))) from None
        raise
