"""Changing a logo. What is not named stays as it is."""

from uuid import UUID

from resolvers.context import Context
from resolvers.logo.input import LogoChanges, logo_columns
from resolvers.logo.kind import LOGO
from resolvers.placement.input import refuse_times
from resolvers.placement.placement import hold_pictures, locked_placement, touch
from resolvers.write import Outcome, write


async def update_logo(context: Context, logo_id: UUID, changes: LogoChanges) -> Outcome:
    """Changes a logo; the outcome has its `id`. Of one that is published shoppers see it, and a version is kept.

    Raises:
        Refused: NOT_FOUND, CONFLICT, NOT_READY, INVALID, OUT_OF_RANGE, BLANK (it has lost its picture).
        Forbidden: the caller may not change it: of what is published only a publisher may.

    """
    async with write(context) as tx:
        logo = await locked_placement(tx, LOGO, logo_id, changes.revision)
        columns = dict.fromkeys(changes.clear) | logo_columns(changes)
        await hold_pictures(tx, columns)
        for name, value in columns.items():
            setattr(logo, name, value)
        refuse_times(logo.start_at, logo.end_at)
        LOGO.check(logo)
        touch(tx, LOGO, logo, was_shown=logo.status == "PUBLISHED")
        tx.audit("logoUpdate", "Logo", logo.id, changes.model_dump(mode="json", exclude_unset=True))
        return tx.done(id=logo.id)
