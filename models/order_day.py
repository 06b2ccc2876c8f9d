"""What orders came to. Those that were cancelled count in nothing but `cancelled_orders`; amounts are minor units."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKeyConstraint, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, READ_REPLACE, Base, CreatedAt, WorkspaceKey, tenant


class OrderDayDue(Base):
    """A note that an order of that moment is not counted as it is, and nor is who placed it.

    Written with the change; taken by who counts the moment's day. Without an `email` only the day is to be counted.
    """

    __tablename__ = "order_day_due"
    __table_args__ = ({"info": tenant(app=READ_REPLACE, system="select")},)

    workspace_id: Mapped[WorkspaceKey]
    placed_at: Mapped[datetime] = mapped_column(primary_key=True, sort_order=-15)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"), sort_order=-10)
    email: Mapped[str | None]


class OrderHour(Base):
    """What an hour came to; hours are counted from the day's begin in the workspace's time zone."""

    __tablename__ = "order_hour"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        {"info": tenant(app=READ_REPLACE)},
    )

    workspace_id: Mapped[WorkspaceKey]
    day: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-15)
    hour: Mapped[datetime] = mapped_column(primary_key=True, sort_order=-10)
    orders: Mapped[int]
    units: Mapped[int]
    revenue_amount: Mapped[int]


class OrderDay(Base):
    """What a day came to. `counting_ms` is what counting it took, by which it is paced."""

    __tablename__ = "order_day"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        {"info": tenant(app=ALL, system="select")},
    )

    workspace_id: Mapped[WorkspaceKey]
    day: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-10)
    orders: Mapped[int]
    units: Mapped[int]
    revenue_amount: Mapped[int]
    cancelled_orders: Mapped[int]
    counted_at: Mapped[CreatedAt]
    counting_ms: Mapped[int]


class OrderDayProduct(Base):
    """What a product came to on a day. `orders` are those that it is in. What ranks it is in the key's index."""

    __tablename__ = "order_day_product"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "day", "product_id", postgresql_include=("revenue_amount", "quantity")),
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    day: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-15)
    product_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-10)
    orders: Mapped[int]
    quantity: Mapped[int]
    revenue_amount: Mapped[int]


class OrderMonthProduct(Base):
    """What a product came to in a month, named by its first day: always the sum of its days."""

    __tablename__ = "order_month_product"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    month: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-15)
    product_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-10)
    orders: Mapped[int]
    quantity: Mapped[int]
    revenue_amount: Mapped[int]


class OrderCustomer(Base):
    """What a customer, known by e-mail address, came to; nobody without an order that counts is here."""

    __tablename__ = "order_customer"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        Index(None, "workspace_id", "spent_amount", "email"),
        Index(None, "workspace_id", "first_order_at"),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    email: Mapped[str] = mapped_column(primary_key=True, sort_order=-10)
    first_order_at: Mapped[datetime]
    last_order_at: Mapped[datetime]
    orders: Mapped[int]
    spent_amount: Mapped[int]


class OrderCustomerMonth(Base):
    """What a customer spent in a month of UTC, whatever the workspace's time zone, named by its first day."""

    __tablename__ = "order_customer_month"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        Index(None, "workspace_id", "month", "spent_amount", "email"),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    email: Mapped[str] = mapped_column(primary_key=True, sort_order=-15)
    month: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-10)
    orders: Mapped[int]
    spent_amount: Mapped[int]
