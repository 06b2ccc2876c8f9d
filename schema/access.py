"""The one door of permission: every root field says what it needs, and nothing runs before it was checked here.

Going round it leaks whatever the field reads: the read engine trusts that a root field was allowed.
"""

from enum import Enum

from core.access import SCOPES, STOREFRONT_ROLE_OF, Caller, CallerKind
from core.errors import BadUserInput, Forbidden, NotFound, Unauthenticated

WORKSPACE_HEADER = "X-Workspace"


class Access(Enum):
    """What a root field needs where it is not a scope."""

    PUBLIC = "anyone"
    WORKSPACE = "a storefront token, an API key, or a user's token with a workspace"
    USER = "a user's token"
    PLATFORM = "a platform administrator's token"
    EXPORT = "the scope to read what is exported"
    EVENTS = "a storefront token, which is shown what shoppers may know of, or the scope `events:read`"


Needs = Access | str


def describe(needs: Needs) -> str:
    """The sentence that ends a root field's description."""
    return f"Needs {needs.value}." if isinstance(needs, Access) else f"Needs the scope `{needs}`."


def check(caller: Caller, needs: Needs) -> None:
    """Lets a caller through.

    Raises:
        Unauthenticated: nobody, or with credentials that are not accepted.
        BadUserInput: a user who did not say in which workspace.
        NotFound: the workspace that was named is not there for the caller.
        Forbidden: somebody who may not.

    """
    if needs is Access.PUBLIC:
        return
    if caller.problem:
        raise Unauthenticated(caller.problem)
    if caller.kind is CallerKind.ANONYMOUS:
        raise Unauthenticated(f"This needs {needs.value if isinstance(needs, Access) else 'you to sign in'}.")
    if needs in {Access.USER, Access.PLATFORM}:
        _need_user(caller, needs)
        return
    _need_workspace(caller)
    is_shopper = caller.kind is CallerKind.SHOPPER
    if needs is Access.EXPORT and is_shopper:
        raise Forbidden("Nothing is exported for a storefront token.")
    if needs in {Access.WORKSPACE, Access.EXPORT} or (needs is Access.EVENTS and is_shopper):
        return
    needs = "events:read" if needs is Access.EVENTS else needs
    if needs not in SCOPES:
        raise LookupError(f"{needs} is no scope")
    if not caller.has(str(needs)):
        role = STOREFRONT_ROLE_OF.get(str(needs)) if caller.kind is CallerKind.USER else None
        gives = f", which the role {role.value} in a site's storefront has" if role else ""
        raise Forbidden(f"This needs the scope {needs}{gives}.", scope=needs)


def _need_user(caller: Caller, needs: Needs) -> None:
    if caller.kind is not CallerKind.USER:
        raise Forbidden("Only a signed-in user can do this.")
    if needs is Access.PLATFORM and not caller.is_platform_admin:
        raise Forbidden("Only a platform administrator can do this.")


def _need_workspace(caller: Caller) -> None:
    if caller.workspace_problem:
        raise NotFound(caller.workspace_problem, field=WORKSPACE_HEADER)
    if caller.workspace_id is None:
        raise BadUserInput("Say in which workspace: send X-Workspace with its slug or id.", field=WORKSPACE_HEADER)
