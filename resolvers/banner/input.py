"""What can be said of a banner."""

from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from core.errors import Problem, Refused
from models import Banner
from resolvers.placement.input import (
    AssetId,
    Changes,
    JsonObject,
    Link,
    ResponsiveSettings,
    SiteId,
    Styles,
    columns_of,
    each_once,
)
from resolvers.validation import Input, id_of, text_of

# Values in one list of a target.
MAX_TARGETS = 50

BannerId: Any = id_of("Banner", "banner")
Title: Any = text_of(200, min_length=1)
Country = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern="^[A-Za-z]{2}$")]
Language = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, max_length=35, pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
    ),
]
Campaign: Any = text_of(200, min_length=1)


def _list(item: Any) -> Any:
    return Annotated[list[item], Field(max_length=MAX_TARGETS, default_factory=list), AfterValidator(each_once)]


class CustomTarget(Input):
    """Whom a banner for CUSTOM is for: who meets every list that is not empty. It replaces all that there was."""

    countries: _list(Country)  # type: ignore[valid-type]
    languages: _list(Language)  # type: ignore[valid-type]
    devices: _list(str)  # type: ignore[valid-type]
    utm_sources: _list(Campaign)  # type: ignore[valid-type]
    utm_campaigns: _list(Campaign)  # type: ignore[valid-type]


class NewBanner(Input):
    """A banner to be made, at the end of its site's."""

    site_id: SiteId
    title: Title
    banner_type: str
    asset_id: AssetId | None = None
    responsive_settings: ResponsiveSettings | None = None
    link_url: Link | None = None
    content: JsonObject | None = None
    custom_styles: Styles | None = None
    start_at: AwareDatetime | None = None
    end_at: AwareDatetime | None = None
    target_audience: str | None = None
    custom_target: CustomTarget | None = None


class BannerChanges(Changes):
    """What of a banner shall change."""

    title: Title | None = None
    banner_type: str | None = None
    asset_id: AssetId | None = None
    responsive_settings: ResponsiveSettings | None = None
    link_url: Link | None = None
    content: JsonObject | None = None
    custom_styles: Styles | None = None
    start_at: AwareDatetime | None = None
    end_at: AwareDatetime | None = None
    target_audience: str | None = None
    custom_target: CustomTarget | None = None


_COLUMNS = (
    "title",
    "banner_type",
    "asset_id",
    "link_url",
    "content",
    "custom_styles",
    "start_at",
    "end_at",
    "target_audience",
)
_PARTS = {"responsive_settings": "", "custom_target": "target_"}


def banner_columns(given: NewBanner | BannerChanges) -> dict[str, Any]:
    """The columns that an input sets."""
    return columns_of(given, _COLUMNS, _PARTS)


def check_banner(banner: Banner) -> None:
    """Refuses a banner for CUSTOM that is for nobody in particular.

    Raises:
        Refused: INVALID.

    """
    lists = (
        banner.target_countries,
        banner.target_languages,
        banner.target_devices,
        banner.target_utm_sources,
        banner.target_utm_campaigns,
    )
    if banner.target_audience == "CUSTOM" and not any(lists):
        message = "A banner for CUSTOM needs a customTarget that names somebody."
        raise Refused(Problem("INVALID", message, ("input", "customTarget")))
