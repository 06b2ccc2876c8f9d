"""Correcting stock by a difference, so that orders that come in meanwhile are not overwritten."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from core.errors import Problem, Refused
from core.events import SyncEventType
from models import ProductVariant
from resolvers.context import Context
from resolvers.product.availability import count_in_stock
from resolvers.product.input import MAX_QUANTITY
from resolvers.validation import Input, text_of
from resolvers.write import Outcome, write


class StockAdjustment(Input):
    """How many come in (or, below zero, go out), and why."""

    delta: Annotated[int, Field(ge=-MAX_QUANTITY, le=MAX_QUANTITY)]
    reason: text_of(500) = ""  # type: ignore[valid-type]


async def adjust_stock(context: Context, variant_id: UUID, adjustment: StockAdjustment) -> Outcome:
    """Changes how many of a variant there are to sell; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, OUT_OF_RANGE (fewer than none, or absurdly many would be left).

    """
    async with write(context) as tx:
        statement = select(ProductVariant).where(ProductVariant.id == variant_id, ProductVariant.deleted_at.is_(None))
        variant = await tx.session.scalar(statement.with_for_update())
        if variant is None:
            raise Refused(Problem("NOT_FOUND", "There is no variant with this id.", ("id",)))
        left = variant.quantity_available + adjustment.delta
        if not 0 <= left <= MAX_QUANTITY:
            message = f"There are {variant.quantity_available}: {left} cannot be left."
            raise Refused(Problem("OUT_OF_RANGE", message, ("input", "delta")))
        difference = (left > 0) - (variant.quantity_available > 0)
        variant.quantity_available = left
        if difference:
            await count_in_stock(tx.connection, tx.workspace_id, {variant.product_id: difference})
        tx.event(SyncEventType.PRODUCT_UPDATED, "Product", variant.product_id)
        changes = {"delta": adjustment.delta, "quantity_available": left, "reason": adjustment.reason}
        tx.audit("productVariantStockAdjust", "ProductVariant", variant.id, changes)
        return tx.done(id=variant.id)
