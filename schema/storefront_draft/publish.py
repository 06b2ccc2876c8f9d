"""Publishing drafts, at once or at a time."""

from datetime import datetime
from typing import Any

import strawberry

from resolvers.context import Context
from resolvers.storefront import (
    Publication,
    Schedule,
    Seen,
    publish_draft,
    schedule_draft,
    unschedule_draft,
)
from resolvers.validation import validated
from resolvers.write import Outcome
from schema.connection import argument
from schema.mutation import mutation, row
from schema.storefront import StorefrontVersion
from schema.storefront_draft.draft import CURRENT, DRAFT_ID, OWN_DRAFT, REVISION, draft_id


@strawberry.input(description="What is said of the version that a draft becomes.")
class StorefrontDraftPublishInput:
    """A publication."""

    revision: int = strawberry.field(description=REVISION)
    change_summary: str | None = strawberry.field(default=None, description="What changed, in short.")
    change_description: str | None = strawberry.field(default=None, description="What changed and why.")
    tags: list[str] | None = strawberry.field(default=None, description="Words to find it by, at most 20.")


@strawberry.input(description="When a draft is to be published, and what is then said of the version.")
class StorefrontDraftScheduleInput:
    """A schedule."""

    revision: int = strawberry.field(description=REVISION)
    publish_at: datetime = strawberry.field(description="When: a time that lies ahead.")
    change_summary: str | None = strawberry.field(default=None, description="What changed, in short.")
    change_description: str | None = strawberry.field(default=None, description="What changed and why.")
    tags: list[str] | None = strawberry.field(default=None, description="Words to find it by, at most 20.")


@strawberry.input(description="The draft as it was seen.")
class StorefrontDraftUnscheduleInput:
    """Which revision is to be unscheduled."""

    revision: int = strawberry.field(description=REVISION)


async def _publish(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await publish_draft(context, draft_id(id), validated(Publication, input))


async def _schedule(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await schedule_draft(context, draft_id(id), validated(Schedule, input))


async def _unschedule(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await unschedule_draft(context, draft_id(id), validated(Seen, input))


MUTATIONS = {
    "storefront_draft_publish": mutation(
        "storefrontDraftPublish",
        "Puts a draft live, as the site's next version. It is refused where another version went live since it was "
        "begun: nothing is merged by itself.",
        needs="storefront:publish",
        arguments=[DRAFT_ID, argument("input", StorefrontDraftPublishInput, "What is said of the version.")],
        run=_publish,
        returns={
            "storefront_version": row(
                StorefrontVersion, "The version that is live now.", "version_id", granted=OWN_DRAFT
            ),
            "storefront_draft": CURRENT,
        },
        codes=("BASE_MOVED", "CONFLICT", "NOT_OPEN"),
    ),
    "storefront_draft_schedule": mutation(
        "storefrontDraftSchedule",
        "Has a draft published at a time. Until then nobody can edit it.",
        needs="storefront:publish",
        arguments=[DRAFT_ID, argument("input", StorefrontDraftScheduleInput, "When.")],
        run=_schedule,
        returns={"storefront_draft": CURRENT},
        codes=("BASE_MOVED", "CONFLICT", "NOT_OPEN"),
    ),
    "storefront_draft_unschedule": mutation(
        "storefrontDraftUnschedule",
        "Takes a schedule back: the draft can be edited again.",
        needs="storefront:publish",
        arguments=[DRAFT_ID, argument("input", StorefrontDraftUnscheduleInput, "The draft as it was seen.")],
        run=_unschedule,
        returns={"storefront_draft": CURRENT},
        codes=("CONFLICT", "NOT_SCHEDULED"),
    ),
}
