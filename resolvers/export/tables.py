"""What can be exported: each table's columns, in their order, and where its rows come from.

The names of columns are a promise: new ones come last. `docs/exports.md` lists them.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from resolvers.analytics.day import midnight
from resolvers.export.cells import Cell, day_in, global_id_of, money, plain


class Column(NamedTuple):
    """A column: its name, what it is in SQL, and how its cells are written.

    With `is_day` that is a moment, and the cell is its day in the workspace's time zone, as Python has it: days are
    counted so, and PostgreSQL's list of zones may be older.
    """

    name: str
    sql: str
    write: Cell = plain
    is_day: bool = False


@dataclass(frozen=True)
class Table:
    """A table that can be exported. `{w}` in `where` is the workspace.

    `moment` is the column by which a range is kept where that is a moment, `day` where it is a day; where neither is
    there, the table has no range. `site` is the column of the site, if its rows are of one.
    """

    scope: str
    columns: tuple[Column, ...]
    rows: str
    where: str
    order: str
    group: str = ""
    moment: str = ""
    day: str = ""
    site: str = ""

    @property
    def has_range(self) -> bool:
        return bool(self.moment or self.day)

    def writers(self, time_zone: str) -> list[Cell]:
        """How the cells of each column are written."""
        return [day_in(time_zone) if column.is_day else column.write for column in self.columns]


class Wanted(NamedTuple):
    """Which rows: days of the workspace, both included, and a site. None is no bound."""

    first: date | None = None
    last: date | None = None
    site_id: UUID | None = None


def statement(table: Table, wanted: Wanted, workspace_id: UUID, time_zone: str) -> tuple[str, list[Any]]:
    """The statement that reads the rows, and its arguments."""
    arguments: list[Any] = []

    def place(value: Any, kind: str) -> str:
        arguments.append(value)
        return f"${len(arguments)}::{kind}"

    where = [table.where.replace("{w}", place(workspace_id, "uuid"))]
    for bound, operator, days in ((wanted.first, ">=", 0), (wanted.last, "<", 1)):
        if bound is not None and table.moment:
            moment = midnight(date.fromordinal(bound.toordinal() + days), ZoneInfo(time_zone))
            where.append(f"{table.moment} {operator} {place(moment, 'timestamptz')}")
        elif bound is not None:
            where.append(f"{table.day} {operator} {place(date.fromordinal(bound.toordinal() + days), 'date')}")
    if wanted.site_id is not None:
        where.append(f"{table.site} = {place(wanted.site_id, 'uuid')}")
    selected = ", ".join(f'{column.sql} as "{column.name}"' for column in table.columns)
    group = f" group by {table.group}" if table.group else ""
    rows = f"from {table.rows} where {' and '.join(where)}{group} order by {table.order}"
    return f"select {selected} {rows}", arguments


def _as_they_are(*names: str, of: str = "t") -> tuple[Column, ...]:
    return tuple(Column(name, f"{of}.{name}") for name in names)


_ADDRESS = ("name", "line1", "line2", "city", "region", "postal_code", "country_code", "phone")
_OF_SESSIONS = ("visitors", "sessions", "bounces", "page_views")

ORDERS = Table(
    scope="orders:read",
    columns=(
        Column("id", "t.id", global_id_of("Order")),
        *_as_they_are("number", "status", "placed_at"),
        Column("placed_day", "t.placed_at", is_day=True),
        Column("email", "t.email"),
        Column("currency", "t.currency_code"),
        Column("total", "t.total_amount", money),
        Column(
            "units",
            "(select sum(l.quantity) from order_line l where l.workspace_id = t.workspace_id and l.order_id = t.id)",
        ),
        *(Column(f"shipping_{name}", f"t.shipping_address->>'{name}'") for name in _ADDRESS),
        *_as_they_are("note", "cancelled_at", "cancel_reason", "updated_at"),
    ),
    rows="sales_order t",
    where="t.workspace_id = {w}",
    order="t.placed_at, t.id",
    moment="t.placed_at",
)
ORDER_LINES = Table(
    scope="orders:read",
    columns=(
        Column("id", "t.id", global_id_of("OrderLine")),
        Column("order_id", "t.order_id", global_id_of("Order")),
        Column("order_number", "o.number"),
        Column("order_status", "o.status"),
        Column("placed_at", "o.placed_at"),
        Column("placed_day", "o.placed_at", is_day=True),
        Column("product_id", "t.product_id", global_id_of("Product")),
        Column("variant_id", "t.variant_id", global_id_of("ProductVariant")),
        *_as_they_are("title", "variant_title", "sku", "quantity"),
        Column("currency", "t.currency_code"),
        Column("unit_price", "t.unit_price_amount", money),
        Column("total", "t.total_amount", money),
    ),
    rows="sales_order o join order_line t on t.workspace_id = o.workspace_id and t.order_id = o.id",
    where="o.workspace_id = {w} and t.workspace_id = {w}",
    order="o.placed_at, o.id, t.position, t.id",
    moment="o.placed_at",
)
PRODUCTS = Table(
    scope="products:read",
    columns=(
        Column("id", "t.id", global_id_of("Product")),
        *_as_they_are("title", "slug", "status", "description"),
        Column("currency", "t.currency_code"),
        Column("min_price", "t.min_price_amount", money),
        Column("max_price", "t.max_price_amount", money),
        *_as_they_are("variants_in_stock", "created_at", "updated_at"),
    ),
    rows="product t",
    where="t.workspace_id = {w} and t.deleted_at is null",
    order="t.created_at, t.id",
)
PRODUCT_VARIANTS = Table(
    scope="products:read",
    columns=(
        Column("id", "t.id", global_id_of("ProductVariant")),
        Column("product_id", "t.product_id", global_id_of("Product")),
        Column("product_title", "p.title"),
        Column("product_status", "p.status"),
        *_as_they_are("sku", "title"),
        Column("currency", "t.currency_code"),
        Column("price", "t.price_amount", money),
        *_as_they_are("quantity_available", "created_at", "updated_at"),
    ),
    rows="product p join product_variant t on t.workspace_id = p.workspace_id and t.product_id = p.id",
    where="p.workspace_id = {w} and t.workspace_id = {w} and p.deleted_at is null and t.deleted_at is null",
    order="p.created_at, p.id, t.position, t.id",
)
_COUNTS = "filter (where t.status <> 'CANCELLED')"
CUSTOMERS = Table(
    scope="orders:read",
    columns=(
        Column("email", "t.email"),
        Column("orders", f"count(*) {_COUNTS}"),
        Column("currency", "t.currency_code"),
        Column("spent", f"coalesce(sum(t.total_amount) {_COUNTS}, 0)::bigint", money),
        Column("first_order_at", f"min(t.placed_at) {_COUNTS}"),
        Column("last_order_at", f"max(t.placed_at) {_COUNTS}"),
        Column("cancelled_orders", "count(*) filter (where t.status = 'CANCELLED')"),
    ),
    rows="sales_order t",
    where="t.workspace_id = {w}",
    group="t.email, t.currency_code",
    order="t.email, t.currency_code",
    moment="t.placed_at",
)
_CURRENCY = Column("currency", "(select w.currency_code from workspace w where w.id = t.workspace_id)")
_REVENUE = Column("revenue", "t.revenue_amount", money)
ORDER_DAYS = Table(
    scope="analytics:read",
    columns=(*_as_they_are("day", "orders", "units"), _CURRENCY, _REVENUE, *_as_they_are("cancelled_orders")),
    rows="order_day t",
    where="t.workspace_id = {w}",
    order="t.day",
    day="t.day",
)
ORDER_HOURS = Table(
    scope="analytics:read",
    columns=(*_as_they_are("day", "hour", "orders", "units"), _CURRENCY, _REVENUE),
    rows="order_hour t",
    where="t.workspace_id = {w}",
    order="t.day, t.hour",
    day="t.day",
)
ORDER_PRODUCTS = Table(
    scope="analytics:read",
    columns=(
        *_as_they_are("day"),
        Column("product_id", "t.product_id", global_id_of("Product")),
        Column("title", "p.title"),
        *_as_they_are("orders", "quantity"),
        _CURRENCY,
        _REVENUE,
    ),
    rows="order_day_product t left join product p on p.workspace_id = t.workspace_id and p.id = t.product_id",
    where="t.workspace_id = {w}",
    order="t.day, t.product_id",
    day="t.day",
)
VISITOR_EVENTS = Table(
    scope="analytics:read",
    columns=(
        *_as_they_are("id", "occurred_at"),
        Column("day", "t.occurred_at", is_day=True),
        Column("received_at", "t.received_at"),
        Column("site_id", "t.site_id", global_id_of("Site")),
        *_as_they_are("name", "session_id", "visitor_id", "sequence", "host", "path", "title", "referrer"),
        *_as_they_are("source", "medium", "campaign", "device", "browser", "os", "country", "is_bot", "properties"),
    ),
    rows="visitor_event t",
    where="t.workspace_id = {w}",
    order="t.occurred_at, t.id",
    moment="t.occurred_at",
    site="t.site_id",
)
VISITOR_DAYS = Table(
    scope="analytics:read",
    columns=_as_they_are(
        *("day", *_OF_SESSIONS, "events", "bot_events", "seconds"), *("viewed", "carted", "checked_out", "purchased")
    ),
    rows="visitor_day t",
    where="t.workspace_id = {w}",
    order="t.day",
    day="t.day",
)
VISITOR_HOURS = Table(
    scope="analytics:read",
    columns=_as_they_are("day", "hour", "visitors", "sessions", "page_views", "events", "bot_events"),
    rows="visitor_hour t",
    where="t.workspace_id = {w}",
    order="t.day, t.hour",
    day="t.day",
)
VISITOR_PAGES = Table(
    scope="analytics:read",
    columns=_as_they_are("day", "path", "views", "visitors", "entries", "exits", "bounces", "seconds"),
    rows="visitor_day_page t",
    where="t.workspace_id = {w}",
    order="t.day, t.path",
    day="t.day",
)
VISITOR_PRODUCTS = Table(
    scope="analytics:read",
    columns=(
        *_as_they_are("day"),
        Column("product_id", "t.product_id", global_id_of("Product")),
        Column("title", "p.title"),
        *_as_they_are("views", "sessions", "carts"),
    ),
    rows="visitor_day_product t left join product p on p.workspace_id = t.workspace_id and p.id = t.product_id",
    where="t.workspace_id = {w}",
    order="t.day, t.product_id",
    day="t.day",
)
VISITOR_DIMENSIONS = Table(
    scope="analytics:read",
    columns=_as_they_are("day", "dimension", "value", *_OF_SESSIONS, "purchased"),
    rows="visitor_day_dimension t",
    where="t.workspace_id = {w}",
    order="t.day, t.dimension, t.value",
    day="t.day",
)
TABLES: dict[str, Table] = {
    "ORDERS": ORDERS,
    "ORDER_LINES": ORDER_LINES,
    "PRODUCTS": PRODUCTS,
    "PRODUCT_VARIANTS": PRODUCT_VARIANTS,
    "CUSTOMERS": CUSTOMERS,
    "ORDER_DAYS": ORDER_DAYS,
    "ORDER_HOURS": ORDER_HOURS,
    "ORDER_PRODUCTS": ORDER_PRODUCTS,
    "VISITOR_EVENTS": VISITOR_EVENTS,
    "VISITOR_DAYS": VISITOR_DAYS,
    "VISITOR_HOURS": VISITOR_HOURS,
    "VISITOR_PAGES": VISITOR_PAGES,
    "VISITOR_PRODUCTS": VISITOR_PRODUCTS,
    "VISITOR_DIMENSIONS": VISITOR_DIMENSIONS,
}
