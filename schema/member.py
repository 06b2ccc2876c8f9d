"""The people of a workspace: memberships, invitations, and the mutations."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from core.access import Role as RoleName
from core.ids import uuid_in
from resolvers.context import Context
from resolvers.member import (
    MembershipChanges,
    NewInvitation,
    accept_invitation,
    create_invitation,
    delete_membership,
    revoke_invitation,
    update_membership,
)
from resolvers.read import Read
from resolvers.read.source import AnyOf, Flag, SortKey
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.access import Access
from schema.connection import SortDirection, argument
from schema.enums import enum_of
from schema.mutation import Returns, deleted_id, mutation, row
from schema.query import read_many
from schema.reading import Node, column, one, reads, row_id
from schema.workspace import Workspace

if TYPE_CHECKING:
    from schema.account import User

_ROLES = {
    RoleName.OWNER: "Everything; only owners make and remove owners, and there always is one.",
    RoleName.ADMIN: "Everything but making and removing owners.",
    RoleName.STAFF: "Sees and works on products and orders.",
    RoleName.VIEWER: "Sees products and orders, changes nothing.",
}
if TYPE_CHECKING:

    class Role(Enum):
        """A place in a workspace."""

else:
    Role = enum_of(
        "Role",
        "A person's place in a workspace, which is a set of scopes.",
        {role.value: (role.value, text) for role, text in _ROLES.items()},
    )


@reads(
    "membership",
    scope="members:read",
    default_sort=("CREATED_AT", "ASC"),
    sorts={"CREATED_AT": SortKey("{t}.created_at", "timestamptz")},
    filters={"role": AnyOf("{t}.role", "text[]")},
)
@strawberry.type(description="A user's place in a workspace.")
class Membership(Node):
    """One person in one workspace."""

    id: strawberry.ID = row_id()
    role: Role = column("What it lets them do.")
    user: Annotated["User", strawberry.lazy("schema.account")] | None = one(
        "The person; null where the caller may not see who works here.", "User", "{c}.id = {p}.user_id", crosses=True
    )
    workspace: Workspace = one("The workspace.", "Workspace", "{c}.id = {p}.workspace_id", crosses=True)
    created_at: datetime = column("Since when.")
    updated_at: datetime = column("When the role last changed.")


@reads(
    "invitation",
    scope="members:read",
    default_sort=("CREATED_AT", "DESC"),
    sorts={"CREATED_AT": SortKey("{t}.created_at", "timestamptz")},
    filters={
        "isOpen": Flag(
            "({t}.accepted_at is null and {t}.revoked_at is null and {t}.expires_at > now())",
            "({t}.accepted_at is not null or {t}.revoked_at is not null or {t}.expires_at <= now())",
        )
    },
)
@strawberry.type(description="An e-mail address that was asked to join.")
class Invitation(Node):
    """One invitation. Its secret is in the e-mail, and nowhere else."""

    id: strawberry.ID = row_id()
    email: str = column("Whom it was sent to.")
    role: Role = column("What they will be.")
    invited_by: str = column("Who invited them: an e-mail address, or the name of an API key.")
    created_at: datetime = column("When they were first invited.")
    expires_at: datetime = column("Until when it can be accepted.")
    accepted_at: datetime | None = column("When it was accepted.")
    revoked_at: datetime | None = column("When it was taken back.")


@strawberry.input(description="Which memberships: all that is named must hold.")
class MembershipFilter:
    """A filter of memberships."""

    role: list[Role] | None = strawberry.field(default=None, description="Has one of these.")


@strawberry.enum(description="What memberships are sorted by.")
class MembershipSortField(Enum):
    """Keys of a sort."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="Since when.")


@strawberry.input(description="In which order memberships come.")
class MembershipSort:
    """A sort of memberships."""

    field: MembershipSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="Which invitations: all that is named must hold.")
class InvitationFilter:
    """A filter of invitations."""

    is_open: bool | None = strawberry.field(
        default=None,
        description="Whether it can be accepted now: not accepted yet, not revoked, not expired.",
    )


@strawberry.enum(description="What invitations are sorted by.")
class InvitationSortField(Enum):
    """Keys of a sort."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When they were first invited.")


@strawberry.input(description="In which order invitations come.")
class InvitationSort:
    """A sort of invitations."""

    field: InvitationSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="Somebody to be invited.")
class InvitationCreateInput:
    """A new invitation."""

    email: str = strawberry.field(description="Whom to ask: the account that accepts must have this address.")
    role: Role = strawberry.field(description="What they will be.")


@strawberry.input(description="What of a membership shall change.")
class MembershipUpdateInput:
    """A change of a membership."""

    role: Role = strawberry.field(description="The new role.")


QUERIES = {
    "memberships": read_many(
        Membership, "The people of the workspace.", "members:read", MembershipFilter, MembershipSort
    ),
    "invitations": read_many(
        Invitation, "Who was asked to join the workspace.", "members:read", InvitationFilter, InvitationSort
    ),
}


async def _invite(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await create_invitation(context, validated(NewInvitation, input))


async def _revoke(context: Context, id: str) -> Outcome:  # noqa: A002
    return await revoke_invitation(context, required_id(id, "Invitation", "invitation"))


async def _accept(context: Context, token: str) -> Outcome:
    return await accept_invitation(context, token)


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    changes = validated(MembershipChanges, input)
    return await update_membership(context, required_id(id, "Membership", "membership"), changes)


async def _delete(context: Context, id: str) -> Outcome:  # noqa: A002
    return await delete_membership(context, uuid_in(id, "Membership"))


def _own_membership(outcome: Outcome) -> Read:
    """The caller's own membership, in a workspace that their request need not have named."""
    own = {"id": row(Membership, "").make(outcome).equals["id"], "user_id": UUID(str(outcome["user_id"]))}
    return Read("Membership", own, across_workspaces=True)


_MEMBERSHIP_ID = argument("id", strawberry.ID, "The membership's id.")

MUTATIONS = {
    "invitation_create": mutation(
        "invitationCreate",
        "Asks somebody to join, by an e-mail with a link. Asking the same address again renews the invitation: the "
        "link that was sent before stops working.",
        needs="members:write",
        arguments=[argument("input", InvitationCreateInput, "Whom, and as what.")],
        run=_invite,
        returns={"invitation": row(Invitation, "The invitation as it is now.")},
        codes=("FORBIDDEN_ROLE", "TAKEN", "TOO_MANY_ATTEMPTS"),
    ),
    "invitation_revoke": mutation(
        "invitationRevoke",
        "Takes an invitation back: its link stops working.",
        needs="members:write",
        arguments=[argument("id", strawberry.ID, "The invitation's id.")],
        run=_revoke,
        returns={"invitation": row(Invitation, "The invitation as it is now.")},
        codes=("ALREADY_ACCEPTED",),
    ),
    "invitation_accept": mutation(
        "invitationAccept",
        "Joins a workspace. The caller's e-mail address must be the one that was invited.",
        needs=Access.USER,
        arguments=[argument("token", str, "The token at the end of the link in the e-mail.")],
        run=_accept,
        returns={"membership": Returns(Membership, "The caller's place in the workspace.", _own_membership)},
        codes=("EXPIRED", "TAKEN", "WRONG_EMAIL"),
    ),
    "membership_update": mutation(
        "membershipUpdate",
        "Changes a person's role.",
        needs="members:write",
        arguments=[_MEMBERSHIP_ID, argument("input", MembershipUpdateInput, "What shall change.")],
        run=_update,
        returns={"membership": row(Membership, "The membership as it is now.")},
        codes=("FORBIDDEN_ROLE", "LAST_OWNER"),
    ),
    "membership_delete": mutation(
        "membershipDelete",
        "Removes a person from the workspace, which needs the scope `members:write`, or leaves it oneself.",
        needs=Access.WORKSPACE,
        arguments=[_MEMBERSHIP_ID],
        run=_delete,
        returns={"deleted_membership_id": deleted_id("Membership", "The id of the membership that ended.")},
        codes=("FORBIDDEN_ROLE", "LAST_OWNER"),
    ),
}
