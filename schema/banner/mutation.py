"""Banners: the inputs and the mutations."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from resolvers.banner import (
    BANNER,
    BannerChanges,
    BannerOrder,
    NewBanner,
    create_banner,
    reorder_banners,
)
from resolvers.context import Context
from resolvers.placement import (
    Publication,
    Seen,
    archive_placement,
    delete_placement,
    publish_placement,
    restore_placement,
    update_placement,
)
from resolvers.read import Read
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.banner.type import CAMPAIGNS, COUNTRIES, DEVICES, LANGUAGES, SOURCES, Banner, BannerAudience, BannerType
from schema.connection import argument
from schema.enums import enum_of
from schema.mutation import Returns, deleted_id, mutation, row
from schema.placement import (
    END_AT,
    LINK_URL,
    OWN,
    REVISION,
    START_AT,
    Device,
    ResponsiveSettingsInput,
)
from schema.scalars import JSON

if TYPE_CHECKING:
    from schema.site import Site

BannerPart = enum_of(
    "BannerPart",
    "What of a banner can be emptied.",
    {
        "ASSET": ("asset_id", "Its picture."),
        "START_AT": ("start_at", "From when on it is shown."),
        "END_AT": ("end_at", "When it is no longer shown."),
    },
)
_TITLE = "What it is called; 1 to 200 characters."
_CONTENT = (
    "What it says: a JSON object of the theme's own making, at most 16 kB. Show texts in it as texts, never as HTML."
)
_STYLES = "At most 50 CSS properties and variables (`--name`) with values that are safe in a style sheet."


@strawberry.input(description="Whom a banner is for that is for CUSTOM. It replaces all that was said of that.")
class BannerTargetInput:
    """Lists of which each that is not empty must be met."""

    countries: list[str] | None = strawberry.field(default=None, description=COUNTRIES)
    languages: list[str] | None = strawberry.field(default=None, description=LANGUAGES)
    devices: list[Device] | None = strawberry.field(default=None, description=DEVICES)
    utm_sources: list[str] | None = strawberry.field(default=None, description=SOURCES)
    utm_campaigns: list[str] | None = strawberry.field(default=None, description=CAMPAIGNS)


@strawberry.input(description="A banner to be made.")
class BannerCreateInput:
    """A new banner."""

    site_id: strawberry.ID = strawberry.field(description="The site that is to show it.")
    title: str = strawberry.field(description=_TITLE)
    banner_type: BannerType = strawberry.field(description="Where on the site it belongs.")  # type: ignore[valid-type]
    asset_id: strawberry.ID | None = strawberry.field(default=None, description="Its picture: an asset that is READY.")
    responsive_settings: ResponsiveSettingsInput | None = strawberry.field(
        default=None, description="How it is shown on smaller screens."
    )
    link_url: str | None = strawberry.field(default=None, description=LINK_URL)
    content: JSON | None = strawberry.field(default=None, description=_CONTENT)
    custom_styles: JSON | None = strawberry.field(default=None, description=_STYLES)
    start_at: datetime | None = strawberry.field(default=None, description=START_AT)
    end_at: datetime | None = strawberry.field(default=None, description=END_AT)
    target_audience: BannerAudience | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Whom it is for; ALL where it is left out."
    )
    custom_target: BannerTargetInput | None = strawberry.field(
        default=None, description="Whom it is for where that is CUSTOM."
    )


@strawberry.input(description="What of a banner shall change; what is left out stays.")
class BannerUpdateInput:
    """A change of a banner."""

    revision: int = strawberry.field(description=REVISION)
    title: str | None = strawberry.field(default=None, description=_TITLE)
    banner_type: BannerType | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Where on the site it belongs."
    )
    asset_id: strawberry.ID | None = strawberry.field(default=None, description="Its picture: an asset that is READY.")
    responsive_settings: ResponsiveSettingsInput | None = strawberry.field(
        default=None, description="How it is shown on smaller screens."
    )
    link_url: str | None = strawberry.field(default=None, description=LINK_URL)
    content: JSON | None = strawberry.field(default=None, description=_CONTENT)
    custom_styles: JSON | None = strawberry.field(default=None, description=_STYLES)
    start_at: datetime | None = strawberry.field(default=None, description=START_AT)
    end_at: datetime | None = strawberry.field(default=None, description=END_AT)
    target_audience: BannerAudience | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Whom it is for."
    )
    custom_target: BannerTargetInput | None = strawberry.field(
        default=None, description="Whom it is for where that is CUSTOM."
    )
    clear: list[BannerPart] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="What shall be emptied."
    )


@strawberry.input(description="From when to when a banner is to be shown; what is left out stays.")
class BannerPublishInput:
    """A publication."""

    revision: int = strawberry.field(description=REVISION)
    start_at: datetime | None = strawberry.field(default=None, description=START_AT)
    end_at: datetime | None = strawberry.field(default=None, description=END_AT)


@strawberry.input(description="A banner as it was seen.")
class BannerArchiveInput:
    """What is archived."""

    revision: int = strawberry.field(description=REVISION)


@strawberry.input(description="A banner as it was seen.")
class BannerVersionRestoreInput:
    """What a version replaces."""

    revision: int = strawberry.field(description="The banner's revision that was read; a stale one is CONFLICT.")


@strawberry.input(description="The order of a site's banners.")
class BannersReorderInput:
    """All of them, in their order."""

    site_id: strawberry.ID = strawberry.field(description="The site.")
    banner_ids: list[strawberry.ID] = strawberry.field(
        description="All of its banners, drafts and archived ones too, the first to be shown first."
    )


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await create_banner(context, validated(NewBanner, input))


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    banner_id = required_id(id, "Banner", "banner")
    return await update_placement(context, BANNER, banner_id, validated(BannerChanges, input))


async def _publish(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    banner_id = required_id(id, "Banner", "banner")
    return await publish_placement(context, BANNER, banner_id, validated(Publication, input))


async def _archive(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await archive_placement(context, BANNER, required_id(id, "Banner", "banner"), validated(Seen, input))


async def _delete(context: Context, id: str) -> Outcome:  # noqa: A002
    return await delete_placement(context, BANNER, required_id(id, "Banner", "banner"))


async def _restore(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    version_id = required_id(id, "BannerVersion", "version")
    return await restore_placement(context, BANNER, version_id, validated(Seen, input))


async def _reorder(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await reorder_banners(context, validated(BannerOrder, input))


_ID = argument("id", strawberry.ID, "The banner's id.")
_CURRENT = row(Banner, "The banner as it is now.", granted=OWN, shown_when_stale=True)


def _site(outcome: Outcome) -> Read:
    return Read("Site", {"id": UUID(str(outcome["id"]))}, granted=OWN | {"sites:read"})


MUTATIONS = {
    "banner_create": mutation(
        "bannerCreate",
        "Makes a banner, as a draft behind all others of its site.",
        needs="storefront:write",
        arguments=[argument("input", BannerCreateInput, "The banner.")],
        run=_create,
        returns={"banner": row(Banner, "The banner.", granted=OWN)},
        codes=("LIMIT_REACHED", "NOT_READY"),
    ),
    "banner_update": mutation(
        "bannerUpdate",
        "Changes a banner. Of one that is published shoppers see it at once: only a publisher may. A stale revision is "
        "refused.",
        needs="storefront:write",
        arguments=[_ID, argument("input", BannerUpdateInput, "What shall change.")],
        run=_update,
        returns={"banner": _CURRENT},
        codes=("CONFLICT", "NOT_READY"),
    ),
    "banner_publish": mutation(
        "bannerPublish",
        "Has shoppers see a banner, at once or from a time on. One that is published already gets the new times.",
        needs="storefront:publish",
        arguments=[_ID, argument("input", BannerPublishInput, "From when to when.")],
        run=_publish,
        returns={"banner": _CURRENT},
        codes=("CONFLICT",),
    ),
    "banner_archive": mutation(
        "bannerArchive",
        "Takes a banner away from shoppers, and keeps it. It can be published again.",
        needs="storefront:write",
        arguments=[_ID, argument("input", BannerArchiveInput, "The banner as it was seen.")],
        run=_archive,
        returns={"banner": _CURRENT},
        codes=("CONFLICT",),
    ),
    "banner_delete": mutation(
        "bannerDelete",
        "Deletes a banner with its versions, for good.",
        needs="storefront:write",
        arguments=[_ID],
        run=_delete,
        returns={"deleted_banner_id": deleted_id("Banner", "The id of what is gone.")},
    ),
    "banner_version_restore": mutation(
        "bannerVersionRestore",
        "Makes a banner what a version of it was. Whether it is published stays, and its place among the others.",
        needs="storefront:write",
        arguments=[
            argument("id", strawberry.ID, "The version's id."),
            argument("input", BannerVersionRestoreInput, "The banner as it was seen."),
        ],
        run=_restore,
        returns={"banner": _CURRENT},
        codes=("CONFLICT", "NOT_READY"),
    ),
    "banners_reorder": mutation(
        "bannersReorder",
        "Puts all banners of a site in another order. Where shoppers see another one by that, only a publisher may.",
        needs="storefront:write",
        arguments=[argument("input", BannersReorderInput, "The order.")],
        run=_reorder,
        returns={
            "site": Returns(
                Annotated["Site", strawberry.lazy("schema.site")], "The site, with its banners in their order.", _site
            )
        },
        codes=("DUPLICATE", "INCOMPLETE"),
    ),
}
