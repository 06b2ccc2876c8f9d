"""Banners as a kind of placement."""

from core.events import SyncEventType
from models import Banner, BannerVersion
from resolvers.banner.input import banner_columns, check_banner
from resolvers.placement.kind import Kind

BANNER = Kind(
    model=Banner,
    version=BannerVersion,
    name="Banner",
    of="banner_id",
    kept=(
        "title",
        "banner_type",
        "asset_id",
        "tablet_asset_id",
        "mobile_asset_id",
        "hidden_on",
        "link_url",
        "content",
        "custom_styles",
        "start_at",
        "end_at",
        "target_audience",
        "target_countries",
        "target_languages",
        "target_devices",
        "target_utm_sources",
        "target_utm_campaigns",
    ),
    columns=banner_columns,
    check=check_banner,
    published=SyncEventType.BANNER_PUBLISHED,
    edited=SyncEventType.BANNER_DRAFT_UPDATED,
)
