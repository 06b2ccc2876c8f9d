"""Finding a draft for a write. A site is locked before its drafts."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field
from sqlalchemy import func, select

from core.access import CallerKind
from core.errors import Problem, Refused
from core.events import SyncEventType
from models import Site, StorefrontDraft, StorefrontVersion
from resolvers.storefront.config import result_of
from resolvers.storefront.version import Said
from resolvers.validation import Input, text_of
from resolvers.write import Write

MISSING = "There is no storefront draft with this id."
NOT_OPEN = "The draft is {}, not OPEN."
MAX_TAGS = 20


def _each_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Name: Any = text_of(200, min_length=1)
Description: Any = text_of(5_000)
Summary: Any = text_of(500)
Tag: Any = text_of(50, min_length=1)
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(_each_once)]


class Seen(Input):
    """The revision that was seen of what is to be changed."""

    revision: int


class Publication(Seen):
    """What is said of the version that a draft becomes."""

    change_summary: Summary = ""
    change_description: Description = ""
    tags: Tags = Field(default_factory=list)

    def said(self) -> Said:
        return Said(self.change_summary, self.change_description, tuple(self.tags))


@dataclass(frozen=True, slots=True)
class Opened:
    """A draft that is locked, its site, and the versions that it stands on. `result` is what it comes to now."""

    draft: StorefrontDraft
    site: Site
    base: StorefrontVersion
    against: StorefrontVersion
    result: dict[str, str]


async def open_draft(tx: Write, draft_id: UUID, revision: int | None, *, lock_site: bool = False) -> Opened:
    """The draft, locked until the write is done; the site too where that is asked for.

    Raises:
        Refused: NOT_FOUND, NOT_OPEN, CONFLICT (it has another revision than the one that was seen).

    """
    opened = await find_draft(tx, draft_id, lock_site=lock_site)
    draft = opened.draft
    if draft.status != "OPEN":
        raise refused_as(draft, "NOT_OPEN", NOT_OPEN.format(draft.status), ("id",))
    refuse_stale(draft, revision)
    return opened


async def find_draft(
    tx: Write, draft_id: UUID, *, lock_site: bool = False, lock: bool = True, at: tuple[str, ...] = ("id",)
) -> Opened:
    """The draft in whatever status, locked unless it is only looked at. `at` is where the input names it.

    With a draft its site is held too, as noting the assets that the draft names does: whoever locks the site and then
    its drafts would wait for that, and that for them.

    Raises:
        Refused: NOT_FOUND.

    """
    site_id = await tx.session.scalar(select(StorefrontDraft.site_id).where(StorefrontDraft.id == draft_id))
    looked_for = select(Site).where(Site.id == site_id, Site.deleted_at.is_(None))
    if lock_site or lock:
        looked_for = looked_for.with_for_update(read=not lock_site, key_share=not lock_site)
    site = await tx.session.scalar(looked_for)
    the_draft = select(StorefrontDraft).where(StorefrontDraft.id == draft_id)
    draft = await tx.session.scalar(the_draft.with_for_update() if lock else the_draft)
    if draft is None or site is None:
        raise Refused(Problem("NOT_FOUND", MISSING, at))
    base = await version_of(tx, draft.base_version_id)
    is_same = draft.against_version_id == draft.base_version_id
    against = base if is_same else await version_of(tx, draft.against_version_id)
    return Opened(draft, site, base, against, result_of(draft, base))


async def version_of(tx: Write, version_id: UUID | None) -> StorefrontVersion:
    """A version that is known to be there."""
    statement = select(StorefrontVersion).where(StorefrontVersion.id == version_id)
    return (await tx.session.scalars(statement)).one()


def refuse_stale(draft: StorefrontDraft, revision: int | None) -> None:
    """Refuses who has seen another revision than the current one, and shows that.

    Raises:
        Refused: CONFLICT.

    """
    if revision is not None and draft.revision != revision:
        message = (
            f"The draft was changed since: {draft.editor} made it revision {draft.revision}. Nothing of yours was "
            "written. Look at the draft as it is now, and send what you want of it."
        )
        raise refused_as(draft, "CONFLICT", message, ("input", "revision"))


def refused_as(draft: StorefrontDraft, code: str, message: str, at: tuple[str, ...]) -> Refused:
    """A refusal that shows the draft as it is."""
    return Refused(Problem(code, message, at), current={"id": draft.id})


def touch(tx: Write, draft: StorefrontDraft) -> None:
    """Notes that the caller changed the draft, for all who follow it."""
    caller = tx.context.caller
    draft.revision += 1
    draft.updated_at = func.now()
    if caller.kind is not CallerKind.SYSTEM:
        draft.updated_by = caller.id if caller.kind is CallerKind.USER else None
        draft.editor = caller.label
    tx.event(SyncEventType.STOREFRONT_DRAFT_UPDATED, "StorefrontDraft", draft.id)
