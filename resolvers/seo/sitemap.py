"""Sitemaps (sitemaps.org, 0.9): a site's pages, with when each last changed, its pictures, and its other languages.

A small site has all of them in `sitemap.xml`. Beyond a file's worth that becomes an index, and `sitemap-1.xml` on have
the pages: first those of the config, then products in the order of their ids. A file is read and written whole, so one
has no more than `MAX_PRODUCTS` products, whatever the catalog has: a fraction of what the protocol allows.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, NamedTuple

from core.database import PIN_FIRST, PINNED_STATEMENT
from resolvers.context import Platform
from resolvers.seo.address import encoded, found_in, languages_of
from resolvers.seo.robots import robots
from resolvers.seo.site import PublishedSite, SiteKey, published_site

# Entries of a file: with a few pictures each they stay below what the cache keeps of one answer.
MAX_PRODUCTS = 1_000
# Lines that the languages of a file's entries make: each page stands there once in each, and names all of the others.
MAX_LINES = 10_000
# Pictures of a product, the first of them.
MAX_IMAGES = 10
# The protocol's own limit on an index.
MAX_FILES = 50_000

_IS_PUBLISHED = f"{PIN_FIRST} and p.workspace_id = $1 and p.status = 'ACTIVE' and p.deleted_at is null"
PRODUCTS = PINNED_STATEMENT.format(
    inner=f"""
select x.slug, x.updated_at,
       array(select i.url from product_image i where i.workspace_id = $1 and i.product_id = x.id
              order by i.position, i.id limit {MAX_IMAGES}) as images
  from (select p.id, p.slug, p.updated_at from product p where {_IS_PUBLISHED}
         order by p.id offset $2 limit $3) x
 order by x.id
"""  # noqa: S608 - constants of ours
)
# How many products there are in each file, when `$2` other pages stand before them and `$3` go into one.
FILES = PINNED_STATEMENT.format(
    inner=f"""
select x.file, max(x.updated_at) as updated_at
  from (select p.updated_at, ($2::bigint + row_number() over (order by p.id) - 1) / $3::bigint as file
          from product p where {_IS_PUBLISHED}) x
 group by x.file order by x.file limit {MAX_FILES}
"""  # noqa: S608 - constants of ours
)
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_MORE = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:xhtml="http://www.w3.org/1999/xhtml"'


class NotThere(Exception):
    """There is no such file: no such site, a site that is not to be indexed, or a number beyond the last."""


class Document(NamedTuple):
    """A file's bytes, and when the newest of what it shows last changed."""

    body: bytes
    modified: datetime


class _Page(NamedTuple):
    path: str
    changed_at: datetime
    images: Sequence[str] = ()


async def robots_document(platform: Platform, key: SiteKey) -> Document:
    """robots.txt.

    Raises:
        NotThere: the site is gone.

    """
    site = await published_site(platform, key)
    if site is None:
        raise NotThere
    return Document(robots(site).encode(), site.live_since)


async def sitemap(platform: Platform, key: SiteKey) -> Document:
    """sitemap.xml: all pages, or the index of the files that have them.

    Raises:
        NotThere: the site is gone, or not to be indexed.

    """
    listing = await _listing(platform, key)
    pages = await listing.pages(0, listing.in_file + 1)
    return listing.urlset(pages) if len(pages) <= listing.in_file else await listing.index()


async def sitemap_file(platform: Platform, key: SiteKey, number: int) -> Document:
    """sitemap-<number>.xml, counted from 1.

    Raises:
        NotThere: as in `sitemap`, or there is no file of this number.

    """
    listing = await _listing(platform, key)
    pages = await listing.pages((number - 1) * listing.in_file, listing.in_file) if 1 <= number <= MAX_FILES else []
    if not pages:
        raise NotThere
    return listing.urlset(pages)


async def _listing(platform: Platform, key: SiteKey) -> "_Listing":
    site = await published_site(platform, key)
    if site is None or not site.is_indexed:
        raise NotThere
    return _Listing(platform, site)


class _Listing:
    """The pages of one site in their order, `in_file` of them in a file."""

    def __init__(self, platform: Platform, site: PublishedSite) -> None:
        self._platform = platform
        self._site = site
        # Without a pattern for it the theme has its pages in one language only.
        languages = languages_of(site.settings) if "language" in site.addresses.paths else ()
        self._languages = languages if len(languages) > 1 else ()
        count = len(self._languages)
        self.in_file = min(MAX_PRODUCTS, MAX_LINES // (count * (count + 2))) if count else MAX_PRODUCTS
        self._own = [_Page(path, site.live_since) for path in _own_paths(site)]

    async def pages(self, start: int, count: int) -> list[_Page]:
        own = self._own[start : start + count]
        key, before = self._site.key, max(0, start - len(self._own))
        async with self._platform.database.app.acquire() as connection:
            rows = await connection.fetch(PRODUCTS, key.workspace_id, before, count - len(own))
        addresses = self._site.addresses
        products = [_Page(addresses.product_path(row["slug"]), row["updated_at"], row["images"]) for row in rows]
        return own + products

    async def index(self) -> Document:
        """The index of all files."""
        async with self._platform.database.app.acquire() as connection:
            rows = await connection.fetch(FILES, self._site.key.workspace_id, len(self._own), self.in_file)
        changed: dict[int, datetime] = {row["file"]: row["updated_at"] for row in rows}
        for file in range((len(self._own) - 1) // self.in_file + 1):
            changed[file] = max(self._site.live_since, changed.get(file, self._site.live_since))
        files = [
            f"<sitemap><loc>{escape(self._site.addresses.at(f'/sitemap-{file + 1}.xml'))}</loc>"
            f"<lastmod>{_moment(changed[file])}</lastmod></sitemap>"
            for file in sorted(changed)[:MAX_FILES]
        ]
        return _document(f"<sitemapindex {_NAMESPACE}>", files, "</sitemapindex>", changed.values())

    def urlset(self, pages: Sequence[_Page]) -> Document:
        urls = [url for page in pages for url in self._urls(page)]
        return _document(f"<urlset {_NAMESPACE} {_MORE}>", urls, "</urlset>", (page.changed_at for page in pages))

    def _urls(self, page: _Page) -> Iterable[str]:
        """The entries of a page, one for each language; its pictures stand with the default one."""
        addresses = self._site.addresses
        rest = f"<lastmod>{_moment(page.changed_at)}</lastmod>" + "".join(
            f"<image:image><image:loc>{escape(self._picture(url))}</image:loc></image:image>" for url in page.images
        )
        default = escape(addresses.at(page.path))
        if not self._languages:
            return [f"<url><loc>{default}</loc>{rest}</url>"]
        first, *others = self._languages
        named = {first: default} | {each: escape(addresses.in_language(page.path, each)) for each in others}
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang="{language}" href="{address}"/>'
            for language, address in [*named.items(), ("x-default", default)]
        )
        changed = f"<lastmod>{_moment(page.changed_at)}</lastmod>"
        return [
            f"<url><loc>{address}</loc>{rest if language == first else changed}{links}</url>"
            for language, address in named.items()
        ]

    def _picture(self, url: str) -> str:
        return encoded(self._platform.settings.absolute_url(url))


def _own_paths(site: PublishedSite) -> list[str]:
    """The home page, and the pages of the config's `content` where the theme says where it shows them."""
    pages: Any = found_in(site.content, "pages")
    slugs = [found_in(page, "slug") for page in pages] if isinstance(pages, list) else []
    paths = [site.addresses.page_path(slug) for slug in slugs if isinstance(slug, str) and slug]
    return list(dict.fromkeys(["/", *(path for path in paths if path)]))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _document(start: str, lines: Iterable[str], end: str, changed: Iterable[datetime]) -> Document:
    return Document((_HEAD + "\n".join([start, *lines, end]) + "\n").encode(), max(changed))
