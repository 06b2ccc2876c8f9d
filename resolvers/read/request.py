"""What a GraphQL field asks the engine to read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    name the user.
    """

    type_name: str
    equals: Mapping[str, Any] = field(default_factory=dict)
    many: bool = False
    granted: frozenset[str] = frozenset()
    across_workspaces: bool = False
    ids: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class ReadEach:
    """Rows of whatever types by their ids, in this order, with one statement a type; None has no row."""

    keys: tuple[tuple[str, UUID] | None, ...]


class Selection(NamedTuple):
    """What the client selected under the field, and everything that is needed to understand it."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    variables: VariableValues
    definition: GraphQLField
    details: list[FieldDetails]
    document_key: int
    path: tuple[str, ...]
    caller: Caller
