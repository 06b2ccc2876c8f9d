"""What visitors did, and what was counted of it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, EVERY_ROW, READ_REPLACE, Base, CreatedAt, RowKey, WorkspaceKey, tenant


class VisitorSalt(Base):
    """What the visitors' numbers of one day are made with, the same for all workspaces. `day` is only its name."""

    __tablename__ = "visitor_salt"
    __table_args__ = (
        CheckConstraint("length(salt) = 32", name="salt"),
        {"info": {"policies": {"system": EVERY_ROW}, "grants": {"system": READ_REPLACE}}},
    )

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    salt: Mapped[bytes]
    created_at: Mapped[CreatedAt]


class VisitorEvent(Base):
    """One thing that a visitor did, known by workspace, time and id: `occurred_at` is what the client said.

    Partitioned by week; `make_visitor_event_partitions` makes the weeks ahead. A log: no foreign key (ADR 6). Texts
    that were not said are empty.
    """

    __tablename__ = "visitor_event"
    __table_args__ = (
        {
            "postgresql_partition_by": "RANGE (occurred_at)",
            "info": tenant(app=READ_REPLACE),
        },
    )

    workspace_id: Mapped[WorkspaceKey]
    occurred_at: Mapped[datetime] = mapped_column(primary_key=True, sort_order=-15)
    id: Mapped[RowKey]
    received_at: Mapped[CreatedAt]
    site_id: Mapped[UUID | None]
    name: Mapped[str]
    session_id: Mapped[UUID]
    visitor_id: Mapped[UUID]
    sequence: Mapped[int | None]
    host: Mapped[str]
    path: Mapped[str]
    title: Mapped[str]
    referrer: Mapped[str]
    source: Mapped[str]
    medium: Mapped[str]
    campaign: Mapped[str]
    device: Mapped[str]
    browser: Mapped[str]
    os: Mapped[str]
    country: Mapped[str]
    is_bot: Mapped[bool]
    properties: Mapped[dict[str, Any] | None]


class VisitorDayDue(Base):
    """A note that events of a quarter of an hour are not counted yet, which begins at `occurred_at`.

    Written with them; taken by who counts the day.
    """

    __tablename__ = "visitor_day_due"
    __table_args__ = ({"info": tenant(app=READ_REPLACE, system="select")},)

    workspace_id: Mapped[WorkspaceKey]
    occurred_at: Mapped[datetime] = mapped_column(primary_key=True, sort_order=-15)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"), sort_order=-10)


class VisitorHour(Base):
    """What an hour came to; hours are counted from the day's begin in the workspace's time zone.

    Visitors are those of this hour; sessions began in it.
    """

    __tablename__ = "visitor_hour"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        {"info": tenant(app=READ_REPLACE)},
    )

    workspace_id: Mapped[WorkspaceKey]
    day: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-15)
    hour: Mapped[datetime] = mapped_column(primary_key=True, sort_order=-10)
    visitors: Mapped[int]
    sessions: Mapped[int]
    page_views: Mapped[int]
    events: Mapped[int]
    bot_events: Mapped[int]


class VisitorDay(Base):
    """What a day came to. `viewed` to `purchased` are sessions that came at least so far; seconds are on pages.

    `counting_ms` is what counting it took, by which it is paced.
    """

    __tablename__ = "visitor_day"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        {"info": tenant(app=ALL, system="select")},
    )

    workspace_id: Mapped[WorkspaceKey]
    day: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-10)
    visitors: Mapped[int]
    sessions: Mapped[int]
    bounces: Mapped[int]
    page_views: Mapped[int]
    events: Mapped[int]
    bot_events: Mapped[int]
    seconds: Mapped[int]
    viewed: Mapped[int]
    carted: Mapped[int]
    checked_out: Mapped[int]
    purchased: Mapped[int]
    counted_at: Mapped[CreatedAt]
    counting_ms: Mapped[int]


class VisitorDayPage(Base):
    """What a page came to on a day. Visitors saw it; sessions entered, left and bounced there.

    What ranks it is in the key's index.
    """

    __tablename__ = "visitor_day_page"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "day", "path", postgresql_include=("views", "entries", "exits")),
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    day: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-15)
    path: Mapped[str] = mapped_column(primary_key=True, sort_order=-10)
    views: Mapped[int]
    visitors: Mapped[int]
    entries: Mapped[int]
    exits: Mapped[int]
    bounces: Mapped[int]
    seconds: Mapped[int]


class VisitorMonthPage(Base):
    """What a page came to in a month, named by its first day: always the sum of its days."""

    __tablename__ = "visitor_month_page"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    month: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-15)
    path: Mapped[str] = mapped_column(primary_key=True, sort_order=-10)
    views: Mapped[int]
    visitors: Mapped[int]
    entries: Mapped[int]
    exits: Mapped[int]
    bounces: Mapped[int]
    seconds: Mapped[int]


class VisitorDayProduct(Base):
    """What visitors did with a product on a day, as `properties.productId` of events tells. `sessions` viewed it."""

    __tablename__ = "visitor_day_product"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        {"info": tenant(app=READ_REPLACE)},
    )

    workspace_id: Mapped[WorkspaceKey]
    day: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-15)
    product_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-10)
    views: Mapped[int]
    sessions: Mapped[int]
    carts: Mapped[int]


class VisitorDayDimension(Base):
    """What the sessions of one value of a dimension came to on a day, as `source` = `google`."""

    __tablename__ = "visitor_day_dimension"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        CheckConstraint(
            "dimension in ('source', 'medium', 'campaign', 'device', 'browser', 'os', 'country')", name="dimension"
        ),
        {"info": tenant(app=READ_REPLACE)},
    )

    workspace_id: Mapped[WorkspaceKey]
    day: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-16)
    dimension: Mapped[str] = mapped_column(primary_key=True, sort_order=-15)
    value: Mapped[str] = mapped_column(primary_key=True, sort_order=-14)
    visitors: Mapped[int]
    sessions: Mapped[int]
    bounces: Mapped[int]
    page_views: Mapped[int]
    purchased: Mapped[int]
