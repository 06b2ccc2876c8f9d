"""Drafts that are begun and edited."""

from typing import Any

import strawberry

from resolvers.context import Context
from resolvers.storefront import (
    DraftChanges,
    NewDraft,
    Trial,
    create_draft,
    update_draft,
    validate_edit,
)
from resolvers.validation import validated
from resolvers.write import Outcome
from schema.connection import argument
from schema.mutation import Returns, mutation
from schema.scalars import JSON
from schema.storefront import StorefrontSection
from schema.storefront_draft.draft import CURRENT, DRAFT, DRAFT_ID, REVISION, draft_id

_CHANGES = (
    "Sections that it replaces, each whole, by their names: any of `theme`, `layout`, `content`, `seo`, `settings`. "
    "Each is held to its theme's schema."
)


@strawberry.input(description="A draft to be begun.")
class StorefrontDraftCreateInput:
    """A new draft."""

    site_id: strawberry.ID = strawberry.field(description="Of which site.")
    name: str = strawberry.field(description="Its name; 1 to 200 characters.")
    description: str | None = strawberry.field(default=None, description="What it is to come to.")
    from_version_id: strawberry.ID | None = strawberry.field(
        default=None, description="The version of the site that it begins from; the live one where it is left out."
    )
    changes: JSON | None = strawberry.field(default=None, description=_CHANGES)


@strawberry.input(description="What of a draft shall change; what is left out stays.")
class StorefrontDraftUpdateInput:
    """A change of a draft."""

    revision: int = strawberry.field(description=REVISION)
    name: str | None = strawberry.field(default=None, description="Its new name.")
    description: str | None = strawberry.field(default=None, description="What it is to come to.")
    changes: JSON | None = strawberry.field(
        default=None,
        description=f"{_CHANGES} One that is null is taken back: it is what the base version has. Others stay.",
    )
    patch: JSON | None = strawberry.field(
        default=None,
        description="A JSON Patch (RFC 6902) over what the draft comes to, such as "
        '`[{"op": "replace", "path": "/theme/colors/primary", "value": "#000"}]`. It is applied behind `changes`.',
    )


@strawberry.input(description="An edit to be tried.")
class StorefrontDraftValidateInput:
    """An edit of a draft, or of what is live."""

    site_id: strawberry.ID = strawberry.field(description="Of which site.")
    draft_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Of which of its drafts; of what is live where it is left out, as in a draft yet to be begun.",
    )
    changes: JSON | None = strawberry.field(default=None, description=f"{_CHANGES} Null takes one back.")
    patch: JSON | None = strawberry.field(
        default=None, description="A JSON Patch (RFC 6902) over what it comes to with `changes`."
    )


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await create_draft(context, validated(NewDraft, input))


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await update_draft(context, draft_id(id), validated(DraftChanges, input))


async def _validate(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await validate_edit(context, validated(Trial, input))


MUTATIONS = {
    "storefront_draft_create": mutation(
        "storefrontDraftCreate",
        "Begins a draft of what a site looks like, from the live version or from any.",
        needs="storefront:write",
        arguments=[argument("input", StorefrontDraftCreateInput, "The draft.")],
        run=_create,
        returns={"storefront_draft": DRAFT},
        codes=("LIMIT_REACHED",),
    ),
    "storefront_draft_update": mutation(
        "storefrontDraftUpdate",
        "Edits a draft, by whole sections or by a JSON Patch. A stale revision is refused, and the draft shown as it "
        "is.",
        needs="storefront:write",
        arguments=[DRAFT_ID, argument("input", StorefrontDraftUpdateInput, "What shall change.")],
        run=_update,
        returns={"storefront_draft": CURRENT},
        codes=("CONFLICT", "NOT_OPEN"),
    ),
    "storefront_draft_validate": mutation(
        "storefrontDraftValidate",
        "Tells what `storefrontDraftUpdate` would refuse of an edit, at the same places. Nothing is written.",
        needs="storefront:write",
        arguments=[argument("input", StorefrontDraftValidateInput, "The edit.")],
        run=_validate,
        returns={
            "changed_sections": Returns(
                list[StorefrontSection],  # type: ignore[valid-type]
                "Which sections it would change.",
                lambda outcome: [StorefrontSection(name) for name in outcome["sections"]],
            )
        },
        codes=("NOT_OPEN",),
    ),
}
