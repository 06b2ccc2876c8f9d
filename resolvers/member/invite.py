"""Inviting people by e-mail."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from core.access import Role
from core.clock import now
from core.crypto import hash_secret, new_secret, pack_token
from core.errors import Problem, Refused
from core.ids import new_id
from models import AppUser, Invitation, Membership, Workspace
from resolvers.account.throttle import count, invitations_to
from resolvers.context import Context
from resolvers.email import add_email
from resolvers.member.role import refuse_role
from resolvers.validation import Email, Input
from resolvers.write import Outcome, Write, write

INVITATION_TOKEN_PREFIX = "vi_"  # noqa: S105 - a prefix
LIFETIME = timedelta(days=14)
# Keeps a workspace from sending e-mails to the whole world; two at the same moment may pass it by one.
MAX_OPEN = 200
_OPEN = text("accepted_at is null and revoked_at is null")


class NewInvitation(Input):
    """Whom to invite, and as what."""

    email: Email
    role: Role


async def create_invitation(context: Context, new: NewInvitation) -> Outcome:
    """Invites somebody; the outcome has the invitation's `id`.

    Inviting an address again renews its open invitation: the role and the link are the new ones, the old link is void.

    Raises:
        Refused: FORBIDDEN_ROLE, TAKEN (they are a member already), TOO_MANY (open invitations), TOO_MANY_ATTEMPTS
            (e-mails to this address, whichever workspace sent them).

    """
    refuse_role(context.caller, new.role, ("input", "role"))
    async with write(context) as tx:
        await _refuse_members(tx, new.email)
        await _refuse_too_many(tx)
        # Within the write, so that a repeated request, which sends nothing, is not counted.
        await count(context.platform, invitations_to(new.email))
        secret = new_secret()
        values = {
            "role": new.role.value,
            "secret_hash": hash_secret(secret),
            "invited_by": context.caller.label,
            "expires_at": now() + LIFETIME,
        }
        statement = insert(Invitation).values(workspace_id=tx.workspace_id, id=new_id(), email=new.email, **values)
        renewed = statement.on_conflict_do_update(
            index_elements=[Invitation.workspace_id, Invitation.email], index_where=_OPEN, set_=values
        )
        invitation_id: UUID = (await tx.session.execute(renewed.returning(Invitation.id))).scalar_one()
        token = pack_token(INVITATION_TOKEN_PREFIX, tx.workspace_id, invitation_id, secret)
        await _send(tx, new, token)
        tx.audit("invitationCreate", "Invitation", invitation_id, new.model_dump(mode="json"))
        return tx.done(id=invitation_id)


async def _refuse_members(tx: Write, email: str) -> None:
    statement = (
        select(Membership.id)
        .join(AppUser, AppUser.id == Membership.user_id)
        .where(Membership.workspace_id == tx.workspace_id, AppUser.email == email)
    )
    if await tx.session.scalar(statement) is not None:
        message = "There is a member with this e-mail address already."
        raise Refused(Problem("TAKEN", message, ("input", "email")))


async def _refuse_too_many(tx: Write) -> None:
    statement = select(func.count()).select_from(Invitation).where(_OPEN, Invitation.expires_at > func.now())
    if (await tx.session.execute(statement)).scalar_one() >= MAX_OPEN:
        message = f"There are {MAX_OPEN} open invitations: revoke some of them first."
        raise Refused(Problem("TOO_MANY", message, ("input", "email")))


async def _send(tx: Write, new: NewInvitation, token: str) -> None:
    """The e-mail. The token stands behind the link's `#`, which browsers send to no server and so into no log."""
    settings = tx.context.platform.settings
    workspace = await tx.session.scalar(select(Workspace.name).where(Workspace.id == tx.workspace_id))
    link = f"{(settings.dashboard_url or settings.base_url).rstrip('/')}/invitation#{token}"
    await add_email(
        tx.session,
        to=new.email,
        subject=f"Join {workspace} on Vitrine",
        text_body=(
            f"{tx.context.caller.label} invites you to work in the shop {workspace} as {new.role.value}.\n\n"
            f"Accept within {LIFETIME.days} days:\n{link}\n\n"
            "If you do not know this shop, do nothing.\n"
        ),
    )


async def revoke_invitation(context: Context, invitation_id: UUID) -> Outcome:
    """Takes an invitation back; the outcome has its `id`. Twice is no error.

    Raises:
        Refused: NOT_FOUND, ALREADY_ACCEPTED.

    """
    async with write(context) as tx:
        invitation = await tx.session.scalar(select(Invitation).where(Invitation.id == invitation_id).with_for_update())
        if invitation is None:
            raise Refused(Problem("NOT_FOUND", "There is no invitation with this id.", ("id",)))
        if invitation.accepted_at is not None:
            message = "The invitation was accepted: remove the membership instead."
            raise Refused(Problem("ALREADY_ACCEPTED", message, ("id",)))
        if invitation.revoked_at is None:
            invitation.revoked_at = func.now()
            tx.audit("invitationRevoke", "Invitation", invitation.id)
        return tx.done(id=invitation.id)
