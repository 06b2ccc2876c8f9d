"""What search engines ask of a site, by its slug: robots.txt and sitemaps. Themes and proxies pass them on.

Anybody may ask. Answers are kept as those that shoppers share, and dropped with them when the catalog or the config
changes; whether the site is there is looked up each time.
"""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.access import Caller, CallerKind
from core.cache import KEPT_BY_OTHERS, AnswerCache, Entry
from core.compression import MIN_COMPRESSED, takes_gzip
from core.database import DATABASE_FAULTS
from core.errors import Throttled
from core.throttle import Throttle
from resolvers.context import Platform
from resolvers.seo import Document, NotThere, SiteKey, find_site, robots_document, sitemap, sitemap_file

log = structlog.get_logger()

XML = "application/xml; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
# Points for a file that nobody has read in the last seconds, and for any other answer: a thousand rows without GraphQL
# cost about what a hundred of its objects do.
READING = 100
LOOKING = 1
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")
_HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"

Make = Callable[[Platform, SiteKey], Awaitable[Document]]


async def robots_txt(request: Request) -> Response:
    """Where search engines may go."""
    return await _answer(request, "robots", robots_document, TEXT)


async def sitemap_xml(request: Request) -> Response:
    """All pages, or the index of the files that have them."""
    return await _answer(request, "sitemap", sitemap, XML)


async def sitemap_part(request: Request) -> Response:
    """One of the files that the index names."""
    number = request.path_params["number"]
    if not _NUMBER.fullmatch(number):
        return _missing()
    return await _answer(request, number, partial(sitemap_file, number=int(number)), XML)


async def _answer(request: Request, name: str, make: Make, media_type: str) -> Response:
    try:
        entry = await _entry(request, name, make)
    except NotThere:
        return _missing()
    except Throttled as error:
        seconds = str(int(error.extensions.get("retryAfter", 1)) + 1)
        return _later(HTTPStatus.TOO_MANY_REQUESTS, seconds)
    except DATABASE_FAULTS as error:
        log.warning("not read for search engines", file=name, error=str(error))
        return _later(HTTPStatus.SERVICE_UNAVAILABLE, "5")
    return _shown(request, entry, media_type)


async def _entry(request: Request, name: str, make: Make) -> Entry:
    """The file, from the cache if it is there.

    Raises:
        NotThere: there is none.
        Throttled: the address has asked for too much.

    """
    state = request.app.state
    platform: Platform = state.platform
    cache: AnswerCache = state.cache
    await _charge(request, LOOKING)
    site = await find_site(platform, request.path_params["slug"])
    if site is None:
        raise NotThere
    key = (site.workspace_id, ("seo", site, name))
    entry = cache.get(key, 0)
    if entry is not None:
        return entry
    await _charge(request, READING)

    async def read() -> Entry:
        document = await make(platform, site)
        return Entry(document.body, 0, modified=document.modified)

    return await cache.fill(key, 0, read)


async def _charge(request: Request, points: int) -> None:
    throttle: Throttle = request.app.state.throttle
    nobody = Caller(CallerKind.ANONYMOUS, address=request.client.host if request.client else "")
    waiting = throttle.take(throttle.buckets(nobody), points)
    if waiting is not None:
        await waiting


def _shown(request: Request, entry: Entry, media_type: str) -> Response:
    """The ETag alone decides what is new: a page that is gone changes no other page's time."""
    etag = entry.etag.decode()
    headers = {"cache-control": KEPT_BY_OTHERS.decode(), "etag": etag, "vary": "accept-encoding"}
    if entry.modified is not None:
        headers["last-modified"] = entry.modified.strftime(_HTTP_DATE)
    known = request.headers.get("if-none-match", "")
    if known.strip() == "*" or etag.removeprefix("W/") in known:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["content-type"] = media_type
    headers["x-content-type-options"] = "nosniff"
    if len(entry.body) >= MIN_COMPRESSED and takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(entry.gzipped, headers=headers | {"content-encoding": "gzip"})
    return Response(entry.body, headers=headers)


def _missing() -> Response:
    return PlainTextResponse(
        "There is no such site, or nothing of it to be found.\n", 404, {"cache-control": "no-store"}
    )


def _later(status: HTTPStatus, seconds: str) -> Response:
    return PlainTextResponse("Try again in a moment.\n", status, {"retry-after": seconds, "cache-control": "no-store"})


ROUTES = [
    Route("/sites/{slug}/robots.txt", robots_txt),
    Route("/sites/{slug}/sitemap.xml", sitemap_xml),
    Route("/sites/{slug}/sitemap-{number}.xml", sitemap_part),
]
