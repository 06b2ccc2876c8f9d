"""Addresses that this server serves itself are stored as paths and answered whole."""

from core.settings import settings


def absolute_url(url: str) -> str:
    """The address as it is; a path of this server with its public address before it, or that of the CDN for assets."""
    return settings().absolute_url(url)


def site_url(slug: str, primary_name: str | None) -> str:
    """The address of the site with this slug, under its primary domain where it has one."""
    return settings().site_url(slug, primary_name)


def domain_url(name: str) -> str:
    """The address of the site that is served under this domain."""
    return settings().domain_url(name)
