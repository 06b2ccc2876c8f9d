"""How a type says what the read engine reads for it: a few words at each field, one decorator on the type.

    @reads("product", sorts={...}, filters={...})
    @strawberry.type(description="…")
    class Product(Node):
        id: strawberry.ID = row_id()
        title: str = column("Its name.")
        images = many(lambda: ProductImage, "…", on="{c}.product_id = {p}.id")

Without SQL of its own a column is read from the column of the same name.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from inspect import Signature
from typing import Any, TypeVar

import strawberry
from strawberry.types.base import StrawberryOptional
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from core.access import Caller
from core.clock import format_moment
from core.ids import GlobalIdOf
from core.money import format_minor
from resolvers.read.source import Column, Embedded, Field, Filter, Lane, Log, Many, One, SortKey, Source
from schema.connection import Connection, connection_parameters

SOURCES: dict[str, Source] = {}
# The names of those that have an id of their own.
NODES: set[str] = set()
_READ = "read"
Type = TypeVar("Type", bound=type)


@strawberry.interface(description="Anything that has an id of its own.")
class Node:
    """The interface of everything that `node(id:)` finds."""

    id: strawberry.ID = strawberry.field(description="An opaque id, unique among all objects of all types.")


def _field(description: str, read: Field | None, **options: Any) -> Any:
    return strawberry.field(description=description, metadata={_READ: read}, **options)


def row_id(description: str = "An opaque id, unique among all objects of all types.") -> Any:
    return _field(description, None)


def column(
    description: str,
    *sql: str,
    convert: Callable[..., Any] | None = None,
    scope: str | None = None,
    visible: Callable[[Caller], bool] | None = None,
) -> Any:
    """A leaf. A field with a scope, or that not every caller sees, must be nullable."""
    return _field(description, Column(sql, convert, scope, visible))


def money_columns(amount: str, currency: str) -> dict[str, Column | Embedded]:
    """The fields of `Money` from a column of minor units and one of the currency."""
    return {"amount": Column((amount, currency), format_minor), "currencyCode": Column((currency,))}


def money(description: str, amount: str, currency: str = "{t}.currency_code", scope: str | None = None) -> Any:
    return _field(description, Embedded(money_columns(amount, currency), scope=scope))


def embedded(
    description: str,
    fields: Mapping[str, Column | Embedded | One],
    present: str | None = None,
    scope: str | None = None,
) -> Any:
    """An object of the same row."""
    return _field(description, Embedded(fields, present, scope))


def one(description: str, type_name: str, on: str, scope: str | None = None, *, crosses: bool = False) -> Any:
    """A related row; `crosses` where it belongs to the user in whatever workspace."""
    return _field(description, One(type_name, on, scope, crosses))


def many(
    node: type,
    description: str,
    on: str,
    *,
    scope: str | None = None,
    crosses: bool = False,
    seen_with_parent: bool = False,
    filter_type: Any = None,
    sort_type: Any = None,
) -> Any:
    """A connection to related rows; see `Many` for the options. With a scope it is null for who lacks that."""
    name = node.__name__
    returns = Connection[node] | None if scope else Connection[node]  # type: ignore[valid-type]
    return _field(
        description,
        Many(name, on, scope, crosses, seen_with_parent),
        resolver=_arguments_only(returns, filter_type, sort_type),
    )


def _arguments_only(returns: Any, filter_type: Any, sort_type: Any) -> Callable[..., Any]:
    """Declares a connection's arguments; the read engine answers the field together with its parent."""

    def read_with_parent(**_arguments: Any) -> Any:
        raise RuntimeError("A connection under a table-backed type is read by the engine, with its parent.")

    parameters = connection_parameters(filter_type, sort_type)
    read_with_parent.__signature__ = Signature(  # type: ignore[attr-defined]
        parameters,
        return_annotation=returns,
    )
    read_with_parent.__annotations__ = {p.name: p.annotation for p in parameters}
    read_with_parent.__annotations__["return"] = returns
    return read_with_parent


def reads(
    table: str,
    *,
    sorts: Mapping[str, SortKey] | None = None,
    default_sort: tuple[str, str] = ("ID", "ASC"),
    filters: Mapping[str, Filter] | None = None,
    lanes: tuple[Lane, ...] = (),
    log: Log | None = None,
    where: str | None = None,
    published_where: str | None = None,
    unpublished_scope: str | None = None,
    scope: str | None = None,
    workspace_column: str | None = "workspace_id",
) -> Callable[[Type], Type]:
    """Registers a type with the read engine. See `Source` for the options."""

    def register(cls: Type) -> Type:
        definition = cls.__strawberry_definition__  # type: ignore[attr-defined]
        name = definition.name
        fields = {
            _graphql_name(f): _declared(f, name)
            for f in definition.fields
            if _READ in f.metadata or f.python_name == "id"
        }
        if "id" in fields:
            NODES.add(name)
        SOURCES[name] = Source(
            type_name=name,
            table=table,
            fields=fields,
            sorts=sorts or {},
            default_sort=default_sort,
            filters=filters or {},
            lanes=lanes,
            log=log,
            where=where,
            published_where=published_where,
            unpublished_scope=unpublished_scope,
            scope=scope,
            workspace_column=workspace_column,
        )
        return cls

    return register


def _graphql_name(field: StrawberryField) -> str:
    return field.graphql_name or to_camel_case(field.python_name)


def _declared(field: StrawberryField, type_name: str) -> Field:
    """What was said at the field, with the defaults: its own column, its id, moments as text."""
    declared: Field | None = field.metadata.get(_READ)
    if declared is None:
        return Column(("{t}.id",), GlobalIdOf(type_name))
    if not isinstance(declared, Column):
        return declared
    sql = declared.sql or (f"{{t}}.{field.python_name}",)
    type_ = field.type.of_type if isinstance(field.type, StrawberryOptional) else field.type
    convert = declared.convert or (format_moment if type_ is datetime else None)
    return replace(declared, sql=sql, convert=convert)
