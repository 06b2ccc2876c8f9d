"""Root fields that read: one row, or a connection."""

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from typing import Any

import strawberry

from resolvers.read import Read
from schema.access import Needs, check, describe
from schema.connection import Connection, connection_parameters
from schema.request import Request

NEEDS = "needs"
Find = Callable[..., Mapping[str, Any] | Read | None]


def root_field(
    resolve: Callable[..., Any], returns: Any, description: str, needs: Needs, parameters: list[Parameter]
) -> Any:
    """A root field whose resolver is called as `resolve(request, **arguments)` once the caller was let through."""

    def checked(info: strawberry.Info[Request], **arguments: Any) -> Any:
        request = info.context
        check(request.context.caller, needs)
        return resolve(request, **arguments)

    info = Parameter("info", Parameter.POSITIONAL_OR_KEYWORD, annotation=strawberry.Info)
    checked.__signature__ = Signature([info, *parameters], return_annotation=returns)  # type: ignore[attr-defined]
    checked.__annotations__ = {p.name: p.annotation for p in [info, *parameters]} | {"return": returns}
    return strawberry.field(resolver=checked, description=f"{description} {describe(needs)}", metadata={NEEDS: needs})


def read_one(type_: Any, description: str, needs: Needs, parameters: list[Parameter], find: Find) -> Any:
    """One row. `find(caller, **arguments)` gives the columns to find it by; None where it cannot be there."""

    def resolve(request: Request, **arguments: Any) -> Read | None:
        found = find(request.context.caller, **arguments)
        if found is None or isinstance(found, Read):
            return found
        return Read(type_.__name__, found)

    return root_field(resolve, type_ | None, description, needs, parameters)


def read_many(type_: Any, description: str, needs: Needs, filter_type: Any = None, sort_type: Any = None) -> Any:
    """A connection to all rows of the type that the caller may see."""

    def resolve(_request: Request, **_arguments: Any) -> Read:
        return Read(type_.__name__, many=True)

    parameters = connection_parameters(filter_type, sort_type)
    return root_field(resolve, Connection[type_], description, needs, parameters)
