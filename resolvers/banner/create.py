"""Making a banner."""

from sqlalchemy import func, select

from core.ids import new_id
from models import Banner
from resolvers.banner.input import NewBanner, banner_columns, check_banner
from resolvers.banner.kind import BANNER
from resolvers.context import Context
from resolvers.placement.input import refuse_times
from resolvers.placement.placement import by_caller, entered_site, hold_pictures, refuse_too_many
from resolvers.write import Outcome, write

# Of one site, archived ones too. All that are published can be shown at once.
MAX_BANNERS = 200


async def create_banner(context: Context, new: NewBanner) -> Outcome:
    """Makes a banner that is a DRAFT, behind all others of its site; the outcome has its `id`.

    Raises:
        Refused: NOT_FOUND (the site, a picture), NOT_READY, INVALID, OUT_OF_RANGE (the times), LIMIT_REACHED.
        Forbidden: the caller is no editor of the site.

    """
    async with write(context) as tx:
        site = await entered_site(tx, new.site_id)
        await refuse_too_many(tx, BANNER, site.id, MAX_BANNERS)
        last = await tx.session.scalar(select(func.max(Banner.display_order)).where(Banner.site_id == site.id)) or 0
        columns, by = banner_columns(new), by_caller(tx)
        await hold_pictures(tx, columns)
        banner = Banner(
            **EMPTY | columns | by,
            workspace_id=tx.workspace_id,
            id=new_id(),
            site_id=site.id,
            display_order=last + 1,
            updated_by=by["created_by"],
            editor=by["author"],
        )
        refuse_times(banner.start_at, banner.end_at)
        check_banner(banner)
        tx.session.add(banner)
        tx.event(BANNER.edited, BANNER.name, banner.id)
        tx.audit("bannerCreate", "Banner", banner.id, new.model_dump(mode="json", exclude_unset=True))
        return tx.done(id=banner.id)


# What a banner is of which nothing is said.
EMPTY = {
    "hidden_on": [],
    "link_url": "",
    "content": "{}",
    "custom_styles": "{}",
    "target_audience": "ALL",
    "target_countries": [],
    "target_languages": [],
    "target_devices": [],
    "target_utm_sources": [],
    "target_utm_campaigns": [],
}
