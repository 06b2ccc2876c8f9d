"""order days."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.tenancy import allow, disallow, protect

revision: str = "a5a531c204c5"
down_revision: str | None = "b79109ceb024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PINNED = "workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid"
GRANTS = {
    "order_day_due": {"app": "select, insert, delete", "system": "select"},
    "order_hour": {"app": "select, insert, delete"},
    "order_day": {"app": "select, insert, update, delete", "system": "select"},
    "order_day_product": {"app": "select, insert, update, delete"},
    "order_month_product": {"app": "select, insert, update, delete"},
    "order_customer": {"app": "select, insert, update, delete"},
    "order_customer_month": {"app": "select, insert, update, delete"},
    "visitor_day_product": {"app": "select, insert, delete"},
    "visitor_month_page": {"app": "select, insert, update, delete"},
}
# The owner sees no rows while row-level security is forced.
READ_FOR_THE_FIRST_TIME = ("sales_order", "visitor_day_page", "order_day_due", "visitor_month_page")
# Every order there is, to be counted by the worker; and the months of the days that were counted.
BACKFILL = (
    """insert into order_day_due (workspace_id, placed_at, id, email)
       select workspace_id, placed_at, id, email from sales_order""",
    """insert into visitor_month_page
       select workspace_id, date_trunc('month', day)::date, path, sum(views), sum(visitors), sum(entries), sum(exits),
              sum(bounces), sum(seconds)
         from visitor_day_page group by 1, 2, 3""",
)


def upgrade() -> None:
    op.create_table(
        "order_day_due",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "placed_at", "id", name=op.f("pk_order_day_due")),
    )
    op.create_table(
        "order_customer",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("first_order_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_order_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("spent_amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_order_customer_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "email", name=op.f("pk_order_customer")),
    )
    op.create_index(
        op.f("ix_order_customer_workspace_id_first_order_at"),
        "order_customer",
        ["workspace_id", "first_order_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_order_customer_workspace_id_spent_amount_email"),
        "order_customer",
        ["workspace_id", "spent_amount", "email"],
        unique=False,
    )
    op.create_table(
        "order_customer_month",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("spent_amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_order_customer_month_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "email", "month", name=op.f("pk_order_customer_month")),
    )
    op.create_index(
        op.f("ix_order_customer_month_workspace_id_month_spent_amount_email"),
        "order_customer_month",
        ["workspace_id", "month", "spent_amount", "email"],
        unique=False,
    )
    op.create_table(
        "order_day",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("revenue_amount", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_orders", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("counting_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_order_day_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "day", name=op.f("pk_order_day")),
    )
    op.create_table(
        "order_day_product",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("revenue_amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_order_day_product_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "day", "product_id", name=op.f("pk_order_day_product")),
    )
    op.create_table(
        "order_hour",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("revenue_amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_order_hour_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "day", "hour", name=op.f("pk_order_hour")),
    )
    op.create_table(
        "order_month_product",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("revenue_amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_order_month_product_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "month", "product_id", name=op.f("pk_order_month_product")),
    )
    op.create_table(
        "visitor_day_product",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.Column("carts", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_visitor_day_product_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "day", "product_id", name=op.f("pk_visitor_day_product")),
    )
    op.create_table(
        "visitor_month_page",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.Column("visitors", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("exits", sa.BigInteger(), nullable=False),
        sa.Column("bounces", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_visitor_month_page_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "month", "path", name=op.f("pk_visitor_month_page")),
    )
    for table, grants in GRANTS.items():
        policies = {role: PINNED if role == "app" else "true" for role in grants}
        protect(table, policies=policies, grants=grants)
    allow("visitor_day_page", "app", "update")
    for table in READ_FOR_THE_FIRST_TIME:
        op.execute(f"alter table {table} no force row level security")
    for statement in BACKFILL:
        op.execute(statement)
    for table in READ_FOR_THE_FIRST_TIME:
        op.execute(f"alter table {table} force row level security")


def downgrade() -> None:
    op.drop_table("visitor_month_page")
    op.drop_table("visitor_day_product")
    op.drop_table("order_month_product")
    op.drop_table("order_hour")
    op.drop_table("order_day_product")
    op.drop_table("order_day")
    op.drop_index(
        op.f("ix_order_customer_month_workspace_id_month_spent_amount_email"), table_name="order_customer_month"
    )
    op.drop_table("order_customer_month")
    op.drop_index(op.f("ix_order_customer_workspace_id_spent_amount_email"), table_name="order_customer")
    op.drop_index(op.f("ix_order_customer_workspace_id_first_order_at"), table_name="order_customer")
    op.drop_table("order_customer")
    op.drop_table("order_day_due")
    disallow("visitor_day_page", "app", "update")
