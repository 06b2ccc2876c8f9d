"""How much may be sent as variables."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    type_from_ast,
)

from core.errors import BadUserInput

# A value takes up to 5 µs to be fitted to its type, while nobody else is served.
MAX_VALUES = 3_000
# What stands in one of these is fitted to nothing: whoever takes it bounds it.
_WHOLE = "JSON"


def refuse_many_values(schema: GraphQLSchema, operation: OperationDefinitionNode, variables: dict[str, Any]) -> None:
    """Refuses variables that would take long to be looked at, which happens before any rule of the business.

    Raises:
        BadUserInput: they hold more than `MAX_VALUES` values, lists and objects counted with what is in them.

    """
    types = _types_of(schema, operation)
    count = len(variables)
    waiting = [(value, types.get(name)) for name, value in variables.items()]
    while waiting and count <= MAX_VALUES:
        value, named = waiting.pop()
        if named is not None and named.name == _WHOLE:
            continue
        if isinstance(value, dict):
            count += len(value)
            fields = named.fields if isinstance(named, GraphQLInputObjectType) else {}
            waiting += [
                (item, get_named_type(fields[key].type) if key in fields else None) for key, item in value.items()
            ]
        elif isinstance(value, list):
            count += len(value)
            waiting += [(item, named) for item in value]
    if count > MAX_VALUES:
        raise BadUserInput(f"The variables hold more than {MAX_VALUES:,} values.")


def _types_of(schema: GraphQLSchema, operation: OperationDefinitionNode) -> Mapping[str, Any]:
    """The named types of the operation's variables."""
    return {
        each.variable.name.value: get_named_type(type_from_ast(schema, each.type))
        for each in operation.variable_definitions or ()
    }
