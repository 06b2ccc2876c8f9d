"""Publishing a draft: at once, or when its time has come. One transaction makes the version and puts it live."""

from uuid import UUID

from core.access import CallerKind, StorefrontRole
from core.events import SyncEventType
from models import StorefrontVersion
from resolvers.context import Context
from resolvers.storefront.assets import forget_draft_assets
from resolvers.storefront.config import changed_sections, hold, sections_of
from resolvers.storefront.draft import Opened, Publication, open_draft, refused_as, touch, version_of
from resolvers.storefront.rights import need_role, rights_of
from resolvers.storefront.sections import SECTIONS
from resolvers.storefront.version import By, Said, go_live
from resolvers.write import Outcome, Write, write

# Where in a draft's result something no longer fits.
RESULT = ("result",)


async def publish_draft(context: Context, draft_id: UUID, publication: Publication) -> Outcome:
    """Puts a draft live as the site's next version; the outcome has the draft's `id` and the `version_id`.

    Raises:
        Refused: NOT_FOUND, NOT_OPEN, CONFLICT, BASE_MOVED (another version went live since), INVALID (with the path).
        Forbidden: the caller is no publisher of this site.

    """
    async with write(context) as tx:
        opened = await open_draft(tx, draft_id, publication.revision, lock_site=True)
        need_role(await rights_of(tx, opened.site.id), StorefrontRole.PUBLISHER)
        caller = context.caller
        by = By(caller.id if caller.kind is CallerKind.USER else None, caller.label)
        version = await put_live(tx, opened, publication.said(), by)
        tx.audit("storefrontDraftPublish", "StorefrontDraft", opened.draft.id, {"version": version.number})
        return tx.done(id=opened.draft.id, version_id=version.id)


async def put_live(tx: Write, opened: Opened, said: Said, by: By) -> StorefrontVersion:
    """Makes the draft the site's next version. Site and draft are locked.

    Raises:
        Refused: BASE_MOVED, INVALID.

    """
    draft, site = opened.draft, opened.site
    await refuse_moved(tx, opened)
    await hold(tx, site, opened.result, SECTIONS, RESULT)
    version = await go_live(tx, site, opened.result, said, by)
    draft.status = "PUBLISHED"
    draft.publish_at = None
    draft.published_version_id = version.id
    await forget_draft_assets(tx, site.id, draft.id)
    touch(tx, draft)
    tx.event(SyncEventType.STOREFRONT_PUBLISHED, "Site", site.id)
    return version


async def refuse_moved(tx: Write, opened: Opened) -> None:
    """Refuses a draft that was made against another version than the live one: nothing is merged by itself.

    Raises:
        Refused: BASE_MOVED, which names what both sides changed.

    """
    if opened.draft.against_version_id == opened.site.live_version_id:
        return
    live = await version_of(tx, opened.site.live_version_id)
    against = sections_of(opened.against)
    theirs, mine = changed_sections(against, sections_of(live)), changed_sections(against, opened.result)
    message = (
        f"Version {live.number} went live since this draft was made against version {opened.against.number}. "
        f"It changed {_listed(theirs)}; the draft changes {_listed(mine)}. Rebase the draft on what is live."
    )
    raise refused_as(opened.draft, "BASE_MOVED", message, ("id",))


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "nothing"
