"""Changing a banner. What is not named stays as it is."""

from uuid import UUID

from resolvers.banner.input import BannerChanges, banner_columns
from resolvers.banner.kind import BANNER
from resolvers.context import Context
from resolvers.placement.input import refuse_times
from resolvers.placement.placement import hold_pictures, locked_placement, touch
from resolvers.write import Outcome, write


async def update_banner(context: Context, banner_id: UUID, changes: BannerChanges) -> Outcome:
    """Changes a banner; the outcome has its `id`. Of one that is published shoppers see it, and a version is kept.

    Raises:
        Refused: NOT_FOUND, CONFLICT, NOT_READY, INVALID, OUT_OF_RANGE (the times).
        Forbidden: the caller may not change it: of what is published only a publisher may.

    """
    async with write(context) as tx:
        banner = await locked_placement(tx, BANNER, banner_id, changes.revision)
        columns = dict.fromkeys(changes.clear) | banner_columns(changes)
        await hold_pictures(tx, columns)
        for name, value in columns.items():
            setattr(banner, name, value)
        refuse_times(banner.start_at, banner.end_at)
        BANNER.check(banner)
        touch(tx, BANNER, banner, was_shown=banner.status == "PUBLISHED")
        tx.audit("bannerUpdate", "Banner", banner.id, changes.model_dump(mode="json", exclude_unset=True))
        return tx.done(id=banner.id)
