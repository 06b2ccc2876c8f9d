"""Having a draft published at a time, and taking that back."""

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime

from core.access import CallerKind, StorefrontRole
from core.clock import now
from core.errors import Problem, Refused
from resolvers.context import Context
from resolvers.storefront.config import hold
from resolvers.storefront.draft import Publication, Seen, find_draft, open_draft, refuse_stale, refused_as, touch
from resolvers.storefront.publish import RESULT, refuse_moved
from resolvers.storefront.rights import need_role, rights_of
from resolvers.storefront.sections import SECTIONS
from resolvers.write import Outcome, write


class Schedule(Publication):
    """When a draft is to be published, and what is then said of the version."""

    publish_at: AwareDatetime


async def schedule_draft(context: Context, draft_id: UUID, schedule: Schedule) -> Outcome:
    """Has a draft published at a time; until then nobody can edit it. The outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, NOT_OPEN, CONFLICT, BASE_MOVED, INVALID (with the path), OUT_OF_RANGE (the time).
        Forbidden: the caller is no publisher of this site.

    """
    _refuse_time(schedule.publish_at)
    async with write(context) as tx:
        opened = await open_draft(tx, draft_id, schedule.revision)
        need_role(await rights_of(tx, opened.site.id), StorefrontRole.PUBLISHER)
        await refuse_moved(tx, opened)
        await hold(tx, opened.site, opened.result, SECTIONS, RESULT)
        draft, caller = opened.draft, context.caller
        draft.status = "SCHEDULED"
        draft.publish_at = schedule.publish_at
        draft.change_summary = schedule.change_summary
        draft.change_description = schedule.change_description
        draft.tags = list(schedule.tags)
        draft.scheduled_by = caller.id if caller.kind is CallerKind.USER else None
        draft.scheduler = caller.label
        draft.failure = draft.failed_at = None
        touch(tx, draft)
        tx.audit("storefrontDraftSchedule", "StorefrontDraft", draft.id, {"publish_at": schedule.publish_at})
        return tx.done(id=draft.id)


async def unschedule_draft(context: Context, draft_id: UUID, seen: Seen) -> Outcome:
    """Takes a schedule back, if its time has not come; the outcome has the draft's `id`.

    Raises:
        Refused: NOT_FOUND, NOT_SCHEDULED, CONFLICT.
        Forbidden: the caller is no publisher of this site.

    """
    async with write(context) as tx:
        opened = await find_draft(tx, draft_id)
        draft = opened.draft
        need_role(await rights_of(tx, opened.site.id), StorefrontRole.PUBLISHER)
        if draft.status != "SCHEDULED":
            raise refused_as(draft, "NOT_SCHEDULED", f"The draft is {draft.status}, not SCHEDULED.", ("id",))
        refuse_stale(draft, seen.revision)
        draft.status = "OPEN"
        draft.publish_at = None
        touch(tx, draft)
        tx.audit("storefrontDraftUnschedule", "StorefrontDraft", draft.id)
        return tx.done(id=draft.id)


def _refuse_time(moment: datetime) -> None:
    if moment <= now():
        message = "publishAt must lie ahead."
        raise Refused(Problem("OUT_OF_RANGE", message, ("input", "publishAt")))
