"""Documents that are to be registered, held against the schema."""

import asyncio

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, OperationType

from core.errors import BadUserInput, Problem, Refused
from resolvers.storefront_token import ValidDocument
from schema.documents import Documents


async def valid_documents(schema: GraphQLSchema, texts: list[str]) -> list[ValidDocument]:
    """The documents, if each is one query or one mutation that the schema answers.

    A large one takes a tenth of a second to validate, so they are looked at on another thread, one after the other; and
    past the cache of documents, whose room is for those that are executed.

    Raises:
        Refused: INVALID, with what is wrong first in each.

    """
    found: list[ValidDocument] = []
    problems: list[Problem] = []
    for index, text in enumerate(texts):
        try:
            found.append(await asyncio.to_thread(_valid, schema, text))
        except (BadUserInput, GraphQLError) as error:
            problems.append(Problem("INVALID", error.message, ("input", "documents", str(index))))
    if problems:
        raise Refused(*problems)
    return found


def _valid(schema: GraphQLSchema, text: str) -> ValidDocument:
    document = Documents(schema).get(text)
    if document.errors:
        raise document.errors[0]
    operations = [node for node in document.node.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1:
        raise BadUserInput(f"The document has {len(operations)} operations: register each in a document of its own.")
    (operation,) = operations
    if operation.operation is OperationType.SUBSCRIPTION:
        raise BadUserInput("Shoppers follow nothing: register queries and mutations.")
    return ValidDocument(text, operation.name.value if operation.name else None)
