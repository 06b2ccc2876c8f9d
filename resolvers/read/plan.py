"""From the selection under a field to a plan: one SQL statement, and the code that turns its row into the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type, is_non_null_type
from graphql.execution.collect_fields import FieldDetails, collect_subfields

from core.database import PIN, PIN_FIRST
from core.errors import BadUserInput
from core.ids import GlobalIdOf
from resolvers.read.connection import Page, page_reader
from resolvers.read.filters import filters_of
from resolvers.read.lanes import counted_rows, page_rows
from resolvers.read.log import LogPage, first_kept, log_cut, log_page, log_rows
from resolvers.read.request import Read, Selection
from resolvers.read.source import Column, Embedded, Field, Log, Many, One, Source
from resolvers.read.statement import Arguments, ArgumentSite, Parameters, Row, uses_variables

# Where the ids of a read stand among the values of its columns.
IDS = "ids"
# And where the id of the caller's site stands, null where they have none.
CALLERS_SITE = "callers_site"
# In the snapshot of the statement: what the answer is as new as.
_LAST_SEQUENCE = f"(select k.sequence from workspace_counter k where {PIN_FIRST} and k.workspace_id = $1)"


class Forbidden(NamedTuple):
    """A field that the caller may not read: where it is in the answer, and the scope that is missing."""

    path: tuple[str, ...]
    scope: str


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A statement, how to get its parameters, and how to turn its rows into the answer.

    There is always at least one row. `sequence` is where it has the number of the workspace's last event, if at all.
    `checks` read what the statement does not need, and raise what is wrong with it.
    """

    sql: str
    sites: list[ArgumentSite]
    readers: list[Callable[[Arguments], Any]]
    checks: list[Callable[[Arguments], Any]]
    assemble: Callable[[list[Any], Arguments], Any]
    forbidden: list[Forbidden]
    sequence: int | None


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
    # A parameter that the statement does not use would have no type, but arguments are checked in any case.
    unused: Parameters = field(default_factory=lambda: Parameters(reserved=0))
    sites: list[ArgumentSite] = field(default_factory=list)
    forbidden: list[Forbidden] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    callers_site: str = ""

    def plan(self) -> Plan:
        """The answer's rows are rows of the statement: an array of records would cost the driver a third more.

        What is there once, such as a total, stands in the columns behind them. An outer join keeps that where no row
        is found: a row then has a null for the id that every one of them begins with.
        """
        source = self.sources[self.read.type_name]
        # A connection of which no row is looked at has no place for a parameter.
        base = [self._equality(column) for column in (self.read.equals if self._looks_at_rows() else ())]
        if not self.read.across_workspaces:
            base.insert(0, PIN_FIRST)
        row, once = self._row(), Row("", "once", is_unpacked=False)
        found = row.column(f"{row.alias}.id")
        if self.read.many:
            parent = _object(self.selection.schema.get_type(f"{source.type_name}Connection"))
            site = self._site(self.selection.definition, self.selection.details[0])
            if source.log:
                code, rows = self._log(once, row, source, source.log, parent, base, site)
            else:
                code, rows = self._connection(once, row, source, parent, self.selection.details, base, site, "rows", ())
        elif self.read.ids is not None:
            base.append(f"{{t}}.id = any({self.parameters.add(lambda arguments: arguments[-1][IDS])}::uuid[])")
            item = self._object_code(row, source, self.selection.details, ())
            code = f"{{{found}: {item} for {row.target} in rows}}"
            rows = self._from(source, row, base)
        else:
            item = self._object_code(row, source, self.selection.details, ())
            code = f"[*[{item} for {row.target} in rows], None][0]"
            rows = f"{self._from(source, row, base)} limit 1"
        if self.read.with_sequence:
            once.column(_LAST_SEQUENCE)
        columns = len(row.columns) if rows else 0
        return Plan(
            sql=self._statement(row, rows, once),
            sites=self.sites,
            readers=self.parameters.readers,
            checks=self.unused.readers,
            assemble=self._compiled(code, row, columns, once),
            forbidden=self.forbidden,
            sequence=columns + len(once.columns) - 1 if self.read.with_sequence else None,
        )

    def _looks_at_rows(self) -> bool:
        """Whether anything is selected but `__typename`."""
        if not self.read.many:
            return True
        parent = _object(get_named_type(self.selection.definition.type))
        groups = self._grouped(parent, self.selection.details).values()
        return any(group[0].node.name.value != "__typename" for group in groups)

    # -- SQL ------------------------------------------------------------------------------------------------------

    def _statement(self, row: Row, rows: str, once: Row) -> str:
        """The statement for rows, if there are any to read, and for what is there once."""
        parts = ["from (select) pin" if self.read.across_workspaces else "from pin"]
        columns = []
        if rows:
            parts.append(f"left join lateral (select {row.select_list()} {rows} offset 0) q on true")
            columns.append("q.*")
        if once.columns:
            parts.append(f"cross join lateral (select {once.select_list()} offset 0) o")
            columns.append("o.*")
        statement = f"select {', '.join(columns)} {' '.join(parts)}"
        return statement if self.read.across_workspaces else f"{PIN} {statement}"

    def _row(self, *, is_unpacked: bool = True) -> Row:
        number = len(self.rows) + 1
        self.rows.append(Row(f"t{number}", f"r{number}", is_unpacked))
        return self.rows[-1]

    def _equality(self, column: str) -> str:
        """`{t}.column = $n`, its value taken from the read itself at each execution."""
        placeholder = self.parameters.add(lambda arguments: arguments[-1][column])
        return f"{{t}}.{column} = {placeholder}"

    def _from(self, source: Source, row: Row, conditions: list[str]) -> str:
        """The table with everything that holds for its rows."""
        where = self._where(source, conditions)
        return f"from {source.table} {row.alias} where " + " and ".join(where).format(t=row.alias)

    def _where(self, source: Source, conditions: list[str]) -> list[str]:
        """The workspace, who may see the rows, the conditions; as templates."""
        is_free = self.read.across_workspaces or source.workspace_column is None
        where = [] if is_free else [f"{{t}}.{source.workspace_column} = $1"]
        where += conditions
        return where + [condition for condition in (source.where, self._published(source)) if condition]

    def _published(self, source: Source) -> str | None:
        scopes = self.selection.caller.scopes | self.read.granted
        return None if source.unpublished_scope in scopes else source.published_where

    # -- the answer -----------------------------------------------------------------------------------------------

    def _constant(self, value: Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def _compiled(self, code: str, root: Row, columns: int, once: Row) -> Callable[[list[Any], Arguments], Any]:
        """The assembling function. Of a row of the answer `columns` are the root's; `once` names those behind them.

        The code holds only names that were made here and constants by reference.
        """
        for row in self.rows:
            code = code.replace(row.target, row.unpacked(more=row is root and bool(once.columns)))
        lines = ["def assemble(rows, a):"]
        if once.columns:
            lines.append(f"    once = rows[0][{columns}:]")
        if columns:
            lines.append("    if rows[0][0] is None: rows = []")
        namespace = dict(self.constants)
        exec("\n".join([*lines, f"    return {code}"]), namespace)  # noqa: S102 - generated from the plan alone
        assemble: Callable[[list[Any], Arguments], Any] = namespace["assemble"]
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
            return self._nested(row, child, connection, group, on, site, path)
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
        site = self._callers_site() if any("{site}" in sql for sql in column.sql) else ""
        expressions = [row.column(sql.format(t=row.alias, site=site)) for sql in column.sql]
        if column.convert is None:
            return expressions[0]
        if isinstance(column.convert, GlobalIdOf):
            # A page has hundreds of them: the call would cost as much as what it does.
            call = f"{column.convert.prefix!r} + {expressions[0]}.hex"
        else:
            call = f"{self._constant(column.convert)}({', '.join(expressions)})"
        return f"(None if {expressions[0]} is None else {call})" if nullable else call

    def _callers_site(self) -> str:
        """The placeholder of the caller's site, the same wherever it is asked for."""
        if not self.callers_site:
            self.callers_site = f"{self.parameters.add(lambda arguments: arguments[-1][CALLERS_SITE])}::uuid"
        return self.callers_site

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
        child_row = self._row(is_unpacked=False)
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
        once: Row,
        child: Row,
        source: Source,
        parent: GraphQLObjectType,
        details: list[FieldDetails],
        conditions: list[str],
        site: int,
        records: str,
        path: tuple[str, ...],
    ) -> tuple[str, str]:
        """The code of a connection's dictionary and the SQL of its rows, which is empty where none are read.

        Rows are read as `child`, and found in `records`; what is there once for all of them becomes columns of `once`.
        """
        arguments = self.sites[site].values(self.selection.variables)
        selected = {key: (group[0].node.name.value, group) for key, group in self._grouped(parent, details).items()}
        names = {name for name, _ in selected.values()}
        reads_page = not names <= {"totalCount", "__typename"}
        used = self.parameters if reads_page or "totalCount" in names else self.unused
        filtering = filters_of(source, arguments.get("filter") or {}, site, used)
        parameters = self.parameters if reads_page else self.unused
        looks_ahead = "pageInfo" in names
        page = page_reader(source, arguments, site, parameters, looks_ahead=looks_ahead)
        cut = f"p{child.alias}"
        read = f"{cut}.rows" if looks_ahead else f"{records}[::-1]" if page.is_backwards else records
        items = []
        for key, (name, group) in selected.items():
            if name == "totalCount":
                counted = counted_rows(source, self._where(source, conditions), filtering, self._row().alias)
                code = once.column(f"(select count(*) {counted})")
            else:
                code = self._connection_field(name, parent, group, source, child, page, read, cut, (*path, key))
            items.append(f"{key!r}: {code}")
        answer = f"{{{', '.join(items)}}}"
        if not reads_page:
            return answer, ""
        if looks_ahead:
            answer = f"[{answer} for {cut} in ({self._constant(page.cut)}({records}, a[{site}]),)][0]"
        return answer, page_rows(source, page, self._where(source, conditions), filtering, child.alias)

    def _log(
        self,
        once: Row,
        child: Row,
        source: Source,
        log: Log,
        parent: GraphQLObjectType,
        conditions: list[str],
        site: int,
    ) -> tuple[str, str]:
        """As `_connection`, of a log. What the statement finds of its ends is checked before anything is answered."""
        arguments = self.sites[site].values(self.selection.variables)
        filtering = filters_of(source, arguments.get("filter") or {}, site, self.parameters)
        page = log_page(log, arguments, site, self.parameters)
        child.column(log.number.format(t=child.alias))
        within = [f"{{t}}.{source.workspace_column} = $1", *conditions]
        wanted = [part for part in (source.where, self._published(source)) if part] + filtering.conditions
        last = once.column(_LAST_SEQUENCE)
        first = once.column(first_kept(source, log, [*within, *page.conditions]).format(t=self._row().alias))
        cut = f"p{child.alias}"
        items = []
        for key, group in self._grouped(parent, self.selection.details).items():
            name = group[0].node.name.value
            if name == "latestCursor":
                code = f"{cut}.latest"
            else:
                code = self._connection_field(name, parent, group, source, child, page, f"{cut}.rows", cut, (key,))
            items.append(f"{key!r}: {code}")
        made = f"{self._constant(partial(log_cut, log))}(rows, a[{site}], {last}, {first})"
        answer = f"[{{{', '.join(items)}}} for {cut} in ({made},)][0]"
        return answer, log_rows(source, log, page, within, wanted, child.alias)

    def _nested(
        self,
        row: Row,
        child: Source,
        parent: GraphQLObjectType,
        group: list[FieldDetails],
        on: str,
        site: int,
        path: tuple[str, ...],
    ) -> str:
        """A connection in a row: its page is an array of records in one of the row's columns."""
        child_row = self._row()
        slot = row.reserve()
        code, rows = self._connection(row, child_row, child, parent, group, [on], site, row.name(slot), path)
        row.fill(slot, f"array(select row({child_row.select_list()}) {rows})" if rows else "false")
        return code

    def _connection_field(
        self,
        name: str,
        parent: GraphQLObjectType,
        group: list[FieldDetails],
        source: Source,
        child: Row,
        page: Page | LogPage,
        rows: str,
        cut: str,
        path: tuple[str, ...],
    ) -> str:
        """A field of a connection; `rows` and `cut` are the code for its rows and, for `pageInfo`, for its `Cut`."""
        if name == "nodes":
            return f"[{self._object_code(child, source, group, path)} for {child.target} in {rows}]"
        if name == "edges":
            edge = _object(get_named_type(parent.fields["edges"].type))
            code = self._edge_code(edge, group, source, child, page, path)
            return f"[{code} for {child.target} in {rows}]"
        if name == "pageInfo":
            info = _object(get_named_type(parent.fields["pageInfo"].type))
            return self._page_info_code(info, group, child, page, cut)
        return repr(parent.name)

    def _cursor_code(self, child: Row, page: Page | LogPage, variable: str = "") -> str:
        """The cursor of the row that the variable names, or of each row of a loop."""
        row = Row(child.alias, variable, is_unpacked=False, columns=child.columns) if variable else child
        value, row_id = row.column(page.sort.sql.format(t=child.alias)), row.column(f"{child.alias}.id")
        return f"{self._constant(page.make_cursor)}({value}, {row_id})"

    def _edge_code(
        self,
        parent: GraphQLObjectType,
        details: list[FieldDetails],
        source: Source,
        child: Row,
        page: Page | LogPage,
        path: tuple[str, ...],
    ) -> str:
        items = []
        for key, group in self._grouped(parent, details).items():
            match group[0].node.name.value:
                case "node":
                    code = self._object_code(child, source, group, (*path, key))
                case "cursor":
                    code = self._cursor_code(child, page)
                case _:
                    code = repr(parent.name)
            items.append(f"{key!r}: {code}")
        return "{" + ", ".join(items) + "}"

    def _page_info_code(
        self, parent: GraphQLObjectType, details: list[FieldDetails], child: Row, page: Page | LogPage, variable: str
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
                case "endCursor" if isinstance(page, LogPage):
                    code = f"{variable}.end"
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
