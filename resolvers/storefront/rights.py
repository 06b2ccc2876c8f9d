"""What a caller may do to one site's look. Every use case that changes one asks here, over the paths that change.

Owners and administrators of the workspace are administrators of every site's look, API keys are what their scopes say.
Everybody else has the role that they were given for the site, and may edit besides what they were granted.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from core.access import Caller, CallerKind, Role, StorefrontRole
from core.errors import Forbidden
from models import StorefrontGrant, StorefrontMember
from resolvers.storefront.diff import pointer
from resolvers.write import Write

MAX_TOLD = 20
# By its highest scope. Each mutation needs its own scope besides, so that a key never does more than its scopes say.
_ROLE_OF_KEY = {
    StorefrontRole.ADMIN: "storefront:admin",
    StorefrontRole.PUBLISHER: "storefront:publish",
    StorefrontRole.EDITOR: "storefront:write",
    StorefrontRole.VIEWER: "storefront:read",
}


@dataclass(frozen=True, slots=True)
class Rights:
    """A role, if any, and JSON Pointers in the config below which everything may be edited."""

    role: StorefrontRole | None
    grants: tuple[str, ...] = ()

    def has(self, role: StorefrontRole) -> bool:
        return self.role is not None and self.role.includes(role)

    def may_edit(self, path: str) -> bool:
        """Whether what stands at the path, and whatever is below it, may be changed."""
        return self.has(StorefrontRole.EDITOR) or any(
            path == granted or path.startswith(f"{granted}/") for granted in self.grants
        )


async def rights_of(tx: Write, site_id: UUID) -> Rights:
    """The caller's rights, as they are in this transaction."""
    caller = tx.context.caller
    given = _role_everywhere(caller)
    if given is not None or caller.kind is not CallerKind.USER:
        return Rights(given)
    is_theirs = (StorefrontMember.site_id == site_id, StorefrontMember.user_id == caller.id)
    role = await tx.session.scalar(select(StorefrontMember.role).where(*is_theirs))
    grants = await tx.session.scalars(
        select(StorefrontGrant).where(StorefrontGrant.site_id == site_id, StorefrontGrant.user_id == caller.id)
    )
    return Rights(StorefrontRole(role) if role else None, tuple(granted_path(grant) for grant in grants))


def granted_path(grant: StorefrontGrant) -> str:
    """Where in the config a grant holds."""
    return pointer("", grant.section) + grant.component


def _role_everywhere(caller: Caller) -> StorefrontRole | None:
    """The role that a caller has in all of the workspace's sites without being given any."""
    if caller.kind is CallerKind.USER:
        return StorefrontRole.ADMIN if caller.role in {Role.OWNER, Role.ADMIN} else None
    if caller.kind is CallerKind.API_KEY:
        return next((role for role, scope in _ROLE_OF_KEY.items() if caller.has(scope)), None)
    return None


def need_role(rights: Rights, role: StorefrontRole) -> None:
    """Lets a caller through who has the role in this site.

    Raises:
        Forbidden: they have not.

    """
    if not rights.has(role):
        raise Forbidden(f"This needs the role {role.value} in this site's storefront.", role=role.value)


async def need_edit(rights: Rights, paths: Iterable[str]) -> None:
    """Lets a caller through who may edit all of these paths; where there are none, one who may edit anything.

    The paths are not looked for where an editor asks: comparing long sections takes a while.

    Raises:
        Forbidden: with the paths that they may not change.

    """
    if rights.has(StorefrontRole.EDITOR):
        return
    if not rights.grants:
        raise Forbidden(
            "This needs the role EDITOR in this site's storefront, or a grant.", role=StorefrontRole.EDITOR.value
        )
    refused = await asyncio.to_thread(lambda: [path for path in paths if not rights.may_edit(path)])
    if refused:
        message = f"You may not change {', '.join(refused[:3])}{' …' if len(refused) > 3 else ''}."  # noqa: PLR2004
        raise Forbidden(message, paths=refused[:MAX_TOLD])
