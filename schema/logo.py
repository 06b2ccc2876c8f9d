"""Logos: the types, their filters and sorts, and the mutations."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import strawberry

from core.access import Caller
from core.ids import uuid_in
from resolvers.context import Context
from resolvers.logo import LOGO, LogoChanges, NewLogo, create_logo, update_logo
from resolvers.logo.shown import IS_SHOWN, SHOWN
from resolvers.placement import (
    Publication,
    Seen,
    archive_placement,
    delete_placement,
    publish_placement,
    restore_placement,
)
from resolvers.placement.shown import OF_A_SITE
from resolvers.read import Read
from resolvers.read.source import AnyOf, Column, Fits, SortKey
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.access import Access
from schema.account import User
from schema.asset import Asset
from schema.connection import Connection, SortDirection, argument, connection_parameters
from schema.enums import enum_of
from schema.mutation import deleted_id, mutation, row
from schema.placement import (
    END_AT,
    LINK_URL,
    OWN,
    READS,
    REVISION,
    START_AT,
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
LogoPart = enum_of(
    "LogoPart",
    "What of a logo can be emptied.",
    {
        "START_AT": ("start_at", "From when on it is shown."),
        "END_AT": ("end_at", "When it is no longer shown."),
    },
)
_MAX_WIDTH = "How wide it is at most, in CSS pixels, 1 to 4,000; the theme decides where there is none."
_MAX_HEIGHT = "How high it is at most, in CSS pixels, 1 to 4,000; the theme decides where there is none."
_ALIGNMENT = "Where in its place it stands."
_DISPLAY = "How large it is, where it stands and where it leads."


@strawberry.type(description="How a logo is shown.")
class LogoDisplaySettings:
    """Its size, its place, and where it leads."""

    max_width: int | None = strawberry.field(description=_MAX_WIDTH)
    max_height: int | None = strawberry.field(description=_MAX_HEIGHT)
    alignment: LogoAlignment = strawberry.field(description=_ALIGNMENT)  # type: ignore[valid-type]
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
    logo: Annotated["Logo", strawberry.lazy("schema.logo")] | None = one("The logo.", "Logo", "{c}.id = {p}.logo_id")
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
    display_settings: LogoDisplaySettings = embedded(_DISPLAY, _DISPLAY_COLUMNS)
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


_NAME = "What it is called; 1 to 200 characters."
_ASSET = "Its picture: an asset that is READY."
_RESPONSIVE = "How it is shown on smaller screens."


@strawberry.input(description="How a logo is shown. It replaces all that was said of that.")
class LogoDisplaySettingsInput:
    """Its size, its place, and where it leads."""

    max_width: int | None = strawberry.field(default=None, description=_MAX_WIDTH)
    max_height: int | None = strawberry.field(default=None, description=_MAX_HEIGHT)
    alignment: LogoAlignment | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description=f"{_ALIGNMENT} LEFT where it is left out."
    )
    link_url: str | None = strawberry.field(default=None, description=LINK_URL)


@strawberry.input(description="A logo to be made.")
class LogoCreateInput:
    """A new logo."""

    site_id: strawberry.ID = strawberry.field(description="The site that is to show it.")
    name: str = strawberry.field(description=_NAME)
    logo_type: LogoType = strawberry.field(description="Where it is for.")  # type: ignore[valid-type]
    asset_id: strawberry.ID = strawberry.field(description=_ASSET)
    display_settings: LogoDisplaySettingsInput | None = strawberry.field(default=None, description=_DISPLAY)
    responsive_settings: ResponsiveSettingsInput | None = strawberry.field(default=None, description=_RESPONSIVE)
    start_at: datetime | None = strawberry.field(default=None, description=START_AT)
    end_at: datetime | None = strawberry.field(default=None, description=END_AT)


@strawberry.input(description="What of a logo shall change; what is left out stays.")
class LogoUpdateInput:
    """A change of a logo."""

    revision: int = strawberry.field(description=REVISION)
    name: str | None = strawberry.field(default=None, description=_NAME)
    logo_type: LogoType | None = strawberry.field(default=None, description="Where it is for.")  # type: ignore[valid-type]
    asset_id: strawberry.ID | None = strawberry.field(default=None, description=_ASSET)
    display_settings: LogoDisplaySettingsInput | None = strawberry.field(default=None, description=_DISPLAY)
    responsive_settings: ResponsiveSettingsInput | None = strawberry.field(default=None, description=_RESPONSIVE)
    start_at: datetime | None = strawberry.field(default=None, description=START_AT)
    end_at: datetime | None = strawberry.field(default=None, description=END_AT)
    clear: list[LogoPart] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="What shall be emptied."
    )


@strawberry.input(description="From when to when a logo is to be shown; what is left out stays.")
class LogoPublishInput:
    """A publication."""

    revision: int = strawberry.field(description=REVISION)
    start_at: datetime | None = strawberry.field(default=None, description=START_AT)
    end_at: datetime | None = strawberry.field(default=None, description=END_AT)


@strawberry.input(description="A logo as it was seen.")
class LogoArchiveInput:
    """What is archived."""

    revision: int = strawberry.field(description=REVISION)


@strawberry.input(description="A logo as it was seen.")
class LogoVersionRestoreInput:
    """What a version replaces."""

    revision: int = strawberry.field(description="The logo's revision that was read; a stale one is CONFLICT.")


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


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await create_logo(context, validated(NewLogo, input))


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await update_logo(context, required_id(id, "Logo", "logo"), validated(LogoChanges, input))


async def _publish(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    logo_id = required_id(id, "Logo", "logo")
    return await publish_placement(context, LOGO, logo_id, validated(Publication, input))


async def _archive(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await archive_placement(context, LOGO, required_id(id, "Logo", "logo"), validated(Seen, input))


async def _delete(context: Context, id: str) -> Outcome:  # noqa: A002
    return await delete_placement(context, LOGO, required_id(id, "Logo", "logo"))


async def _restore(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    version_id = required_id(id, "LogoVersion", "version")
    return await restore_placement(context, LOGO, version_id, validated(Seen, input))


_ID = argument("id", strawberry.ID, "The logo's id.")
_CURRENT = row(Logo, "The logo as it is now.", granted=OWN, shown_when_stale=True)

MUTATIONS = {
    "logo_create": mutation(
        "logoCreate",
        "Makes a logo, as a draft.",
        needs="storefront:write",
        arguments=[argument("input", LogoCreateInput, "The logo.")],
        run=_create,
        returns={"logo": row(Logo, "The logo.", granted=OWN)},
        codes=("LIMIT_REACHED", "NOT_READY"),
    ),
    "logo_update": mutation(
        "logoUpdate",
        "Changes a logo. Of one that is published shoppers see it at once: only a publisher may. A stale revision is "
        "refused.",
        needs="storefront:write",
        arguments=[_ID, argument("input", LogoUpdateInput, "What shall change.")],
        run=_update,
        returns={"logo": _CURRENT},
        codes=("CONFLICT", "NOT_READY"),
    ),
    "logo_publish": mutation(
        "logoPublish",
        "Has shoppers see a logo, at once or from a time on. One that is published already gets the new times.",
        needs="storefront:publish",
        arguments=[_ID, argument("input", LogoPublishInput, "From when to when.")],
        run=_publish,
        returns={"logo": _CURRENT},
        codes=("CONFLICT",),
    ),
    "logo_archive": mutation(
        "logoArchive",
        "Takes a logo away from shoppers, and keeps it. It can be published again.",
        needs="storefront:write",
        arguments=[_ID, argument("input", LogoArchiveInput, "The logo as it was seen.")],
        run=_archive,
        returns={"logo": _CURRENT},
        codes=("CONFLICT",),
    ),
    "logo_delete": mutation(
        "logoDelete",
        "Deletes a logo with its versions, for good.",
        needs="storefront:write",
        arguments=[_ID],
        run=_delete,
        returns={"deleted_logo_id": deleted_id("Logo", "The id of what is gone.")},
    ),
    "logo_version_restore": mutation(
        "logoVersionRestore",
        "Makes a logo what a version of it was. Whether it is published stays.",
        needs="storefront:write",
        arguments=[
            argument("id", strawberry.ID, "The version's id."),
            argument("input", LogoVersionRestoreInput, "The logo as it was seen."),
        ],
        run=_restore,
        returns={"logo": _CURRENT},
        codes=("CONFLICT", "NOT_READY"),
    ),
}
