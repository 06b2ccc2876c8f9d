"""Putting a draft on what is live now: the client says, for each section that both sides changed, whose shall stand."""

from itertools import chain
from uuid import UUID

from pydantic import Field

from core.errors import Problem, Refused
from resolvers.context import Context
from resolvers.storefront.assets import note_assets
from resolvers.storefront.config import CHANGES, changed_paths, changed_sections, hold, result_of, sections_of
from resolvers.storefront.draft import Opened, Seen, open_draft, touch, version_of
from resolvers.storefront.rights import need_edit, rights_of
from resolvers.storefront.sections import SECTIONS
from resolvers.write import Outcome, write


class Rebase(Seen):
    """Sections of which the draft's own stand, and sections of which those that are live stand."""

    mine: list[str] = Field(default_factory=list)
    theirs: list[str] = Field(default_factory=list)


async def rebase_draft(context: Context, draft_id: UUID, rebase: Rebase) -> Outcome:
    """Puts a draft on the live version: sections that it does not change become those that are live.

    The outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, NOT_OPEN, CONFLICT, OVERLAP (both sides changed a section that the client does not name),
            DUPLICATE (it names one twice), INVALID (what stands does not fit the theme).
        Forbidden: the caller may not change what this changes.

    """
    _refuse_both(rebase)
    async with write(context) as tx:
        opened = await open_draft(tx, draft_id, rebase.revision)
        draft = opened.draft
        against, live = sections_of(opened.against), await version_of(tx, opened.site.live_version_id)
        now_live = sections_of(live)
        mine = changed_sections(against, opened.result)
        _refuse_overlap(opened, sorted(set(mine) & set(changed_sections(against, now_live))), rebase)
        given_up = [section for section in mine if section in rebase.theirs]
        kept = [section for section in mine if section not in given_up]
        for section in SECTIONS:
            setattr(draft, section, opened.result[section] if section in kept else None)
        draft.base_version_id = draft.against_version_id = live.id
        result = result_of(draft, live)
        paths = chain(changed_paths(now_live, result), changed_paths(against, opened.result, given_up))
        await need_edit(await rights_of(tx, opened.site.id), paths)
        await hold(tx, opened.site, result, kept, CHANGES)
        await note_assets(tx, opened.site.id, result, draft.id)
        touch(tx, draft)
        noted = {"version": live.number, "mine": kept, "theirs": given_up}
        tx.audit("storefrontDraftRebase", "StorefrontDraft", draft.id, noted)
        return tx.done(id=draft.id)


def _refuse_both(rebase: Rebase) -> None:
    both = [section for section in rebase.mine if section in rebase.theirs]
    if both:
        message = f"{', '.join(both)}: either yours stands or what is live, not both."
        raise Refused(Problem("DUPLICATE", message, ("input", "theirs")))


def _refuse_overlap(opened: Opened, overlapping: list[str], rebase: Rebase) -> None:
    open_questions = [section for section in overlapping if section not in {*rebase.mine, *rebase.theirs}]
    if open_questions:
        problems = [
            Problem(
                "OVERLAP", f"The draft and what is live both changed {section}: say whose stands.", ("input", "mine")
            )
            for section in open_questions
        ]
        raise Refused(*problems, current={"id": opened.draft.id})
