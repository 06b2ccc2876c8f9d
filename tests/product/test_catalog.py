"""A catalog of some thousand products: every filter and sort gives the right page, and reads few rows for it."""

import json
from collections.abc import Callable
from datetime import datetime
from itertools import product as combinations
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import pytest

from benchmarks.catalog import COMMON_WORD, MIDDLING_WORD, RARE_WORD, UNCOMMON_WORD, add_products
from core.database import pinned
from core.ids import uuid_in
from resolvers.context import Platform
from resolvers.read.lanes import FEW
from tests.client import GraphQL
from tests.factories import Shop, make_shop
from tests.operations import STOREFRONT
from tests.people import superuser_sql
from tests.plans import plan_of, rows_read, scans

PRODUCTS = 6_000
PAGE = 50
SORTS = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "TITLE": "title_sort", "PRICE": "min_price_amount"}
# A page and one more from each of six lanes, with some room.
ROWS_OF_A_PAGE = 400
# Besides: what each narrowing filter counts to know whether few rows match, and what is read among those that do not.
ROWS_OF_A_SEARCH = 3 * FEW + ROWS_OF_A_PAGE
TABLES = {"product", "product_search_token"}
ROWS = """
select id, status, available_for_sale, created_at, updated_at, title_sort, min_price_amount,
       array(select token from product_search_token k where k.product_id = p.id) as tokens
  from product p where deleted_at is null
"""

pytestmark = pytest.mark.xdist_group("catalog")


class Catalog(NamedTuple):
    """A shop of many products, and what they are."""

    shop: Shop
    rows: list[Any]
    ranks: dict[str, dict[UUID, int]]

    def at(self, column: str, share: float) -> datetime:
        """The moment before which that share of the products was made or changed."""
        moments: list[datetime] = sorted(row[column] for row in self.rows)
        return moments[int(share * (len(moments) - 1))]


class Filter(NamedTuple):
    """A filter's name, and what makes its input and what it leaves. A narrowing one has an index of its own."""

    name: str
    given: Callable[[Catalog], dict[str, Any]]
    leaves: Callable[[Catalog], Callable[[Any], bool]]
    narrows: bool = False


def everything() -> Filter:
    return Filter("all", lambda _: {}, lambda _: lambda _: True)


def available(*, is_available: bool) -> Filter:
    return Filter(
        f"available={is_available}",
        lambda _: {"availableForSale": is_available},
        lambda _: lambda row: bool(row["available_for_sale"] == is_available),
    )


def status(*wanted: str) -> Filter:
    return Filter("+".join(wanted), lambda _: {"status": wanted}, lambda _: lambda row: row["status"] in wanted)


def moment(name: str, column: str, low: float, high: float) -> Filter:
    def leaves(catalog: Catalog) -> Callable[[Any], bool]:
        least, most = catalog.at(column, low), catalog.at(column, high)
        return lambda row: bool(least <= row[column] < most)

    def given(catalog: Catalog) -> dict[str, Any]:
        return {name: {"gte": catalog.at(column, low).isoformat(), "lt": catalog.at(column, high).isoformat()}}

    return Filter(f"{name} {low}-{high}", given, leaves, narrows=True)


def search(text: str) -> Filter:
    def leaves(_: Catalog) -> Callable[[Any], bool]:
        return lambda row: all(any(token.startswith(word) for token in row["tokens"]) for word in text.split())

    return Filter(f"search {text}", lambda _: {"search": text}, leaves, narrows=True)


def both(one: Filter, other: Filter) -> Filter:
    def leaves(catalog: Catalog) -> Callable[[Any], bool]:
        first, second = one.leaves(catalog), other.leaves(catalog)
        return lambda row: first(row) and second(row)

    return Filter(
        f"{one.name} and {other.name}",
        lambda catalog: one.given(catalog) | other.given(catalog),
        leaves,
        narrows=one.narrows or other.narrows,
    )


FILTERS = [
    everything(),
    available(is_available=True),
    available(is_available=False),
    status("ACTIVE"),
    status("ARCHIVED"),
    status("DRAFT", "ARCHIVED"),
    both(status("DRAFT"), available(is_available=False)),
    moment("createdAt", "created_at", 0.5, 0.502),
    moment("createdAt", "created_at", 0.01, 0.99),
    moment("updatedAt", "updated_at", 0.99, 1.0),
    moment("updatedAt", "updated_at", 0.01, 0.99),
    both(moment("createdAt", "created_at", 0.01, 0.99), moment("updatedAt", "updated_at", 0.5, 0.502)),
    search(COMMON_WORD),
    search(MIDDLING_WORD),
    search(UNCOMMON_WORD),
    search(RARE_WORD),
    search("l"),
    search("nosuchword"),
    search(f"{COMMON_WORD} {UNCOMMON_WORD[:4]}"),
    both(search(COMMON_WORD), available(is_available=True)),
    both(search(COMMON_WORD), moment("updatedAt", "updated_at", 0.01, 0.99)),
]
# What narrows takes another way for each sort that is not its own, and the ways of these do not differ.
CASES = [(filter_, sort) for filter_, sort in combinations(FILTERS, SORTS) if not filter_.narrows or sort != "PRICE"]


@pytest.fixture(scope="module")
async def catalog(platform: Platform, graphql: GraphQL) -> Catalog:
    shop = await make_shop(platform, graphql)
    # What fills tables is not what requests do: beside other tests it may take longer than a request may.
    connection = await asyncpg.connect(platform.settings.app_dsn)
    try:
        async with pinned(connection, shop.workspace_id):
            await connection.execute("set local statement_timeout = '60s'")
            await add_products(connection, [shop.workspace_id], 0, PRODUCTS)
    finally:
        await connection.close()
    # Autovacuum does so within a minute; until then PostgreSQL plans by what stood in the tables before.
    await superuser_sql("analyze")
    rows = await shop.sql(ROWS)
    ranks = {}
    for sort, column in SORTS.items():
        ordered = await shop.sql(f"select id from product order by {column}, id")
        ranks[sort] = {row["id"]: rank for rank, row in enumerate(ordered)}
    return Catalog(shop, rows, ranks)


def expected(catalog: Catalog, filter_: Filter, sort: str, *, publicly: bool) -> list[UUID]:
    """The ids of all that the filter leaves, in ascending order."""
    leaves = filter_.leaves(catalog)
    ids = [row["id"] for row in catalog.rows if leaves(row) and (not publicly or row["status"] == "ACTIVE")]
    return sorted(ids, key=catalog.ranks[sort].__getitem__)


IDS = """
query ($first: Int, $after: String, $last: Int, $before: String, $filter: ProductFilter, $sort: ProductSort) {
  products(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: $sort) {
    nodes { id } pageInfo { startCursor endCursor hasNextPage }
  }
}
"""


async def page(
    send: Any, filter_: dict[str, Any], sort: dict[str, str], **paging: Any
) -> tuple[list[UUID | None], Any]:
    answer = await send(IDS, {"filter": filter_, "sort": sort, **paging})
    connection = answer["data"]["products"]
    return [uuid_in(node["id"], "Product") for node in connection["nodes"]], connection["pageInfo"]


def case_name(value: Any) -> str:
    return value.name if isinstance(value, Filter) else str(value)


class TestPages:
    """What a page holds."""

    @pytest.mark.parametrize(("filter_", "sort"), CASES, ids=case_name)
    async def test_are_those_of_the_whole_list(self, catalog: Catalog, filter_: Filter, sort: str) -> None:
        given = filter_.given(catalog)
        for send, publicly in ((catalog.shop.shopper, True), (catalog.shop.admin, False)):
            whole = expected(catalog, filter_, sort, publicly=publicly)

            first, info = await page(send, given, {"field": sort}, first=PAGE)
            assert first == whole[:PAGE]
            assert info["hasNextPage"] == (len(whole) > PAGE)
            if info["hasNextPage"]:
                second, _ = await page(send, given, {"field": sort}, first=PAGE, after=info["endCursor"])
                assert second == whole[PAGE : 2 * PAGE]
            last, info = await page(send, given, {"field": sort}, last=PAGE)
            assert last == whole[-PAGE:]
            if len(whole) > PAGE:
                before, _ = await page(send, given, {"field": sort}, last=PAGE, before=info["startCursor"])
                assert before == whole[-2 * PAGE : -PAGE]
            downwards, _ = await page(send, given, {"field": sort, "direction": "DESC"}, first=PAGE)
            assert downwards == whole[::-1][:PAGE]

    async def test_are_counted_as_the_whole_list(self, catalog: Catalog) -> None:
        document = "query ($f: ProductFilter) { products(filter: $f) { totalCount } }"
        for filter_ in FILTERS:
            answer = await catalog.shop.admin(document, {"f": filter_.given(catalog)})
            found = answer["data"]["products"]["totalCount"]
            assert found == len(expected(catalog, filter_, "TITLE", publicly=False)), filter_.name


class TestPlans:
    """How much a page reads: PostgreSQL's plan by statistics of what is there, and its rows."""

    @pytest.mark.parametrize(("filter_", "sort"), CASES, ids=case_name)
    async def test_read_few_rows(self, catalog: Catalog, filter_: Filter, sort: str) -> None:
        for send, direction in combinations((catalog.shop.shopper, catalog.shop.admin), ("ASC", "DESC")):
            variables: dict[str, Any] = {
                "first": PAGE,
                "filter": filter_.given(catalog),
                "sort": {"field": sort, "direction": direction},
            }
            for _ in range(2):
                asking = send(STOREFRONT, variables, operation="Products")
                plan = await plan_of(catalog.shop.platform, asking, "product")
                found = list(scans(plan))
                # Where there are few workspaces, their counters are rightly read whole.
                whole = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"}
                assert whole <= {"workspace_counter"}
                read = sum(rows_read(node) for node in found if node.get("Relation Name") in TABLES)
                assert read <= (ROWS_OF_A_SEARCH if filter_.narrows else ROWS_OF_A_PAGE), json.dumps(plan, indent=1)
                # Then the page in the middle of the list.
                rank = sorted(catalog.ranks[sort].items(), key=lambda item: item[1])[PRODUCTS // 2]
                variables["after"] = await cursor(catalog, sort, rank[0])

    async def test_read_a_products_children_by_the_product(self, catalog: Catalog) -> None:
        asking = catalog.shop.shopper(STOREFRONT, {"first": PAGE}, operation="Products")
        plan = await plan_of(catalog.shop.platform, asking, "product")

        children = [node for node in scans(plan) if node.get("Relation Name") in {"product_variant", "product_image"}]
        assert {node["Relation Name"] for node in children} == {"product_variant", "product_image"}
        for node in children:
            assert node["Actual Loops"] == PAGE + 1
            assert node.get("Rows Removed by Filter", 0) == 0


async def cursor(catalog: Catalog, sort: str, product_id: UUID) -> str:
    """The cursor of a product in the list of a sort."""
    row = next(row for row in catalog.rows if row["id"] == product_id)
    # The product is the first of those that were not made before it: its cursor is the client's to take, not to make.
    given = {"createdAt": {"gte": row["created_at"].isoformat(), "lte": row["created_at"].isoformat()}}
    _, info = await page(catalog.shop.admin, given, {"field": sort}, first=1)
    return str(info["endCursor"])
