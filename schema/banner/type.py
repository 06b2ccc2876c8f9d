"""Banners: the types, their filters and sorts, and the queries."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import strawberry

from core.access import Caller
from core.ids import uuid_in
from resolvers.banner import (
    MAX_BANNERS,
)
from resolvers.banner.audience import AUDIENCE, SHOWN
from resolvers.placement.shown import IS_ACTIVE, OF_A_SITE
from resolvers.read import Read
from resolvers.read.source import AnyOf, Column, Fits, SortKey
from schema.access import Access
from schema.account import User
from schema.asset import Asset
from schema.connection import Connection, SortDirection, argument, connection_parameters
from schema.enums import enum_of
from schema.placement import (
    END_AT,
    LINK_URL,
    READS,
    START_AT,
    Device,
    PlacementStatus,
    ResponsiveSettings,
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
COUNTRIES = "Countries by their ISO 3166-1 codes of two letters, at most 50. Any where there are none."
LANGUAGES = "Languages by their BCP 47 tags, at most 50; `de` is `de-AT` too. Any where there are none."
DEVICES = "Devices. Any where there are none."
SOURCES = "Values of `utm_source`, to the letter, at most 50. Any where there are none."
CAMPAIGNS = "Values of `utm_campaign`, to the letter, at most 50. Any where there are none."


@strawberry.type(description="Whom a banner is for that is for CUSTOM: who meets every list that is not empty.")
class BannerTarget:
    """Lists of which each must have what is known of a shopper."""

    countries: list[str] = strawberry.field(description=COUNTRIES)
    languages: list[str] = strawberry.field(description=LANGUAGES)
    devices: list[Device] = strawberry.field(description=DEVICES)
    utm_sources: list[str] = strawberry.field(description=SOURCES)
    utm_campaigns: list[str] = strawberry.field(description=CAMPAIGNS)


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
    banner: Annotated["Banner", strawberry.lazy("schema.banner.type")] | None = one(
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
