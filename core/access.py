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
    "assets:read": "See every picture and file, and where it is used.",
    "assets:write": "Upload, change and delete pictures and files.",
    "events:read": "Follow what changes in the workspace.",
    "members:read": "See who works in the workspace.",
    "members:write": "Invite people, change their roles and remove them.",
    "api_keys:read": "See API keys and storefront tokens, without their secrets.",
    "api_keys:write": "Create and revoke API keys and storefront tokens.",
    "sites:read": "See sites and the themes that there are.",
    "sites:write": "Add, change and delete sites.",
    "storefront:read": "See what sites look like: drafts, versions, and who may edit them.",
    "storefront:write": "Edit what sites look like, in drafts.",
    "storefront:publish": "Publish drafts, at once or at a time.",
    "storefront:admin": "Say who may edit and publish what sites look like.",
    "webhooks:read": "See webhook endpoints, without their secrets, and the log of what was delivered.",
    "webhooks:write": "Add, change and delete webhook endpoints, and have webhooks sent again.",
    "analytics:read": "See what visitors do and what orders come to.",
    "analytics:write": "Delete what is stored of visitors.",
    "audit:read": "Read who changed what.",
}


class Role(StrEnum):
    """A person's place in a workspace, from the most rights to the least."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    STAFF = "STAFF"
    VIEWER = "VIEWER"


_VIEWER = frozenset(
    {
        "workspace:read",
        "products:read",
        "orders:read",
        "assets:read",
        "events:read",
        "sites:read",
        "storefront:read",
        "analytics:read",
    }
)
_STAFF = _VIEWER | {"products:write", "orders:write", "assets:write"}
_ALL = frozenset(SCOPES)

# Owners and administrators differ in one thing that is no scope: only an owner makes or removes owners.
ROLE_SCOPES: dict[Role, frozenset[str]] = {
    Role.OWNER: _ALL,
    Role.ADMIN: _ALL,
    Role.STAFF: _STAFF,
    Role.VIEWER: _VIEWER,
}


class StorefrontRole(StrEnum):
    """A person's place in one site's look, from the most rights to the least. Each has what those below it have."""

    ADMIN = "ADMIN"
    PUBLISHER = "PUBLISHER"
    EDITOR = "EDITOR"
    VIEWER = "VIEWER"

    def includes(self, other: "StorefrontRole") -> bool:
        return _RANKS[self] <= _RANKS[other]


_RANKS = {role: rank for rank, role in enumerate(StorefrontRole)}
# What opens the root fields. Which sites it is for is asked once the site is known: `resolvers/storefront/rights.py`.
STOREFRONT_SCOPES: dict[StorefrontRole, frozenset[str]] = {
    StorefrontRole.VIEWER: frozenset({"storefront:read"}),
    StorefrontRole.EDITOR: frozenset({"storefront:read", "storefront:write"}),
    StorefrontRole.PUBLISHER: frozenset({"storefront:read", "storefront:write", "storefront:publish"}),
    StorefrontRole.ADMIN: frozenset({"storefront:read", "storefront:write", "storefront:publish", "storefront:admin"}),
}
# The least role that has a scope.
STOREFRONT_ROLE_OF: dict[str, StorefrontRole] = {
    scope: role for role in StorefrontRole for scope in sorted(STOREFRONT_SCOPES[role])
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

    `preview_draft_id` is the draft that a preview token shows instead of what is live.

    A storefront token says more: `site_id` is the site that it is of, if any; `allowed_origins` are those whose pages
    may use it, all where it names none; with `registered_only` nothing is executed for it but operations that were
    registered. `time_zone` is the workspace's.
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
    site_id: UUID | None = None
    preview_draft_id: UUID | None = None
    is_platform_admin: bool = False

    def has(self, scope: str) -> bool:
        return scope in self.scopes

    def may_come_from(self, origin: str) -> bool:
        """Whether a page of this origin may act as the caller, as far as the caller's own list goes."""
        return not self.allowed_origins or origin_matches(origin, self.allowed_origins)
