"""Documents, parsed and validated once: a bounded cache by their text."""

from collections import Counter, OrderedDict
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
MAX_LENGTH = 100_000
# All texts in the cache together; parsed, a text takes some 60 times its length.
MAX_CACHED_LENGTH = 1_000_000
# Whether fields that share a name can be merged is checked pair by pair: that takes the square of these.
MAX_SAME_FIELDS = 30
MAX_FRAGMENT_SPREADS = 100


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
            _refuse_repetition(node)
            errors = validate(self._schema, node, max_errors=MAX_ERRORS, hide_suggestions=True)
        except RecursionError:
            raise BadUserInput("The document is nested too deeply.") from None
        # Without what a scalar raised beneath an error: a value that does not fit is no fault of ours.
        errors = [GraphQLError(error.message, error.nodes) for error in errors]
        document = self._seen[text] = Document(next(self._keys), node, errors, _introspects(node))
        self._length += len(text)
        while len(self._seen) > MAX_DOCUMENTS or self._length > MAX_CACHED_LENGTH:
            oldest, _ = self._seen.popitem(last=False)
            self._length -= len(oldest)
        return document


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


class _CountsRepetition(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.fields: Counter[str] = Counter()
        self.spreads = 0
        self._path: list[str] = []

    def enter_field(self, node: FieldNode, *_args: Any) -> None:
        self._path.append(node.alias.value if node.alias else node.name.value)
        self.fields["/".join(self._path)] += 1

    def leave_field(self, *_args: Any) -> None:
        self._path.pop()

    def enter_fragment_spread(self, *_args: Any) -> None:
        self.spreads += 1


def _refuse_repetition(document: DocumentNode) -> None:
    """Refuses what would take long to validate, which happens before anybody is asked who they are.

    Raises:
        BadUserInput: the same field, or fragments, are selected too many times.

    """
    counts = _CountsRepetition()
    visit(document, counts)
    repeated = [path for path, times in counts.fields.items() if times > MAX_SAME_FIELDS]
    if repeated:
        raise BadUserInput(f"{repeated[0][:100]} is selected more than {MAX_SAME_FIELDS} times.")
    if counts.spreads > MAX_FRAGMENT_SPREADS:
        raise BadUserInput(f"The document spreads fragments {counts.spreads} times; at most {MAX_FRAGMENT_SPREADS}.")
