"""Documents, parsed and validated once: a bounded cache by their text."""

from collections import OrderedDict
from collections.abc import Callable
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
from graphql.validation.rules import overlapping_fields_can_be_merged

from core.errors import BadUserInput

# How often fields and fragments are compared that may have to be merged; ordinary documents come to some hundreds.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 10_000

MAX_DOCUMENTS = 1_000
# A token takes up to 0.02 ms to be parsed and validated, while nobody else is served.
MAX_TOKENS = 2_000
MAX_ERRORS = 5
# Names can be as long as the document, and errors repeat them.
MAX_MESSAGE = 500
MAX_LENGTH = 100_000
# All texts in the cache together; parsed, a text takes up to 150 times its length.
MAX_CACHED_LENGTH = 300_000


class Invalid(Exception):
    """The document does not fit the schema, or the variables do not fit the operation."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


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
        self._length = 0
        self.on_evicted: Callable[[int], None] = lambda _key: None

    def __contains__(self, text: str) -> bool:
        return text in self._seen

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
            _unlink_tokens(node)
            errors = validate(self._schema, node, max_errors=MAX_ERRORS, hide_suggestions=True)
        except RecursionError:
            raise BadUserInput("The document is nested too deeply.") from None
        document = Document(next(self._keys), node, errors, _introspects(node))
        if errors:
            # Nothing of it is needed any more.
            document = document._replace(node=DocumentNode(), errors=[_kept(error) for error in errors])
        self._seen[text] = document
        self._length += len(text)
        while len(self._seen) > MAX_DOCUMENTS or self._length > MAX_CACHED_LENGTH:
            oldest, evicted = self._seen.popitem(last=False)
            self._length -= len(oldest)
            self.on_evicted(evicted.key)
        return document


def _kept(error: GraphQLError) -> GraphQLError:
    """What is told of an error, without the document and without what a scalar raised: a value that does not fit is no
    fault of ours.
    """
    message = "The document repeats fields and fragments too often." if error.message == _ABORTED else error.message
    kept = GraphQLError(message[:MAX_MESSAGE])
    kept.locations = error.locations
    return kept


_ABORTED = "Validation aborted."


def _unlink_tokens(document: DocumentNode) -> None:
    """Lets go of the document's tokens, of which each holds the next and the one before.

    Such circles wait for the garbage collector's longest round: 15 MB for every hundred large documents.
    """
    token = document.loc.start_token if document.loc else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following


class _FindsIntrospection(Visitor):
    found = False

    def enter_field(self, node: FieldNode, *_args: Any) -> None:
        if node.name.value in {"__schema", "__type"}:
            self.found = True


def _introspects(document: DocumentNode) -> bool:
    finder = _FindsIntrospection()
    visit(document, finder)
    return finder.found
