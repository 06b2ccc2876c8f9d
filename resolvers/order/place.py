"""Placing an order: two statements in one transaction, three where it sells out a variant. Nothing that a client says
of prices is believed.

Stock goes down by one conditional update in key order, so that two orders never wait for each other in a circle and
never sell the same unit twice; `check (quantity_available >= 0)` stands behind it.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field

from core.connections import Connection
from core.crypto import hash_secret, new_secret
from core.errors import Problem, Refused
from core.events import SyncEventType
from core.ids import new_id
from resolvers.context import Context
from resolvers.order.token import order_token
from resolvers.product import tell_in_stock
from resolvers.validation import Email, Input, id_of, text_of
from resolvers.write import Outcome, Secret, Write, write_directly

MAX_LINES = 250
MAX_QUANTITY = 10_000
# Minor units; a sum of many orders still fits a bigint.
MAX_TOTAL = 10**15


class AddressInput(Input):
    """Where an order is sent. Only a name, a first line, a city and a country are needed everywhere."""

    name: text_of(200, 1)  # type: ignore[valid-type]
    line1: text_of(200, 1)  # type: ignore[valid-type]
    line2: text_of(200) = ""  # type: ignore[valid-type]
    city: text_of(100, 1)  # type: ignore[valid-type]
    region: text_of(100) = ""  # type: ignore[valid-type]
    postal_code: text_of(20) = ""  # type: ignore[valid-type]
    country_code: text_of(2, 2)  # type: ignore[valid-type]
    phone: text_of(40) = ""  # type: ignore[valid-type]


class LineInput(Input):
    """How many of which variant."""

    variant_id: id_of("ProductVariant", "variant")  # type: ignore[valid-type]
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)]


class NewOrder(Input):
    """An order as a shopper sends it."""

    email: Email
    lines: Annotated[list[LineInput], Field(min_length=1, max_length=MAX_LINES)]
    shipping_address: AddressInput | None = None
    note: text_of(5_000) = ""  # type: ignore[valid-type]


@dataclass(frozen=True, slots=True)
class Sold:
    """One line, as the stock was taken for it. Amounts are minor units."""

    variant_id: UUID
    product_id: UUID
    title: str
    variant_title: str
    sku: str
    price_amount: int
    currency_code: str
    quantity: int
    is_sold_out: bool


# One row needs no order; more are locked by key first, since an update may visit them in any order.
LOCK_IN_ORDER = """
, locked as materialized (
  select v.id from claim cross join product_variant v
   where v.workspace_id = $1 and v.id = any($2::uuid[]) order by v.id for update of v)
"""
TAKE_STOCK = """
update product_variant v set quantity_available = v.quantity_available - w.quantity
  from {first}, unnest($2::uuid[], $3::bigint[]) w(id, quantity), product p
 where v.workspace_id = $1 and v.id = w.id and v.deleted_at is null and v.quantity_available >= w.quantity
   and p.workspace_id = $1 and p.id = v.product_id and p.status = 'ACTIVE' and p.deleted_at is null
returning v.id, v.product_id, p.title, v.title as variant_title, v.sku, v.price_amount, v.currency_code, w.quantity,
          v.quantity_available = 0 as is_sold_out
"""
TAKE_ONE = TAKE_STOCK.format(first="claim")
TAKE_MANY = LOCK_IN_ORDER + TAKE_STOCK.format(first="claim, (select count(*) from locked) l")
# Their arguments are $2 to $16; `counter` is the CTE that `Write.finish` puts before them.
INSERT_ORDER = """
placed as (
  insert into sales_order (workspace_id, id, number, status, email, currency_code, total_amount, shipping_address,
                           note, secret_hash)
  select $1, $2, counter.order_number + 1, 'PLACED', $3, $4, $5, $6::jsonb, $7, $8 from counter)
"""
INSERT_LINES = """
lines as (
  insert into order_line (workspace_id, id, order_id, variant_id, product_id, position, title, variant_title, sku,
                          quantity, unit_price_amount, total_amount, currency_code)
  select $1, l.id, $2, l.variant_id, l.product_id, l.n, l.title, l.variant_title, l.sku, l.quantity, l.price,
         l.quantity * l.price, $4
    from unnest($9::uuid[], $10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::bigint[],
                $16::bigint[]) with ordinality
         l(id, variant_id, product_id, title, variant_title, sku, quantity, price, n))
"""
# That its day is to be counted: `resolvers/analytics/count_orders.py`.
NOTE_DAY = """
noted as (insert into order_day_due (workspace_id, placed_at, id, email) select $1, now(), $2, $3 from counter)
"""


async def place_order(context: Context, new: NewOrder) -> Outcome:
    """Places an order for a guest; the outcome has its `id` and its `token`, which is shown this once.

    Raises:
        Refused: NOT_FOUND (no such variant is on sale), OUT_OF_STOCK, OUT_OF_RANGE (the total is absurd).

    """
    async with write_directly(_for_shopper(context, new.email)) as tx:
        wanted = _merged(new.lines)
        sold = await _take_stock(tx, wanted)
        if len(sold) < len(wanted):
            raise Refused(*await _why_not(tx.connection, tx.workspace_id, new.lines, sold))
        lines = [sold[variant_id] for variant_id in wanted]
        total = sum(line.price_amount * line.quantity for line in lines)
        if total > MAX_TOTAL:
            raise Refused(Problem("OUT_OF_RANGE", "The order's total is too high.", ("input", "lines")))
        order_id, secret = new_id(), new_secret()
        tx.event(SyncEventType.ORDER_CREATED, "Order", order_id)
        # Rare, so that orders do not write products: and before the counter, like everything that locks.
        sold_out = Counter(line.product_id for line in lines if line.is_sold_out)
        await tell_in_stock(tx, {product_id: -n for product_id, n in sold_out.items()})
        tx.audit("orderPlace", "Order", order_id, {"email": new.email, "total_amount": total})
        outcome = tx.done(id=order_id, token=Secret(order_token(tx.workspace_id, order_id, secret)))
        address = new.shipping_address
        await tx.finish(
            INSERT_ORDER,
            INSERT_LINES,
            NOTE_DAY,
            arguments=(
                order_id,
                new.email,
                lines[0].currency_code,
                total,
                orjson.dumps(address.model_dump()).decode() if address else None,
                new.note,
                hash_secret(secret),
                [new_id() for _ in lines],
                [line.variant_id for line in lines],
                [line.product_id for line in lines],
                [line.title for line in lines],
                [line.variant_title for line in lines],
                [line.sku for line in lines],
                [line.quantity for line in lines],
                [line.price_amount for line in lines],
            ),
            order_numbers=1,
        )
        return outcome


def _for_shopper(context: Context, email: str) -> Context:
    """Shoppers share their storefront's token: where no secret of their own was sent, the e-mail tells them apart."""
    key = context.idempotency
    if key is None or not key.caller.endswith(":"):
        return context
    return replace(context, idempotency=replace(key, caller=key.caller + hashlib.sha256(email.encode()).hexdigest()))


def _merged(lines: list[LineInput]) -> dict[UUID, int]:
    """How many of each variant: lines of the same variant count together."""
    wanted: dict[UUID, int] = {}
    for line in lines:
        wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.quantity
    return wanted


async def _take_stock(tx: Write, wanted: dict[UUID, int]) -> dict[UUID, Sold]:
    """Takes the stock of every line that has enough. Fewer lines than wanted: the caller must roll back."""
    statement = TAKE_ONE if len(wanted) == 1 else TAKE_MANY
    rows = await tx.fetch_claiming(statement, list(wanted), list(wanted.values()))
    return {row["id"]: Sold(*row) for row in rows}


async def _why_not(
    connection: Connection, workspace_id: UUID, lines: list[LineInput], sold: dict[UUID, Sold]
) -> list[Problem]:
    """What is wrong with each line that was not sold."""
    missing: list[Any] = [line.variant_id for line in lines if line.variant_id not in sold]
    rows = await connection.fetch(
        """select v.id from product_variant v join product p on p.workspace_id = $1 and p.id = v.product_id
            where v.workspace_id = $1 and v.id = any($2::uuid[]) and v.deleted_at is null
              and p.status = 'ACTIVE' and p.deleted_at is null""",
        workspace_id,
        missing,
    )
    on_sale = {row["id"] for row in rows}
    return [
        Problem("OUT_OF_STOCK", "There are not that many left.", ("input", "lines", str(index), "quantity"))
        if line.variant_id in on_sale
        else Problem("NOT_FOUND", "There is no variant with this id.", ("input", "lines", str(index), "variantId"))
        for index, line in enumerate(lines)
        if line.variant_id not in sold
    ]
