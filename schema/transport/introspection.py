"""Operations that ask for the schema itself, answered so that nobody else waits for them.

GraphiQL's query resolves 30,000 fields, 50 ms, and aliases of lists make a kilobyte of document resolve a million. So
these operations are weighed before they run; they run in a thread, where Python lets the event loop in between; and
since the answer is always the same, it is remembered.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_introspection_query,
    parse,
)

from core.errors import BadUserInput

# How much heavier than GraphiQL's own query an operation may be.
HEAVIER = 1.5
MAX_REMEMBERED = 8
_ASKS = {"__schema", "__type"}
# Of the types that a schema names, most are wrapped in "not null" once, and half of those are a list.
_WRAPPED = 0.5

Run = Callable[[], Any]


@dataclass
class Introspection:
    """Weighs, runs and remembers such operations for one schema."""

    schema: GraphQLSchema
    _lengths: dict[str, float] = field(init=False)
    _bound: float = field(init=False)
    _answers: OrderedDict[Any, ExecutionResult] = field(default_factory=OrderedDict)
    _running: asyncio.Lock = field(default_factory=asyncio.Lock)
    _thread: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 1, "introspection"))

    def __post_init__(self) -> None:
        self._lengths = _lengths(self.schema)
        whole = get_introspection_query(
            descriptions=True,
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
        )
        document = parse(whole)
        operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
        self._bound = HEAVIER * self.weight(document, operation)

    def concerns(self, document: DocumentNode, operation: OperationDefinitionNode) -> bool:
        """Whether the operation of a valid document asks for the schema.

        Raises:
            BadUserInput: it asks for something else as well.

        """
        names = set(_root_names(operation.selection_set, _fragments(document), set()))
        if not names & _ASKS:
            return False
        if names - _ASKS - {"__typename"}:
            raise BadUserInput("Ask for the schema in an operation of its own.")
        return True

    async def answer(
        self, key: int, document: DocumentNode, operation: OperationDefinitionNode, run: Run
    ) -> ExecutionResult:
        """What `run` gives, or gave before for the document of this key; one at a time, in a thread.

        Raises:
            BadUserInput: the answer would be too large.

        """
        if self.weight(document, operation) > self._bound:
            raise BadUserInput("The operation asks for too much of the schema at once.")
        name = operation.name.value if operation.name else None
        async with self._running:
            if (key, name) in self._answers:
                return self._answers[key, name]
            found = await asyncio.get_running_loop().run_in_executor(self._thread, _encoded, run)
            if not operation.variable_definitions:
                self._remember((key, name), found)
            return found

    def _remember(self, key: Any, found: ExecutionResult) -> None:
        self._answers[key] = found
        if len(self._answers) > MAX_REMEMBERED:
            self._answers.popitem(last=False)

    def weight(self, document: DocumentNode, operation: OperationDefinitionNode) -> float:
        """About how many fields the operation resolves. Fragments are weighed once each."""
        return _Scale(self._lengths, _fragments(document)).selection(operation.selection_set)


@dataclass
class _Scale:
    lengths: dict[str, float]
    fragments: dict[str, FragmentDefinitionNode]
    weighed: dict[str, float] = field(default_factory=dict)

    def selection(self, selections: SelectionSetNode | None) -> float:
        return sum(map(self._one, selections.selections)) if selections else 0.0

    def _one(self, node: Any) -> float:
        if isinstance(node, FieldNode):
            return 1 + self.lengths.get(node.name.value, 1.0) * self.selection(node.selection_set)
        if not isinstance(node, FragmentSpreadNode):
            return self.selection(node.selection_set)
        name = node.name.value
        if name not in self.weighed:
            self.weighed[name] = self.selection(self.fragments[name].selection_set)
        return self.weighed[name]


def _encoded(run: Run) -> ExecutionResult:
    """The answer with its data as JSON's bytes: the objects take ten times as much."""
    result: ExecutionResult = run()
    return ExecutionResult(orjson.Fragment(orjson.dumps(result.data)), result.errors)  # type: ignore[arg-type]


def _lengths(schema: GraphQLSchema) -> dict[str, float]:
    """How long the lists of the schema's own types are, on average."""
    types = list(schema.type_map.values())
    with_fields = [each for each in types if isinstance(each, GraphQLObjectType | GraphQLInterfaceType)]
    fields = [each for type_ in with_fields for each in type_.fields.values()]
    inputs = [each for type_ in types if isinstance(type_, GraphQLInputObjectType) for each in type_.fields]
    values = [each for type_ in types if isinstance(type_, GraphQLEnumType) for each in type_.values]
    count = len(types)
    return {
        "types": count,
        "directives": len(schema.directives),
        "fields": len(fields) / count,
        "args": sum(len(each.args) for each in fields) / len(fields),
        "inputFields": len(inputs) / count,
        "enumValues": len(values) / count,
        "interfaces": sum(len(each.interfaces) for each in with_fields) / count,
        "possibleTypes": sum(
            len(schema.get_possible_types(each)) for each in types if isinstance(each, GraphQLInterfaceType)
        )
        / count,
        "ofType": _WRAPPED,
    }


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def _root_names(
    selections: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode], walked: set[str]
) -> Iterator[str]:
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node.name.value
        elif isinstance(node, InlineFragmentNode):
            yield from _root_names(node.selection_set, fragments, walked)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in walked:
            walked.add(node.name.value)
            yield from _root_names(fragments[node.name.value].selection_set, fragments, walked)
