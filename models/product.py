"""A product with its variants and images."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import ALL, READ_WRITE, Base, CreatedAt, RowKey, WorkspaceKey, tenant

# What products are sorted by, and a value that each is never below. That its index says so keeps the planner
# from any other sort's index, which it would take and sort where it thinks that there are few rows.
SORTS = {
    "created_at": "'-infinity'::timestamptz",
    "updated_at": "'-infinity'::timestamptz",
    "title_sort": "''",
    "min_price_amount": "0",
}


class Product(Base):
    """What a shop sells. Deleting one only marks it: orders and the audit log keep pointing at it.

    The lowest and highest price of its variants, and how many of them are in stock, are kept on the product, so that
    lists sort and filter by an index. Each sort has one for every status and availability: `resolvers/read/lanes.py`.
    """

    __tablename__ = "product"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        CheckConstraint("status in ('DRAFT', 'ACTIVE', 'ARCHIVED')", name="status"),
        CheckConstraint("min_price_amount >= 0 and max_price_amount >= min_price_amount", name="price_range"),
        CheckConstraint("variants_in_stock >= 0", name="variants_in_stock"),
        # Not partial: the planner would think it small, and take it for what is not about slugs.
        Index(
            "uq_product_workspace_id_slug",
            "workspace_id",
            "slug",
            "deleted_at",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        *(
            Index(
                f"ix_product_by_{column}",
                "workspace_id",
                "status",
                "available_for_sale",
                column,
                "id",
                postgresql_where=text(f"deleted_at is null and {column} >= {least}"),
            )
            for column, least in SORTS.items()
        ),
        {"info": tenant(app=READ_WRITE)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    title: Mapped[str]
    title_sort: Mapped[str] = mapped_column(Computed("lower(title)", persisted=True))
    slug: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str]
    currency_code: Mapped[str]
    min_price_amount: Mapped[int]
    max_price_amount: Mapped[int]
    variants_in_stock: Mapped[int] = mapped_column(server_default="0")
    available_for_sale: Mapped[bool] = mapped_column(Computed("variants_in_stock > 0", persisted=True))
    revision: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
    deleted_at: Mapped[datetime | None]


class ProductVariant(Base):
    """One thing that can be bought: its price in minor units and how many there are to sell."""

    __tablename__ = "product_variant"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "product_id"], ["product.workspace_id", "product.id"], ondelete="CASCADE"
        ),
        CheckConstraint("price_amount >= 0", name="price_amount"),
        CheckConstraint("quantity_available >= 0", name="quantity_available"),
        # Not partial, like that of slugs.
        Index(
            "uq_product_variant_workspace_id_sku",
            "workspace_id",
            "sku",
            "deleted_at",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "ix_product_variant_by_product",
            "workspace_id",
            "product_id",
            "position",
            "id",
            postgresql_where=text("deleted_at is null"),
        ),
        # Orders change the quantity all the time: room on the page keeps those updates off the indexes.
        {"info": tenant(app=READ_WRITE), "postgresql_with": {"fillfactor": 70}},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    product_id: Mapped[UUID]
    sku: Mapped[str]
    title: Mapped[str]
    price_amount: Mapped[int]
    currency_code: Mapped[str]
    quantity_available: Mapped[int] = mapped_column(server_default="0")
    position: Mapped[int]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
    deleted_at: Mapped[datetime | None]


class ProductImage(Base):
    """A picture of a product: an absolute address, or a path on this server, which is an asset's where it has one."""

    __tablename__ = "product_image"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "product_id"], ["product.workspace_id", "product.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["workspace_id", "asset_id"], ["asset.workspace_id", "asset.id"]),
        Index(None, "workspace_id", "product_id", "position", "id"),
        Index(None, "workspace_id", "asset_id", "id", postgresql_where=text("asset_id is not null")),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    id: Mapped[RowKey]
    product_id: Mapped[UUID]
    url: Mapped[str]
    asset_id: Mapped[UUID | None]
    alt_text: Mapped[str] = mapped_column(server_default="")
    position: Mapped[int]


class ProductSearchToken(Base):
    """One word by which a product is found. Under row-level security only equality and ranges use an index.

    The key finds a product's words. What finds a word's products says `token >= ''`, which is true of every token, and
    nothing else says so: of two indexes that seem alike the planner takes any.
    """

    __tablename__ = "product_search_token"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "product_id"], ["product.workspace_id", "product.id"], ondelete="CASCADE"
        ),
        Index(
            "ix_product_search_token_by_token",
            "workspace_id",
            "token",
            "product_id",
            postgresql_where=text("token >= ''"),
        ),
        {"info": tenant(app=ALL)},
    )

    workspace_id: Mapped[WorkspaceKey]
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(primary_key=True)
