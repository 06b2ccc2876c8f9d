"""What asks for the schema."""

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from core.errors import BadUserInput
from schema.transport.introspection import HEAVIER, Introspection
from schema.transport.operation import GRAPHQL_SCHEMA
from schema.transport.variables import MAX_VALUES, refuse_many_values
from tests.factories import Shop

ASKED = next(
    node
    for node in parse(
        "query ($a: JSON, $input: StorefrontDraftCreateInput, $inputs: [StorefrontDraftCreateInput!]) { __typename }"
    ).definitions
    if isinstance(node, OperationDefinitionNode)
)


def weight(text: str) -> float:
    document = parse(text)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return Introspection(GRAPHQL_SCHEMA).weight(document, operation)


class TestIntrospection:
    """`__schema` and `__type`."""

    async def test_answers_the_query_of_graphiql_each_time(self, shop: Shop) -> None:
        query = get_introspection_query()

        first, second = await shop.admin(query), await shop.admin(query)

        assert "errors" not in first
        assert {"Product", "Order"} <= {each["name"] for each in first["data"]["__schema"]["types"]}
        assert first == second

    async def test_remembers_nothing_that_variables_change(self, shop: Shop) -> None:
        query = "query ($name: String!) { __type(name: $name) { name } }"

        names = [(await shop.admin(query, {"name": name}))["data"]["__type"]["name"] for name in ("Order", "Product")]

        assert names == ["Order", "Product"]

    async def test_asks_for_nothing_else(self, shop: Shop) -> None:
        answer = await shop.admin("{ ...S workspace { id } } fragment S on Query { __schema { queryType { name } } }")

        assert "data" not in answer
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert "of its own" in answer["errors"][0]["message"]

    def test_weighs_lists_by_their_length_and_fragments_once(self) -> None:
        whole = weight(get_introspection_query())
        aliases = " ".join(f"a{n}: fields {{ args {{ name }} }}" for n in range(50))
        bomb = " ".join(f"fragment F{n} on __Type {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40))

        assert weight('{ __type(name: "Order") { name } }') < 5
        assert weight(f"{{ __schema {{ types {{ {aliases} }} }} }}") > HEAVIER * whole
        assert weight(f"{{ __schema {{ types {{ ...F0 }} }} }} {bomb} fragment F40 on __Type {{ name }}") > 2**40


class TestVariables:
    """How many values they hold."""

    def test_are_counted_wherever_they_are(self) -> None:
        refuse_many_values(GRAPHQL_SCHEMA, ASKED, {"b": [1] * (MAX_VALUES - 1)})

        for many in (
            {"b": [1] * MAX_VALUES},
            {"b": {str(n): n for n in range(MAX_VALUES)}},
            {"b": [{"b": [1, 2, 3]}] * (MAX_VALUES // 4)},
            {"input": {"name": [1] * MAX_VALUES}},
            {"input": {"unknown": [[1] * MAX_VALUES]}},
            {"inputs": [{"name": "x"}] * MAX_VALUES},
        ):
            with pytest.raises(BadUserInput, match="3,000 values"):
                refuse_many_values(GRAPHQL_SCHEMA, ASKED, many)

    def test_are_not_counted_where_they_are_fitted_to_nothing(self) -> None:
        many = [0] * MAX_VALUES

        refuse_many_values(GRAPHQL_SCHEMA, ASKED, {"a": many, "input": {"changes": {"layout": many}}})
        refuse_many_values(GRAPHQL_SCHEMA, ASKED, {"inputs": [{"changes": many}] * 2})
