"""What search engines read of a site: robots.txt, sitemaps, structured data."""

from resolvers.seo.robots import robots
from resolvers.seo.site import PublishedSite, SiteKey, find_site, published_site
from resolvers.seo.sitemap import Document, NotThere, robots_document, sitemap, sitemap_file
from resolvers.seo.structured_data import product_data, script_safe, site_data

__all__ = [
    "Document",
    "NotThere",
    "PublishedSite",
    "SiteKey",
    "find_site",
    "product_data",
    "published_site",
    "robots",
    "robots_document",
    "script_safe",
    "site_data",
    "sitemap",
    "sitemap_file",
]
