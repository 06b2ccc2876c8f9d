"""Editing a draft: whole sections, or a JSON Patch over what it comes to."""

from typing import Any
from uuid import UUID

from resolvers.context import Context
from resolvers.storefront.assets import note_assets
from resolvers.storefront.config import (
    changed_paths,
    changed_sections,
    edited,
    hold,
    own_sections,
    read_replacements,
    sections_of,
)
from resolvers.storefront.draft import Description, Name, Seen, open_draft, touch
from resolvers.storefront.rights import need_edit, rights_of
from resolvers.write import Outcome, write


class DraftChanges(Seen):
    """What of a draft shall change. `changes` replaces the sections that it names, then `patch` is applied."""

    name: Name | None = None
    description: Description | None = None
    changes: Any = None
    patch: Any = None


async def update_draft(context: Context, draft_id: UUID, changes: DraftChanges) -> Outcome:
    """Edits a draft; the outcome has its `id`. Nothing is merged: who has not seen the newest revision is refused.

    Raises:
        Refused: NOT_FOUND, NOT_OPEN, CONFLICT, INVALID (with the path in `changes` or `patch`).
        Forbidden: the caller may not change what this changes.

    """
    replacements = await read_replacements(changes.changes)
    async with write(context) as tx:
        opened = await open_draft(tx, draft_id, changes.revision)
        draft = opened.draft
        edit = await edited(own_sections(draft), sections_of(opened.base), replacements, changes.patch)
        for section, text in edit.own.items():
            setattr(draft, section, text)
        if changes.name is not None:
            draft.name = changes.name
        if changes.description is not None:
            draft.description = changes.description
        await need_edit(await rights_of(tx, opened.site.id), changed_paths(opened.result, edit.result))
        await hold(tx, opened.site, edit.result, edit.named, edit.at)
        if changed_sections(opened.result, edit.result):
            await note_assets(tx, opened.site.id, edit.result, draft.id)
        touch(tx, draft)
        noted = {"revision": draft.revision, "sections": changed_sections(opened.result, edit.result)}
        tx.audit("storefrontDraftUpdate", "StorefrontDraft", draft.id, noted)
        return tx.done(id=draft.id)
