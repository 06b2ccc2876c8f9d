"""The people of a workspace: inviting them, their roles, removing them."""

from resolvers.member.accept import accept_invitation
from resolvers.member.invite import NewInvitation, create_invitation, revoke_invitation
from resolvers.member.membership import MembershipChanges, delete_membership, update_membership

__all__ = [
    "MembershipChanges",
    "NewInvitation",
    "accept_invitation",
    "create_invitation",
    "delete_membership",
    "revoke_invitation",
    "update_membership",
]
