"""An order and its lines, which keep what was sold whatever becomes of the product."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import READ_APPEND, READ_WRITE, Base, CreatedAt, RowKey, WorkspaceKey, tenant


class SalesOrder(Base):
    """An order (the table is not called `order`: SQL has that word). Amounts are minor units of its currency."""

    __tablename__ = "sales_order"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "number"),
        CheckConstraint("status in ('PLACED', 'CANCELLED')", name="status"),
        CheckConstraint("total_amount >= 0", name="total_amount"),
        Index(None, "workspace_id", "placed_at", "id"),
        Index(None, "workspace_id", "total_amount", "id"),
        Index(None, "workspace_id", "email", "placed_at"),
        {"info": tenant(app=READ_WRITE)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    number: Mapped[int]
    status: Mapped[str]
    email: Mapped[str]
    currency_code: Mapped[str]
    total_amount: Mapped[int]
    shipping_address: Mapped[dict[str, Any] | None]
    note: Mapped[str] = mapped_column(server_default="")
    secret_hash: Mapped[bytes]
    revision: Mapped[int] = mapped_column(server_default="1")
    placed_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]


class OrderLine(Base):
    """What was sold: title, SKU and prices as they were at that moment."""

    __tablename__ = "order_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "order_id"], ["sales_order.workspace_id", "sales_order.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["workspace_id", "variant_id"], ["product_variant.workspace_id", "product_variant.id"]),
        CheckConstraint("quantity > 0", name="quantity"),
        Index(None, "workspace_id", "order_id", "position", "id"),
        Index(None, "workspace_id", "variant_id"),
        {"info": tenant(app=READ_APPEND)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    order_id: Mapped[UUID]
    variant_id: Mapped[UUID]
    product_id: Mapped[UUID]
    position: Mapped[int]
    title: Mapped[str]
    variant_title: Mapped[str]
    sku: Mapped[str]
    quantity: Mapped[int]
    unit_price_amount: Mapped[int]
    total_amount: Mapped[int]
    currency_code: Mapped[str]
