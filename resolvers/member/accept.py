"""Accepting an invitation."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core.clock import now
from core.crypto import same_secret, unpack_token
from core.errors import Problem, Refused
from core.ids import new_id
from core.pubsub import revoked_channel
from models import Invitation, Membership
from resolvers.account.sign_out import signed_in
from resolvers.context import Context
from resolvers.member.invite import INVITATION_TOKEN_PREFIX
from resolvers.write import Outcome, Write, write

_AT = ("token",)


async def accept_invitation(context: Context, token: str) -> Outcome:
    """Makes the caller a member; the outcome has the membership's `id`, its `user_id` and `workspace_id`.

    The write is pinned to the workspace that the token names, whatever the request says, and only for the one row whose
    secret the token holds.

    Raises:
        Refused: NOT_FOUND (no such invitation, revoked, accepted, or renewed since), EXPIRED, WRONG_EMAIL, TAKEN (the
            caller is a member already).

    """
    user_id, _ = signed_in(context)
    parts = unpack_token(INVITATION_TOKEN_PREFIX, token)
    if parts is None:
        raise _not_found()
    workspace_id, invitation_id, secret = parts
    async with write(context, workspace_id) as tx:
        invitation = await _locked(tx, invitation_id, secret)
        if invitation.expires_at <= now():
            raise Refused(Problem("EXPIRED", "The invitation has expired: ask for a new one.", _AT))
        if invitation.email != context.caller.label:
            message = "The invitation was sent to another e-mail address: sign in with that one."
            raise Refused(Problem("WRONG_EMAIL", message, _AT))
        invitation.accepted_at = func.now()
        membership = Membership(workspace_id=workspace_id, id=new_id(), user_id=user_id, role=invitation.role)
        tx.session.add(membership)
        try:
            await tx.session.flush()
        except IntegrityError as error:
            if "uq_membership_workspace_id_user_id" not in str(error.orig):
                raise
            raise Refused(Problem("TAKEN", "You are a member of this workspace already.", _AT)) from None
        tx.audit("invitationAccept", "Membership", membership.id, {"role": invitation.role})
        outcome = tx.done(id=membership.id, user_id=user_id, workspace_id=workspace_id)
    # Somebody who named this workspace some seconds ago was told that it is not there.
    context.platform.doorbells.ring(revoked_channel(user_id))
    return outcome


async def _locked(tx: Write, invitation_id: UUID, secret: bytes) -> Invitation:
    """The invitation, if it is open and this is its secret.

    Raises:
        Refused: NOT_FOUND.

    """
    statement = select(Invitation).where(
        Invitation.id == invitation_id, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
    )
    invitation = await tx.session.scalar(statement.with_for_update())
    if invitation is None or not same_secret(secret, invitation.secret_hash):
        raise _not_found()
    return invitation


def _not_found() -> Refused:
    return Refused(Problem("NOT_FOUND", "There is no open invitation with this token.", _AT))
