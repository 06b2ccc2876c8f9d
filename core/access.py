"""Who is calling and what they may do: scopes, the roles that are sets of them, the caller."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.origin import origin_matches

SCOPES: dict[str, str] = {
    "workspace:read": "See the workspace's settings.",
    "workspace:write": "Change the workspace's settings.",
    "products:read": "See every product, drafts and stock included.",
    "products:write": "Add, change and delete products and stock.",
    "orders:read": "See orders and who placed them.",
    "orders:write": "Cancel orders.",
    "events:read": "Follow what changes in the workspace.",
    "members:read": "See who works in the workspace.",
    "members:write": "Invite people, change their roles and remove them.",
    "api_keys:read": "See API keys and storefront tokens, without their secrets.",
    "api_keys:write": "Create and revoke API keys and storefront tokens.",
    "webhooks:read": "See webhook endpoints, without their secrets, and the log of what was delivered.",
    "webhooks:write": "Add, change and delete webhook endpoints, and have webhooks sent again.",
    "analytics:write": "Delete what is stored of visitors.",
    "audit:read": "Read who changed what.",
}


class Role(StrEnum):
    """A person's place in a workspace, from the most rights to the least."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    STAFF = "STAFF"
    VIEWER = "VIEWER"


_VIEWER = frozenset({"workspace:read", "products:read", "orders:read", "events:read"})
_STAFF = _VIEWER | {"products:write", "orders:write"}
_ALL = frozenset(SCOPES)

# Owners and administrators differ in one thing that is no scope: only an owner makes or removes owners.
ROLE_SCOPES: dict[Role, frozenset[str]] = {
    Role.OWNER: _ALL,
    Role.ADMIN: _ALL,
    Role.STAFF: _STAFF,
    Role.VIEWER: _VIEWER,
}


class CallerKind(StrEnum):
    """How a caller made themselves known."""

    ANONYMOUS = "ANONYMOUS"
    SHOPPER = "SHOPPER"
    USER = "USER"
    API_KEY = "API_KEY"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, after their credentials were checked.

    `id` is the user, API key or storefront token. `problem` says why credentials that were sent are not accepted:
    such a caller is anonymous, and whatever needs more answers UNAUTHENTICATED with that sentence.

    A storefront token says more: `allowed_origins` are those whose pages may use it, all where it names none; with
    `registered_only` nothing is executed for it but operations that were registered. `time_zone` is the workspace's.
    """

    kind: CallerKind
    id: UUID | None = None
    workspace_id: UUID | None = None
    scopes: frozenset[str] = frozenset()
    role: Role | None = None
    label: str = ""
    session_id: UUID | None = None
    address: str = ""
    problem: str | None = None
    workspace_problem: str | None = None
    hides_stock: bool = False
    expires_at: datetime | None = None
    allowed_origins: tuple[str, ...] = ()
    registered_only: bool = False
    time_zone: str = "UTC"

    def has(self, scope: str) -> bool:
        return scope in self.scopes

    def may_come_from(self, origin: str) -> bool:
        """Whether a page of this origin may act as the caller, as far as the caller's own list goes."""
        return not self.allowed_origins or origin_matches(origin, self.allowed_origins)
