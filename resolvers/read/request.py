"""What a GraphQL field asks the engine to read."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

from graphql import GraphQLField, GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import FieldDetails, FragmentDetails
from graphql.execution.values import VariableValues

from core.access import Caller


@dataclass(frozen=True, slots=True)
class Read:
    """One row of a type by equality of columns, (with `many`) a connection to the rows that match, or (with `ids`) the
    rows with these ids, as a dictionary by id.

    A field of the schema returns this; the executor has the engine read it for what the client selected under the
    field. `granted` are scopes that this read has whoever asks: an order's secret token gives `orders:read` for the one
    order. `across_workspaces` reads as the system role, for what a user owns in all workspaces: `equals` must then
    name the user. `with_sequence` also reads the number of the workspace's last event, in the same snapshot.
    """

    type_name: str
    equals: Mapping[str, Any] = field(default_factory=dict)
    many: bool = False
    granted: frozenset[str] = frozenset()
    across_workspaces: bool = False
    with_sequence: bool = False
    ids: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class ReadEach:
    """Rows of whatever types by their ids, in this order, with one statement a type; None has no row."""

    keys: tuple[tuple[str, UUID] | None, ...]


class Selection(NamedTuple):
    """What the client selected under the field, and everything that is needed to understand it.

    `key` names the document, the operation, the field, and what of the variables changes a statement (`shape`).
    `remembered`, where the same selection is read again and again, keeps arguments that were read from the document.
    """

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    variables: VariableValues
    definition: GraphQLField
    details: list[FieldDetails]
    caller: Caller
    key: Hashable
    remembered: dict[Any, list[dict[str, Any]]]


def selection_key(
    document_key: int, operation: OperationDefinitionNode, path: tuple[str, ...], variables: VariableValues
) -> Hashable:
    """The key of a selection. Values that are parameters of its statement are no part of it."""
    shapes = tuple((name, _shape(value)) for name, value in variables.coerced.items())
    return document_key, operation.name.value if operation.name else None, path, shapes


def _shape(value: Any) -> Hashable:
    """What of a variable's value changes the statement: Booleans and enums whole, of the rest only what is there."""
    match value:
        case None | bool() | Enum():
            return value
        case dict():
            return tuple((key, _shape(item)) for key, item in value.items())
        case _:
            return ""
