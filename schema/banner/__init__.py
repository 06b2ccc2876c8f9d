"""Banners: what can be read of them, and the mutations."""

from schema.banner.mutation import MUTATIONS
from schema.banner.type import QUERIES, Banner, BannerFilter, BannerSort

__all__ = ["MUTATIONS", "QUERIES", "Banner", "BannerFilter", "BannerSort"]
