"""Addresses that this server serves itself are stored as paths and answered whole."""

from core.settings import settings


def absolute_url(url: str) -> str:
    """The address as it is, or a path of this server with the server's public address before it."""
    return settings().base_url + url if url.startswith("/") else url


def site_url(slug: str) -> str:
    """The address of the site with this slug."""
    return settings().site_url(slug)
