"""What banners and logos share in the schema."""

import strawberry

from resolvers.read.source import Column, One
from schema.asset import Asset
from schema.enums import enum_of
from schema.reading import embedded

READS = "storefront:read"
# Whoever may write sees what they wrote.
OWN = frozenset({READS})
Device = enum_of(
    "Device",
    "What a shopper looks at a site with.",
    {
        "MOBILE": ("MOBILE", "A telephone."),
        "TABLET": ("TABLET", "A tablet."),
        "DESKTOP": ("DESKTOP", "Anything larger."),
    },
)
PlacementStatus = enum_of(
    "PlacementStatus",
    "How far a banner or a logo has come.",
    {
        "DRAFT": ("DRAFT", "It is being made; shoppers do not see it."),
        "PUBLISHED": ("PUBLISHED", "Shoppers see it within its times."),
        "ARCHIVED": ("ARCHIVED", "It was taken away from shoppers, and is kept."),
    },
)
TABLET = "The picture for tablets; its own where there is none."
MOBILE = "The picture for telephones; the one for tablets, or its own, where there is none."
HIDDEN_ON = "The devices on which nothing is shown."
START_AT = "From when on it is shown; as soon as it is published where there is none."
END_AT = "When it is no longer shown; never where there is none."
LINK_URL = (
    "Where it leads: a path such as `/sale`, or an https, http, mailto or tel address of at most 2,000 characters. "
    "Empty where it leads nowhere."
)
REVISION = "The revision that was read; a stale one is refused with CONFLICT."


@strawberry.type(description="How something is shown on smaller screens.")
class ResponsiveSettings:
    """Other pictures for some devices, and those on which it is not shown."""

    tablet_asset: Asset | None = strawberry.field(description=TABLET)
    mobile_asset: Asset | None = strawberry.field(description=MOBILE)
    hidden_on: list[Device] = strawberry.field(description=HIDDEN_ON)  # type: ignore[valid-type]


@strawberry.input(description="How something is shown on smaller screens. It replaces all that was said of that.")
class ResponsiveSettingsInput:
    """Other pictures for some devices, and those on which it is not shown."""

    tablet_asset_id: strawberry.ID | None = strawberry.field(default=None, description=TABLET)
    mobile_asset_id: strawberry.ID | None = strawberry.field(default=None, description=MOBILE)
    hidden_on: list[Device] | None = strawberry.field(default=None, description=HIDDEN_ON)  # type: ignore[valid-type]


def responsive_settings() -> ResponsiveSettings:
    """The field that reads them."""
    found: ResponsiveSettings = embedded(
        "How it is shown on smaller screens.",
        {
            "tabletAsset": One("Asset", "{c}.id = {p}.tablet_asset_id"),
            "mobileAsset": One("Asset", "{c}.id = {p}.mobile_asset_id"),
            "hiddenOn": Column(("{t}.hidden_on",)),
        },
    )
    return found
