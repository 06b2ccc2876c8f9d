"""Changing and ending memberships. A workspace always keeps an owner."""

from uuid import UUID

from sqlalchemy import func, select

from core.access import CallerKind, Role
from core.errors import Forbidden, Problem, Refused
from core.pubsub import revoked_channel
from models import Membership
from resolvers.context import Context
from resolvers.member.role import refuse_role
from resolvers.validation import Input
from resolvers.write import Outcome, Write, write

WRITE = "members:write"


class MembershipChanges(Input):
    """What of a membership shall change."""

    role: Role


async def update_membership(context: Context, membership_id: UUID, changes: MembershipChanges) -> Outcome:
    """Gives a member another role; the outcome has the membership's `id`. What they may do changes within seconds.

    Raises:
        Refused: NOT_FOUND, FORBIDDEN_ROLE, LAST_OWNER.

    """
    async with write(context) as tx:
        owners = await _locked_owners(tx)
        membership = await _locked(tx, membership_id)
        old = Role(membership.role)
        refuse_role(context.caller, old, ("id",))
        refuse_role(context.caller, changes.role, ("input", "role"))
        _refuse_deposed(context, owners, old, changes.role)
        if old is Role.OWNER and changes.role is not Role.OWNER:
            _refuse_last(owners)
        membership.role = changes.role.value
        membership.updated_at = func.now()
        tx.audit("membershipUpdate", "Membership", membership.id, {"role": changes.role.value, "was": old.value})
        outcome, user_id = tx.done(id=membership.id), membership.user_id
    context.platform.doorbells.ring(revoked_channel(user_id))
    return outcome


async def delete_membership(context: Context, membership_id: UUID | None) -> Outcome:
    """Removes a member, or lets the caller leave; the outcome has the membership's `id`.

    None is the id of no membership, such as a malformed one: who may not remove people is answered the same as for any
    other.

    Raises:
        Forbidden: the caller may not remove people, and this is not their own membership (or there is none).
        Refused: NOT_FOUND, FORBIDDEN_ROLE, LAST_OWNER.

    """
    caller = context.caller
    async with write(context) as tx:
        owners = await _locked_owners(tx)
        membership = await _found(tx, membership_id) if membership_id else None
        leaves = membership is not None and caller.kind is CallerKind.USER and membership.user_id == caller.id
        if not leaves and not caller.has(WRITE):
            raise Forbidden(f"This needs the scope {WRITE}.", scope=WRITE)
        if membership is None:
            raise _not_found()
        role = Role(membership.role)
        if not leaves:
            refuse_role(caller, role, ("id",))
            _refuse_deposed(context, owners, role)
        if role is Role.OWNER:
            _refuse_last(owners)
        await tx.session.delete(membership)
        tx.audit("membershipDelete", "Membership", membership.id, {"user_id": membership.user_id, "role": role.value})
        outcome, user_id = tx.done(id=membership.id), membership.user_id
    context.platform.doorbells.ring(revoked_channel(user_id))
    return outcome


async def _locked_owners(tx: Write) -> list[UUID]:
    """The users who own the workspace, locked in key order: no two changes can each remove the other's last owner."""
    statement = (
        select(Membership)
        .where(Membership.workspace_id == tx.workspace_id, Membership.role == Role.OWNER.value)
        .order_by(Membership.id)
        .with_for_update()
    )
    return [membership.user_id for membership in await tx.session.scalars(statement)]


async def _found(tx: Write, membership_id: UUID) -> Membership | None:
    statement = select(Membership).where(Membership.id == membership_id).with_for_update()
    found: Membership | None = await tx.session.scalar(statement)
    return found


async def _locked(tx: Write, membership_id: UUID) -> Membership:
    """The membership, locked until the write is done.

    Raises:
        Refused: NOT_FOUND.

    """
    membership = await _found(tx, membership_id)
    if membership is None:
        raise _not_found()
    return membership


def _not_found() -> Refused:
    return Refused(Problem("NOT_FOUND", "There is no membership with this id.", ("id",)))


def _refuse_deposed(context: Context, owners: list[UUID], *roles: Role) -> None:
    """A caller is remembered for some seconds: one who was an owner until just now makes and removes none."""
    caller = context.caller
    if Role.OWNER in roles and caller.kind is CallerKind.USER and caller.id not in owners:
        raise Refused(Problem("FORBIDDEN_ROLE", "Only an owner makes or removes owners.", ("id",)))


def _refuse_last(owners: list[UUID]) -> None:
    if len(owners) == 1:
        message = "A workspace needs an owner: make somebody else one first."
        raise Refused(Problem("LAST_OWNER", message, ("id",)))
