"""What else becomes of a draft: it is rebased, discarded, looked at; and one that restores a version."""

from datetime import datetime
from typing import Any

import strawberry

from resolvers.context import Context
from resolvers.storefront import (
    DEFAULT_SECONDS,
    LONGEST_SECONDS,
    NewPreview,
    Rebase,
    Seen,
    create_preview,
    discard_draft,
    rebase_draft,
    restore_version,
)
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.connection import argument
from schema.mutation import Returns, mutation, shown_once
from schema.storefront import StorefrontSection
from schema.storefront_draft.draft import CURRENT, DRAFT, DRAFT_ID, REVISION, draft_id


@strawberry.input(description="The draft as it was seen.")
class StorefrontDraftDiscardInput:
    """Which revision is to be discarded."""

    revision: int = strawberry.field(description=REVISION)


@strawberry.input(description="Whose sections stand where the draft and what is live both changed them.")
class StorefrontDraftRebaseInput:
    """A rebase. Each section that both sides changed is named once."""

    revision: int = strawberry.field(description=REVISION)
    mine: list[StorefrontSection] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Those of which the draft's stand."
    )
    theirs: list[StorefrontSection] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Those of which what is live stands."
    )


@strawberry.input(description="For how long a draft can be looked at.")
class StorefrontDraftPreviewCreateInput:
    """A preview."""

    expires_in_seconds: int | None = strawberry.field(
        default=None,
        description=f"60 to {LONGEST_SECONDS:,} seconds; {DEFAULT_SECONDS:,} where it is left out.",
    )


async def _rebase(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await rebase_draft(context, draft_id(id), validated(Rebase, input))


async def _discard(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await discard_draft(context, draft_id(id), validated(Seen, input))


async def _preview(context: Context, id: str, input: dict[str, Any] | None = None) -> Outcome:  # noqa: A002
    return await create_preview(context, draft_id(id), validated(NewPreview, input or {}))


async def _restore(context: Context, id: str) -> Outcome:  # noqa: A002
    return await restore_version(context, required_id(id, "StorefrontVersion", "version"))


MUTATIONS = {
    "storefront_draft_rebase": mutation(
        "storefrontDraftRebase",
        "Puts a draft on what is live now. For each section that both sides changed it must be said whose stands.",
        needs="storefront:write",
        arguments=[DRAFT_ID, argument("input", StorefrontDraftRebaseInput, "Whose sections stand.")],
        run=_rebase,
        returns={"storefront_draft": CURRENT},
        codes=("CONFLICT", "DUPLICATE", "NOT_OPEN", "OVERLAP"),
    ),
    "storefront_draft_discard": mutation(
        "storefrontDraftDiscard",
        "Gives a draft up. It stays as a record.",
        needs="storefront:write",
        arguments=[DRAFT_ID, argument("input", StorefrontDraftDiscardInput, "The draft as it was seen.")],
        run=_discard,
        returns={"storefront_draft": CURRENT},
        codes=("CONFLICT", "NOT_OPEN"),
    ),
    "storefront_draft_preview_create": mutation(
        "storefrontDraftPreviewCreate",
        "Makes a preview token of a draft: sent as `X-Preview-Token` besides a storefront token, it has "
        "`storefrontConfig` show what the draft would make.",
        needs="storefront:write",
        arguments=[DRAFT_ID, argument("input", StorefrontDraftPreviewCreateInput | None, "For how long.", None)],
        run=_preview,
        returns={
            "storefront_draft": DRAFT,
            "preview_token": shown_once("The token: it is not shown again.", "token"),
            "expires_at": Returns(
                datetime, "Until when it can be used.", lambda outcome: datetime.fromisoformat(outcome["expires_at"])
            ),
        },
        codes=("NOT_OPEN",),
    ),
    "storefront_version_restore": mutation(
        "storefrontVersionRestore",
        "Begins a draft that, published, gives a version back to the byte.",
        needs="storefront:write",
        arguments=[argument("id", strawberry.ID, "The version's id.")],
        run=_restore,
        returns={"storefront_draft": DRAFT},
        codes=("LIMIT_REACHED",),
    ),
}
