"""robots.txt (RFC 9309): where search engines may go."""

from resolvers.seo.address import encoded, found_in, texts_in
from resolvers.seo.site import PublishedSite


def robots(site: PublishedSite) -> str:
    """The file's text: nowhere at all where the config's `seo` says that the site is not to be indexed."""
    if not site.is_indexed:
        return "# This site is not to be indexed.\nUser-agent: *\nDisallow: /\n"
    paths = [path for path in texts_in(found_in(site.seo, "robots", "disallow")) if path.startswith("/")]
    rules = [f"Disallow: {_rule(path)}" for path in paths] or ["Allow: /"]
    return "\n".join(["User-agent: *", *rules, "", f"Sitemap: {site.addresses.at('/sitemap.xml')}", ""])


def _rule(path: str) -> str:
    """A path with its wildcards, on one line and without what would begin a comment."""
    return encoded(path).replace("#", "%23")
