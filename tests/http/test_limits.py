"""How large an operation may be."""

import time
from contextlib import suppress
from pathlib import Path

import pytest
from graphql import GraphQLSyntaxError, OperationDefinitionNode, parse

from core.errors import BadUserInput
from schema.documents import Documents
from schema.transport.limits import MAX_COST, MAX_DEPTH, Limits
from schema.transport.operation import GRAPHQL_SCHEMA
from tests.factories import Shop

EXAMPLES = Path("schema/examples")


def measure(text: str, **variables: object) -> tuple[int, int, int]:
    document = parse(text)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return Limits(GRAPHQL_SCHEMA).check(0, document, operation, variables)


class TestCost:
    """The cost of an operation: the objects that it can read at most."""

    @pytest.mark.parametrize(
        ("text", "cost"),
        [
            ("{ __typename }", 0),
            ("{ workspace { id } }", 1),
            ("{ products(first: 50) { nodes { id title priceRange { minVariantPrice { amount } } } } }", 50),
            ("{ products(first: 50) { edges { node { images(first: 3) { nodes { url } } } } } }", 50 + 150),
            ("{ products { nodes { id } pageInfo { hasNextPage } totalCount } }", 20),
            ("query ($n: Int) { products(first: $n) { nodes { id } } }", 7),
            ("query ($d: Int = 60) { products(first: $d) { nodes { id } } }", 60),
            ("query ($f: Int) { products(first: $f) { nodes { id } } }", 90),
            ("query ($z: Int = 60) { products(first: $z) { nodes { id } } }", 20),
            ('{ nodes(ids: ["a", "b", "c"]) { id } }', 3),
            ('query ($i: [ID!]! = ["a", "b"]) { nodes(ids: $i) { id } }', 2),
            (
                """{ a: products(first: 5) { ...P } b: products(first: 6) { ...P } }
                   fragment P on ProductConnection { nodes { id } }""",
                11,
            ),
        ],
    )
    def test_counts_rows_not_their_parts(self, text: str, cost: int) -> None:
        assert measure(text, n=7, f=90.0, z=None)[2] == cost

    async def test_refuses_an_operation_that_multiplies(self, shop: Shop) -> None:
        await shop.product()
        nested = "id"
        for _ in range(4):
            nested = f"variants(first: 100) {{ nodes {{ product {{ {nested} }} }} }}"

        answer = await shop.shopper(f"{{ products {{ nodes {{ {nested} }} }} }}")

        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert str(MAX_COST) in answer["errors"][0]["message"]

    async def test_refuses_an_operation_that_is_nested_deeply(self, shop: Shop) -> None:
        nested = "id"
        for _ in range(MAX_DEPTH):
            nested = f"variants(first: 1) {{ nodes {{ product {{ {nested} }} }} }}"

        answer = await shop.shopper(f"{{ products(first: 1) {{ nodes {{ {nested} }} }} }}")

        assert "nested" in answer["errors"][0]["message"]

    async def test_refuses_many_root_fields(self, shop: Shop) -> None:
        roots = " ".join(f"a{number}: workspace {{ id }}" for number in range(21))

        answer = await shop.shopper(f"{{ {roots} }}")

        assert "21 root fields" in answer["errors"][0]["message"]

    def test_measures_a_fragment_bomb_by_its_length(self) -> None:
        levels = 20
        bomb = "query { workspace { ...F0 } } " + " ".join(
            f"fragment F{n} on Workspace {{ ...F{n + 1} a: id ...F{n + 1} }}" for n in range(levels)
        )
        bomb += f" fragment F{levels} on Workspace {{ id }}"
        started = time.process_time()

        with pytest.raises(BadUserInput, match="fields; at most"):
            measure(bomb)

        # 2^20 expansions would take minutes; this bounds the work, not the machine.
        assert time.process_time() - started < 1

    @pytest.mark.parametrize("name", ["storefront", "admin", "live"])
    def test_lets_every_operation_of_the_examples_through(self, name: str) -> None:
        document = parse((EXAMPLES / f"{name}.graphql").read_text())

        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                Limits(GRAPHQL_SCHEMA).check(0, document, node, {"first": 100})


class TestRepetition:
    """What would take the validation long, did it look at everything."""

    @pytest.mark.parametrize(
        "text",
        [
            "{ " + "products { nodes { id } } " * 280 + "}",
            "{ workspace { " + "id " * 1500 + "} }",
            "{ " + " ".join(f"...F{n}" for n in range(150)) + " } "
            + " ".join(f"fragment F{n} on Query {{ products {{ nodes {{ id }} }} }}" for n in range(150)),
        ],
    )  # fmt: skip
    def test_costs_a_bounded_work(self, text: str) -> None:
        started = time.process_time()

        with suppress(GraphQLSyntaxError):
            Documents(GRAPHQL_SCHEMA).get(text)

        # In full it takes seconds of CPU.
        assert time.process_time() - started < 0.5
