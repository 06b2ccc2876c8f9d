"""Values that have the right type and are absurd, tried everywhere in the schema's arguments where the type stands."""

from typing import Any, NamedTuple

import pytest

from schema.access import Access
from schema.transport.operation import GRAPHQL_SCHEMA
from tests.client import GraphQL
from tests.factories import Shop
from tests.schema.arguments import Builder, Path, Root, places, roots
from tests.tenancy.world import FilledShop, filled_shop

ABSURD: dict[str, list[Any]] = {
    "String": ["", " ", "\0", "a\0b", "💡", "\ufffe", "%", "\\", "'", "x" * 100_000],
    "Int": [0, -1, 2**31 - 1, -(2**31)],
    "Float": [0, -1, 1e308, -1e308, 5e-324],
    "Decimal": [0, "-0", "-1", "1e30", "1e-30", "1e1000000", "1e-1000000", "-1e999999", "1" * 40, "1e999999999999"],
    "DateTime": [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-14:00",
    ],
    "Date": ["0001-01-01", "9999-12-31", "2026-02-30", "2026-1-1", "", "\0", "2026-01-01T00:00:00Z", 7],
    "JSON": [None, 0, "\0", [], {"a\0b": "\0"}],
    "Boolean": [True, False],
    # Ids have a test of their own: tests/tenancy/test_foreign_ids.py.
    "ID": [],
}


class Place(NamedTuple):
    """Somewhere in the arguments of a root field where a scalar stands."""

    root: Root
    scalar: str
    path: Path

    def __str__(self) -> str:
        return f"{self.root.name}-{'.'.join(self.path)}"


PLACES = [
    Place(root, scalar, path)
    for root in roots("query", "mutation")
    for scalar, values in ABSURD.items()
    if values
    for path in places(root, scalar)
]


@pytest.fixture
async def world(graphql: GraphQL, shop: Shop) -> FilledShop:
    return await filled_shop(graphql, shop)


class TestAbsurdValues:
    """Each scalar in each argument and input field."""

    def test_are_known_of_every_scalar(self) -> None:
        scalars = {
            name for name, type_ in GRAPHQL_SCHEMA.type_map.items() if type(type_).__name__ == "GraphQLScalarType"
        }

        assert scalars <= set(ABSURD), "add values to ABSURD"

    @pytest.mark.parametrize("place", PLACES, ids=str)
    async def test_are_no_fault_of_ours(self, graphql: GraphQL, world: FilledShop, place: Place) -> None:
        """Some are accepted, most are refused, none is INTERNAL."""
        shop = world.shop
        credentials: dict[str, Any] = {"token": shop.api_key}
        if place.root.needs is Access.USER:
            credentials = {"token": shop.owner_token, "workspace": shop.slug}
        faults = []
        for value in ABSURD[place.scalar]:
            document, variables = Builder(place.root, world.global_ids, {place.path: value}).request()
            response = await graphql.response(document, variables, **credentials)
            codes = [error["extensions"]["code"] for error in response.json().get("errors", ())]
            if response.status_code >= 500 or "INTERNAL" in codes:
                faults.append(value)

        assert [repr(fault)[:60] for fault in faults] == []


class TestArgumentsThatDoNotFit:
    async def test_are_told_with_the_path_of_their_field(self, shop: Shop) -> None:
        document = """
        query ($way: SortDirection = ASC) {
          workspace { slug }
          products(sort: { field: TITLE, direction: $way }) { totalCount }
        }
        """
        answer = await shop.admin(document, {"way": None})
        error = answer["errors"][0]
        assert answer["data"] is None
        assert (error["path"], error["extensions"]["code"]) == (["products"], "BAD_USER_INPUT")
        assert "GraphQL request" not in error["message"]

    async def test_are_refused_whatever_was_asked_before(self, shop: Shop) -> None:
        document = "query ($size: Int) { products(first: $size) { totalCount } }"
        assert "errors" not in await shop.admin(document, {"size": 1})
        answer = await shop.admin(document, {"size": 1_000})
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
