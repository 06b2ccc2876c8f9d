"""Queries: their variables and arguments are coerced, and their root fields read side by side.

graphql-core executes mutations, events and introspection. A query's root fields only ever ask the read engine, so
nothing of its executor is needed for them, and its way to the first of them costs more than all of ours.
"""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

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

from core.errors import Forbidden, NotFound
from resolvers.read import FieldProblem, Finished, Read, ReadEach, Selection, selection_key
from schema.documents import Document, Invalid
from schema.query import Computed, Made, Privacy, RootField, root_field_of
from schema.request import Request
from schema.shaping import RowPlace, Shaping


@dataclass(slots=True)
class RootRead:
    """One root field of a query. `name` is its key in the answer; `__typename` has no declaration.

    `problem` says why its arguments do not fit, where they do not: an error of this field, while the others stand.
    """

    name: str
    definition: GraphQLField | None
    declared: RootField | None
    details: list[FieldDetails]
    arguments: dict[str, Any]
    key: Hashable
    remembered: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)
    problem: GraphQLError | None = None


@dataclass(slots=True)
class Query:
    """A query of a valid document with variables that fit. `privacies` are those of its root fields."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    variables: VariableValues
    roots: list[RootRead]
    privacies: frozenset[Privacy]


class Result(NamedTuple):
    """What a query came to. `sequence` is what all of it is as new as, where that was asked for."""

    data: dict[str, Any] | None
    errors: list[GraphQLError]
    sequence: int


def make_query(
    schema: GraphQLSchema, document: Document, operation: OperationDefinitionNode, given: dict[str, Any]
) -> Query:
    """The query, with these values for its variables.

    Raises:
        Invalid: they do not fit.

    """
    variables = get_variable_values(
        schema, operation.variable_definitions or (), given, max_errors=50, hide_suggestions=True
    )
    if isinstance(variables, list):
        raise Invalid(variables)
    fragments = {
        node.name.value: FragmentDetails(node)
        for node in document.node.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    parent = schema.get_root_type(operation.operation)
    if parent is None:
        raise LookupError("the schema has no queries")
    found = collect_fields(schema, fragments, variables, parent, operation)
    roots = [
        _root(name, parent.fields.get(details[0].node.name.value), details, variables, document.key, operation)
        for name, details in found.grouped_field_set.items()
    ]
    privacies = frozenset(root.declared.privacy for root in roots if root.declared)
    return Query(schema, operation, fragments, variables, roots, privacies)


def _root(
    name: str,
    definition: GraphQLField | None,
    details: list[FieldDetails],
    variables: VariableValues,
    document_key: int,
    operation: OperationDefinitionNode,
) -> RootRead:
    if definition is None:
        return RootRead(name, None, None, details, {}, None)
    node, _, fragment_variables = details[0]
    try:
        arguments = get_argument_values(definition, node, variables, fragment_variables, hide_suggestions=True)
    except GraphQLError as problem:
        return RootRead(name, definition, root_field_of(definition), details, {}, None, problem=problem)
    key = selection_key(document_key, operation, (name,), variables)
    return RootRead(name, definition, root_field_of(definition), details, arguments, key)


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
        # The text of one of graphql-core's own repeats the document.
        message = error.message if isinstance(error, GraphQLError) else str(error)
        return GraphQLError(message, nodes=nodes, path=[root.name], original_error=error)
    return finished


async def _finish(query: Query, root: RootRead, request: Request, *, with_sequence: bool) -> Finished:
    if root.problem is not None:
        raise root.problem
    if root.declared is None or root.definition is None:
        return Finished("Query", [], ANY_SEQUENCE)
    wanted = root.declared.resolve(request, root.arguments)
    if wanted is None:
        return Finished(None, [], ANY_SEQUENCE)
    if isinstance(wanted, Made | Computed):
        return await _shaped(query, root, request, wanted)
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


async def _shaped(query: Query, root: RootRead, request: Request, wanted: Made | Computed) -> Finished:
    """What is selected of plain values, with the rows that stand in them."""
    if root.definition is None:
        raise LookupError("__typename is not computed")
    shaping = Shaping(query.schema, query.operation, query.fragments, query.variables, request.context.caller)
    type_ = root.definition.type
    value = await (wanted.make() if isinstance(wanted, Made) else wanted.compute(shaping.tree(type_, root.details)))
    shaped = shaping.shaped(type_, root.details, value)
    for place in shaping.rows:
        await _read_rows(query, root, request, place, shaping.problems)
    return Finished(shaped, shaping.problems)


async def _read_rows(
    query: Query, root: RootRead, request: Request, place: RowPlace, problems: list[FieldProblem]
) -> None:
    """Reads the rows of one place in the answer, wherever in its lists it is, and puts them there."""
    selection = Selection(
        query.schema,
        query.operation,
        query.fragments,
        query.variables,
        place.definition,
        place.details,
        request.context.caller,
        selection_key(request.document_key, query.operation, (root.name, *place.names), query.variables),
        {},
    )
    found = await finish(request, ReadEach(tuple(each.row for each in place.wanted)), selection)
    for each, value in zip(place.wanted, found.value, strict=True):
        each.target[each.key] = value
    for problem in found.problems:
        each = place.wanted[int(problem.path[0])]
        problems.append(FieldProblem((*each.path, *problem.path[1:]), problem.scope))


# What no event can change is as new as any of them.
ANY_SEQUENCE = 2**63


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
