"""Serving assets: each address names what is in it, so it is kept for ever wherever it is kept."""

import re

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from integrations.files import TYPES, AssetKind
from integrations.storage import StorageUnavailable
from resolvers.context import Platform

_BY_EXTENSION = {each.extension: each for each in TYPES.values()}
_NAME = re.compile(r"[a-z0-9-]{1,100}\.([a-z0-9]{2,5})")
_ID = re.compile(r"[0-9a-f]{32}")
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
# Whatever a file turns out to be when it is opened by itself: it runs nothing, fetches nothing, belongs to no origin.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


async def serve_asset(request: Request) -> Response:
    """One file, or the range of it that is asked for."""
    workspace, asset, filename = (request.path_params[name] for name in ("workspace", "asset", "filename"))
    name = _NAME.fullmatch(filename)
    file_type = _BY_EXTENSION.get(name[1]) if name else None
    if file_type is None or not (_ID.fullmatch(workspace) and _ID.fullmatch(asset)):
        return _missing()
    etag = f'"{filename.rpartition("-")[2].partition(".")[0]}"'
    headers = {
        "content-type": file_type.media_type,
        "cache-control": "public, max-age=31536000, immutable",
        "etag": etag,
        "accept-ranges": "bytes",
        "x-content-type-options": "nosniff",
        "content-security-policy": _POLICY,
        "cross-origin-resource-policy": "cross-origin",
    }
    if file_type.kind is AssetKind.DOCUMENT:
        headers["content-disposition"] = f'attachment; filename="{filename}"'
    storage = request.app.state.platform.storage
    key = f"assets/{workspace}/{asset}/{filename}"
    try:
        size = await storage.size(key)
    except StorageUnavailable:
        return PlainTextResponse("Try again in a moment.\n", 503, {"retry-after": "5", "cache-control": "no-store"})
    if size is None:
        return _missing()
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return _answer(request, key, size, headers)


def _answer(request: Request, key: str, size: int, headers: dict[str, str]) -> Response:
    platform: Platform = request.app.state.platform
    start, end, status = 0, size, 200
    asked = request.headers.get("range")
    if asked and request.headers.get("if-range") in {None, headers["etag"]}:
        found = _range(asked, size)
        if found is not None:
            start, end = found
            if start >= end:
                return PlainTextResponse("", 416, {"content-range": f"bytes */{size}"})
            status = 206
            headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    headers["content-length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(platform.storage.stream(key, start, end - start), status, headers)


def _range(asked: str, size: int) -> tuple[int, int] | None:
    """From where to where, the end not included; empty where it lies outside; None for what need not be understood."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        return size - length, size
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return None
    return start, min(int(found[2]) + 1, size) if found[2] else size


def _missing() -> Response:
    return PlainTextResponse("There is no such file.\n", 404, {"cache-control": "no-store"})


ROUTES = [Route("/assets/{workspace}/{asset}/{filename}", serve_asset, methods=["GET"])]
