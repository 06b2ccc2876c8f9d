"""How large an operation may be: its depth, its number of fields, and how much it may read.

Cost is counted in objects: each object that an answer can hold at most is one, so a page of 50 products with 3 images
each costs 50 + 150; what is computed says what it costs. Fragments are measured once each: a document of nested
fragments costs its length to measure, not its expansion.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from core.errors import BadUserInput
from resolvers.read.connection import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from schema.query import COST, metadata_of

MAX_DEPTH = 16
MAX_ROOT_FIELDS = 20
MAX_FIELDS = 2_000
MAX_COST = 10_000
MAX_MEASURED = 5_000
# Arguments of which each entry is an object that is read, or written.
READ = "ids"
WRITTEN = "events"


class Size(NamedTuple):
    """What a selection comes to, its fragments expanded."""

    depth: int
    fields: int
    cost: int


@dataclass
class Limits:
    """Measures operations; what was measured once is remembered by document, operation and the sizes of its pages."""

    schema: GraphQLSchema
    _seen: OrderedDict[Any, Size] = field(default_factory=OrderedDict)

    def check(
        self, key: int, document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any]
    ) -> Size:
        """The size of an operation of a valid document.

        Raises:
            BadUserInput: it is too large; the message says in what.

        """
        sizes = tuple((name, _weight(value)) for name, value in variables.items() if isinstance(value, _SIZES))
        seen_as = (key, operation.name.value if operation.name else None, sizes)
        size = self._seen.get(seen_as)
        if size is None:
            size = self._seen[seen_as] = _Measure(self.schema, document, variables).operation(operation)
            if len(self._seen) > MAX_MEASURED:
                self._seen.popitem(last=False)
        _refuse_large(size)
        return size


def _refuse_large(size: Size) -> None:
    for what, found, limit in (
        ("is nested {} deep", size.depth, MAX_DEPTH),
        ("selects {} fields", size.fields, MAX_FIELDS),
        ("can read {} objects", size.cost, MAX_COST),
    ):
        if found > limit:
            told = what.format(_told(found))
            raise BadUserInput(f"The operation {told}; at most {limit}. Ask for less at once.")


def _told(number: int) -> str:
    return str(number) if number < 10**9 else "a thousand million or more"


# What a variable can say of a size: GraphQL takes 100.0 for the Int 100.
_SIZES = (int, float, list, NoneType)


def _weight(value: Any) -> Any:
    return len(value) if isinstance(value, list) else value


@dataclass
class _Measure:
    schema: GraphQLSchema
    document: DocumentNode
    variables: dict[str, Any]
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    measured: dict[tuple[str, str, int], Size] = field(default_factory=dict)

    def operation(self, operation: OperationDefinitionNode) -> Size:
        self.fragments = {
            node.name.value: node for node in self.document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.defaults = {
            definition.variable.name.value: definition.default_value
            for definition in operation.variable_definitions or ()
        }
        root = self.schema.get_root_type(operation.operation)
        size = self._selection(root, operation.selection_set, 1)
        roots = sum(1 for _ in self._root_fields(operation.selection_set, set()))
        if roots > MAX_ROOT_FIELDS:
            raise BadUserInput(f"The operation has {roots} root fields; at most {MAX_ROOT_FIELDS}.")
        return size

    def _root_fields(self, selections: SelectionSetNode, walked: set[str]) -> Iterator[FieldNode]:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self._root_fields(node.selection_set, walked)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in walked:
                walked.add(node.name.value)
                yield from self._root_fields(self.fragments[node.name.value].selection_set, walked)

    def _selection(self, parent: Any, selections: SelectionSetNode | None, page: int) -> Size:
        """A selection set; `page` is how many rows a connection's `nodes` and `edges` in it can have."""
        depth, count, cost = 0, 0, 0
        for node in selections.selections if selections else ():
            size = self._one(parent, node, page)
            depth, count, cost = max(depth, size.depth), count + size.fields, cost + size.cost
        return Size(depth, count, cost)

    def _one(self, parent: Any, node: Any, page: int) -> Size:
        if isinstance(node, FieldNode):
            return self._field(parent, node, page)
        if isinstance(node, InlineFragmentNode):
            return self._selection(self._narrowed(parent, node), node.selection_set, page)
        fragment = self.fragments[node.name.value]
        key = (node.name.value, parent.name, page)
        if key not in self.measured:
            self.measured[key] = self._selection(self._narrowed(parent, fragment), fragment.selection_set, page)
        return self.measured[key]

    def _narrowed(self, parent: Any, node: InlineFragmentNode | FragmentDefinitionNode) -> Any:
        return self.schema.get_type(node.type_condition.name.value) if node.type_condition else parent

    def _field(self, parent: Any, node: FieldNode, page: int) -> Size:
        name = node.name.value
        if name.startswith("__") or not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            # Introspection reads no rows; that it is not nested for ever its own fields' count sees to.
            return Size(1, 1, 0)
        type_ = get_named_type(parent.fields[name].type)
        is_page = type_.name.endswith("Connection")
        inner = self._selection(type_, node.selection_set, self._page_size(node) if is_page else 1)
        rows = (page if name in {"nodes", "edges"} else 1) * self._list_size(node)
        own = 0 if node.selection_set is None or is_page or _is_part(type_) else 1
        cost = rows * (own + inner.cost) + self._list_size(node, WRITTEN, 0)
        return Size(inner.depth + 1, inner.fields + 1, cost + metadata_of(parent.fields[name]).get(COST, 0))

    def _page_size(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in {"first", "last"}:
                size = self._integer(argument.value)
                if size is not None:
                    return min(max(size, 0), MAX_PAGE_SIZE)
        return DEFAULT_PAGE_SIZE

    def _integer(self, value: Any) -> int | None:
        found = self._given(value)
        if isinstance(found, IntValueNode):
            return int(found.value) if len(found.value) <= len(str(MAX_PAGE_SIZE)) else MAX_PAGE_SIZE
        return int(min(found, MAX_PAGE_SIZE)) if isinstance(found, int | float) else None

    def _given(self, value: Any) -> Any:
        """A literal as its node, a variable as what was sent for it or else as the node of its default."""
        if not isinstance(value, VariableNode):
            return value
        name = value.name.value
        return self.variables[name] if name in self.variables else self.defaults.get(name)

    def _list_size(self, node: FieldNode, name: str = READ, otherwise: int = 1) -> int:
        """How many entries the argument has: so many rows `nodes(ids:)` can give. `otherwise` where there is none."""
        for argument in node.arguments or ():
            if argument.name.value == name:
                found = self._given(argument.value)
                values = found.values if isinstance(found, ListValueNode) else found
                return len(values) if isinstance(values, list | tuple) else 1
        return otherwise


def _is_part(type_: Any) -> bool:
    """Whether an object of the type is a part of a row, such as Money, or goes round one, such as an edge."""
    return isinstance(type_, GraphQLObjectType) and "id" not in type_.fields
