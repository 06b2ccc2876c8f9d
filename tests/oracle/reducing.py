"""An operation with ever less in it: to see what a disagreement is about."""

from collections.abc import Iterator
from typing import Any

from graphql import DocumentNode, Node, Visitor, parse, print_ast, visit
from graphql.language.visitor import REMOVE

_REMOVABLE = {"field", "argument", "directive", "object_field", "fragment_spread", "inline_fragment"}


class _Removes(Visitor):
    """Removes the node with this number of all that can be left out."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.left = number
        self.is_done = False

    def enter(self, node: Node, *_args: Any) -> Any:
        if node.kind not in _REMOVABLE or self.is_done:
            return None
        self.left -= 1
        if self.left >= 0:
            return None
        self.is_done = True
        return REMOVE


class _Names(Visitor):
    """The fragments and variables that are used."""

    def __init__(self) -> None:
        super().__init__()
        self.fragments: set[str] = set()
        self.variables: list[str] = []

    def enter_fragment_spread(self, node: Any, *_args: Any) -> None:
        self.fragments.add(node.name.value)

    def enter_variable(self, node: Any, *_args: Any) -> None:
        self.variables.append(node.name.value)


class _Prunes(Visitor):
    """Removes declarations of what is not used."""

    def __init__(self, names: _Names) -> None:
        super().__init__()
        self.names = names

    def enter_fragment_definition(self, node: Any, *_args: Any) -> Any:
        return None if node.name.value in self.names.fragments else REMOVE

    def enter_variable_definition(self, node: Any, *_args: Any) -> Any:
        # The declaration itself is one of the places.
        return None if self.names.variables.count(node.variable.name.value) > 1 else REMOVE


def smaller_documents(text: str) -> Iterator[str]:
    """The document without one thing, for every thing in it; not all of them are valid."""
    document = parse(text, no_location=True)
    number = 0
    while True:
        removes = _Removes(number)
        smaller = visit(document, removes)
        if not removes.is_done:
            return
        yield print_ast(_pruned(smaller))
        number += 1


def _pruned(document: DocumentNode) -> DocumentNode:
    while True:
        names = _Names()
        visit(document, names)
        smaller: DocumentNode = visit(document, _Prunes(names))
        if print_ast(smaller) == print_ast(document):
            return document
        document = smaller
