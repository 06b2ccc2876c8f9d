"""Who may do what to a site's look: roles, and grants of single parts. Each change is in the audit log."""

import re
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from core.access import StorefrontRole
from core.errors import Problem, Refused
from core.ids import new_id
from core.pubsub import revoked_channel
from models import Membership, StorefrontGrant, StorefrontMember
from resolvers.context import Context
from resolvers.site.site import locked_site
from resolvers.storefront.rights import need_role, rights_of
from resolvers.validation import Input, id_of, no_nul, problem_error
from resolvers.write import Outcome, Write, write

MAX_GRANTS = 200
MAX_COMPONENT_LENGTH = 500
_POINTER = re.compile(r"(?:/(?:[^/~]|~[01])*)*")

SiteId: Any = id_of("Site", "site")
UserId: Any = id_of("User", "user")


def _pointer(value: str) -> str:
    if not _POINTER.fullmatch(value):
        message = "component is empty, for all of the section, or a JSON Pointer in it, such as /colors."
        raise problem_error("INVALID", message)
    return value


Component = Annotated[
    str, StringConstraints(max_length=MAX_COMPONENT_LENGTH), AfterValidator(no_nul), AfterValidator(_pointer)
]


class MemberRole(Input):
    """Somebody's role in a site's look."""

    site_id: SiteId
    user_id: UserId
    role: StorefrontRole


class NewGrant(Input):
    """A part of a site's look that somebody may edit whatever their role."""

    site_id: SiteId
    user_id: UserId
    section: str
    component: Component = ""


async def set_member(context: Context, given: MemberRole) -> Outcome:
    """Gives somebody who works in the workspace a role, or another one; the outcome has the row's `id`.

    Raises:
        Refused: NOT_FOUND (there is no such site, or the user does not work here).
        Forbidden: the caller is no administrator of this site's look.

    """
    async with write(context) as tx:
        await _enter(tx, given.site_id, ("input", "siteId"))
        await _refuse_stranger(tx, given.user_id)
        made = insert(StorefrontMember).values(
            workspace_id=tx.workspace_id,
            id=new_id(),
            site_id=given.site_id,
            user_id=given.user_id,
            role=given.role.value,
        )
        row_id = await tx.session.scalar(
            made.on_conflict_do_update(
                index_elements=["workspace_id", "site_id", "user_id"],
                set_={"role": made.excluded.role, "updated_at": func.now()},
            ).returning(StorefrontMember.id)
        )
        tx.audit("storefrontMemberSet", "Site", given.site_id, given.model_dump(mode="json"))
        outcome = tx.done(id=row_id)
    context.platform.doorbells.ring(revoked_channel(given.user_id))
    return outcome


async def remove_member(context: Context, member_id: UUID) -> Outcome:
    """Takes somebody's role in a site's look away; what they were granted stays. The outcome has the row's `id`.

    Raises:
        Refused: NOT_FOUND.
        Forbidden: the caller is no administrator of this site's look.

    """
    async with write(context) as tx:
        statement = select(StorefrontMember).where(StorefrontMember.id == member_id)
        member = await tx.session.scalar(statement.with_for_update())
        if member is None:
            raise Refused(Problem("NOT_FOUND", "There is no storefront member with this id.", ("id",)))
        need_role(await rights_of(tx, member.site_id), StorefrontRole.ADMIN)
        await tx.session.delete(member)
        noted = {"user_id": member.user_id, "role": member.role}
        tx.audit("storefrontMemberRemove", "Site", member.site_id, noted)
        outcome, user_id = tx.done(id=member.id), member.user_id
    context.platform.doorbells.ring(revoked_channel(user_id))
    return outcome


async def add_grant(context: Context, new: NewGrant) -> Outcome:
    """Lets somebody edit a part of a site's look; the outcome has the grant's `id`. Twice is no error.

    Raises:
        Refused: NOT_FOUND, LIMIT_REACHED.
        Forbidden: the caller is no administrator of this site's look.

    """
    async with write(context) as tx:
        await _enter(tx, new.site_id, ("input", "siteId"))
        await _refuse_stranger(tx, new.user_id)
        grant = {"site_id": new.site_id, "user_id": new.user_id, "section": new.section, "component": new.component}
        made = insert(StorefrontGrant).values(workspace_id=tx.workspace_id, id=new_id(), **grant)
        added = await tx.session.scalar(made.on_conflict_do_nothing().returning(StorefrontGrant.id))
        grant_id = added or await tx.session.scalar(select(StorefrontGrant.id).filter_by(**grant))
        await _refuse_too_many(tx, new)
        if added:
            tx.audit("storefrontGrantAdd", "Site", new.site_id, new.model_dump(mode="json"))
        outcome = tx.done(id=grant_id)
    context.platform.doorbells.ring(revoked_channel(new.user_id))
    return outcome


async def remove_grant(context: Context, grant_id: UUID) -> Outcome:
    """Takes a grant back; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND.
        Forbidden: the caller is no administrator of this site's look.

    """
    async with write(context) as tx:
        grant = await tx.session.scalar(select(StorefrontGrant).where(StorefrontGrant.id == grant_id))
        if grant is None:
            raise Refused(Problem("NOT_FOUND", "There is no storefront grant with this id.", ("id",)))
        need_role(await rights_of(tx, grant.site_id), StorefrontRole.ADMIN)
        await tx.session.delete(grant)
        noted = {"user_id": grant.user_id, "section": grant.section, "component": grant.component}
        tx.audit("storefrontGrantRemove", "Site", grant.site_id, noted)
        outcome, user_id = tx.done(id=grant.id), grant.user_id
    context.platform.doorbells.ring(revoked_channel(user_id))
    return outcome


async def _enter(tx: Write, site_id: UUID, at: tuple[str, ...]) -> None:
    """Lets administrators of the site's look through; the site is locked, so that its list grows by one at a time."""
    site = await locked_site(tx, site_id, at)
    need_role(await rights_of(tx, site.id), StorefrontRole.ADMIN)


async def _refuse_stranger(tx: Write, user_id: UUID) -> None:
    if await tx.session.scalar(select(Membership.id).where(Membership.user_id == user_id)) is None:
        raise Refused(Problem("NOT_FOUND", "Nobody with this id works in the workspace.", ("input", "userId")))


async def _refuse_too_many(tx: Write, new: NewGrant) -> None:
    statement = select(func.count()).where(
        StorefrontGrant.site_id == new.site_id, StorefrontGrant.user_id == new.user_id
    )
    if (await tx.session.scalar(statement) or 0) > MAX_GRANTS:
        message = f"A person has at most {MAX_GRANTS} grants in a site: give them a role."
        raise Refused(Problem("LIMIT_REACHED", message, ("input",)))
