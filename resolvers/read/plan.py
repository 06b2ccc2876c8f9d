"""From the selection under a field to a plan: one SQL statement, and the code that turns its row into the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type, is_non_null_type
from graphql.execution.collect_fields import FieldDetails, collect_subfields

from core.database import PIN_FIRST, PINNED_STATEMENT
from core.errors import BadUserInput
from resolvers.read.connection import Page, page_reader
from resolvers.read.filters import predicates
from resolvers.read.request import Read, Selection
from resolvers.read.source import Column, Embedded, Field, Many, One, Source
from resolvers.read.statement import Arguments, ArgumentSite, Parameters, Row, uses_variables

# Where the ids of a read stand among the values of its columns.
IDS = "ids"


class Forbidden(NamedTuple):
    """A field that the caller may not read: where it is in the answer, and the scope that is missing."""

    path: tuple[str, ...]
    scope: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement, how to get its parameters, and how to turn its one row into the answer."""

    sql: str
    sites: list[ArgumentSite]
    readers: list[Callable[[Arguments], Any]]
    assemble: Callable[[Any, Arguments], Any]
    forbidden: list[Forbidden]


def make_plan(sources: Mapping[str, Source], read: Read, selection: Selection) -> Plan:
    """The plan for one field of the document.

    Raises:
        BadUserInput: an argument cannot be served.

    """
    # `$1` is the workspace; what crosses workspaces has none.
    return _Planner(sources, read, selection, Parameters(reserved=0 if read.across_workspaces else 1)).plan()


@dataclass
class _Planner:
    sources: Mapping[str, Source]
    read: Read
    selection: Selection
    parameters: Parameters
    sites: list[ArgumentSite] = field(default_factory=list)
    forbidden: list[Forbidden] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    tables: int = 0

    def plan(self) -> Plan:
        source = self.sources[self.read.type_name]
        base = [self._equality(column) for column in self.read.equals]
        if not self.read.across_workspaces:
            base.insert(0, PIN_FIRST)
        root = Row("", "r")
        if self.read.many:
            details = self.selection.details
            parent = self.selection.schema.get_type(f"{source.type_name}Connection")
            site = self._site(self.selection.definition, details[0])
            code = self._connection(root, source, _object(parent), details, base, site, ())
            inner = f"select {root.select_list()}"
        elif self.read.ids is not None:
            row = self._row()
            base.append(f"{{t}}.id = any({self.parameters.add(lambda arguments: arguments[-1][IDS])}::uuid[])")
            slot = root.reserve()
            row_id = row.column(f"{row.alias}.id")
            item = self._object_code(row, source, self.selection.details, ())
            code = f"{{{row_id}: {item} for {row.variable} in {root.variable}[{slot}]}}"
            root.fill(slot, f"array(select row({row.select_list()}) {self._from(source, row, base)})")
            inner = f"select {root.select_list()}"
        else:
            row = self._row("r")
            code = self._object_code(row, source, self.selection.details, ())
            inner = f"select {row.select_list()} {self._from(source, row, base)} limit 1"
        return Plan(
            sql=inner if self.read.across_workspaces else PINNED_STATEMENT.format(inner=inner),
            sites=self.sites,
            readers=self.parameters.readers,
            assemble=self._compiled(code),
            forbidden=self.forbidden,
        )

    # -- SQL ------------------------------------------------------------------------------------------------------

    def _row(self, variable: str | None = None) -> Row:
        self.tables += 1
        return Row(f"t{self.tables}", variable or f"r{self.tables}")

    def _equality(self, column: str) -> str:
        """`{t}.column = $n`, its value taken from the read itself at each execution."""
        placeholder = self.parameters.add(lambda arguments: arguments[-1][column])
        return f"{{t}}.{column} = {placeholder}"

    def _from(self, source: Source, row: Row, conditions: list[str]) -> str:
        """The table with everything that holds for its rows: the workspace, who may see them, the conditions."""
        where = [] if self.read.across_workspaces else [f"{{t}}.{source.workspace_column} = $1"]
        where += conditions
        where += [condition for condition in (source.where, self._published(source)) if condition]
        return f"from {source.table} {row.alias} where " + " and ".join(where).format(t=row.alias)

    def _published(self, source: Source) -> str | None:
        scopes = self.selection.caller.scopes | self.read.granted
        return None if source.unpublished_scope in scopes else source.published_where

    # -- the answer -----------------------------------------------------------------------------------------------

    def _constant(self, value: Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def _compiled(self, code: str) -> Callable[[Any, Arguments], Any]:
        """The assembling function. The code holds only names that were made here and constants by reference."""
        namespace = dict(self.constants)
        exec(f"def assemble(r, a):\n    return {code}", namespace)  # noqa: S102 - generated from the plan alone
        assemble: Callable[[Any, Arguments], Any] = namespace["assemble"]
        return assemble

    def _grouped(self, parent: GraphQLObjectType, details: list[FieldDetails]) -> dict[str, list[FieldDetails]]:
        schema, operation, fragments, variables, *_ = self.selection
        return collect_subfields(schema, fragments, variables, operation, parent, details).grouped_field_set

    def _object_code(self, row: Row, source: Source, details: list[FieldDetails], path: tuple[str, ...]) -> str:
        parent = _object(self.selection.schema.get_type(source.type_name))
        return self._fields_code(row, source.fields, parent, details, path)

    def _fields_code(
        self,
        row: Row,
        fields: Mapping[str, Field],
        parent: GraphQLObjectType,
        details: list[FieldDetails],
        path: tuple[str, ...],
    ) -> str:
        items = []
        for key, group in self._grouped(parent, details).items():
            name = group[0].node.name.value
            code = (
                repr(parent.name)
                if name == "__typename"
                else self._field_code(row, fields[name], parent, group, (*path, key))
            )
            items.append(f"{key!r}: {code}")
        return "{" + ", ".join(items) + "}"

    def _field_code(
        self,
        row: Row,
        declared: Field,
        parent: GraphQLObjectType,
        group: list[FieldDetails],
        path: tuple[str, ...],
    ) -> str:
        definition = parent.fields[group[0].node.name.value]
        missing = self._missing_scope(declared)
        if missing:
            self.forbidden.append(Forbidden(path, missing))
            return "None"
        if isinstance(declared, Column):
            return self._column_code(row, declared, nullable=not is_non_null_type(definition.type))
        if isinstance(declared, Embedded):
            return self._embedded_code(row, declared, _object(get_named_type(definition.type)), group, path)
        child = self.sources[declared.type_name]
        if isinstance(declared, Many):
            site = self._site(definition, group[0])
            connection = _object(get_named_type(definition.type))
            on = declared.on.replace("{p}", row.alias).replace("{c}", "{t}")
            if declared.seen_with_parent:
                child = replace(child, published_where=None)
            return self._connection(row, child, connection, group, [on], site, path)
        return self._one_code(row, declared, child, group, path)

    def _missing_scope(self, declared: Field) -> str | None:
        """The first scope that the field, or the type that it leads to, needs and the caller does not have."""
        needed = [declared.scope]
        if isinstance(declared, One | Many):
            if self.read.across_workspaces:
                self._refuse_crossing(declared)
                return None
            if not (isinstance(declared, Many) and declared.seen_with_parent):
                needed.append(self.sources[declared.type_name].scope)
        granted = self.selection.caller.scopes | self.read.granted
        return next((scope for scope in needed if scope and scope not in granted), None)

    @staticmethod
    def _refuse_crossing(declared: One | Many) -> None:
        """What belongs to the user in all workspaces needs no scope; anything else is read within one workspace."""
        if not declared.crosses_workspaces:
            raise BadUserInput(f"{declared.type_name} is read within a workspace: name it in X-Workspace.")

    def _column_code(self, row: Row, column: Column, *, nullable: bool) -> str:
        if column.visible and not column.visible(self.selection.caller):
            return "None"
        expressions = [row.column(sql.format(t=row.alias)) for sql in column.sql]
        if column.convert is None:
            return expressions[0]
        call = f"{self._constant(column.convert)}({', '.join(expressions)})"
        return f"(None if {expressions[0]} is None else {call})" if nullable else call

    def _embedded_code(
        self,
        row: Row,
        embedded: Embedded,
        parent: GraphQLObjectType,
        group: list[FieldDetails],
        path: tuple[str, ...],
    ) -> str:
        code = self._fields_code(row, embedded.fields, parent, group, path)
        if embedded.present is None:
            return code
        return f"({code} if {row.column(embedded.present.format(t=row.alias))} else None)"

    def _one_code(self, row: Row, one: One, child: Source, group: list[FieldDetails], path: tuple[str, ...]) -> str:
        child_row = self._row()
        code = self._object_code(child_row, child, group, path)
        on = one.on.replace("{p}", row.alias).replace("{c}", "{t}")
        inner = f"(select row({child_row.select_list()}) {self._from(child, child_row, [on])} limit 1)"
        return f"(None if ({child_row.variable} := {row.column(inner)}) is None else {code})"

    # -- connections ----------------------------------------------------------------------------------------------

    def _site(self, definition: Any, details: FieldDetails) -> int:
        site = ArgumentSite(definition, details)
        values = site.values(self.selection.variables)
        if not uses_variables(details.node):
            site.constant = values
        self.sites.append(site)
        return len(self.sites) - 1

    def _connection(
        self,
        row: Row,
        source: Source,
        parent: GraphQLObjectType,
        details: list[FieldDetails],
        conditions: list[str],
        site: int,
        path: tuple[str, ...],
    ) -> str:
        """The dictionary of a connection: its page is an array of records, its total a count beside it."""
        arguments = self.sites[site].values(self.selection.variables)
        selected = {key: (group[0].node.name.value, group) for key, group in self._grouped(parent, details).items()}
        names = {name for name, _ in selected.values()}
        reads_page = not names <= {"totalCount", "__typename"}
        used = self.parameters if reads_page or "totalCount" in names else Parameters(reserved=0)
        filters = predicates(source.filters, arguments.get("filter") or {}, site, used)
        looks_ahead = "pageInfo" in names
        # Arguments are checked in any case, but a parameter that the statement does not use has no type.
        parameters = self.parameters if reads_page else Parameters(reserved=0)
        page = page_reader(source, arguments, site, parameters, looks_ahead=looks_ahead)
        child = self._row()
        slot = row.reserve() if reads_page else 0
        records = f"{row.variable}[{slot}]"
        variable = f"p{child.alias}"
        items = []
        for key, (name, group) in selected.items():
            if name == "totalCount":
                counted = self._from(source, self._row(), [*conditions, *filters])
                code = row.column(f"(select count(*) {counted})")
            elif looks_ahead:
                rows = f"{variable}.rows"
                code = self._connection_field(name, parent, group, source, child, page, rows, variable, (*path, key))
            else:
                rows = f"{records}[::-1]" if page.is_backwards else records
                code = self._connection_field(name, parent, group, source, child, page, rows, "", (*path, key))
            items.append(f"{key!r}: {code}")
        answer = "{" + ", ".join(items) + "}"
        if not reads_page:
            return answer
        rows = self._from(source, child, [*conditions, *filters, *page.conditions])
        order = page.order.format(t=child.alias)
        row.fill(slot, f"array(select row({child.select_list()}) {rows} order by {order} limit {page.limit})")
        if not looks_ahead:
            return answer
        return f"[{answer} for {variable} in ({self._constant(page.cut)}({records}, a[{site}]),)][0]"

    def _connection_field(
        self,
        name: str,
        parent: GraphQLObjectType,
        group: list[FieldDetails],
        source: Source,
        child: Row,
        page: Page,
        rows: str,
        cut: str,
        path: tuple[str, ...],
    ) -> str:
        """A field of a connection; `rows` and `cut` are the code for its rows and, for `pageInfo`, for its `Cut`."""
        if name == "nodes":
            return f"[{self._object_code(child, source, group, path)} for {child.variable} in {rows}]"
        if name == "edges":
            edge = _object(get_named_type(parent.fields["edges"].type))
            code = self._edge_code(edge, group, source, child, page, path)
            return f"[{code} for {child.variable} in {rows}]"
        if name == "pageInfo":
            info = _object(get_named_type(parent.fields["pageInfo"].type))
            return self._page_info_code(info, group, child, page, cut)
        return repr(parent.name)

    def _cursor_code(self, child: Row, page: Page, variable: str) -> str:
        """The cursor of the row that the variable names."""
        row = Row(child.alias, variable, child.columns)
        value, row_id = row.column(page.sort.sql.format(t=child.alias)), row.column(f"{child.alias}.id")
        return f"{self._constant(page.make_cursor)}({value}, {row_id})"

    def _edge_code(
        self,
        parent: GraphQLObjectType,
        details: list[FieldDetails],
        source: Source,
        child: Row,
        page: Page,
        path: tuple[str, ...],
    ) -> str:
        items = []
        for key, group in self._grouped(parent, details).items():
            match group[0].node.name.value:
                case "node":
                    code = self._object_code(child, source, group, (*path, key))
                case "cursor":
                    code = self._cursor_code(child, page, child.variable)
                case _:
                    code = repr(parent.name)
            items.append(f"{key!r}: {code}")
        return "{" + ", ".join(items) + "}"

    def _page_info_code(
        self, parent: GraphQLObjectType, details: list[FieldDetails], child: Row, page: Page, variable: str
    ) -> str:
        items = []
        for key, group in self._grouped(parent, details).items():
            match group[0].node.name.value:
                case "hasNextPage":
                    code = f"{variable}.has_next"
                case "hasPreviousPage":
                    code = f"{variable}.has_previous"
                case "startCursor":
                    code = f"({self._cursor_code(child, page, f'{variable}.rows[0]')} if {variable}.rows else None)"
                case "endCursor":
                    code = f"({self._cursor_code(child, page, f'{variable}.rows[-1]')} if {variable}.rows else None)"
                case _:
                    code = repr(parent.name)
            items.append(f"{key!r}: {code}")
        return "{" + ", ".join(items) + "}"


def _object(type_: Any) -> GraphQLObjectType:
    while isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    if not isinstance(type_, GraphQLObjectType):
        raise TypeError(f"The read engine reads object types, not {type_}.")
    return type_
