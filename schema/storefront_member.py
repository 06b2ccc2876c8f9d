"""Who may do what to the look of sites: roles, grants of single parts, and the mutations."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from core.access import StorefrontRole as RoleName
from core.ids import GlobalIdOf
from resolvers.context import Context
from resolvers.storefront import (
    MemberRole,
    NewGrant,
    add_grant,
    remove_grant,
    remove_member,
    set_member,
)
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.account import User
from schema.connection import argument
from schema.enums import enum_of
from schema.mutation import deleted_id, mutation, row
from schema.query import read_many
from schema.reading import Node, column, one, reads, row_id
from schema.storefront import StorefrontSection

if TYPE_CHECKING:
    from schema.site import Site

_USER_ID = GlobalIdOf("User")
_ROLE_WORDS = {
    RoleName.ADMIN: "Says who may do what, and everything that a publisher may.",
    RoleName.PUBLISHER: "Publishes and schedules drafts, and edits them.",
    RoleName.EDITOR: "Makes, edits, restores and discards drafts.",
    RoleName.VIEWER: "Sees drafts and versions.",
}
StorefrontRole = enum_of(
    "StorefrontRole",
    "What somebody may do to a site's look.",
    {role.value: (role.value, text) for role, text in _ROLE_WORDS.items()},
)


_PEOPLE = "(select u.id, u.email, u.name, m.workspace_id from membership m join app_user u on u.id = m.user_id)"


@reads(_PEOPLE, scope="storefront:admin")
@strawberry.type(
    description="Somebody who works in the workspace, as who gives roles in a site's look needs to know them."
)
class StorefrontPerson:
    """One person. Their place in the workspace, and whatever else a `User` has, is for who may see members."""

    user_id: strawberry.ID = column("The id by which they are given a role or a grant.", "{t}.id", convert=_USER_ID)
    name: str = column("Their name; may be empty.")
    email: str = column("Their e-mail address.")


@reads("storefront_member", scope="storefront:read")
@strawberry.type(description="Somebody's role in what a site looks like.")
class StorefrontMember(Node):
    """One person's role in one site."""

    id: strawberry.ID = row_id()
    site: Annotated["Site", strawberry.lazy("schema.site")] | None = one(
        "The site; null where it was deleted.", "Site", "{c}.id = {p}.site_id"
    )
    user: User | None = one("Who.", "User", "{c}.id = {p}.user_id")
    person: StorefrontPerson | None = one(
        "Who, for those who give roles and may not see members.", "StorefrontPerson", "{c}.id = {p}.user_id"
    )
    role: StorefrontRole = column("What they may do.")  # type: ignore[valid-type]
    created_at: datetime = column("Since when they have one.")
    updated_at: datetime = column("When it last changed.")


@reads("storefront_grant", scope="storefront:read")
@strawberry.type(description="A part of what a site looks like that somebody may edit, whatever their role.")
class StorefrontGrant(Node):
    """One grant."""

    id: strawberry.ID = row_id()
    site: Annotated["Site", strawberry.lazy("schema.site")] | None = one(
        "The site; null where it was deleted.", "Site", "{c}.id = {p}.site_id"
    )
    user: User | None = one("Who.", "User", "{c}.id = {p}.user_id")
    person: StorefrontPerson | None = one(
        "Who, for those who give grants and may not see members.", "StorefrontPerson", "{c}.id = {p}.user_id"
    )
    section: StorefrontSection = column("The section.", convert=str.upper)  # type: ignore[valid-type]
    component: str = column("What of the section, as a JSON Pointer in it: `/colors`. Empty where it is all of it.")
    created_at: datetime = column("Since when.")


@strawberry.input(description="Somebody's role in what a site looks like.")
class StorefrontMemberSetInput:
    """A role."""

    site_id: strawberry.ID = strawberry.field(description="Which site.")
    user_id: strawberry.ID = strawberry.field(description="Who: somebody who works in the workspace.")
    role: StorefrontRole = strawberry.field(description="What they may do.")  # type: ignore[valid-type]


@strawberry.input(description="A part of what a site looks like that somebody may edit.")
class StorefrontGrantAddInput:
    """A grant."""

    site_id: strawberry.ID = strawberry.field(description="Which site.")
    user_id: strawberry.ID = strawberry.field(description="Who: somebody who works in the workspace.")
    section: StorefrontSection = strawberry.field(description="The section.")  # type: ignore[valid-type]
    component: str | None = strawberry.field(
        default=None, description="What of the section, as a JSON Pointer in it: `/colors`. All where it is left out."
    )


QUERIES = {
    "storefront_people": read_many(
        StorefrontPerson,
        "Who works in the workspace, and can be given a role in what a site looks like.",
        "storefront:admin",
    ),
}


async def _set_member(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await set_member(context, validated(MemberRole, input))


async def _remove_member(context: Context, id: str) -> Outcome:  # noqa: A002
    return await remove_member(context, required_id(id, "StorefrontMember", "storefront member"))


async def _add_grant(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await add_grant(context, validated(NewGrant, input))


async def _remove_grant(context: Context, id: str) -> Outcome:  # noqa: A002
    return await remove_grant(context, required_id(id, "StorefrontGrant", "storefront grant"))


# Whoever may write sees what they wrote.
_OWN = frozenset({"storefront:read"})
MUTATIONS = {
    "storefront_member_set": mutation(
        "storefrontMemberSet",
        "Gives somebody who works in the workspace a role in what a site looks like, or another one.",
        needs="storefront:admin",
        arguments=[argument("input", StorefrontMemberSetInput, "Who, where, as what.")],
        run=_set_member,
        returns={"storefront_member": row(StorefrontMember, "Their role.", granted=_OWN)},
    ),
    "storefront_member_remove": mutation(
        "storefrontMemberRemove",
        "Takes somebody's role in what a site looks like away. What they were granted besides stays.",
        needs="storefront:admin",
        arguments=[argument("id", strawberry.ID, "The storefront member's id.")],
        run=_remove_member,
        returns={"deleted_storefront_member_id": deleted_id("StorefrontMember", "The id of what is gone.")},
    ),
    "storefront_grant_add": mutation(
        "storefrontGrantAdd",
        "Lets somebody who works in the workspace edit a part of what a site looks like, whatever their role.",
        needs="storefront:admin",
        arguments=[argument("input", StorefrontGrantAddInput, "Who, and what.")],
        run=_add_grant,
        returns={"storefront_grant": row(StorefrontGrant, "The grant.", granted=_OWN)},
        codes=("LIMIT_REACHED",),
    ),
    "storefront_grant_remove": mutation(
        "storefrontGrantRemove",
        "Takes a grant back.",
        needs="storefront:admin",
        arguments=[argument("id", strawberry.ID, "The grant's id.")],
        run=_remove_grant,
        returns={"deleted_storefront_grant_id": deleted_id("StorefrontGrant", "The id of what is gone.")},
    ),
}
