"""Root fields that read: one row, or a connection."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from inspect import Parameter, Signature
from typing import Any, NamedTuple
from uuid import UUID

import strawberry
from graphql import GraphQLField, GraphQLResolveInfo, GraphQLSchema
from strawberry.utils.str_converters import to_camel_case

from resolvers.read import Read
from schema.access import Needs, check, describe
from schema.connection import Connection, connection_parameters
from schema.request import Request

NEEDS = "needs"
ROOT_FIELD = "root_field"
SCOPE = "scope"
COST = "cost"
STRAWBERRY_DEFINITION = "strawberry-definition"
Find = Callable[..., Mapping[str, Any] | Read | None]


class Privacy(Enum):
    """Whom an answer concerns, by which it may be kept."""

    PUBLISHED = "the same for every shopper of a storefront: kept for seconds, here, by browsers and by CDNs"
    PRIVATE = "depends on what the caller may see: never kept"
    SECRET = "found by a secret in the arguments: neither the answer nor what was asked is kept, or sent by GET"  # noqa: S105 - a word


@dataclass(frozen=True, slots=True)
class Made:
    """What a root field answers that is no row: plain values, made once they are wanted."""

    make: Callable[[], Awaitable[Any]]


class Asked(NamedTuple):
    """A field that is asked for, with its arguments; what is asked for twice is computed once."""

    name: str
    given: tuple[tuple[str, Hashable], ...] = ()

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(self.given)


# What is asked for below each field.
Tree = dict[Asked, "Tree"]


class Answered(dict[Asked, Any]):
    """An object with a value for each field that was asked for; objects that are no `Answered` have GraphQL's names."""


class RowOf(NamedTuple):
    """A row that is to be read in this place: those of one list with one statement."""

    type_name: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Computed:
    """What a root field answers that is no row: only what is asked for, and all of it at once."""

    compute: Callable[[Tree], Awaitable[Answered]]


@dataclass(frozen=True, slots=True)
class RootField:
    """What a root field needs, and how it is resolved: `resolve(request, arguments)`.

    Arguments come as graphql-core coerced them: inputs as dictionaries in GraphQL's names, enums as their members, and
    what was left out not at all. Strawberry would make objects of them, which costs more than all the rest of a read;
    `resolve_directly` goes past it.
    """

    needs: Needs
    privacy: Privacy
    resolve: Callable[[Request, Mapping[str, Any]], Any]


def root_field(
    resolve: Callable[..., Any],
    returns: Any,
    description: str,
    needs: Needs,
    parameters: list[Parameter],
    privacy: Privacy = Privacy.PRIVATE,
) -> Any:
    """A root field whose resolver is called as `resolve(request, **arguments)` once the caller was let through."""
    names = {to_camel_case(parameter.name.removesuffix("_")): parameter.name for parameter in parameters}

    def checked(request: Request, arguments: Mapping[str, Any]) -> Any:
        check(request.context.caller, needs)
        return resolve(request, **{names[name]: value for name, value in arguments.items()})

    declared = _declared(returns, parameters)
    metadata = {NEEDS: needs, ROOT_FIELD: RootField(needs, privacy, checked)}
    return strawberry.field(resolver=declared, description=f"{description} {describe(needs)}", metadata=metadata)


def root_field_of(field: GraphQLField) -> RootField:
    """What a root field of a query or mutation was declared as."""
    declared: RootField = field.extensions[STRAWBERRY_DEFINITION].metadata[ROOT_FIELD]
    return declared


def computed(
    description: str,
    returns: Any = None,
    parameters: Sequence[Parameter] = (),
    *,
    scope: str | None = None,
    cost: int = 0,
) -> Any:
    """A field of what is `Computed` or `Made`. It may need a scope, and then must be nullable; take arguments, and then
    says here what it returns; and cost points of the throttle besides.
    """
    if scope:
        description = f"{description} {describe(scope)}"
    metadata = {SCOPE: scope, COST: cost}
    if returns is None:
        return strawberry.field(description=description, metadata=metadata)
    return strawberry.field(resolver=_declared(returns, parameters), description=description, metadata=metadata)


def _declared(returns: Any, parameters: Sequence[Parameter]) -> Callable[..., Any]:
    """Declares a field's arguments and type to Strawberry; it is answered past it."""

    def declared(**_arguments: Any) -> Any:
        raise RuntimeError("This field is resolved directly.")

    declared.__signature__ = Signature(list(parameters), return_annotation=returns)  # type: ignore[attr-defined]
    declared.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": returns}
    return declared


def metadata_of(field: GraphQLField) -> Mapping[str, Any]:
    """What was said of a field where it was declared."""
    declared = field.extensions.get(STRAWBERRY_DEFINITION)
    found: Mapping[str, Any] = declared.metadata if declared else {}
    return found


def resolve_directly(schema: GraphQLSchema) -> None:
    """Gives the root fields of queries and mutations the resolvers that they were declared with."""
    for root in (schema.query_type, schema.mutation_type):
        for field in root.fields.values() if root else ():
            field.resolve = _resolver(root_field_of(field))


def _resolver(declared: RootField) -> Callable[..., Any]:
    def resolve(_source: Any, info: GraphQLResolveInfo[Request], **arguments: Any) -> Any:
        return declared.resolve(info.context, arguments)

    return resolve


def read_one(
    type_: Any,
    description: str,
    needs: Needs,
    parameters: list[Parameter],
    find: Find,
    privacy: Privacy = Privacy.PRIVATE,
) -> Any:
    """One row. `find(caller, **arguments)` gives the columns to find it by; None where it cannot be there."""

    def resolve(request: Request, **arguments: Any) -> Read | None:
        found = find(request.context.caller, **arguments)
        if found is None or isinstance(found, Read):
            return found
        return Read(type_.__name__, found)

    return root_field(resolve, type_ | None, description, needs, parameters, privacy)


def read_many(
    type_: Any,
    description: str,
    needs: Needs,
    filter_type: Any = None,
    sort_type: Any = None,
    privacy: Privacy = Privacy.PRIVATE,
) -> Any:
    """A connection to all rows of the type that the caller may see."""

    def resolve(_request: Request, **_arguments: Any) -> Read:
        return Read(type_.__name__, many=True)

    parameters = connection_parameters(filter_type, sort_type)
    return root_field(resolve, Connection[type_], description, needs, parameters, privacy)
