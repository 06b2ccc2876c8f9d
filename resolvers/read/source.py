"""How a GraphQL type maps to its table: plain declarations, made beside the type.

SQL is written as templates: `{t}` is the table's alias, in a relation `{p}` is the parent's and `{c}` the child's;
`$1` is the workspace. A column may name `{site}`, the id of the site that the caller's storefront token is of, which is
null where there is none. Nothing that a client sends ever becomes part of a template.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.access import Caller


@dataclass(frozen=True, slots=True)
class Column:
    """A leaf: one or more SQL expressions of the row, and the function that turns them into the answer.

    `convert` is not called for a null. `visible` decides by the caller whether there is an answer at all; where it
    says no the answer is null without an error.
    """

    sql: tuple[str, ...]
    convert: Callable[..., Any] | None = None
    scope: str | None = None
    visible: Callable[[Caller], bool] | None = None


@dataclass(frozen=True, slots=True)
class Embedded:
    """An object of the same row, and of rows that it leads to; null where `present` is false."""

    fields: Mapping[str, "Column | Embedded | One"]
    present: str | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class One:
    """The one row of another type that `on` leads to; null where there is none."""

    type_name: str
    on: str
    scope: str | None = None
    crosses_workspaces: bool = False


@dataclass(frozen=True, slots=True)
class Many:
    """A connection to the rows of another type that `on` leads to.

    With `seen_with_parent` who sees the parent sees its children: the child's `published_where` only asks for what the
    parent's has answered already, and is left out.
    """

    type_name: str
    on: str
    scope: str | None = None
    crosses_workspaces: bool = False
    seen_with_parent: bool = False


Field = Column | Embedded | One | Many


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column that never is null and has an index behind the workspace; `kind` types it in cursors.

    With lanes its index is for values of at least `least`, which every value is: no other sort's index fits then.
    """

    sql: str
    kind: str
    least: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """A column that stands in each sort index between the workspace and the sort key.

    `values` are all that it can have, as SQL; what asks for one of them says `sql = value`, to the letter.
    `resolvers/read/lanes.py` tells what it is for.
    """

    sql: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """What makes a table a log: `number`, by which its rows are numbered without gaps as `workspace_counter.sequence`
    counts, and the cursors of these numbers. `resolvers/read/log.py` tells how its pages are read: forwards only.
    """

    number: str
    make_cursor: Callable[[int], str]
    parse_cursor: Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Equals:
    """A filter field that asks for one value."""

    sql: str
    convert: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class GlobalId:
    """A filter field that takes the global id of an object of any type: both the id and the type must match.

    `stored` is how the type's column calls the types, where not by their names. What is no id matches nothing.
    """

    id_sql: str
    type_sql: str
    stored: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A filter field that takes a list of which one must match."""

    sql: str
    array_type: str
    convert: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """A filter field with `gt`, `gte`, `lt` and `lte`."""

    sql: str
    convert: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """A Boolean filter field: the predicate for true, and for false."""

    when_true: str
    when_false: str


@dataclass(frozen=True, slots=True)
class Words:
    """A filter field that searches: every word must begin a token of the row in the token table."""

    token_table: str
    token_on: str
    id_column: str
    split: Callable[[str], list[str]]


Predicate = tuple[str, Mapping[str, Callable[[Mapping[str, Any]], Any]]]


@dataclass(frozen=True, slots=True)
class Fits:
    """A filter field that takes an input object, and asks for more than that a column has a value.

    Every one of the predicates must hold. Each has values by name, `{name}` in its SQL: what their functions make of
    the object, in GraphQL's names.
    """

    predicates: tuple[Predicate, ...]


Filter = Equals | GlobalId | AnyOf | Range | Flag | Words | Fits


@dataclass(frozen=True, slots=True)
class Source:
    """One GraphQL type's table, fields, filters and sorts, and which of its rows are there for whom.

    `where` holds for everybody; `published_where` besides for all who do not have `unpublished_scope`, shoppers first
    of all. `scope` is what a caller needs to reach the type through `node` or a relation; None is public.
    `workspace_column` is the column that holds the workspace; None where the rows are there for all. With `lanes`, each
    sort has an index of workspace, lanes, sort key and id, for the rows of `where` and the key's `least` value. A `log`
    is read by its numbers alone: it has neither sorts nor lanes.
    """

    type_name: str
    table: str
    fields: Mapping[str, Field]
    sorts: Mapping[str, SortKey] = field(default_factory=dict)
    default_sort: tuple[str, str] = ("ID", "ASC")
    filters: Mapping[str, Filter] = field(default_factory=dict)
    lanes: tuple[Lane, ...] = ()
    log: Log | None = None
    where: str | None = None
    published_where: str | None = None
    unpublished_scope: str | None = None
    scope: str | None = None
    workspace_column: str | None = "workspace_id"


# Every type can be sorted by its id, which is the order of creation: it stands in where a type names no sort.
BY_ID = SortKey("{t}.id", "uuid")
