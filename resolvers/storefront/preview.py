"""A link to a draft, for a theme to show it before it is published."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.clock import now
from core.preview_token import issue_preview_token
from resolvers.context import Context
from resolvers.storefront.draft import find_draft, refused_as
from resolvers.storefront.rights import need_edit, rights_of
from resolvers.validation import Input
from resolvers.write import Outcome, Secret, write

DEFAULT_SECONDS = 3_600
LONGEST_SECONDS = 7 * 24 * 3_600


class NewPreview(Input):
    """For how long a draft can be looked at."""

    expires_in_seconds: Annotated[int, Field(ge=60, le=LONGEST_SECONDS)] = DEFAULT_SECONDS


async def create_preview(context: Context, draft_id: UUID, new: NewPreview) -> Outcome:
    """Makes a preview token of a draft; the outcome has the draft's `id`, the `token`, and `expires_at`.

    Raises:
        Refused: NOT_FOUND, NOT_OPEN (it was published or discarded).
        Forbidden: the caller may edit nothing of this site's look.

    """
    async with write(context) as tx:
        opened = await find_draft(tx, draft_id)
        await need_edit(await rights_of(tx, opened.site.id), ())
        if opened.draft.status not in {"OPEN", "SCHEDULED"}:
            message = f"The draft is {opened.draft.status}: there is nothing to look at before it goes live."
            raise refused_as(opened.draft, "NOT_OPEN", message, ("id",))
        expires_at = now() + timedelta(seconds=new.expires_in_seconds)
        token = issue_preview_token(context.platform.settings, tx.workspace_id, draft_id, expires_at)
        noted = {"expires_at": expires_at}
        tx.audit("storefrontDraftPreviewCreate", "StorefrontDraft", draft_id, noted)
        return tx.done(id=draft_id, token=Secret(token), expires_at=expires_at.isoformat())
