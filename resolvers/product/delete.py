"""Deleting a product: it is only marked, so that orders and the audit log keep pointing at something."""

from uuid import UUID

from sqlalchemy import delete, func, select, update

from core.events import SyncEventType
from models import ProductSearchToken, ProductVariant
from resolvers.context import Context
from resolvers.product.update import locked_product
from resolvers.write import Outcome, write


async def delete_product(context: Context, product_id: UUID) -> Outcome:
    """Takes a product and its variants out of every list; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, also where it was deleted before.

    """
    async with write(context) as tx:
        product = await locked_product(tx, product_id)
        product.deleted_at = func.now()
        product.revision += 1
        # In key order, like every path that locks variants.
        locked = select(ProductVariant.id).where(ProductVariant.product_id == product.id).order_by(ProductVariant.id)
        await tx.session.execute(locked.with_for_update())
        variants = update(ProductVariant).where(
            ProductVariant.product_id == product.id, ProductVariant.deleted_at.is_(None)
        )
        await tx.session.execute(variants.values(deleted_at=func.now()))
        await tx.session.execute(delete(ProductSearchToken).where(ProductSearchToken.product_id == product.id))
        tx.event(SyncEventType.PRODUCT_DELETED, "Product", product.id)
        tx.audit("productDelete", "Product", product.id)
        return tx.done(id=product.id)
