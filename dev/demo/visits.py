"""What visitors of the demo shops did in the last days: as much as is taken of it now."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.clock import format_moment, now
from core.database import pinned
from core.ids import global_id, new_id
from dev.demo.catalog import Shop
from resolvers.analytics import track_events
from resolvers.analytics.track import LATE
from resolvers.context import Context

VISITS = 60
# Where people come from: the address's query, and the page before.
_SOURCES = (
    ("", ""),
    ("", ""),
    ("", "https://www.google.com/"),
    ("", "https://www.instagram.com/"),
    ("?utm_source=newsletter&utm_medium=email&utm_campaign=autumn", ""),
)
_AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
)
_STEPS = ("product_view", "add_to_cart", "checkout_initiated", "purchase")
# How many of those who came so far go on to the next step.
_GO_ON = 0.5


async def add_visits(shopper: Context, workspace_id: UUID, shop: Shop) -> None:
    """Visits where there are none. The worker counts their days."""
    database = shopper.platform.database
    async with database.app.acquire() as connection, pinned(connection, workspace_id):
        if await connection.fetchval("select exists (select from visitor_event where workspace_id = $1)", workspace_id):
            return
        products = await connection.fetch(
            "select id, slug from product where workspace_id = $1 and status = 'ACTIVE' order by slug", workspace_id
        )
    chance = random.Random(shop.slug)
    for number in range(VISITS):
        # Addresses that are nobody's (RFC 5737).
        caller = replace(shopper.caller, address=f"203.0.113.{number}")
        visitor = replace(shopper, caller=caller, user_agent=chance.choice(_AGENTS))
        began_at = now() - (LATE - timedelta(hours=1)) * chance.random()
        product = chance.choice(products)
        await track_events(visitor, list(_visit(chance, shop, began_at, product["id"], product["slug"])))


def _visit(
    chance: random.Random, shop: Shop, began_at: datetime, product_id: UUID, slug: str
) -> Iterator[dict[str, Any]]:
    """The home page, often a product, sometimes more."""
    session_id = str(new_id())
    query, referrer = chance.choice(_SOURCES)
    home = f"https://{shop.slug}.example/"
    page = f"{home}products/{slug}"
    said: list[tuple[str, str, dict[str, Any]]] = [("page_view", home + query, {})]
    if chance.random() < _GO_ON:
        said += [("page_leave", home, {"seconds": chance.randint(3, 60)}), ("page_view", page, {})]
        for step in _STEPS:
            said.append((step, page, {"productId": global_id("Product", product_id)}))
            if chance.random() > _GO_ON:
                break
    for sequence, (name, url, properties) in enumerate(said):
        yield {
            "id": str(new_id()),
            "name": name,
            "sessionId": session_id,
            "sequence": sequence,
            # All of it before now, whenever it began.
            "occurredAt": format_moment(min(began_at + timedelta(seconds=30 * sequence), now())),
            "url": url,
            "referrer": referrer,
            "properties": properties,
        }
