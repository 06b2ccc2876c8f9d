"""The types of file that are taken, and telling them by their first bytes."""

from dataclasses import dataclass
from enum import StrEnum

import filetype

# Bytes at the beginning of a file that tell its type.
HEAD = 8 * 1024


class AssetKind(StrEnum):
    """What a file is good for."""

    IMAGE = "IMAGE"
    SVG = "SVG"
    VIDEO = "VIDEO"
    FONT = "FONT"
    DOCUMENT = "DOCUMENT"


@dataclass(frozen=True, slots=True)
class FileType:
    """A type of file, by its media type."""

    media_type: str
    kind: AssetKind
    extension: str


TYPES: dict[str, FileType] = {
    each.media_type: each
    for each in (
        FileType("image/jpeg", AssetKind.IMAGE, "jpg"),
        FileType("image/png", AssetKind.IMAGE, "png"),
        FileType("image/gif", AssetKind.IMAGE, "gif"),
        FileType("image/webp", AssetKind.IMAGE, "webp"),
        FileType("image/svg+xml", AssetKind.SVG, "svg"),
        FileType("video/mp4", AssetKind.VIDEO, "mp4"),
        FileType("video/webm", AssetKind.VIDEO, "webm"),
        FileType("font/woff2", AssetKind.FONT, "woff2"),
        FileType("font/woff", AssetKind.FONT, "woff"),
        FileType("font/ttf", AssetKind.FONT, "ttf"),
        FileType("font/otf", AssetKind.FONT, "otf"),
        FileType("application/pdf", AssetKind.DOCUMENT, "pdf"),
    )
}
# What `filetype` calls by an older name, by its extension.
_FONTS = {"woff2": "font/woff2", "woff": "font/woff", "ttf": "font/ttf", "otf": "font/otf"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def sniffed_type(head: bytes) -> str | None:
    """The media type that a file's first bytes tell; None where they tell none. It may be one that is not taken."""
    text = head.removeprefix(_BYTE_ORDER_MARK).lstrip().lower()
    if text.startswith(b"<"):
        is_svg = b"<svg" in text and not text.startswith((b"<!doctype html", b"<html"))
        return "image/svg+xml" if is_svg else "text/html"
    found = filetype.guess(head)
    if found is None:
        return None
    return _FONTS.get(found.extension, str(found.mime))


def name_of_type(media_type: str | None) -> str:
    """A type as a message calls it."""
    return media_type or "of no type that can be told"
