"""Logos: the inputs and the mutations."""

from datetime import datetime
from typing import Any

import strawberry

from resolvers.context import Context
from resolvers.logo import LOGO, LogoChanges, NewLogo, create_logo
from resolvers.placement import (
    Publication,
    Seen,
    archive_placement,
    delete_placement,
    publish_placement,
    restore_placement,
    update_placement,
)
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.connection import argument
from schema.enums import enum_of
from schema.logo.type import ALIGNMENT, DISPLAY, MAX_HEIGHT, MAX_WIDTH, Logo, LogoAlignment, LogoType
from schema.mutation import deleted_id, mutation, row
from schema.placement import (
    END_AT,
    LINK_URL,
    OWN,
    REVISION,
    START_AT,
    ResponsiveSettingsInput,
)

LogoPart = enum_of(
    "LogoPart",
    "What of a logo can be emptied.",
    {
        "START_AT": ("start_at", "From when on it is shown."),
        "END_AT": ("end_at", "When it is no longer shown."),
    },
)
_NAME = "What it is called; 1 to 200 characters."
_ASSET = "Its picture: an asset that is READY."
_RESPONSIVE = "How it is shown on smaller screens."


@strawberry.input(description="How a logo is shown. It replaces all that was said of that.")
class LogoDisplaySettingsInput:
    """Its size, its place, and where it leads."""

    max_width: int | None = strawberry.field(default=None, description=MAX_WIDTH)
    max_height: int | None = strawberry.field(default=None, description=MAX_HEIGHT)
    alignment: LogoAlignment | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description=f"{ALIGNMENT} LEFT where it is left out."
    )
    link_url: str | None = strawberry.field(default=None, description=LINK_URL)


@strawberry.input(description="A logo to be made.")
class LogoCreateInput:
    """A new logo."""

    site_id: strawberry.ID = strawberry.field(description="The site that is to show it.")
    name: str = strawberry.field(description=_NAME)
    logo_type: LogoType = strawberry.field(description="Where it is for.")  # type: ignore[valid-type]
    asset_id: strawberry.ID = strawberry.field(description=_ASSET)
    display_settings: LogoDisplaySettingsInput | None = strawberry.field(default=None, description=DISPLAY)
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
    display_settings: LogoDisplaySettingsInput | None = strawberry.field(default=None, description=DISPLAY)
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


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await create_logo(context, validated(NewLogo, input))


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    logo_id = required_id(id, "Logo", "logo")
    return await update_placement(context, LOGO, logo_id, validated(LogoChanges, input))


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
