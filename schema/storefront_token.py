"""Storefront tokens: the type, its sort, and the mutations."""

from datetime import datetime
from enum import Enum
from typing import Any

import strawberry

from resolvers.context import Context
from resolvers.read.source import Flag, SortKey
from resolvers.storefront_token import NewStorefrontToken, create_storefront_token, revoke_storefront_token
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.connection import SortDirection, argument
from schema.mutation import mutation, row
from schema.query import read_many
from schema.reading import Node, column, reads, row_id


@reads(
    "storefront_token",
    scope="api_keys:read",
    default_sort=("CREATED_AT", "DESC"),
    sorts={"CREATED_AT": SortKey("{t}.created_at", "timestamptz")},
    filters={"isRevoked": Flag("{t}.revoked_at is not null", "{t}.revoked_at is null")},
)
@strawberry.type(description="A publishable key with which a site's anonymous shoppers see what is published.")
class StorefrontToken(Node):
    """One token. It is no secret: every visitor of the site can see it."""

    id: strawberry.ID = row_id()
    name: str = column("Which site it is for.")
    token: str = column("The token itself, to be sent as `X-Storefront-Token`.")
    hides_stock: bool = column("Whether shoppers are not told how many are left.")
    created_at: datetime = column("When it was made.")
    revoked_at: datetime | None = column("When it was revoked.")


@strawberry.input(description="Which storefront tokens: all that is named must hold.")
class StorefrontTokenFilter:
    """A filter of storefront tokens."""

    is_revoked: bool | None = strawberry.field(default=None, description="Whether it was revoked.")


@strawberry.enum(description="What storefront tokens are sorted by.")
class StorefrontTokenSortField(Enum):
    """Keys of a sort."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When it was made.")


@strawberry.input(description="In which order storefront tokens come.")
class StorefrontTokenSort:
    """A sort of storefront tokens."""

    field: StorefrontTokenSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="A storefront token to be made.")
class StorefrontTokenCreateInput:
    """A new storefront token."""

    name: str = strawberry.field(description="Which site it is for; 1 to 200 characters.")
    hides_stock: bool | None = strawberry.field(
        default=None, description="Whether shoppers are not told how many are left; they are by default."
    )


QUERIES = {
    "storefront_tokens": read_many(
        StorefrontToken,
        "The workspace's storefront tokens.",
        "api_keys:read",
        StorefrontTokenFilter,
        StorefrontTokenSort,
    ),
}


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await create_storefront_token(context, validated(NewStorefrontToken, input))


async def _revoke(context: Context, id: str) -> Outcome:  # noqa: A002
    return await revoke_storefront_token(context, required_id(id, "StorefrontToken", "storefront token"))


MUTATIONS = {
    "storefront_token_create": mutation(
        "storefrontTokenCreate",
        "Makes a storefront token.",
        needs="api_keys:write",
        arguments=[argument("input", StorefrontTokenCreateInput, "The token.")],
        run=_create,
        returns={"storefront_token": row(StorefrontToken, "The token.")},
    ),
    "storefront_token_revoke": mutation(
        "storefrontTokenRevoke",
        "Revokes a storefront token: its shoppers are shut out within seconds, and for good.",
        needs="api_keys:write",
        arguments=[argument("id", strawberry.ID, "The token's id.")],
        run=_revoke,
        returns={"storefront_token": row(StorefrontToken, "The token as it is now.")},
    ),
}
