"""The workspace."""

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from core.access import Caller
from resolvers.context import Context
from resolvers.read import Read
from resolvers.validation import validated
from resolvers.workspace import NewWorkspace, WorkspaceChanges, create_workspace, update_workspace
from resolvers.write import Outcome
from schema.access import Access
from schema.connection import argument
from schema.mutation import Returns, mutation, row
from schema.query import Privacy, read_one
from schema.reading import Node, column, reads, row_id
from schema.scalars import CurrencyCode

OWN_WORKSPACE = frozenset({"workspace:read"})


@reads("workspace", workspace_column="id")
@strawberry.type(description="One merchant's shop.")
class Workspace(Node):
    """The tenant."""

    id: strawberry.ID = row_id()
    slug: str = column("Its address, unique among all workspaces.")
    name: str = column("Its name.")
    currency_code: CurrencyCode = column("What it sells in; fixed from the first order on.")
    time_zone: str = column("By which its days begin and end, as the IANA calls it: Europe/Berlin. UTC by default.")
    revision: int | None = column(
        "Goes up with every change: name the one that you read when you update.", scope="workspace:read"
    )
    created_at: datetime | None = column("When it was made.", scope="workspace:read")


@strawberry.input(description="A workspace to be made.")
class WorkspaceCreateInput:
    """A new workspace."""

    name: str = strawberry.field(description="Its name; 1 to 200 characters.")
    slug: str | None = strawberry.field(
        default=None,
        description="Its address: at most 60 lower-case letters, digits, hyphens. Made of the name by default.",
    )
    currency_code: CurrencyCode = strawberry.field(description="What it sells in; fixed from the first order on.")
    time_zone: str | None = strawberry.field(
        default=None,
        description="By which its days begin and end, as the IANA calls it: Europe/Berlin. UTC by default.",
    )


@strawberry.input(description="What of a workspace shall change; what is left out stays.")
class WorkspaceUpdateInput:
    """A change of a workspace."""

    revision: int = strawberry.field(description="The revision that was read; a stale one is refused with CONFLICT.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    slug: str | None = strawberry.field(default=None, description="Its new address; the old one is free for others.")
    currency_code: CurrencyCode | None = strawberry.field(
        default=None,
        description="What it sells in from now on: prices keep their figures, rounded to the new currency's decimals.",
    )
    time_zone: str | None = strawberry.field(
        default=None, description="By which its days begin and end. Visitors are counted anew by its days."
    )


def _own(caller: Caller) -> dict[str, object]:
    return {"id": caller.workspace_id}


QUERIES = {
    "workspace": read_one(
        Workspace, "The workspace that the request is for.", Access.WORKSPACE, [], _own, Privacy.PUBLISHED
    ),
}


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await create_workspace(context, validated(NewWorkspace, input))


async def _update(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await update_workspace(context, validated(WorkspaceChanges, input))


def _made(outcome: Outcome) -> Read:
    """The workspace that the caller just made, which is not the one that their request is for."""
    return Read("Workspace", {"id": UUID(str(outcome["id"]))}, granted=OWN_WORKSPACE, across_workspaces=True)


MUTATIONS = {
    "workspace_create": mutation(
        "workspaceCreate",
        "Makes a workspace; the caller becomes its owner.",
        needs=Access.USER,
        arguments=[argument("input", WorkspaceCreateInput, "The workspace.")],
        run=_create,
        returns={"workspace": Returns(Workspace, "The new workspace.", _made)},
        codes=("TAKEN",),
    ),
    "workspace_update": mutation(
        "workspaceUpdate",
        "Changes the workspace's settings. A revision that is no longer the current one is refused.",
        needs="workspace:write",
        arguments=[argument("input", WorkspaceUpdateInput, "What shall change.")],
        run=_update,
        returns={"workspace": row(Workspace, "The workspace as it is now.", granted=OWN_WORKSPACE)},
        codes=("CONFLICT", "CURRENCY_FIXED", "TAKEN"),
    ),
}
