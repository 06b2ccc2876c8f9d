"""Shoppers who do not give up, and what must be true of the shop after them."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson

from benchmarks.client import Answer, Channel, Gone
from benchmarks.shop import order_request
from core.crypto import hash_secret, unpack_token
from core.ids import parse_global_id
from resolvers.order.token import PREFIX
from tests.factories import Shop

PATIENCE_SECONDS = 60.0
_ANSWER_SECONDS = 20.0
_AGAIN_SECONDS = 0.02
# "Come back in a moment": with the same key, as after no answer at all.
_PASSING = {"THROTTLED", "CONFLICT"}


@dataclass(frozen=True)
class Purchase:
    """An order that somebody holds an answer for."""

    key: str
    lines: dict[str, int]
    payload: dict[str, Any]
    tries: int


@dataclass
class Shopper:
    """One connection, opened again whenever it is gone, that places one order after the other."""

    shop: Shop
    port: int
    email: str
    purchases: list[Purchase] = field(default_factory=list)
    refusals: list[Any] = field(default_factory=list)
    channel: Channel | None = None

    async def buy(self, lines: dict[str, int]) -> None:
        """Sends the same order with the same key until it is answered.

        Raises:
            TimeoutError: nobody answered for a very long time.

        """
        key = uuid4().hex
        request = order_request(self.shop.storefront_token, key, self.email, lines)
        tries = 0
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                tries += 1
                answer = await self._answer(request)
                if answer is not None:
                    break
                await asyncio.sleep(_AGAIN_SECONDS * random.random())
        payload = (answer.get("data") or {}).get("orderPlace")
        if payload and payload["order"]:
            self.purchases.append(Purchase(key, lines, payload, tries))
        else:
            self.refusals.append(answer)

    async def ask(self, lines: dict[str, int]) -> tuple[int, Any]:
        """Sends an order once, on the connection that is open: the status and the JSON of the answer."""
        if self.channel is None:
            raise Gone
        answer = await self.channel.send(order_request(self.shop.storefront_token, uuid4().hex, self.email, lines))
        return answer.status, orjson.loads(answer.body)

    async def _answer(self, request: bytes) -> dict[str, Any] | None:
        """The answer's JSON; None where there was none, or one that says to come back."""
        try:
            if self.channel is None:
                self.channel = await Channel.open(self.port)
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await self.channel.send(request)
        except (Gone, OSError, TimeoutError):
            self.leave()
            return None
        return None if _passes(answer) else orjson.loads(answer.body)

    def leave(self) -> None:
        if self.channel is not None:
            self.channel.close()
            self.channel = None


def _passes(answer: Answer) -> bool:
    if answer.status >= 500:
        return False
    errors = orjson.loads(answer.body).get("errors", ())
    return any(error["extensions"]["code"] in _PASSING for error in errors)


@dataclass(frozen=True)
class Ledger:
    """What the database says of a shop."""

    orders: int
    first_number: int | None
    last_number: int | None
    events: int
    last_event: int | None
    counter: tuple[int, int]
    keys: int
    audit: int
    stock: int

    @classmethod
    async def of(cls, shop: Shop) -> "Ledger":
        (row,) = await shop.sql(
            """select (select count(*) from sales_order) as orders,
                      (select min(number) from sales_order) as first_number,
                      (select max(number) from sales_order) as last_number,
                      (select count(*) from sync_event) as events,
                      (select max(sequence) from sync_event) as last_event,
                      (select array[sequence, order_number] from workspace_counter) as counter,
                      (select count(*) from idempotency_key where outcome is not null) as keys,
                      (select count(*) from audit_entry where action = 'orderPlace') as audit,
                      (select sum(quantity_available) from product_variant) as stock"""
        )
        values = dict(row) | {"counter": tuple(row["counter"]), "stock": int(row["stock"])}
        return cls(**values)


async def faults_of(shop: Shop, purchases: list[Purchase], stock_before: int) -> list[str]:
    """Everything that is not as it must be; an empty list is what we want."""
    ledger = await Ledger.of(shop)
    sold = sum(quantity for purchase in purchases for quantity in purchase.lines.values())
    count = len(purchases)
    expected = {
        "orders, as many as keys": (ledger.orders, count),
        "keys with an outcome": (ledger.keys, count),
        "distinct keys": (len({purchase.key for purchase in purchases}), count),
        "audit entries": (ledger.audit, count),
        "stock": (ledger.stock, stock_before - sold),
        "numbers from first to last": ((ledger.last_number or 0) - (ledger.first_number or 1) + 1, count),
        "the counter's order number": (ledger.counter[1], ledger.last_number or ledger.counter[1]),
        "events up to the last": (ledger.events, ledger.last_event or 0),
        "the counter's sequence": (ledger.counter[0], ledger.last_event or 0),
    }
    faults = [f"{what}: {found}, not {wanted}" for what, (found, wanted) in expected.items() if found != wanted]
    return faults + await _wrong_answers(shop, purchases)


async def _wrong_answers(shop: Shop, purchases: list[Purchase]) -> list[str]:
    """The answers that differ from the order in the database, lines, total and token included."""
    rows = await shop.sql(
        """select o.id, o.number, o.secret_hash, o.total_amount,
                  (select jsonb_object_agg(l.variant_id, l.quantity)::text from order_line l
                    where l.order_id = o.id) as lines,
                  (select count(*) from sync_event e where e.entity_id = o.id and e.type = 'order.created') as events
             from sales_order o"""
    )
    saved = {row["id"]: row for row in rows}
    faults = []
    for purchase in purchases:
        order, token = purchase.payload["order"], unpack_token(PREFIX, purchase.payload["orderToken"] or "")
        row = saved.get(_uuid(order["id"]))
        if row is None:
            faults.append(f"{order['number']} is lost")
            continue
        wanted = {str(_uuid(variant)): quantity for variant, quantity in purchase.lines.items()}
        same = {
            "number": order["number"] == row["number"],
            "total": int(order["total"]["amount"].replace(".", "")) == row["total_amount"],
            "lines": orjson.loads(row["lines"]) == wanted,
            "units": sum(line["quantity"] for line in order["lines"]["nodes"]) == sum(wanted.values()),
            "token": token is not None and token[1] == row["id"] and hash_secret(token[2]) == row["secret_hash"],
            "one event": row["events"] == 1,
        }
        faults += [f"{order['number']}: {what} differs" for what, holds in same.items() if not holds]
    return faults


def _uuid(global_id: str) -> Any:
    parsed = parse_global_id(global_id)
    return parsed[1] if parsed else None
