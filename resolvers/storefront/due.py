"""Publishing drafts whose time has come. The row says what is due; its lock, and its status, that it happens once."""

from uuid import UUID

import structlog
from sqlalchemy import func, select

from core.access import Caller, CallerKind, Role
from core.database import DATABASE_FAULTS
from core.errors import Refused
from models import AppUser, Membership, Site, StorefrontDraft
from resolvers.context import Context, Platform
from resolvers.email import add_email
from resolvers.storefront.draft import find_draft, touch
from resolvers.storefront.publish import put_live
from resolvers.storefront.version import By, Said
from resolvers.write import Write, write

log = structlog.get_logger()

AT_ONCE = 100
IS_ANY_DUE = "select exists (select from storefront_draft where publish_at <= now())"
DUE = "select workspace_id, id from storefront_draft where publish_at <= now() order by publish_at, id limit $1"
FAULT = "something went wrong on the side of Vitrine"


async def is_any_due(platform: Platform) -> bool:
    """Whether a draft waits whose time has come."""
    async with platform.database.system.acquire() as connection:
        return bool(await connection.fetchval(IS_ANY_DUE))


async def publish_due(platform: Platform) -> int:
    """Publishes what is due, each in a transaction of its own; gives how many are done with."""
    async with platform.database.system.acquire() as connection:
        due = await connection.fetch(DUE, AT_ONCE)
    return sum([await _publish_or_fail(platform, row["workspace_id"], row["id"]) for row in due])


async def _publish_or_fail(platform: Platform, workspace_id: UUID, draft_id: UUID) -> bool:
    context = Context(platform, Caller(CallerKind.SYSTEM, workspace_id=workspace_id, label="Vitrine"))
    try:
        return await _publish(context, draft_id)
    except Refused as refused:
        reason = "; ".join(f"{'/'.join(problem.field[1:])} {problem.message}".strip() for problem in refused.problems)
    except DATABASE_FAULTS as error:
        log.warning("draft not published, trying again", draft=str(draft_id), error=str(error))
        return False
    except Exception:
        log.exception("draft cannot be published", draft=str(draft_id))
        reason = FAULT
    try:
        return await _fail(context, draft_id, reason[:2_000])
    except Exception:
        # The others are published; this one is tried again with the next of them.
        log.exception("draft cannot be opened again", draft=str(draft_id))
        return False


async def _publish(context: Context, draft_id: UUID) -> bool:
    async with write(context) as tx:
        opened = await find_draft(tx, draft_id, lock_site=True)
        draft = opened.draft
        if not await _is_still_due(tx, draft_id):
            return False
        said = Said(draft.change_summary, draft.change_description, tuple(draft.tags))
        version = await put_live(tx, opened, said, By(draft.scheduled_by, draft.scheduler))
        tx.audit("storefrontDraftPublish", "StorefrontDraft", draft.id, {"version": version.number})
    return True


async def _is_still_due(tx: Write, draft_id: UUID) -> bool:
    """Whether the draft, which is locked, was neither published nor unscheduled meanwhile."""
    statement = select(StorefrontDraft.id).where(
        StorefrontDraft.id == draft_id, StorefrontDraft.status == "SCHEDULED", StorefrontDraft.publish_at <= func.now()
    )
    return await tx.session.scalar(statement) is not None


async def _fail(context: Context, draft_id: UUID, reason: str) -> bool:
    """Opens the draft again with the reason, and tells who scheduled it."""
    async with write(context) as tx:
        statement = select(StorefrontDraft).where(StorefrontDraft.id == draft_id).with_for_update()
        draft = await tx.session.scalar(statement)
        if draft is None or not await _is_still_due(tx, draft_id):
            return False
        draft.status = "OPEN"
        draft.publish_at = None
        draft.failure, draft.failed_at = reason, func.now()
        touch(tx, draft)
        tx.audit("storefrontDraftPublishFail", "StorefrontDraft", draft.id, {"reason": reason})
        await _tell(tx, draft, reason)
    return True


async def _tell(tx: Write, draft: StorefrontDraft, reason: str) -> None:
    """An e-mail to who scheduled it; to the owners where that was an API key, or somebody who is gone."""
    site = await tx.session.scalar(select(Site.name).where(Site.id == draft.site_id))
    members = select(AppUser.email).join(Membership, Membership.user_id == AppUser.id)
    members = members.where(Membership.workspace_id == tx.workspace_id)
    emails = list(await tx.session.scalars(members.where(AppUser.id == draft.scheduled_by)))
    for email in emails or await tx.session.scalars(members.where(Membership.role == Role.OWNER)):
        await add_email(
            tx.session,
            to=email,
            subject=f"The draft {draft.name} was not published",
            text_body=(
                f"{draft.scheduler} had the draft {draft.name} of the site {site} scheduled. It was not published:\n\n"
                f"  {reason}\n\n"
                "The draft is open again, with everything that is in it. The site shows what it showed before.\n"
            ),
        )
