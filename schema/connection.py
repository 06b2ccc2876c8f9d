"""Relay connections, and the arguments that every one of them takes."""

from enum import Enum
from inspect import Parameter
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from resolvers.read.connection import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

NodeType = TypeVar("NodeType")


@strawberry.enum(description="Which way a list is sorted.")
class SortDirection(Enum):
    """Upwards or downwards."""

    ASC = strawberry.enum_value("ASC", description="The smallest, earliest or first of the alphabet first.")
    DESC = strawberry.enum_value("DESC", description="The largest, latest or last of the alphabet first.")


@strawberry.type(description="Where a page lies in its connection.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether there is more behind this page.")
    has_previous_page: bool = strawberry.field(
        description="Whether there is something before this page; on a page read forwards: whether it has an `after`."
    )
    start_cursor: str | None = strawberry.field(description="The cursor of the first node.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last node: pass it as `after`.")


@strawberry.type(description="A node with its cursor.")
class Edge(Generic[NodeType]):
    """One entry of a connection."""

    cursor: str = strawberry.field(description="Where this node stands in the sort that was asked for.")
    node: NodeType = strawberry.field(description="The node.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeType]):
    """A list that can grow."""

    nodes: list[NodeType] = strawberry.field(description="The nodes of this page.")
    edges: list[Edge[NodeType]] = strawberry.field(description="The nodes of this page with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where this page lies.")
    total_count: int = strawberry.field(
        description="How many there are in all, whatever the page. Counted only when it is asked for."
    )


def argument(name: str, type_: Any, description: str, default: Any = Parameter.empty) -> Parameter:
    """One argument of a field, with its description. A name that Python keeps for itself ends in an underscore here."""
    graphql_name = name.removesuffix("_") if name.endswith("_") else None
    annotation = Annotated[type_, strawberry.argument(description=description, name=graphql_name)]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def connection_parameters(filter_type: Any = None, sort_type: Any = None) -> list[Parameter]:
    """`first`, `after`, `last`, `before`, and `filter` and `sort` where the list has them."""
    size = f"at most {MAX_PAGE_SIZE}"
    parameters = [
        argument("first", int | None, f"How many from the start, {size}; {DEFAULT_PAGE_SIZE} by default.", None),
        argument("after", str | None, "Start behind this cursor.", None),
        argument("last", int | None, f"How many from the end, {size}.", None),
        argument("before", str | None, "End before this cursor.", None),
    ]
    if filter_type is not None:
        parameters.append(argument("filter", filter_type | None, "Which ones; all where nothing is named.", None))
    if sort_type is not None:
        parameters.append(argument("sort", sort_type | None, "In which order.", None))
    return parameters
