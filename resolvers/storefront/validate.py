"""Trying an edit: what would be refused of it, with nothing written."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.errors import Problem, Refused
from models import Site
from resolvers.context import Context
from resolvers.storefront.config import (
    changed_paths,
    changed_sections,
    edited,
    hold,
    own_sections,
    read_replacements,
    sections_of,
)
from resolvers.storefront.draft import MISSING, NOT_OPEN, Opened, find_draft, version_of
from resolvers.storefront.rights import need_edit, rights_of
from resolvers.validation import Input, id_of
from resolvers.write import Outcome, Write, write

SiteId: Any = id_of("Site", "site")
DraftId: Any = id_of("StorefrontDraft", "storefront draft")


class Trial(Input):
    """An edit of a draft, or of what is live where none is named."""

    site_id: SiteId
    draft_id: DraftId | None = None
    changes: Any = None
    patch: Any = None


async def validate_edit(context: Context, trial: Trial) -> Outcome:
    """Whether the edit would be taken; the outcome has the `sections` that it would change. Nothing is locked.

    Raises:
        Refused: NOT_FOUND, NOT_OPEN, INVALID (with the path in `changes` or `patch`).
        Forbidden: the caller may not change what this changes.

    """
    replacements = await read_replacements(trial.changes)
    async with write(context) as tx:
        site = await _site(tx, trial.site_id)
        if trial.draft_id is None:
            own, base = {}, sections_of(await version_of(tx, site.live_version_id))
            before = base
        else:
            opened = await _open_draft(tx, site, trial.draft_id)
            own, base, before = own_sections(opened.draft), sections_of(opened.base), opened.result
        edit = await edited(own, base, replacements, trial.patch)
        await need_edit(await rights_of(tx, site.id), changed_paths(before, edit.result))
        await hold(tx, site, edit.result, edit.named, edit.at)
        return tx.done(sections=changed_sections(before, edit.result))


async def _site(tx: Write, site_id: UUID) -> Site:
    site = await tx.session.scalar(select(Site).where(Site.id == site_id, Site.deleted_at.is_(None)))
    if site is None:
        raise Refused(Problem("NOT_FOUND", "There is no site with this id.", ("input", "siteId")))
    return site


async def _open_draft(tx: Write, site: Site, draft_id: UUID) -> Opened:
    at = ("input", "draftId")
    opened = await find_draft(tx, draft_id, lock=False, at=at)
    if opened.site.id != site.id:
        raise Refused(Problem("NOT_FOUND", MISSING, at))
    if opened.draft.status != "OPEN":
        raise Refused(Problem("NOT_OPEN", NOT_OPEN.format(opened.draft.status), at))
    return opened
