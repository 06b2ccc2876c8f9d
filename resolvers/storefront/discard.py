"""Giving a draft up. It stays as a record, and cannot be taken up again."""

from uuid import UUID

from resolvers.context import Context
from resolvers.storefront.assets import forget_draft_assets
from resolvers.storefront.config import changed_paths, sections_of
from resolvers.storefront.draft import Seen, open_draft, touch
from resolvers.storefront.rights import need_edit, rights_of
from resolvers.write import Outcome, write


async def discard_draft(context: Context, draft_id: UUID, seen: Seen) -> Outcome:
    """Discards a draft; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND, NOT_OPEN, CONFLICT.
        Forbidden: the caller may not change what the draft changes.

    """
    async with write(context) as tx:
        opened = await open_draft(tx, draft_id, seen.revision)
        paths = changed_paths(sections_of(opened.against), opened.result)
        await need_edit(await rights_of(tx, opened.site.id), paths)
        opened.draft.status = "DISCARDED"
        await forget_draft_assets(tx, opened.site.id, opened.draft.id)
        touch(tx, opened.draft)
        tx.audit("storefrontDraftDiscard", "StorefrontDraft", opened.draft.id, {"name": opened.draft.name})
        return tx.done(id=opened.draft.id)
