"""Which roles a caller may give and take."""

from core.access import ROLE_SCOPES, Caller, Role
from core.errors import Problem, Refused


def refuse_role(caller: Caller, role: Role, field: tuple[str, ...]) -> None:
    """Refuses to let a caller give, or take away, a role that is above their own.

    Only an owner makes and removes owners. An API key that may invite people must not get itself more rights by it, so
    it handles only roles whose scopes it has.

    Raises:
        Refused: FORBIDDEN_ROLE.

    """
    if role is Role.OWNER and caller.role is not Role.OWNER:
        raise Refused(Problem("FORBIDDEN_ROLE", "Only an owner makes or removes owners.", field))
    if not ROLE_SCOPES[role] <= caller.scopes:
        raise Refused(Problem("FORBIDDEN_ROLE", f"You have fewer rights than the role {role.value}.", field))
