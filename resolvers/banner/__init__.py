"""Banners: what a site shows for a time, and to whom."""

from resolvers.banner.create import MAX_BANNERS, create_banner
from resolvers.banner.input import BannerChanges, NewBanner
from resolvers.banner.kind import BANNER
from resolvers.banner.reorder import BannerOrder, reorder_banners

__all__ = [
    "BANNER",
    "MAX_BANNERS",
    "BannerChanges",
    "BannerOrder",
    "NewBanner",
    "create_banner",
    "reorder_banners",
]
