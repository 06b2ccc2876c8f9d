"""The parts of a statement while a plan is made: parameters, arguments, the columns of one row."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLField
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import FieldNode, VariableNode, Visitor, visit

Arguments = list[dict[str, Any]]


@dataclass
class ArgumentSite:
    """One field's arguments in the document; read anew for each execution unless nothing in them is a variable."""

    definition: GraphQLField
    details: FieldDetails
    constant: dict[str, Any] | None = None

    def values(self, variables: VariableValues) -> dict[str, Any]:
        if self.constant is not None:
            return self.constant
        node, _, fragment_variables = self.details
        return get_argument_values(self.definition, node, variables, fragment_variables)


class _FindsVariable(Visitor):
    found = False

    def enter_variable(self, _node: VariableNode, *_args: Any) -> None:
        self.found = True


def uses_variables(node: FieldNode) -> bool:
    finder = _FindsVariable()
    for argument in node.arguments or ():
        visit(argument, finder)
    return finder.found


@dataclass
class Parameters:
    """The statement's parameters, each read from the arguments; before them stand `reserved` others."""

    reserved: int
    readers: list[Callable[[Arguments], Any]] = field(default_factory=list)

    def add(self, reader: Callable[[Arguments], Any]) -> str:
        """Adds a parameter and gives its placeholder."""
        self.readers.append(reader)
        return f"${self.reserved + len(self.readers)}"


@dataclass
class Row:
    """The columns that are read of one table's row, each once, and how the assembling code names them.

    A loop over rows unpacks each into a variable a column, which costs half of looking columns up one by one; which
    they are is only known at the end, so `target` stands in for them until then. A lone row is not unpacked.
    """

    alias: str
    variable: str
    is_unpacked: bool = True
    columns: list[str] = field(default_factory=list)

    def column(self, sql: str) -> str:
        """The Python expression for a SQL expression of this row."""
        if sql not in self.columns:
            self.columns.append(sql)
        return self.name(self.columns.index(sql))

    def name(self, index: int) -> str:
        return f"{self.variable}_{index}" if self.is_unpacked else f"{self.variable}[{index}]"

    @property
    def target(self) -> str:
        """What stands between `for` and `in`."""
        return f"@{self.variable}@"

    def unpacked(self, *, more: bool) -> str:
        """What `target` stands in for; `more` where columns of others follow."""
        names = [self.name(index) for index in range(len(self.columns))]
        return f"({', '.join([*names, '*_'] if more or not names else names)},)"

    def reserve(self) -> int:
        """A column whose SQL comes later, when all that it selects is known."""
        self.columns.append("")
        return len(self.columns) - 1

    def fill(self, slot: int, sql: str) -> None:
        self.columns[slot] = sql

    def select_list(self) -> str:
        return ", ".join(self.columns) or "1"
