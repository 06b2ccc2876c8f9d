"""What can be said of a logo."""

from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from resolvers.placement.input import AssetId, Changes, Link, ResponsiveSettings, SiteId, columns_of
from resolvers.validation import Input, text_of

MAX_PIXELS = 4_000

Name: Any = text_of(200, min_length=1)
Pixels = Annotated[int, Field(ge=1, le=MAX_PIXELS)]


class DisplaySettings(Input):
    """How large a logo is at most, in CSS pixels, where it stands and leads. It replaces all that there was."""

    max_width: Pixels | None = None
    max_height: Pixels | None = None
    alignment: str = "LEFT"
    link_url: Link = ""


class NewLogo(Input):
    """A logo to be made."""

    site_id: SiteId
    name: Name
    logo_type: str
    asset_id: AssetId
    display_settings: DisplaySettings | None = None
    responsive_settings: ResponsiveSettings | None = None
    start_at: AwareDatetime | None = None
    end_at: AwareDatetime | None = None


class LogoChanges(Changes):
    """What of a logo shall change."""

    name: Name | None = None
    logo_type: str | None = None
    asset_id: AssetId | None = None
    display_settings: DisplaySettings | None = None
    responsive_settings: ResponsiveSettings | None = None
    start_at: AwareDatetime | None = None
    end_at: AwareDatetime | None = None


_COLUMNS = ("name", "logo_type", "asset_id", "start_at", "end_at")
_PARTS = {"display_settings": "", "responsive_settings": ""}


def logo_columns(given: NewLogo | LogoChanges) -> dict[str, Any]:
    """The columns that an input sets."""
    return columns_of(given, _COLUMNS, _PARTS)
