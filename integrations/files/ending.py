"""Where pictures end, by their own formats, and what must not be in them.

A file that is two things at once (a picture, and to somebody else a PDF, a page, an archive) hides the second behind
the end of the first, or where its format lets people write anything. All of that is lost when a picture is written
anew; it is refused besides, so that nobody wonders where half of their file went.
"""

import re
import zipfile
from collections.abc import Callable
from io import BytesIO

from integrations.files.base import Unfit

_CUT = "The picture is not whole: it ends before its end."
_BEYOND = "The file goes on behind the end of the picture. Save the picture anew, without anything else in the file."
# Six characters or more, so that compressed data has them by chance once in thousands of millions of pictures.
_FOREIGN = re.compile(
    rb"<script|<iframe|<!doctype|<html[\s>]|<body[\s>]|<svg[\s>]|<foreignobject|<\?php\s|javascript:|%PDF-[12]\.",
    re.IGNORECASE,
)

_PNG_START = b"\x89PNG\r\n\x1a\n"
# JPEG's markers; each stands behind a byte of all ones.
_ONES = 0xFF
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_SOI, _EOI, _SOS, _APP2 = 0xD8, 0xD9, 0xDA, 0xE2
# GIF's blocks.
_TRAILER, _FRAME, _EXTENSION = 0x3B, 0x2C, 0x21
_MAX_PARTS = 1_000_000


def check_ending(content: bytes, media_type: str) -> None:
    """Checks that a picture ends with its file.

    Raises:
        Unfit: it was cut, goes on, or holds something else.

    """
    try:
        end = _ENDS[media_type](content)
    except (IndexError, ValueError):
        raise Unfit(_CUT) from None
    if end > len(content):
        raise Unfit(_CUT)
    if end < len(content):
        raise Unfit(_BEYOND)
    found = _FOREIGN.search(content)
    if found:
        said = found[0].decode("ascii", "replace").strip()
        raise Unfit(f"The picture holds something that is no part of a picture: {said}")
    if zipfile.is_zipfile(BytesIO(content)):
        raise Unfit("The file is a picture and an archive at once.")


def _number(content: bytes, at: int, size: int) -> int:
    if at + size > len(content):
        raise IndexError
    return int.from_bytes(content[at : at + size], "big")


def _png_end(content: bytes) -> int:
    at = len(_PNG_START)
    while True:
        length, kind = _number(content, at, 4), content[at + 4 : at + 8]
        at += 12 + length
        if kind == b"IEND":
            return at


def _jpeg_end(content: bytes) -> int:
    """Behind the end marker. Further pictures that the first one announces, as phones write, count as part of it."""
    at, has_more = 2, False
    for _ in range(_MAX_PARTS):
        if _number(content, at, 1) != _ONES:
            raise ValueError
        marker = _number(content, at + 1, 1)
        if marker == _ONES:
            at += 1
        elif marker == _EOI:
            is_more = has_more and content[at + 2 : at + 5] == b"\xff\xd8\xff"
            return len(content) if is_more else at + 2
        elif marker in _JPEG_ALONE:
            at += 2
        else:
            has_more = has_more or (marker == _APP2 and content[at + 4 : at + 8] == b"MPF\0")
            at += 2 + _number(content, at + 2, 2)
            if marker == _SOS:
                at = _behind_scan(content, at)
    raise ValueError


def _behind_scan(content: bytes, at: int) -> int:
    """The next marker behind compressed data, in which 0xFF is followed by 0 or by a restart."""
    while True:
        at = content.index(b"\xff", at)
        follows = _number(content, at + 1, 1)
        if follows != 0 and follows not in _JPEG_ALONE:
            return at
        at += 2


def _gif_end(content: bytes) -> int:
    at = 13 + _gif_colours(content[10])
    for _ in range(_MAX_PARTS):
        kind = content[at]
        if kind == _TRAILER:
            return at + 1
        if kind == _FRAME:
            at += 11 + _gif_colours(content[at + 9])
        elif kind == _EXTENSION:
            at += 2
        else:
            raise ValueError
        while content[at]:
            at += 1 + content[at]
        at += 1
    raise ValueError


def _gif_colours(flags: int) -> int:
    """The size of a colour table, by the byte that tells of it."""
    return 3 * (2 << (flags & 0x07)) if flags & 0x80 else 0


def _webp_end(content: bytes) -> int:
    size = int.from_bytes(content[4:8], "little")
    return 8 + size + size % 2


_ENDS: dict[str, Callable[[bytes], int]] = {
    "image/png": _png_end,
    "image/jpeg": _jpeg_end,
    "image/gif": _gif_end,
    "image/webp": _webp_end,
}
