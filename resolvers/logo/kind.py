"""Logos as a kind of placement."""

from core.errors import Problem, Refused
from core.events import SyncEventType
from models import Logo, LogoVersion
from resolvers.logo.input import logo_columns
from resolvers.placement.kind import Kind


def check_logo(logo: Logo) -> None:
    """Refuses a logo without a picture.

    Raises:
        Refused: BLANK.

    """
    if logo.asset_id is None:
        raise Refused(Problem("BLANK", "The logo has lost its picture: give it another.", ("input", "assetId")))


LOGO = Kind(
    model=Logo,
    version=LogoVersion,
    name="Logo",
    of="logo_id",
    kept=(
        "name",
        "logo_type",
        "asset_id",
        "tablet_asset_id",
        "mobile_asset_id",
        "hidden_on",
        "max_width",
        "max_height",
        "alignment",
        "link_url",
        "start_at",
        "end_at",
    ),
    columns=logo_columns,
    check=check_logo,
    published=SyncEventType.LOGO_PUBLISHED,
    edited=SyncEventType.LOGO_DRAFT_UPDATED,
)
