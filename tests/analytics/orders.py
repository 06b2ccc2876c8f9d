"""Generated orders, written past the doors so that they may be of any time; and what they come to, by plain loops."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from core.clock import now
from core.ids import new_id
from resolvers.analytics.count_orders import NOTE, count_order_day
from resolvers.visitor import day_of as day_of_moment
from tests.analytics.history import row_id
from tests.factories import Shop
from tests.people import becomes

_ORDER = """
insert into sales_order (workspace_id, id, number, status, email, currency_code, total_amount, secret_hash, placed_at)
values ($1, $2, $3, $4, $5, 'EUR', $6, '', $7)
"""
_LINE = """
insert into order_line (workspace_id, id, order_id, variant_id, product_id, position, title, variant_title, sku,
                        quantity, unit_price_amount, total_amount, currency_code)
values ($1, $2, $3, $4, $5, 1, '', '', '', $6::bigint, $7::bigint, $6 * $7, 'EUR')
"""
_numbers = count(1)


@dataclass(frozen=True)
class Item:
    """Something that is sold."""

    product_id: UUID
    variant_id: UUID


@dataclass(frozen=True)
class Sale:
    """An order. `lines` are items with how many of them, and their price in minor units."""

    id: UUID
    email: str
    placed_at: datetime
    lines: tuple[tuple[Item, int, int], ...]
    is_cancelled: bool = False

    @property
    def total(self) -> int:
        return sum(quantity * price for _, quantity, price in self.lines)

    @property
    def units(self) -> int:
        return sum(quantity for _, quantity, _ in self.lines)


async def items(shop: Shop, number: int) -> list[Item]:
    """That many new variants of as many new products."""
    made = [await shop.product() for _ in range(number)]
    return [Item(row_id(each, "Product"), row_id(each["variants"]["nodes"][0], "ProductVariant")) for each in made]


def random_sales(
    chance: random.Random, sold: Sequence[Item], begin: datetime, span: timedelta, number: int
) -> list[Sale]:
    """Orders of few customers at any moment; of an item there may be two lines, some orders cost nothing."""
    return [
        Sale(
            new_id(),
            f"customer-{chance.randrange(number // 3 + 1)}@example.com",
            begin + span * chance.random(),
            tuple(
                (chance.choice(sold), chance.randint(1, 4), chance.choice([0, 5, 999, 2_490, 100_000]))
                for _ in range(chance.randint(1, 3))
            ),
            chance.random() < 0.2,
        )
        for _ in range(number)
    ]


async def sell(shop: Shop, sales: Iterable[Sale]) -> None:
    """Stores orders, with the notes of their days."""
    for sale in sales:
        status = "CANCELLED" if sale.is_cancelled else "PLACED"
        order = (sale.id, next(_numbers), status, sale.email, sale.total, sale.placed_at)
        await shop.sql(_ORDER, shop.workspace_id, *order)
        for item, quantity, price in sale.lines:
            line = (new_id(), sale.id, item.variant_id, item.product_id, quantity, price)
            await shop.sql(_LINE, shop.workspace_id, *line)
        await shop.sql(NOTE, shop.workspace_id, sale.placed_at, sale.email)


async def cancel(shop: Shop, sale: Sale) -> Sale:
    """Cancels a stored order, with its note."""
    await shop.sql("update sales_order set status = 'CANCELLED' where id = $1", sale.id)
    await shop.sql(NOTE, shop.workspace_id, sale.placed_at, sale.email)
    return replace(sale, is_cancelled=True)


async def count_orders(shop: Shop) -> None:
    """Counts what is due of this shop alone, after whoever else is at it."""
    (zone,) = await shop.sql("select time_zone from workspace")
    rows = await shop.sql("select placed_at from order_day_due")
    for day in sorted({day_of_moment(row["placed_at"], zone["time_zone"]) for row in rows}):
        await becomes(True, partial(count_order_day, shop.platform, shop.workspace_id, day))


def day_of(sale: Sale, zone: str) -> date:
    return sale.placed_at.astimezone(ZoneInfo(zone)).date()


def counted(sales: Iterable[Sale]) -> list[Sale]:
    return [sale for sale in sales if not sale.is_cancelled]


def order_day(sales: Iterable[Sale], day: date, zone: str) -> dict[str, int]:
    """The row of `order_day`."""
    today = [sale for sale in sales if day_of(sale, zone) == day]
    good = counted(today)
    return {
        "orders": len(good),
        "units": sum(sale.units for sale in good),
        "revenue_amount": sum(sale.total for sale in good),
        "cancelled_orders": len(today) - len(good),
    }


def order_hours(sales: Iterable[Sale], day: date, zone: str) -> dict[datetime, dict[str, int]]:
    """The rows of `order_hour` by the hour, those with nothing left out."""
    begin = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    today = [sale for sale in counted(sales) if day_of(sale, zone) == day]
    found = {}
    for number in range(26):
        hour = begin + timedelta(hours=number)
        within = [sale for sale in today if hour <= sale.placed_at < hour + timedelta(hours=1)]
        if within:
            found[hour] = {
                "orders": len(within),
                "units": sum(sale.units for sale in within),
                "revenue_amount": sum(sale.total for sale in within),
            }
    return found


def order_products(sales: Iterable[Sale]) -> dict[UUID, dict[str, int]]:
    """What these orders sold of each product."""
    orders: dict[UUID, set[UUID]] = defaultdict(set)
    quantity: dict[UUID, int] = defaultdict(int)
    revenue: dict[UUID, int] = defaultdict(int)
    for sale in counted(sales):
        for item, number, price in sale.lines:
            orders[item.product_id].add(sale.id)
            quantity[item.product_id] += number
            revenue[item.product_id] += number * price
    return {
        product: {"orders": len(orders[product]), "quantity": quantity[product], "revenue_amount": revenue[product]}
        for product in orders
    }


def customers(sales: Iterable[Sale]) -> dict[str, dict[str, Any]]:
    """The rows of `order_customer` by e-mail address."""
    found: dict[str, list[Sale]] = defaultdict(list)
    for sale in counted(sales):
        found[sale.email].append(sale)
    return {
        email: {
            "first_order_at": min(sale.placed_at for sale in each),
            "last_order_at": max(sale.placed_at for sale in each),
            "orders": len(each),
            "spent_amount": sum(sale.total for sale in each),
        }
        for email, each in found.items()
    }


def customer_months(sales: Iterable[Sale]) -> dict[tuple[str, date], dict[str, int]]:
    """The rows of `order_customer_month` by e-mail address and month of UTC."""
    found: dict[tuple[str, date], list[Sale]] = defaultdict(list)
    for sale in counted(sales):
        found[sale.email, sale.placed_at.astimezone(UTC).date().replace(day=1)].append(sale)
    return {key: {"orders": len(each), "spent_amount": sum(sale.total for sale in each)} for key, each in found.items()}


def days_ago(number: float) -> datetime:
    return now().replace(microsecond=0) - timedelta(days=number)
