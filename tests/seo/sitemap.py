"""Reading sitemaps as search engines do, and holding them to the protocol (sitemaps.org, 0.9)."""

import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
IMAGE = "{http://www.google.com/schemas/sitemap-image/1.1}"
XHTML = "{http://www.w3.org/1999/xhtml}"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
MAX_BYTES = 50 * 1024 * 1024
MAX_ENTRIES = 50_000
MAX_ADDRESS = 2_048


class Url(NamedTuple):
    """One entry: its address, when it changed, its pictures, and its languages with their addresses."""

    loc: str
    lastmod: str
    images: list[str]
    languages: dict[str, str]


def urls_of(response: httpx.Response) -> list[Url]:
    """The entries of a urlset that keeps to every rule."""
    return [_url(element) for element in _entries(response, "urlset", "url")]


def files_of(response: httpx.Response) -> list[Url]:
    """The files that an index names, which keeps to every rule."""
    return [_url(element) for element in _entries(response, "sitemapindex", "sitemap")]


def is_index(response: httpx.Response) -> bool:
    return ET.fromstring(response.content).tag == f"{SITEMAP}sitemapindex"  # noqa: S314 - our own


def _entries(response: httpx.Response, root: str, child: str) -> list[Any]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/xml; charset=utf-8"
    assert len(response.content) <= MAX_BYTES
    top = ET.fromstring(response.content)  # noqa: S314 - our own
    assert top.tag == f"{SITEMAP}{root}"
    assert {element.tag for element in top} == {f"{SITEMAP}{child}"}
    assert 1 <= len(top) <= MAX_ENTRIES
    return list(top)


def _url(element: Any) -> Url:
    known = [f"{SITEMAP}loc", f"{SITEMAP}lastmod", f"{IMAGE}image", f"{XHTML}link"]
    tags = [child.tag for child in element]
    # In the order of the schema, loc and lastmod once each.
    assert tags == sorted(tags, key=known.index)
    assert [tags.count(tag) for tag in known[:2]] == [1, 1]
    lastmod = element.findtext(f"{SITEMAP}lastmod")
    assert MOMENT.fullmatch(lastmod)
    images = [image.findtext(f"{IMAGE}loc") for image in element.findall(f"{IMAGE}image")]
    links = element.findall(f"{XHTML}link")
    assert all(link.get("rel") == "alternate" for link in links)
    found = Url(
        element.findtext(f"{SITEMAP}loc"), lastmod, images, {link.get("hreflang"): link.get("href") for link in links}
    )
    assert len(found.languages) == len(links)
    for address in (found.loc, *images, *found.languages.values()):
        assert address.isascii()
        assert len(address) < MAX_ADDRESS
        assert urlsplit(address).scheme in {"http", "https"}
    return found
