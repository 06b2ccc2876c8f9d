"""Storefront tokens: the type, its sort, and the mutations."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from resolvers.context import Context
from resolvers.read.source import Flag, SortKey
from resolvers.storefront_token import (
    MAX_DOCUMENT_LENGTH,
    MAX_DOCUMENTS,
    GivenUpOperations,
    NewOperations,
    NewStorefrontToken,
    StorefrontTokenChanges,
    create_storefront_token,
    register_operations,
    revoke_storefront_token,
    unregister_operations,
    update_storefront_token,
)
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.connection import SortDirection, argument
from schema.mutation import Returns, mutation, row
from schema.query import read_many
from schema.reading import Node, column, many, one, reads, row_id
from schema.registration import valid_documents

if TYPE_CHECKING:
    from schema.site import Site

# Whoever may write tokens sees the one that they wrote, with its operations.
OWN_TOKEN = frozenset({"api_keys:read"})
_ORIGINS = (
    "Origins whose pages may use it, such as https://shop.example, at most 50. The first label may be *, for any one: "
    "https://*.shop.example. Where there are none every page may that the server lets in."
)


@reads("persisted_operation", scope="api_keys:read")
@strawberry.type(description="An operation that was registered for a storefront token.")
class PersistedOperation(Node):
    """One document, which shoppers may name by its hash."""

    id: strawberry.ID = row_id()
    hash: str = column("The SHA-256 of the document in UTF-8, in hexadecimal: `extensions.persistedQuery.sha256Hash`.")
    name: str | None = column("The operation's name, where it has one.")
    document: str = column("The document as it was sent.")
    created_at: datetime = column("When it was registered.")


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
    name: str = column("What it is for.")
    site: Annotated["Site", strawberry.lazy("schema.site")] | None = one(
        "The site that it is of; null where it is of none, or where the site was deleted.",
        "Site",
        "{c}.id = {p}.site_id",
    )
    token: str = column("The token itself, to be sent as `X-Storefront-Token`.")
    hides_stock: bool = column("Whether shoppers are not told how many are left.")
    allowed_origins: list[str] = column(_ORIGINS)
    registered_operations_only: bool = column("Whether shoppers may only send operations that were registered for it.")
    revision: int = column("Goes up with every change: name the one that you read when you update.")
    created_at: datetime = column("When it was made.")
    revoked_at: datetime | None = column("When it was revoked.")
    operations = many(
        PersistedOperation,
        "The operations that were registered for it, the oldest first.",
        "{c}.storefront_token_id = {p}.id",
    )


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

    name: str = strawberry.field(description="What it is for; 1 to 200 characters.")
    site_id: strawberry.ID | None = strawberry.field(
        default=None, description="The site whose config it shows; none where it is left out."
    )
    hides_stock: bool | None = strawberry.field(
        default=None, description="Whether shoppers are not told how many are left; they are by default."
    )
    allowed_origins: list[str] | None = strawberry.field(default=None, description=_ORIGINS)
    registered_operations_only: bool | None = strawberry.field(
        default=None, description="Whether shoppers may only send registered operations; any by default."
    )


@strawberry.input(description="What of a storefront token shall change; what is left out stays.")
class StorefrontTokenUpdateInput:
    """A change of a storefront token."""

    revision: int = strawberry.field(description="The revision that was read; a stale one is refused with CONFLICT.")
    name: str | None = strawberry.field(default=None, description="What it is for; 1 to 200 characters.")
    hides_stock: bool | None = strawberry.field(
        default=None, description="Whether shoppers are not told how many are left."
    )
    allowed_origins: list[str] | None = strawberry.field(default=None, description=_ORIGINS)
    registered_operations_only: bool | None = strawberry.field(
        default=None, description="Whether shoppers may only send operations that were registered for it."
    )


@strawberry.input(description="Operations to be registered for a storefront token.")
class StorefrontTokenOperationsRegisterInput:
    """Documents, such as a theme's build has."""

    documents: list[str] = strawberry.field(
        description=(
            f"GraphQL documents of one query or mutation each: 1 to {MAX_DOCUMENTS} of at most {MAX_DOCUMENT_LENGTH:,} "
            "characters, all together at most 1 MB. Shoppers must name them by the SHA-256 of the very same text."
        )
    )


@strawberry.type(description="What shoppers name a registered operation by.")
class RegisteredOperation:
    """The short of an operation that was just registered."""

    hash: str = strawberry.field(description="The SHA-256 of the document in UTF-8, in hexadecimal.")
    name: str | None = strawberry.field(description="The operation's name, where it has one.")


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


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    token_id = required_id(id, "StorefrontToken", "storefront token")
    return await update_storefront_token(context, token_id, validated(StorefrontTokenChanges, input))


async def _register(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    from schema.transport.operation import GRAPHQL_SCHEMA  # noqa: PLC0415 - the schema is made of this module

    token_id = required_id(id, "StorefrontToken", "storefront token")
    documents = await valid_documents(GRAPHQL_SCHEMA, validated(NewOperations, input).documents)
    return await register_operations(context, token_id, documents)


async def _unregister(context: Context, id: str, hashes: list[str]) -> Outcome:  # noqa: A002
    token_id = required_id(id, "StorefrontToken", "storefront token")
    return await unregister_operations(context, token_id, validated(GivenUpOperations, {"hashes": hashes}, at=""))


def _registered(outcome: Outcome) -> list[RegisteredOperation]:
    return [RegisteredOperation(hash=each["hash"], name=each["name"]) for each in outcome["operations"]]


MUTATIONS = {
    "storefront_token_create": mutation(
        "storefrontTokenCreate",
        "Makes a storefront token.",
        needs="api_keys:write",
        arguments=[argument("input", StorefrontTokenCreateInput, "The token.")],
        run=_create,
        returns={"storefront_token": row(StorefrontToken, "The token.", granted=OWN_TOKEN)},
    ),
    "storefront_token_update": mutation(
        "storefrontTokenUpdate",
        "Changes a storefront token, for all its shoppers within seconds. A stale revision is refused.",
        needs="api_keys:write",
        arguments=[
            argument("id", strawberry.ID, "The token's id."),
            argument("input", StorefrontTokenUpdateInput, "What shall change."),
        ],
        run=_update,
        returns={"storefront_token": row(StorefrontToken, "The token as it is now.", granted=OWN_TOKEN)},
        codes=("CONFLICT",),
    ),
    "storefront_token_operations_register": mutation(
        "storefrontTokenOperationsRegister",
        "Registers operations for a storefront token, such as all that a theme sends. Those that are registered stay.",
        needs="api_keys:write",
        arguments=[
            argument("id", strawberry.ID, "The token's id."),
            argument("input", StorefrontTokenOperationsRegisterInput, "The operations."),
        ],
        run=_register,
        returns={
            "storefront_token": row(StorefrontToken, "The token.", granted=OWN_TOKEN),
            "operations": Returns(
                list[RegisteredOperation], "What was sent, in the same order, each document once.", _registered
            ),
        },
    ),
    "storefront_token_operations_unregister": mutation(
        "storefrontTokenOperationsUnregister",
        "Takes operations of a storefront token back: within seconds its shoppers can no longer name them.",
        needs="api_keys:write",
        arguments=[
            argument("id", strawberry.ID, "The token's id."),
            argument("hashes", list[str], f"Their hashes, 1 to {MAX_DOCUMENTS}. Unknown ones are passed over."),
        ],
        run=_unregister,
        returns={
            "storefront_token": row(StorefrontToken, "The token.", granted=OWN_TOKEN),
            "hashes": Returns(list[str], "Those that were registered.", lambda outcome: outcome["hashes"]),
        },
    ),
    "storefront_token_revoke": mutation(
        "storefrontTokenRevoke",
        "Revokes a storefront token: its shoppers are shut out within seconds, and for good.",
        needs="api_keys:write",
        arguments=[argument("id", strawberry.ID, "The token's id.")],
        run=_revoke,
        returns={"storefront_token": row(StorefrontToken, "The token as it is now.", granted=OWN_TOKEN)},
    ),
}
