"""API keys: the type, its sort, and the mutations."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry

from core.access import SCOPES
from resolvers.api_key import NewApiKey, create_api_key, revoke_api_key
from resolvers.context import Context
from resolvers.read.source import Flag, SortKey
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.connection import SortDirection, argument
from schema.enums import enum_of
from schema.mutation import mutation, row, shown_once
from schema.query import read_many
from schema.reading import Node, column, reads, row_id

# GraphQL's names have no colon: products:read is PRODUCTS_READ.
_NAMES = {scope: scope.replace(":", "_").upper() for scope in SCOPES}
if TYPE_CHECKING:

    class ApiKeyScope(Enum):
        """One permission."""

else:
    ApiKeyScope = enum_of(
        "ApiKeyScope",
        "One permission. Error messages write PRODUCTS_READ as products:read.",
        {_NAMES[scope]: (scope, text) for scope, text in SCOPES.items()},
    )


def _scope_names(scopes: list[str]) -> list[str]:
    """The scopes as GraphQL writes them; one that no longer exists gives no right and is left out."""
    return [_NAMES[scope] for scope in scopes if scope in _NAMES]


@reads(
    "api_key",
    scope="api_keys:read",
    default_sort=("CREATED_AT", "DESC"),
    sorts={"CREATED_AT": SortKey("{t}.created_at", "timestamptz")},
    filters={"isRevoked": Flag("{t}.revoked_at is not null", "{t}.revoked_at is null")},
)
@strawberry.type(description="A key with which another server acts in the workspace.")
class ApiKey(Node):
    """One key. Its secret was shown when it was made."""

    id: strawberry.ID = row_id()
    name: str = column("What it is for.")
    scopes: list[ApiKeyScope] = column("What it may do.", convert=_scope_names)
    created_at: datetime = column("When it was made.")
    expires_at: datetime | None = column("When it stops working; never, where there is nothing.")
    last_used_at: datetime | None = column("When it was last used, to the minute.")
    revoked_at: datetime | None = column("When it was revoked.")


@strawberry.input(description="Which API keys: all that is named must hold.")
class ApiKeyFilter:
    """A filter of API keys."""

    is_revoked: bool | None = strawberry.field(default=None, description="Whether it was revoked.")


@strawberry.enum(description="What API keys are sorted by.")
class ApiKeySortField(Enum):
    """Keys of a sort."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When it was made.")


@strawberry.input(description="In which order API keys come.")
class ApiKeySort:
    """A sort of API keys."""

    field: ApiKeySortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="An API key to be made.")
class ApiKeyCreateInput:
    """A new API key."""

    name: str = strawberry.field(description="What it is for; 1 to 200 characters.")
    scopes: list[ApiKeyScope] = strawberry.field(description="What it may do: nothing that its maker may not.")
    expires_at: datetime | None = strawberry.field(default=None, description="When it stops working; never by default.")


QUERIES = {
    "api_keys": read_many(ApiKey, "The workspace's API keys.", "api_keys:read", ApiKeyFilter, ApiKeySort),
}


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await create_api_key(context, validated(NewApiKey, input))


async def _revoke(context: Context, id: str) -> Outcome:  # noqa: A002
    return await revoke_api_key(context, required_id(id, "ApiKey", "API key"))


MUTATIONS = {
    "api_key_create": mutation(
        "apiKeyCreate",
        "Makes an API key.",
        needs="api_keys:write",
        arguments=[argument("input", ApiKeyCreateInput, "The key.")],
        run=_create,
        returns={
            "api_key": row(ApiKey, "The key."),
            "secret": shown_once("The key itself, to be sent as `Authorization: Bearer …`: keep it.", "secret"),
        },
        codes=("FORBIDDEN_SCOPE",),
    ),
    "api_key_revoke": mutation(
        "apiKeyRevoke",
        "Revokes an API key: it is refused within seconds, and for good.",
        needs="api_keys:write",
        arguments=[argument("id", strawberry.ID, "The key's id.")],
        run=_revoke,
        returns={"api_key": row(ApiKey, "The key as it is now.")},
    ),
}
