"""Queries: prepared once for all who send the same one, their root fields read side by side.

graphql-core executes mutations, events and introspection. A query's root fields only ever ask the read engine, so
nothing of its executor is needed for them, and its way to the first of them costs more than all of ours.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import orjson
from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    OperationDefinitionNode,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values

from core.errors import BadUserInput, Forbidden, NotFound
from resolvers.read import FieldProblem, Finished, Read, ReadEach, Selection, selection_key
from schema.documents import Document, Invalid
from schema.query import Privacy, RootField, root_field_of
from schema.request import Request

MAX_QUERIES = 2_000
# All queries in the cache together, by the length of their variables as JSON.
MAX_VARIABLES_LENGTH = 1_000_000


# The document, the operation's name, the variables as JSON.
QueryKey = tuple[int, str | None, bytes]


@dataclass(slots=True)
class RootRead:
    """One root field of a query. `name` is its key in the answer; `__typename` has no declaration."""

    name: str
    definition: GraphQLField | None
    declared: RootField | None
    details: list[FieldDetails]
    arguments: dict[str, Any]
    key: Hashable
    remembered: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(slots=True)
class Query:
    """A query of a valid document with variables that fit."""

    key: QueryKey
    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    variables: VariableValues
    roots: list[RootRead]

    def is_all(self, privacy: Privacy) -> bool:
        return all(root.declared is None or root.declared.privacy is privacy for root in self.roots)

    def has(self, privacy: Privacy) -> bool:
        return any(root.declared is not None and root.declared.privacy is privacy for root in self.roots)


class Result(NamedTuple):
    """What a query came to. `sequence` is what all of it is as new as, where that was asked for."""

    data: dict[str, Any] | None
    errors: list[GraphQLError]
    sequence: int


class Queries:
    """The queries that were sent last, with the variables that they were sent with."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._seen: OrderedDict[QueryKey, Query] = OrderedDict()
        self._length = 0

    def prepare(self, document: Document, name: str | None, variables: dict[str, Any]) -> Query:
        """The query, with its variables and arguments coerced now or before.

        Raises:
            Invalid: they do not fit.
            GraphQLError: an argument does not.
            BadUserInput: they are nested too deeply.

        """
        try:
            written = orjson.dumps(variables)
        except orjson.JSONEncodeError:
            raise BadUserInput("The variables are nested too deeply.") from None
        key = (document.key, name, written)
        query = self._seen.get(key)
        if query is not None:
            self._seen.move_to_end(key)
            return query
        query = self._make(key, document, name, variables)
        # Arguments that are secrets are not kept.
        if not query.has(Privacy.SECRET):
            self._seen[key] = query
            self._length += len(written)
            while len(self._seen) > MAX_QUERIES or self._length > MAX_VARIABLES_LENGTH:
                self._length -= len(self._seen.popitem(last=False)[0][2])
        return query

    def _make(self, key: QueryKey, document: Document, name: str | None, given: dict[str, Any]) -> Query:
        operation = document.operation(name)
        variables = get_variable_values(
            self._schema, operation.variable_definitions or (), given, max_errors=50, hide_suggestions=True
        )
        if isinstance(variables, list):
            raise Invalid(variables)
        fragments = {
            node.name.value: FragmentDetails(node)
            for node in document.node.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        query = Query(key, self._schema, operation, fragments, variables, [])
        query.roots.extend(self._roots(document, query))
        return query

    def _roots(self, document: Document, query: Query) -> Iterator[RootRead]:
        parent = self._schema.query_type
        if parent is None:
            raise LookupError("the schema has no queries")
        found = collect_fields(self._schema, query.fragments, query.variables, parent, query.operation)
        for name, details in found.grouped_field_set.items():
            node, _, fragment_variables = details[0]
            definition = parent.fields.get(node.name.value)
            if definition is None:
                yield RootRead(name, None, None, details, {}, None)
                continue
            arguments = get_argument_values(
                definition, node, query.variables, fragment_variables, hide_suggestions=True
            )
            key = selection_key(document.key, query.operation, (name,), query.variables)
            yield RootRead(name, definition, root_field_of(definition), details, arguments, key)


async def read(query: Query, request: Request, *, with_sequence: bool = False) -> Result:
    """Reads all root fields, each with one statement, at the same time."""
    if len(query.roots) == 1:
        outcomes = [await _outcome(query, query.roots[0], request, with_sequence=with_sequence)]
    else:
        outcomes = await asyncio.gather(
            *(_outcome(query, root, request, with_sequence=with_sequence) for root in query.roots)
        )
    data: dict[str, Any] | None = {}
    errors: list[GraphQLError] = []
    sequences = []
    for root, outcome in zip(query.roots, outcomes, strict=True):
        if isinstance(outcome, Finished):
            value = outcome.value
            errors += [problem_error(problem, root.details, [root.name]) for problem in outcome.problems]
            sequences.append(outcome.sequence)
        else:
            value = None
            errors.append(outcome)
        if value is None and root.definition is not None and is_non_null_type(root.definition.type):
            data = None
        elif data is not None:
            data[root.name] = value
    return Result(data, errors, min(sequences, default=0))


async def _outcome(query: Query, root: RootRead, request: Request, *, with_sequence: bool) -> Finished | GraphQLError:
    """What a root field comes to, or the error that stands in its place."""
    try:
        finished = await _finish(query, root, request, with_sequence=with_sequence)
        if finished.value is None and root.definition is not None and is_non_null_type(root.definition.type):
            raise NotFound(f"What {root.details[0].node.name.value} reads is not there.")
    except Exception as error:  # noqa: BLE001 - formatted, and masked if it is ours, where the answer is written
        nodes = [detail.node for detail in root.details]
        return GraphQLError(str(error), nodes=nodes, path=[root.name], original_error=error)
    return finished


async def _finish(query: Query, root: RootRead, request: Request, *, with_sequence: bool) -> Finished:
    if root.declared is None or root.definition is None:
        return Finished("Query", [], _ANY_SEQUENCE)
    wanted = root.declared.resolve(request, root.arguments)
    if wanted is None:
        return Finished(None, [], _ANY_SEQUENCE)
    selection = Selection(
        query.schema,
        query.operation,
        query.fragments,
        query.variables,
        root.definition,
        root.details,
        request.context.caller,
        root.key,
        root.remembered,
    )
    return await finish(request, wanted, selection, with_sequence=with_sequence)


# What no event can change is as new as any of them.
_ANY_SEQUENCE = 2**63


async def finish(
    request: Request, wanted: Read | ReadEach, selection: Selection, *, with_sequence: bool = False
) -> Finished:
    """What a resolver wants read, read by the engine."""
    database = request.context.platform.database
    if isinstance(wanted, ReadEach):
        return await request.engine.run_each(database, wanted, selection)
    return await request.engine.run(
        database, replace(wanted, with_sequence=True) if with_sequence else wanted, selection
    )


def problem_error(problem: FieldProblem, details: list[FieldDetails], path: list[str | int]) -> GraphQLError:
    """The error of a field below `path` that the caller may not read."""
    refused = Forbidden(f"This needs the scope {problem.scope}.", scope=problem.scope)
    nodes = [detail.node for detail in details]
    return GraphQLError(refused.message, nodes=nodes, path=[*path, *problem.path], original_error=refused)
