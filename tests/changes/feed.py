"""How the tests poll."""

from typing import Any

from tests.factories import Shop
from tests.operations import ADMIN

LATEST = "{ changes(first: 0) { latestCursor } }"
PAGE = """
query Page($first: Int!, $after: String, $filter: SyncEventFilter) {
  changes(first: $first, after: $after, filter: $filter) {
    edges { cursor node { id sequence type entityId occurredAt } }
    nodes { sequence type }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    latestCursor
  }
}
"""
RENAME = """
mutation ($id: ID!, $revision: Int!, $title: String!) {
  productUpdate(id: $id, input: { revision: $revision, title: $title }) {
    product { revision } userErrors { code message }
  }
}
"""


async def latest(shop: Shop) -> str | None:
    """Where a new client begins."""
    answer = await shop.admin(LATEST)
    found: str | None = answer["data"]["changes"]["latestCursor"]
    return found


async def page(shop: Shop, after: str | None = None, first: int = 100, **options: Any) -> dict[str, Any]:
    """One page for the API key, or for whom the options say."""
    types = options.pop("types", None)
    send = shop.shopper if options.pop("by_shopper", False) else shop.admin
    variables = {"first": first, "after": after, "filter": {"types": types} if types is not None else None}
    answer = await send(PAGE, variables, **options)
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["changes"]
    return found


async def refused(shop: Shop, after: str, **options: Any) -> str:
    """The code that a poll from the cursor is refused with."""
    send = shop.shopper if options.pop("by_shopper", False) else shop.admin
    answer = await send(ADMIN, {"first": 5, "after": after}, operation="Changes", **options)
    assert answer["data"] is None, answer
    (error,) = answer["errors"]
    code: str = error["extensions"]["code"]
    return code


async def add_events(shop: Shop, *types: str, days_ago: int = 0) -> None:
    """Events as every write leaves them behind, but of any age."""
    await shop.sql(
        """
        with counter as (
          update workspace_counter set sequence = sequence + $3 where workspace_id = $1
          returning sequence - $3 as before)
        insert into sync_event (workspace_id, sequence, id, type, entity_type, entity_id, occurred_at)
        select $1, before + n, gen_random_uuid(), type, 'Product', gen_random_uuid(), now() - make_interval(days => $4)
          from counter, unnest($2::text[]) with ordinality e(type, n)
        """,
        shop.workspace_id,
        list(types),
        len(types),
        days_ago,
    )


def sequences(found: dict[str, Any]) -> list[int]:
    return [node["sequence"] for node in found["nodes"]]
