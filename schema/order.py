"""Orders: the type, its filters and sorts, and the mutations."""

from datetime import datetime
from enum import Enum
from typing import Any

import strawberry

from core.access import Caller, CallerKind
from core.ids import uuid_in
from resolvers.context import Context
from resolvers.order import NewOrder, OrderCancellation, cancel_order, find_by_token, place_order
from resolvers.read import Read
from resolvers.read.source import AnyOf, Column, Equals, Range, SortKey
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.access import Access
from schema.connection import SortDirection, argument
from schema.filters import DateTimeRange, IntRange
from schema.money import Money
from schema.mutation import mutation, row, shown_once
from schema.product import Product, ProductVariant
from schema.query import Privacy, read_many, read_one
from schema.reading import Node, column, embedded, many, money, one, reads, row_id

OWN_ORDER = frozenset({"orders:read"})


def _works_here(caller: Caller) -> bool:
    """What the shop's people note of an order is not for its shopper, whatever their token grants."""
    return caller.kind is not CallerKind.SHOPPER


@strawberry.enum(description="How far an order has come.")
class OrderStatus(Enum):
    """An order's status."""

    PLACED = strawberry.enum_value("PLACED", description="Placed; its stock is taken.")
    CANCELLED = strawberry.enum_value("CANCELLED", description="Cancelled; its stock went back on sale.")


@strawberry.type(description="Where an order is sent.")
class Address:
    """A postal address."""

    name: str = strawberry.field(description="Who receives it.")
    line1: str = strawberry.field(description="Street and number.")
    line2: str = strawberry.field(description="Floor, flat or the like; may be empty.")
    city: str = strawberry.field(description="City.")
    region: str = strawberry.field(description="State, province or region; may be empty.")
    postal_code: str = strawberry.field(description="Postal code; may be empty.")
    country_code: str = strawberry.field(description="ISO 3166 code of two letters.")
    phone: str = strawberry.field(description="A telephone number; may be empty.")


_ADDRESS = {
    "name": "name",
    "line1": "line1",
    "line2": "line2",
    "city": "city",
    "region": "region",
    "postalCode": "postal_code",
    "countryCode": "country_code",
    "phone": "phone",
}


@reads(
    "order_line",
    scope="orders:read",
    default_sort=("POSITION", "ASC"),
    sorts={"POSITION": SortKey("{t}.position", "bigint")},
)
@strawberry.type(description="What was sold, as it was at that moment, whatever became of the product since.")
class OrderLine(Node):
    """One line of an order."""

    id: strawberry.ID = row_id()
    title: str = column("The product's title when it was sold.")
    variant_title: str = column("The variant's title when it was sold; may be empty.")
    sku: str = column("The variant's SKU when it was sold.")
    quantity: int = column("How many.")
    unit_price: Money = money("What one cost.", "{t}.unit_price_amount")
    total: Money = money("What all of them cost together.", "{t}.total_amount")
    product: Product | None = one(
        "The product today; null where it is gone or not for the caller to see.",
        "Product",
        "{c}.id = {p}.product_id",
    )
    variant: ProductVariant | None = one(
        "The variant today; null where it is gone or not for the caller to see.",
        "ProductVariant",
        "{c}.id = {p}.variant_id",
    )


@reads(
    "sales_order",
    scope="orders:read",
    default_sort=("PLACED_AT", "DESC"),
    sorts={
        "PLACED_AT": SortKey("{t}.placed_at", "timestamptz"),
        "NUMBER": SortKey("{t}.number", "bigint"),
        "TOTAL": SortKey("{t}.total_amount", "bigint"),
    },
    filters={
        "status": AnyOf("{t}.status", "text[]"),
        "email": Equals("{t}.email", str.lower),
        "number": Range("{t}.number"),
        "placedAt": Range("{t}.placed_at"),
    },
)
@strawberry.type(description="What a shopper ordered.")
class Order(Node):
    """One order."""

    id: strawberry.ID = row_id()
    number: int = column("The order's number in its workspace, counting up without gaps.")
    status: OrderStatus = column("How far it has come.")
    email: str = column("Who placed it.")
    total: Money = money("What it costs in all, as the server computed it.", "{t}.total_amount")
    shipping_address: Address | None = embedded(
        "Where it is sent.",
        {name: Column((f"{{t}}.shipping_address->>'{key}'",)) for name, key in _ADDRESS.items()},
        present="{t}.shipping_address is not null",
    )
    note: str = column("What the shopper wrote; may be empty.")
    revision: int = column("Goes up with every change.")
    placed_at: datetime = column("When it was placed.")
    updated_at: datetime = column("When it last changed.")
    cancelled_at: datetime | None = column("When it was cancelled.")
    cancel_reason: str | None = column("Why it was cancelled.", scope="orders:read", visible=_works_here)
    lines = many(OrderLine, "What was sold.", "{c}.order_id = {p}.id", seen_with_parent=True)


@strawberry.input(description="Which orders: all that is named must hold.")
class OrderFilter:
    """A filter of orders."""

    status: list[OrderStatus] | None = strawberry.field(default=None, description="Has one of these.")
    email: str | None = strawberry.field(default=None, description="Was placed with this e-mail address.")
    number: IntRange | None = strawberry.field(default=None, description="Its number.")
    placed_at: DateTimeRange | None = strawberry.field(default=None, description="When it was placed.")


@strawberry.enum(description="What orders are sorted by.")
class OrderSortField(Enum):
    """Keys of a sort."""

    PLACED_AT = strawberry.enum_value("PLACED_AT", description="When it was placed.")
    NUMBER = strawberry.enum_value("NUMBER", description="Its number.")
    TOTAL = strawberry.enum_value("TOTAL", description="What it costs.")


@strawberry.input(description="In which order the orders come.")
class OrderSort:
    """A sort of orders."""

    field: OrderSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="How many of which variant.")
class OrderLineInput:
    """A line to be ordered."""

    variant_id: strawberry.ID = strawberry.field(description="The variant's id.")
    quantity: int = strawberry.field(description="How many: 1 to 10,000.")


@strawberry.input(description="Where an order is sent.")
class AddressInput:
    """A postal address."""

    name: str = strawberry.field(description="Who receives it; at most 200 characters.")
    line1: str = strawberry.field(description="Street and number; at most 200 characters.")
    line2: str | None = strawberry.field(default=None, description="Floor, flat or the like.")
    city: str = strawberry.field(description="City; at most 100 characters.")
    region: str | None = strawberry.field(default=None, description="State, province or region.")
    postal_code: str | None = strawberry.field(default=None, description="Postal code; at most 20 characters.")
    country_code: str = strawberry.field(description="ISO 3166 code of two letters.")
    phone: str | None = strawberry.field(default=None, description="A telephone number; at most 40 characters.")


@strawberry.input(description="An order. Prices and totals are the server's: there is nowhere to send them.")
class OrderPlaceInput:
    """A new order."""

    email: str = strawberry.field(description="Who places it.")
    lines: list[OrderLineInput] = strawberry.field(description="1 to 250 lines; lines of the same variant become one.")
    shipping_address: AddressInput | None = strawberry.field(default=None, description="Where it is sent.")
    note: str | None = strawberry.field(default=None, description="A note for the merchant; at most 5,000 characters.")


@strawberry.input(description="Why an order is cancelled.")
class OrderCancelInput:
    """A cancellation."""

    reason: str | None = strawberry.field(
        default=None, description="For the people of the shop; at most 500 characters."
    )


def _by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = uuid_in(id, "Order")
    return {"id": found} if found else None


def _by_token(caller: Caller, token: str) -> Read | None:
    found = find_by_token(caller.workspace_id, token) if caller.workspace_id else None
    return Read("Order", found, granted=OWN_ORDER) if found else None


QUERIES = {
    "order": read_one(
        Order,
        "An order by its id; null where there is none.",
        "orders:read",
        [argument("id", strawberry.ID, "The order's id.")],
        _by_id,
    ),
    "orders": read_many(Order, "The workspace's orders.", "orders:read", OrderFilter, OrderSort),
    "order_by_token": read_one(
        Order,
        "The order that a shopper placed, by the token that `orderPlace` gave; null where the token is not right.",
        Access.WORKSPACE,
        [argument("token", str, "The order's token.")],
        _by_token,
        Privacy.SECRET,
    ),
}


async def _place(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await place_order(context, validated(NewOrder, input))


async def _cancel(context: Context, id: str, input: dict[str, Any] | None = None) -> Outcome:  # noqa: A002
    cancellation = validated(OrderCancellation, input or {})
    return await cancel_order(context, required_id(id, "Order", "order"), cancellation)


MUTATIONS = {
    "order_place": mutation(
        "orderPlace",
        "Places an order for a guest: computes what it costs and takes its stock, or does nothing at all.",
        needs=Access.WORKSPACE,
        arguments=[argument("input", OrderPlaceInput, "What is ordered, and by whom.")],
        run=_place,
        returns={
            "order": row(Order, "The order as it was placed.", granted=OWN_ORDER),
            "order_token": shown_once("The secret by which the shopper reads the order back: keep it.", "token"),
        },
        codes=("OUT_OF_STOCK",),
    ),
    "order_cancel": mutation(
        "orderCancel",
        "Cancels an order; its stock goes back on sale.",
        needs="orders:write",
        arguments=[
            argument("id", strawberry.ID, "The order's id."),
            argument("input", OrderCancelInput | None, "Why.", None),
        ],
        run=_cancel,
        returns={"order": row(Order, "The order as it is now.")},
        codes=("ALREADY_CANCELLED",),
    ),
}
