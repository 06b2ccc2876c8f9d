"""What of a computed object is asked for, and the object in the shape that it is asked for."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import GraphQLField, GraphQLSchema, OperationDefinitionNode, get_named_type, is_leaf_type
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values

from core.access import Caller
from resolvers.read import FieldProblem
from schema.query import SCOPE, Answered, Asked, RowOf, Tree, metadata_of
from schema.reading import SOURCES

_TYPE_NAME = "__typename"
Path = tuple[str | int, ...]


class RowWanted(NamedTuple):
    """A row, and where in the answer it is to stand."""

    row: RowOf
    target: dict[str, Any]
    key: str
    path: Path


@dataclass(slots=True)
class RowPlace:
    """A field whose values are rows; `names` are the keys above it, without those of lists."""

    definition: GraphQLField
    details: list[FieldDetails]
    names: tuple[str, ...]
    wanted: list[RowWanted] = field(default_factory=list)


class _Field(NamedTuple):
    """A selected field of an object: its key in the answer, what it is asked as, and what is below it.

    Below leaves, and rows, which the read engine knows, there is nothing.
    """

    key: str
    asked: Asked
    definition: GraphQLField
    details: list[FieldDetails]
    type_name: str
    missing_scope: str | None
    below: "list[_Field] | None"
    place: RowPlace


@dataclass
class Shaping:
    """The shaping of one answer. `problems` and `rows` are what it came upon."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    variables: VariableValues
    caller: Caller
    problems: list[FieldProblem] = field(default_factory=list)
    rows: list[RowPlace] = field(default_factory=list)

    def tree(self, type_: Any, details: list[FieldDetails]) -> Tree:
        """What is asked for below a field, of this caller."""
        return _tree(self._fields(type_, details, ()) or [])

    def shaped(self, type_: Any, details: list[FieldDetails], value: Any) -> Any:
        """The value with what is selected of it; rows are still to be read."""
        return self._shape(get_named_type(type_).name, self._fields(type_, details, ()), value, ())

    def _fields(self, type_: Any, details: list[FieldDetails], names: tuple[str, ...]) -> list[_Field] | None:
        parent: Any = get_named_type(type_)
        if is_leaf_type(parent) or parent.name in SOURCES:
            return None
        grouped = collect_subfields(self.schema, self.fragments, self.variables, self.operation, parent, details)
        return [self._field(parent, key, group, (*names, key)) for key, group in grouped.grouped_field_set.items()]

    def _field(self, parent: Any, key: str, group: list[FieldDetails], names: tuple[str, ...]) -> _Field:
        node, _, fragment_variables = group[0]
        if node.name.value == _TYPE_NAME:
            definition = GraphQLField(parent)
            place = RowPlace(definition, group, names)
            return _Field(key, Asked(_TYPE_NAME), definition, group, parent.name, None, None, place)
        definition = parent.fields[node.name.value]
        given = get_argument_values(definition, node, self.variables, fragment_variables, hide_suggestions=True)
        scope = metadata_of(definition).get(SCOPE)
        return _Field(
            key,
            Asked(node.name.value, tuple(sorted(given.items()))),
            definition,
            group,
            get_named_type(definition.type).name,
            None if scope is None or self.caller.has(scope) else scope,
            self._fields(definition.type, group, names),
            RowPlace(definition, group, names),
        )

    def _shape(self, type_name: str, fields: list[_Field] | None, value: Any, path: Path) -> Any:
        if value is None or fields is None:
            return value
        if isinstance(value, list):
            return [self._shape(type_name, fields, item, (*path, index)) for index, item in enumerate(value)]
        shaped: dict[str, Any] = {}
        for each in fields:
            shaped[each.key] = self._value(type_name, each, value, shaped, (*path, each.key))
        return shaped

    def _value(
        self, type_name: str, asked: _Field, value: Mapping[Hashable, Any], target: dict[str, Any], path: Path
    ) -> Any:
        if asked.asked.name == _TYPE_NAME:
            return type_name
        if asked.missing_scope:
            self.problems.append(FieldProblem(path, asked.missing_scope))
            return None
        found = value[asked.asked if isinstance(value, Answered) else asked.asked.name]
        if isinstance(found, RowOf):
            if not asked.place.wanted:
                self.rows.append(asked.place)
            asked.place.wanted.append(RowWanted(found, target, asked.key, path))
            return None
        return self._shape(asked.type_name, asked.below, found, path)


def _tree(fields: list[_Field]) -> Tree:
    found: Tree = {}
    for each in fields:
        if not each.missing_scope and each.asked.name != _TYPE_NAME:
            _merge(found.setdefault(each.asked, {}), _tree(each.below or []))
    return found


def _merge(into: Tree, more: Tree) -> None:
    for asked, below in more.items():
        _merge(into.setdefault(asked, {}), below)
