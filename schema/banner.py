"""Banners: the types, their filters and sorts, and the mutations."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
import strawberry

from core.access import Caller
from core.ids import uuid_in
from resolvers.banner import (
    BANNER,
    MAX_BANNERS,
    BannerChanges,
    BannerOrder,
    NewBanner,
    create_banner,
    reorder_banners,
    update_banner,
)
from resolvers.banner.audience import AUDIENCE, SHOWN
from resolvers.context import Context
from resolvers.placement import (
    Publication,
    Seen,
    archive_placement,
    delete_placement,
    publish_placement,
    restore_placement,
)
from resolvers.placement.shown import IS_ACTIVE, OF_A_SITE
from resolvers.read import Read
from resolvers.read.source import AnyOf, Column, Fits, SortKey
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.access import Access
from schema.account import User
from schema.asset import Asset
from schema.connection import Connection, SortDirection, argument, connection_parameters
from schema.enums import enum_of
from schema.mutation import Returns, deleted_id, mutation, row
from schema.placement import (
    END_AT,
    LINK_URL,
    OWN,
    READS,
    REVISION,
    START_AT,
    Device,
    PlacementStatus,
    ResponsiveSettings,
    ResponsiveSettingsInput,
    responsive_settings,
)
from schema.query import Privacy, read_one, root_field
from schema.reading import Node, column, embedded, many, one, reads, row_id
from schema.request import Request
from schema.scalars import JSON

if TYPE_CHECKING:
    from schema.site import Site

BannerType = enum_of(
    "BannerType",
    "Where on a site a banner belongs. What a theme makes of it is the theme's own.",
    {
        "HERO": ("HERO", "Large, at the top of a page."),
        "PROMOTION": ("PROMOTION", "Among what a page shows."),
        "ANNOUNCEMENT": ("ANNOUNCEMENT", "A line above everything."),
        "CATEGORY": ("CATEGORY", "At the top of a list of products."),
        "SIDEBAR": ("SIDEBAR", "Beside what a page shows."),
        "POPUP": ("POPUP", "Over what a page shows."),
        "FOOTER": ("FOOTER", "At the end of a page."),
    },
)
BannerAudience = enum_of(
    "BannerAudience",
    "Whom a banner is for.",
    {
        "ALL": ("ALL", "Everybody."),
        "NEW_VISITORS": ("NEW_VISITORS", "Who is on the site for the first time."),
        "RETURNING_VISITORS": ("RETURNING_VISITORS", "Who was on the site before."),
        "CUSTOMERS": ("CUSTOMERS", "Who has bought something, or is signed in."),
        "CUSTOM": ("CUSTOM", "Who meets all of `customTarget`."),
    },
)
Visitor = enum_of(
    "Visitor",
    "Whether somebody was on a site before.",
    {"NEW": ("NEW", "They were not."), "RETURNING": ("RETURNING", "They were.")},
)
BannerPart = enum_of(
    "BannerPart",
    "What of a banner can be emptied.",
    {
        "ASSET": ("asset_id", "Its picture."),
        "START_AT": ("start_at", "From when on it is shown."),
        "END_AT": ("end_at", "When it is no longer shown."),
    },
)
_COUNTRIES = "Countries by their ISO 3166-1 codes of two letters, at most 50. Any where there are none."
_LANGUAGES = "Languages by their BCP 47 tags, at most 50; `de` is `de-AT` too. Any where there are none."
_DEVICES = "Devices. Any where there are none."
_SOURCES = "Values of `utm_source`, to the letter, at most 50. Any where there are none."
_CAMPAIGNS = "Values of `utm_campaign`, to the letter, at most 50. Any where there are none."


@strawberry.type(description="Whom a banner is for that is for CUSTOM: who meets every list that is not empty.")
class BannerTarget:
    """Lists of which each must have what is known of a shopper."""

    countries: list[str] = strawberry.field(description=_COUNTRIES)
    languages: list[str] = strawberry.field(description=_LANGUAGES)
    devices: list[Device] = strawberry.field(description=_DEVICES)
    utm_sources: list[str] = strawberry.field(description=_SOURCES)
    utm_campaigns: list[str] = strawberry.field(description=_CAMPAIGNS)


_TARGET = {
    "countries": Column(("{t}.target_countries",)),
    "languages": Column(("{t}.target_languages",)),
    "devices": Column(("{t}.target_devices",)),
    "utmSources": Column(("{t}.target_utm_sources",)),
    "utmCampaigns": Column(("{t}.target_utm_campaigns",)),
}


@reads(
    "banner_version",
    scope=READS,
    default_sort=("NUMBER", "DESC"),
    sorts={"NUMBER": SortKey("{t}.number", "bigint")},
)
@strawberry.type(description="A banner as it was published. It never changes, and goes only with its banner.")
class BannerVersion(Node):
    """One version."""

    id: strawberry.ID = row_id()
    number: int = column("Its number: each banner's versions are numbered from 1 on, without gaps.")
    banner: Annotated["Banner", strawberry.lazy("schema.banner")] | None = one(
        "The banner.", "Banner", "{c}.id = {p}.banner_id"
    )
    snapshot: JSON = column("The banner as it was, in the names of its fields.", convert=orjson.Fragment)
    created_by: User | None = one(
        "Who published it; null where an API key did, or where they no longer work here.",
        "User",
        "{c}.id = {p}.created_by",
    )
    author: str = column("Who published it, as they were called then: an e-mail address, or an API key's name.")
    created_at: datetime = column("When.")


@reads(
    "banner",
    where=OF_A_SITE,
    unpublished_scope=READS,
    published_where=IS_ACTIVE,
    default_sort=("DISPLAY_ORDER", "ASC"),
    sorts={
        "DISPLAY_ORDER": SortKey("{t}.display_order", "bigint"),
        "CREATED_AT": SortKey("{t}.created_at", "timestamptz"),
    },
    filters={
        "status": AnyOf("{t}.status", "text[]"),
        "bannerType": AnyOf("{t}.banner_type", "text[]"),
        "audience": Fits(AUDIENCE),
        "shown": Fits(SHOWN),
    },
)
@strawberry.type(description="Something that a site shows for a time, to some or to all.")
class Banner(Node):
    """One banner. Shoppers find it while it is active."""

    id: strawberry.ID = row_id()
    site: Annotated["Site", strawberry.lazy("schema.site")] | None = one("The site.", "Site", "{c}.id = {p}.site_id")
    title: str = column("What it is called.")
    banner_type: BannerType = column("Where on the site it belongs.")  # type: ignore[valid-type]
    status: PlacementStatus = column("How far it has come.")
    is_active: bool = column("Whether it is shown now, to those that it is for.", f"({IS_ACTIVE})")
    asset: Asset | None = one("Its picture; null where it has none.", "Asset", "{c}.id = {p}.asset_id")
    responsive_settings: ResponsiveSettings = responsive_settings()
    link_url: str = column(LINK_URL)
    content: JSON = column("What it says: a JSON object of the theme's own making.", convert=orjson.Fragment)
    custom_styles: JSON = column(
        "CSS properties and variables with their values, which can be put into a style sheet as they are.",
        convert=orjson.Fragment,
    )
    start_at: datetime | None = column(START_AT)
    end_at: datetime | None = column(END_AT)
    display_order: int = column("Its place among the site's banners: what has a smaller one comes first.")
    target_audience: BannerAudience = column("Whom it is for.")  # type: ignore[valid-type]
    custom_target: BannerTarget | None = embedded("Whom it is for where that is CUSTOM.", _TARGET, scope=READS)
    versions = many(
        BannerVersion,
        "What it was each time that it was published, the newest first.",
        "{c}.banner_id = {p}.id",
        scope=READS,
    )
    revision: int = column("Goes up with every change but of the order: name the one that you read when you update.")
    created_by: User | None = one(
        "Who made it; null where an API key did, or where they no longer work here.", "User", "{c}.id = {p}.created_by"
    )
    author: str | None = column("Who made it, as they were called then.", scope=READS)
    updated_by: User | None = one(
        "Who changed it last; null where an API key did, or where they no longer work here.",
        "User",
        "{c}.id = {p}.updated_by",
    )
    editor: str | None = column("Who changed it last, as they were called then.", scope=READS)
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.input(description="What is known of a shopper. What is not known meets no condition of a banner.")
class BannerAudienceInput:
    """A shopper, as far as a theme knows them."""

    visitor: Visitor | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Whether they were on the site before."
    )
    is_customer: bool | None = strawberry.field(
        default=None, description="Whether they have bought something, or are signed in."
    )
    country_code: str | None = strawberry.field(
        default=None, description="The country that they are in, by its ISO 3166-1 code of two letters."
    )
    language_code: str | None = strawberry.field(default=None, description="Their language, by its BCP 47 tag.")
    device: Device | None = strawberry.field(default=None, description="What they look at the site with.")
    utm_source: str | None = strawberry.field(default=None, description="The `utm_source` that they came with.")
    utm_campaign: str | None = strawberry.field(default=None, description="The `utm_campaign` that they came with.")


@strawberry.input(description="Which active banners: all that is named must hold.")
class ActiveBannerFilter:
    """A filter of what a shopper is shown."""

    audience: BannerAudienceInput = strawberry.field(
        description="Who looks: what is for them. `{}` where nothing is known of them, which shows what is for ALL."
    )
    banner_type: list[BannerType] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Belongs there."
    )


@strawberry.input(description="A moment and somebody who looks then.")
class BannerShownInput:
    """What would be shown."""

    audience: BannerAudienceInput = strawberry.field(description="Who looks; `{}` where nothing is known of them.")
    at: datetime | None = strawberry.field(default=None, description="When; now where it is left out.")
    draft_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Banners that are taken as published though they are not."
    )


@strawberry.input(description="Which banners: all that is named must hold.")
class BannerFilter:
    """A filter of banners."""

    status: list[PlacementStatus] | None = strawberry.field(default=None, description="Has one of these.")
    banner_type: list[BannerType] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Belongs there."
    )
    shown: BannerShownInput | None = strawberry.field(
        default=None, description="Would be shown then to somebody: a preview."
    )


@strawberry.enum(description="What banners are sorted by.")
class BannerSortField(Enum):
    """Keys of a sort."""

    DISPLAY_ORDER = strawberry.enum_value("DISPLAY_ORDER", description="Their place on the site.")
    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When they were made.")


@strawberry.input(description="In which order banners come.")
class BannerSort:
    """A sort of banners."""

    field: BannerSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


_TITLE = "What it is called; 1 to 200 characters."
_CONTENT = (
    "What it says: a JSON object of the theme's own making, at most 16 kB. Show texts in it as texts, never as HTML."
)
_STYLES = "At most 50 CSS properties and variables (`--name`) with values that are safe in a style sheet."


@strawberry.input(description="Whom a banner is for that is for CUSTOM. It replaces all that was said of that.")
class BannerTargetInput:
    """Lists of which each that is not empty must be met."""

    countries: list[str] | None = strawberry.field(default=None, description=_COUNTRIES)
    languages: list[str] | None = strawberry.field(default=None, description=_LANGUAGES)
    devices: list[Device] | None = strawberry.field(default=None, description=_DEVICES)
    utm_sources: list[str] | None = strawberry.field(default=None, description=_SOURCES)
    utm_campaigns: list[str] | None = strawberry.field(default=None, description=_CAMPAIGNS)


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


def _by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = uuid_in(id, "Banner")
    return {"id": found} if found else None


# Only a storefront token is of a site: nobody who sees more than shoppers is shown anything here.
def _active(request: Request, **_arguments: Any) -> Read:
    return Read("Banner", {"site_id": request.context.caller.site_id}, many=True)


QUERIES = {
    "banner": read_one(
        Banner,
        "A banner by its id; null where there is none.",
        READS,
        [argument("id", strawberry.ID, "The banner's id.")],
        _by_id,
    ),
    "active_banners": root_field(
        _active,
        Connection[Banner],
        f"The banners that the storefront token's site shows somebody now, in their order; at most {MAX_BANNERS}.",
        Access.WORKSPACE,
        [*connection_parameters(), argument("filter", ActiveBannerFilter, "To whom, and which.")],
        Privacy.PUBLISHED,
    ),
}


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await create_banner(context, validated(NewBanner, input))


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await update_banner(context, required_id(id, "Banner", "banner"), validated(BannerChanges, input))


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
