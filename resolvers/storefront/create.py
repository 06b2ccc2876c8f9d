"""Beginning a draft: from what is live, or from any version."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.access import CallerKind
from core.errors import Problem, Refused
from core.events import SyncEventType
from core.ids import new_id
from models import Site, StorefrontDraft, StorefrontVersion
from resolvers.context import Context
from resolvers.storefront.assets import note_assets
from resolvers.storefront.config import (
    CHANGES,
    Replacements,
    changed_paths,
    hold,
    read_replacements,
    result_of,
    sections_of,
)
from resolvers.storefront.draft import Description, Name, version_of
from resolvers.storefront.rights import need_edit, rights_of
from resolvers.storefront.sections import SECTIONS
from resolvers.validation import Input, id_of
from resolvers.write import Outcome, Write, write

# Of one site, that are neither published nor discarded.
MAX_DRAFTS = 200

SiteId: Any = id_of("Site", "site")
VersionId: Any = id_of("StorefrontVersion", "version")


class NewDraft(Input):
    """A draft: sections that it replaces, of the live version or of the one that is named."""

    site_id: SiteId
    name: Name
    description: Description = ""
    from_version_id: VersionId | None = None
    changes: Any = None


async def create_draft(context: Context, new: NewDraft) -> Outcome:
    """Begins a draft; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, INVALID (with the path in `changes`), LIMIT_REACHED.
        Forbidden: the caller may not make such changes to what is live.

    """
    replacements = await read_replacements(new.changes)
    async with write(context) as tx:
        site = await _held_site(tx, new.site_id)
        base = None
        if new.from_version_id is not None:
            base = await _version_of_site(tx, site, new.from_version_id)
        draft = await begin(tx, site, base, name=new.name, description=new.description, replacements=replacements)
        said = {"name": new.name, "site_id": site.id, "sections": list(replacements)}
        tx.audit("storefrontDraftCreate", "StorefrontDraft", draft.id, said)
        return tx.done(id=draft.id)


async def restore_version(context: Context, version_id: UUID) -> Outcome:
    """Begins a draft that, published, gives the version back to the byte; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, LIMIT_REACHED.
        Forbidden: the caller may not make such changes to what is live.

    """
    async with write(context) as tx:
        statement = select(StorefrontVersion).where(StorefrontVersion.id == version_id)
        version = await tx.session.scalar(statement)
        if version is None:
            raise Refused(Problem("NOT_FOUND", "There is no version with this id.", ("id",)))
        site = await _held_site(tx, version.site_id, ("id",))
        draft = await begin(
            tx, site, version, name=f"Restore version {version.number}", description="", replacements={}
        )
        tx.audit("storefrontVersionRestore", "StorefrontDraft", draft.id, {"version": version.number})
        return tx.done(id=draft.id)


async def begin(
    tx: Write,
    site: Site,
    base: StorefrontVersion | None,
    *,
    name: str,
    description: str,
    replacements: Replacements,
) -> StorefrontDraft:
    """A draft on a version, the live one where none is named. It is held against what is live now."""
    await _refuse_too_many(tx, site)
    live = await version_of(tx, site.live_version_id)
    base = base or live
    caller = tx.context.caller
    user_id = caller.id if caller.kind is CallerKind.USER else None
    draft = StorefrontDraft(
        workspace_id=tx.workspace_id,
        id=new_id(),
        site_id=site.id,
        name=name,
        description=description,
        base_version_id=base.id,
        against_version_id=live.id,
        **{section: replacements.get(section) for section in SECTIONS},
        created_by=user_id,
        author=caller.label,
        updated_by=user_id,
        editor=caller.label,
    )
    result = result_of(draft, base)
    await need_edit(await rights_of(tx, site.id), changed_paths(sections_of(live), result))
    await hold(tx, site, result, [section for section, text in replacements.items() if text], CHANGES)
    tx.session.add(draft)
    await note_assets(tx, site.id, result, draft.id)
    tx.event(SyncEventType.STOREFRONT_DRAFT_UPDATED, "StorefrontDraft", draft.id)
    return draft


async def _held_site(tx: Write, site_id: UUID, at: tuple[str, ...] = ("input", "siteId")) -> Site:
    """The site, which cannot be deleted nor get another version until the write is done."""
    statement = select(Site).where(Site.id == site_id, Site.deleted_at.is_(None)).with_for_update(read=True)
    site = await tx.session.scalar(statement)
    if site is None:
        raise Refused(Problem("NOT_FOUND", "There is no site with this id.", at))
    return site


async def _version_of_site(tx: Write, site: Site, version_id: UUID) -> StorefrontVersion:
    statement = select(StorefrontVersion).where(
        StorefrontVersion.id == version_id, StorefrontVersion.site_id == site.id
    )
    version = await tx.session.scalar(statement)
    if version is None:
        message = "The site has no version with this id."
        raise Refused(Problem("NOT_FOUND", message, ("input", "fromVersionId")))
    return version


async def _refuse_too_many(tx: Write, site: Site) -> None:
    """Two at the same moment may make one more: it bounds a list, and guards nothing."""
    statement = (
        select(func.count())
        .select_from(StorefrontDraft)
        .where(StorefrontDraft.site_id == site.id, StorefrontDraft.status.in_(("OPEN", "SCHEDULED")))
    )
    if (await tx.session.scalar(statement) or 0) >= MAX_DRAFTS:
        message = f"A site has at most {MAX_DRAFTS} drafts: publish or discard some."
        raise Refused(Problem("LIMIT_REACHED", message, ()))
