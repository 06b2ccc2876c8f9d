"""Documents, parsed and validated once: a bounded cache by their text."""

from collections import OrderedDict
from itertools import count
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    Visitor,
    parse,
    validate,
    visit,
)

from core.errors import BadUserInput

MAX_DOCUMENTS = 1_000
MAX_TOKENS = 5_000
MAX_LENGTH = 100_000


class Document(NamedTuple):
    """A parsed document. `key` names it within this process; one with errors is never executed."""

    key: int
    node: DocumentNode
    errors: list[GraphQLError]
    introspects: bool

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run.

        Raises:
            BadUserInput: there is none of that name, or several and no name.

        """
        operations = [node for node in self.node.definitions if isinstance(node, OperationDefinitionNode)]
        if name is None:
            if len(operations) == 1:
                return operations[0]
            raise BadUserInput("The document has several operations: name one in operationName.")
        for operation in operations:
            if operation.name and operation.name.value == name:
                return operation
        raise BadUserInput(f"The document has no operation named {name[:100]!r}.")


class Documents:
    """The documents that were seen last."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._seen: OrderedDict[str, Document] = OrderedDict()
        self._keys = count()

    def get(self, text: str) -> Document:
        """The document, parsed and validated now or before.

        Raises:
            BadUserInput: it is too long or nested too deeply to be looked at.
            GraphQLError: it cannot be parsed.

        """
        document = self._seen.get(text)
        if document is not None:
            self._seen.move_to_end(text)
            return document
        if len(text) > MAX_LENGTH:
            raise BadUserInput(f"The document is longer than {MAX_LENGTH} characters.")
        try:
            node = parse(text, max_tokens=MAX_TOKENS)
            errors = validate(self._schema, node, max_errors=20, hide_suggestions=True)
        except RecursionError:
            raise BadUserInput("The document is nested too deeply.") from None
        # Without what a scalar raised beneath an error: a value that does not fit is no fault of ours.
        errors = [GraphQLError(error.message, error.nodes) for error in errors]
        document = self._seen[text] = Document(next(self._keys), node, errors, _introspects(node))
        if len(self._seen) > MAX_DOCUMENTS:
            self._seen.popitem(last=False)
        return document


class _FindsIntrospection(Visitor):
    found = False

    def enter_field(self, node: FieldNode, *_args: Any) -> None:
        if node.name.value in {"__schema", "__type"}:
            self.found = True


def _introspects(document: DocumentNode) -> bool:
    finder = _FindsIntrospection()
    visit(document, finder)
    return finder.found
