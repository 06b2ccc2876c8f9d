"""Putting the banners of a site in another order: all of them at once."""

from typing import Any
from uuid import UUID

from pydantic import Field

from core.access import StorefrontRole
from core.errors import Problem, Refused
from core.events import SyncEventType
from resolvers.banner.create import MAX_BANNERS
from resolvers.banner.input import BannerId
from resolvers.context import Context
from resolvers.placement.input import SiteId
from resolvers.placement.placement import entered_site
from resolvers.storefront.rights import need_role, rights_of
from resolvers.validation import Input
from resolvers.write import Outcome, write

_AT = ("input", "bannerIds")
# Locked in the order of their ids, as everywhere.
_LOCK = "select id, status, display_order from banner where workspace_id = $1 and site_id = $2 order by id for update"
_MOVE = (
    "update banner b set display_order = o.place from unnest($3::uuid[]) with ordinality o(id, place) "
    "where b.workspace_id = $1 and b.site_id = $2 and b.id = o.id and b.display_order <> o.place "
    "returning b.id, b.status"
)


class BannerOrder(Input):
    """All banners of a site, the first to be shown first."""

    site_id: SiteId
    banner_ids: list[BannerId] = Field(max_length=MAX_BANNERS)


async def reorder_banners(context: Context, order: BannerOrder) -> Outcome:
    """Sets the order of a site's banners; the outcome has the site's `id`. Their revisions stay.

    Raises:
        Refused: NOT_FOUND, DUPLICATE, INCOMPLETE (a banner of the site is not named).
        Forbidden: the caller is no editor of the site, or no publisher and shoppers would see another order.

    """
    async with write(context) as tx:
        site = await entered_site(tx, order.site_id)
        there = await tx.connection.fetch(_LOCK, tx.workspace_id, site.id)
        _refuse_other(order.banner_ids, {row["id"] for row in there})
        if _published(there) != [each for each in order.banner_ids if each in set(_published(there))]:
            need_role(await rights_of(tx, site.id), StorefrontRole.PUBLISHER)
        moved = await tx.connection.fetch(_MOVE, tx.workspace_id, site.id, order.banner_ids)
        for row in moved:
            is_shown = row["status"] == "PUBLISHED"
            kind = SyncEventType.BANNER_PUBLISHED if is_shown else SyncEventType.BANNER_DRAFT_UPDATED
            tx.event(kind, "Banner", row["id"])
        tx.audit("bannersReorder", "Site", site.id, {"banner_ids": order.banner_ids})
        return tx.done(id=site.id)


def _published(rows: list[Any]) -> list[UUID]:
    """The ids of those that shoppers see, in the order in which they do."""
    shown = [row for row in rows if row["status"] == "PUBLISHED"]
    return [row["id"] for row in sorted(shown, key=lambda row: (row["display_order"], row["id"]))]


def _refuse_other(ids: list[UUID], there: set[UUID]) -> None:
    problems = []
    for place, banner_id in enumerate(ids):
        if banner_id not in there:
            message = "The site has no banner with this id."
            problems.append(Problem("NOT_FOUND", message, (*_AT, str(place))))
        elif banner_id in ids[:place]:
            problems.append(Problem("DUPLICATE", "The banner stands twice in the order.", (*_AT, str(place))))
    missing = len(there - set(ids))
    if missing and not problems:
        message = f"{missing} of the site's {len(there)} banners are not in the order: name all of them."
        problems.append(Problem("INCOMPLETE", message, _AT))
    if problems:
        raise Refused(*problems)
