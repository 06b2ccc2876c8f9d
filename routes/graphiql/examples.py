"""The example operations in GraphiQL's tabs, from `schema/examples/`, with a demo workspace's tokens."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from graphql import (
    ExecutableDefinitionNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    Visitor,
    parse,
    visit,
)

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "schema" / "examples"

_CALLER_HINT = """\
# Headers: { "Authorization": "Bearer <an API key>" }
# or, signed in: { "Authorization": "Bearer <accessToken>", "X-Workspace": "<slug or id>" }"""

# The areas in the order of their tabs, and what to put into the header editor for them.
HEADER_HINTS = {
    "storefront": '# Headers: { "X-Storefront-Token": "<the storefront token of a site>" }',
    "admin": _CALLER_HINT,
    "live": _CALLER_HINT,
}

# They need no caller, so they get neither a token nor a hint.
ANONYMOUS_OPERATIONS = frozenset({"SignIn"})


class Example(NamedTuple):
    """One operation with the fragments that it needs, and variables to try it with."""

    area: str
    name: str
    query: str
    variables: dict[str, Any]


class _Spreads(Visitor):
    """Collects the names of the fragments that a definition spreads."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        self.names.append(node.name.value)


def _source_of(definition: ExecutableDefinitionNode) -> str:
    """A definition as it was written, with the comments directly above it."""
    if definition.loc is None:
        raise ValueError("A document parsed without locations has no source to show.")
    body = definition.loc.source.body
    above = body[: definition.loc.start].removesuffix("\n").split("\n")
    start = len(above)
    while start and above[start - 1].startswith("#"):
        start -= 1
    return "\n".join([*above[start:], body[definition.loc.start : definition.loc.end]])


def _fragments_of(
    definition: ExecutableDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
) -> dict[str, FragmentDefinitionNode]:
    """The fragments that a definition spreads, and those that they spread in turn."""
    spreads = _Spreads()
    visit(definition, spreads)
    found: dict[str, FragmentDefinitionNode] = {}
    for name in spreads.names:
        found |= {name: fragments[name]} | _fragments_of(fragments[name], fragments)
    return found


def read_examples(folder: Path) -> list[Example]:
    """Read `<area>.graphql`, an example an operation, and `<area>.json` beside it: {operation: variables}."""
    found: list[Example] = []
    for area in HEADER_HINTS:
        definitions = parse((folder / f"{area}.graphql").read_text("utf-8")).definitions
        variables = json.loads((folder / f"{area}.json").read_text("utf-8"))
        fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
        for node in definitions:
            if isinstance(node, OperationDefinitionNode) and node.name is not None:
                parts = [node, *_fragments_of(node, fragments).values()]
                query = "\n\n".join(_source_of(part) for part in parts)
                found.append(Example(area, node.name.value, query, variables.get(node.name.value, {})))
    return found


@cache
def examples() -> list[Example]:
    """The examples of this installation, read once."""
    return read_examples(EXAMPLES)


def headers_for(example: Example, workspace: Mapping[str, Any]) -> dict[str, str]:
    """The headers that send an example to a demo workspace; none where it has no token for it."""
    if example.name in ANONYMOUS_OPERATIONS:
        return {}
    if example.area == "storefront":
        token = workspace.get("storefrontToken")
        return {"X-Storefront-Token": token} if token else {}
    key = workspace.get("apiKey")
    return {"Authorization": f"Bearer {key}"} if key else {}


def _with_currency(value: Any, code: str) -> Any:
    if isinstance(value, list):
        return [_with_currency(item, code) for item in value]
    if isinstance(value, dict):
        return {key: code if key == "currencyCode" else _with_currency(item, code) for key, item in value.items()}
    return value


def variables_for(example: Example, workspace: Mapping[str, Any]) -> dict[str, Any]:
    """An example's variables, with a demo workspace's currency in the amounts and its owner for signing in.

    The workspace may bring better ones, such as the id of a variant that is in stock, as
    `exampleVariables: {operation: variables}`.
    """
    variables: dict[str, Any] = example.variables
    if "currencyCode" in workspace:
        variables = _with_currency(variables, workspace["currencyCode"])
    if example.name == "SignIn":
        variables = variables | workspace.get("owner", {})
    better: dict[str, Any] = workspace.get("exampleVariables", {}).get(example.name, {})
    return variables | better


def tab_for(example: Example, workspace: Mapping[str, Any]) -> dict[str, str]:
    """What an example's tab shows: the texts of the three editors."""
    headers = headers_for(example, workspace)
    variables = variables_for(example, workspace)
    needs_hint = not headers and example.name not in ANONYMOUS_OPERATIONS
    return {
        "name": example.name,
        "query": f"{HEADER_HINTS[example.area]}\n\n{example.query}" if needs_hint else example.query,
        "variables": json.dumps(variables, indent=2, ensure_ascii=False) if variables else "",
        "headers": json.dumps(headers, indent=2) if headers else "",
    }
