"""Deleting a product: it is only marked, so that orders and the audit log keep pointing at something."""

from uuid import UUID

from sqlalchemy import delete, func

from core.events import SyncEventType
from models import ProductSearchToken
from resolvers.context import Context
from resolvers.product.availability import locked_variants
from resolvers.product.update import locked_product
from resolvers.write import Outcome, write


async def delete_product(context: Context, product_id: UUID) -> Outcome:
    """Takes a product and its variants out of every list; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, also where it was deleted before.

    """
    async with write(context) as tx:
        variants = await locked_variants(tx, product_id)
        product = await locked_product(tx, product_id)
        product.deleted_at = func.now()
        product.variants_in_stock = 0
        product.revision += 1
        for variant in variants:
            variant.deleted_at = func.now()
        await tx.session.execute(delete(ProductSearchToken).where(ProductSearchToken.product_id == product.id))
        tx.event(SyncEventType.PRODUCT_DELETED, "Product", product.id)
        tx.audit("productDelete", "Product", product.id)
        return tx.done(id=product.id)
