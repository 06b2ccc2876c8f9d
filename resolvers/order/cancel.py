"""Cancelling an order: what it took goes back on sale."""

from collections import Counter
from uuid import UUID

from sqlalchemy import func, select, text

from core.errors import Problem, Refused
from core.events import SyncEventType
from models import SalesOrder
from resolvers.analytics.count_orders import NOTE
from resolvers.context import Context
from resolvers.product import tell_in_stock
from resolvers.validation import Input, text_of
from resolvers.write import Outcome, write

# Locked by key like every path that touches stock; variants that were deleted since get theirs back too.
RETURN_STOCK = text(
    """with returned as (
         select variant_id, sum(quantity) as quantity from order_line
          where workspace_id = :workspace_id and order_id = :order_id group by variant_id),
       locked as materialized (
         select v.id, r.quantity from product_variant v join returned r on r.variant_id = v.id
          where v.workspace_id = :workspace_id order by v.id for update of v)
       update product_variant v set quantity_available = v.quantity_available + locked.quantity
         from locked where v.workspace_id = :workspace_id and v.id = locked.id
       returning v.product_id, v.deleted_at is null and v.quantity_available = locked.quantity as is_back"""
)


class OrderCancellation(Input):
    """Why an order is cancelled."""

    reason: text_of(500) = ""  # type: ignore[valid-type]


async def cancel_order(context: Context, order_id: UUID, cancellation: OrderCancellation) -> Outcome:
    """Cancels an order and returns its stock; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, ALREADY_CANCELLED.

    """
    async with write(context) as tx:
        order = await tx.session.scalar(select(SalesOrder).where(SalesOrder.id == order_id).with_for_update())
        if order is None:
            raise Refused(Problem("NOT_FOUND", "There is no order with this id.", ("id",)))
        if order.status == "CANCELLED":
            raise Refused(Problem("ALREADY_CANCELLED", "The order was cancelled before.", ("id",)))
        returned = await tx.session.execute(RETURN_STOCK, {"workspace_id": tx.workspace_id, "order_id": order.id})
        back = Counter(row.product_id for row in returned if row.is_back)
        order.status = "CANCELLED"
        order.cancel_reason = cancellation.reason
        order.cancelled_at = order.updated_at = func.now()
        order.revision += 1
        tx.event(SyncEventType.ORDER_UPDATED, "Order", order.id)
        await tell_in_stock(tx, back)
        await tx.connection.execute(NOTE, tx.workspace_id, order.placed_at, order.email)
        tx.audit("orderCancel", "Order", order.id, {"reason": cancellation.reason})
        return tx.done(id=order.id)
