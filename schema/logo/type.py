"""Logos: the types, their filters and sorts, and the queries."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import strawberry

from core.access import Caller
from core.ids import uuid_in
from resolvers.logo.shown import IS_SHOWN, SHOWN
from resolvers.placement.shown import OF_A_SITE
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

LogoType = enum_of(
    "LogoType",
    "Where a logo is for.",
    {
        "PRIMARY": ("PRIMARY", "Wherever there is no other."),
        "DARK": ("DARK", "A dark ground."),
        "FOOTER": ("FOOTER", "The end of a page."),
        "MOBILE": ("MOBILE", "Small screens."),
        "FAVICON": ("FAVICON", "The tabs and bookmarks of browsers."),
    },
)
LogoAlignment = enum_of(
    "LogoAlignment",
    "Where in its place a logo stands.",
    {
        "LEFT": ("LEFT", "At the left."),
        "CENTER": ("CENTER", "In the middle."),
        "RIGHT": ("RIGHT", "At the right."),
    },
)
MAX_WIDTH = "How wide it is at most, in CSS pixels, 1 to 4,000; the theme decides where there is none."
MAX_HEIGHT = "How high it is at most, in CSS pixels, 1 to 4,000; the theme decides where there is none."
ALIGNMENT = "Where in its place it stands."
DISPLAY = "How large it is, where it stands and where it leads."


@strawberry.type(description="How a logo is shown.")
class LogoDisplaySettings:
    """Its size, its place, and where it leads."""

    max_width: int | None = strawberry.field(description=MAX_WIDTH)
    max_height: int | None = strawberry.field(description=MAX_HEIGHT)
    alignment: LogoAlignment = strawberry.field(description=ALIGNMENT)  # type: ignore[valid-type]
    link_url: str = strawberry.field(description=LINK_URL)


_DISPLAY_COLUMNS = {
    "maxWidth": Column(("{t}.max_width",)),
    "maxHeight": Column(("{t}.max_height",)),
    "alignment": Column(("{t}.alignment",)),
    "linkUrl": Column(("{t}.link_url",)),
}


@reads(
    "logo_version",
    scope=READS,
    default_sort=("NUMBER", "DESC"),
    sorts={"NUMBER": SortKey("{t}.number", "bigint")},
)
@strawberry.type(description="A logo as it was published. It never changes, and goes only with its logo.")
class LogoVersion(Node):
    """One version."""

    id: strawberry.ID = row_id()
    number: int = column("Its number: each logo's versions are numbered from 1 on, without gaps.")
    logo: Annotated["Logo", strawberry.lazy("schema.logo.type")] | None = one(
        "The logo.", "Logo", "{c}.id = {p}.logo_id"
    )
    snapshot: JSON = column("The logo as it was, in the names of its fields.", convert=orjson.Fragment)
    created_by: User | None = one(
        "Who published it; null where an API key did, or where they no longer work here.",
        "User",
        "{c}.id = {p}.created_by",
    )
    author: str = column("Who published it, as they were called then: an e-mail address, or an API key's name.")
    created_at: datetime = column("When.")


@reads(
    "logo",
    where=OF_A_SITE,
    unpublished_scope=READS,
    published_where=IS_SHOWN,
    default_sort=("CREATED_AT", "ASC"),
    sorts={"CREATED_AT": SortKey("{t}.created_at", "timestamptz")},
    filters={
        "status": AnyOf("{t}.status", "text[]"),
        "logoType": AnyOf("{t}.logo_type", "text[]"),
        "shown": Fits(SHOWN),
    },
)
@strawberry.type(description="A logo of a site, for one place and perhaps for a time.")
class Logo(Node):
    """One logo. Shoppers find it while it is the one of its type that is shown."""

    id: strawberry.ID = row_id()
    site: Annotated["Site", strawberry.lazy("schema.site")] | None = one("The site.", "Site", "{c}.id = {p}.site_id")
    name: str = column("What it is called.")
    logo_type: LogoType = column("Where it is for.")  # type: ignore[valid-type]
    status: PlacementStatus = column("How far it has come.")
    is_active: bool = column("Whether it is the one of its type that is shown now.", f"({IS_SHOWN})")
    asset: Asset | None = one(
        "Its picture; null where it has lost it, and then it is not shown.", "Asset", "{c}.id = {p}.asset_id"
    )
    display_settings: LogoDisplaySettings = embedded(DISPLAY, _DISPLAY_COLUMNS)
    responsive_settings: ResponsiveSettings = responsive_settings()
    start_at: datetime | None = column(START_AT)
    end_at: datetime | None = column(END_AT)
    versions = many(
        LogoVersion,
        "What it was each time that it was published, the newest first.",
        "{c}.logo_id = {p}.id",
        scope=READS,
    )
    revision: int = column("Goes up with every change: name the one that you read when you update.")
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


@strawberry.input(description="Which active logos: all that is named must hold.")
class ActiveLogoFilter:
    """A filter of what shoppers are shown."""

    logo_type: list[LogoType] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Is for there."
    )


@strawberry.input(description="A moment.")
class LogoShownInput:
    """What would be shown."""

    at: datetime | None = strawberry.field(default=None, description="When; now where it is left out.")
    draft_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Logos that are taken as published though they are not."
    )


@strawberry.input(description="Which logos: all that is named must hold.")
class LogoFilter:
    """A filter of logos."""

    status: list[PlacementStatus] | None = strawberry.field(default=None, description="Has one of these.")
    logo_type: list[LogoType] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Is for there."
    )
    shown: LogoShownInput | None = strawberry.field(default=None, description="Would be shown then: a preview.")


@strawberry.enum(description="What logos are sorted by.")
class LogoSortField(Enum):
    """Keys of a sort."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When they were made.")


@strawberry.input(description="In which order logos come.")
class LogoSort:
    """A sort of logos."""

    field: LogoSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


def _by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = uuid_in(id, "Logo")
    return {"id": found} if found else None


# Only a storefront token is of a site: nobody who sees more than shoppers is shown anything here.
def _active(request: Request, **_arguments: Any) -> Read:
    return Read("Logo", {"site_id": request.context.caller.site_id}, many=True)


QUERIES = {
    "logo": read_one(
        Logo,
        "A logo by its id; null where there is none.",
        READS,
        [argument("id", strawberry.ID, "The logo's id.")],
        _by_id,
    ),
    "active_logos": root_field(
        _active,
        Connection[Logo],
        "The logos that the storefront token's site shows now: of each type one at most.",
        Access.WORKSPACE,
        connection_parameters(ActiveLogoFilter),
        Privacy.PUBLISHED,
    ),
}
