"""Files that must be refused, and what they are refused with: a piece of the reason that people read.

Each begins as a file of its type does, so that it is refused by nothing but a closer look.
"""

import struct
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.asset.files import PDF, SVG, font, mp4, picture, webm

JPEG, PNG, GIF, WEBP = "image/jpeg", "image/png", "image/gif", "image/webp"
DAMAGED, NOT_WHOLE, GOES_ON, NO_PART, PIXELS = "is damaged", "not whole", "goes on", "no part of a picture", "pixels"


def archive() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("META-INF/MANIFEST.MF", "Main-Class: Evil")
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG's chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(kind: bytes, data: bytes) -> bytes:
    """A good PNG that has one chunk more, behind its head."""
    good = picture()
    return good[:33] + chunk(kind, data) + good[33:]


def png_of(width: int, height: int, depth: int = 1, rows: int = 0) -> bytes:
    """A PNG that says that it is so large, with so many rows of nothing."""
    head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    packed = zlib.compressobj(9)
    row = bytes(1 + (width * depth + 7) // 8)
    data = b"".join([packed.compress(row) for _ in range(rows)]) + packed.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def with_comment(text: bytes) -> bytes:
    """A JPEG with a comment."""
    return picture(format_="JPEG", comment=text)


def with_text(text: str) -> bytes:
    info = PngInfo()
    info.add_text("Comment", text)
    return picture(pnginfo=info)


def gif_of(width: int, height: int) -> bytes:
    good = bytearray(picture(8, 8, "GIF"))
    good[6:10] = struct.pack("<HH", width, height)
    return bytes(good)


def gif_with_frames(count: int) -> bytes:
    frames = [Image.new("L", (2, 2), number % 256) for number in range(count)]
    buffer = BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=10)
    return buffer.getvalue()


def webp_of(width: int, height: int) -> bytes:
    """A lossless WebP that says that it is so large."""
    good = bytearray(picture(8, 8, "WEBP", lossless=True))
    at = good.index(b"VP8L") + 9
    (bits,) = struct.unpack_from("<I", good, at)
    struct.pack_into("<I", good, at, (bits & ~0x0FFF_FFFF) | (width - 1) | (height - 1) << 14)
    return bytes(good)


def large_webp() -> bytes:
    buffer = BytesIO()
    Image.new("L", (8_000, 6_400)).save(buffer, "WEBP", quality=1, method=0)
    return buffer.getvalue()


def animated(frames: int, side: int) -> bytes:
    """A small file of large frames: each is one colour."""
    pictures = [Image.new("P", (side, side), number) for number in range(frames)]
    buffer = BytesIO()
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=10)
    return buffer.getvalue()


def cut(content: bytes) -> bytes:
    return content[: len(content) * 99 // 100]


def pdf_and(more: bytes) -> bytes:
    return PDF + more


def svg(inside: str = "", attributes: str = "", before: str = "") -> bytes:
    return (
        f'{before}<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 9 9" {attributes}>{inside}</svg>'
    ).encode()


def embedded(content: bytes) -> str:
    """A picture within an SVG."""
    return f'<image href="data:image/png;base64,{b64encode(content).decode()}"/>'


# The large ones are made when they are sent.
PICTURES: dict[str, tuple[bytes | Callable[[], bytes], str, str]] = {
    "a GIF that is an archive": (picture(format_="GIF") + archive(), GIF, GOES_ON),
    "a JPEG that is an archive": (picture(format_="JPEG") + archive(), JPEG, GOES_ON),
    "a JPEG that announces more and goes on as an archive": (
        picture(format_="JPEG").replace(b"\xff\xdb", b"\xff\xe2\0\x06MPF\0\xff\xdb", 1) + archive(),
        JPEG,
        GOES_ON,
    ),
    "a JPEG that announces more and hides an archive behind it": (
        picture(format_="JPEG").replace(b"\xff\xdb", b"\xff\xe2\0\x06MPF\0\xff\xdb", 1)
        + picture(format_="JPEG")
        + archive(),
        JPEG,
        "an archive at once",
    ),
    "a PNG with an archive within": (with_chunk(b"zIPx", archive()), PNG, "an archive at once"),
    "a JPEG that is a PDF": (with_comment(PDF), JPEG, NO_PART),
    "a JPEG with PHP in its comment": (with_comment(b"<?php system($_GET['c']); ?>"), JPEG, NO_PART),
    "a PNG with a page in its text": (with_text("<html><script>alert(1)</script></html>"), PNG, NO_PART),
    "a PNG with a script in a chunk": (with_chunk(b"heLo", b"<ScRiPt src=//evil.example>"), PNG, NO_PART),
    "a PNG with an SVG in a chunk": (with_chunk(b"heLo", b"<svg onload=alert(1)>"), PNG, NO_PART),
    "a PNG with bytes after its end": (picture() + b"more", PNG, GOES_ON),
    "a JPEG with bytes after its end": (picture(format_="JPEG") + b"\0", JPEG, GOES_ON),
    "a WebP with bytes after its end": (picture(format_="WEBP") + b"evil", WEBP, GOES_ON),
    "a GIF with bytes after its end": (picture(format_="GIF") + b";", GIF, GOES_ON),
    "two PNGs": (picture() + picture(), PNG, GOES_ON),
    "a PNG of 900 million pixels": (lambda: png_of(30_000, 30_000, rows=30_000), PNG, PIXELS),
    "a PNG of 60 million pixels": (lambda: png_of(8_000, 7_500, rows=7_500), PNG, PIXELS),
    "a PNG of a side too long": (png_of(17_000, 1, rows=1), PNG, PIXELS),
    "a PNG of an absurd head": (png_of(2**31 - 1, 2**31 - 1), PNG, PIXELS),
    "a PNG of no pixels": (png_of(0, 0), PNG, DAMAGED),
    "a PNG of an unknown depth": (png_of(8, 8, depth=7, rows=8), PNG, DAMAGED),
    "a PNG without its rows": (png_of(4_000, 4_000), PNG, DAMAGED),
    "a PNG whose text unpacks to 200 MB": (
        lambda: with_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000), 9)),
        PNG,
        DAMAGED,
    ),
    "a PNG whose chunk is longer than the file": (picture()[:33] + b"\xff\xff\xff\xfftEXt", PNG, NOT_WHOLE),
    "a GIF of four thousand million pixels": (gif_of(65_535, 65_535), GIF, PIXELS),
    "a GIF of too many frames": (lambda: gif_with_frames(1_300), GIF, "frames"),
    "a GIF of too many pixels in all": (lambda: animated(60, 2_000), GIF, "frames"),
    "a WebP of 51 million pixels": (large_webp, WEBP, PIXELS),
    "a WebP that says that it is larger than it is": (webp_of(16_383, 16_383), WEBP, DAMAGED),
    "a JPEG of 4 thousand million pixels": (
        picture(format_="JPEG").replace(struct.pack(">HH", 500, 700), struct.pack(">HH", 65_500, 65_500), 1),
        JPEG,
        PIXELS,
    ),
    "a JPEG cut at 99 %": (cut(picture(format_="JPEG")), JPEG, NOT_WHOLE),
    "a PNG cut at 99 %": (cut(picture()), PNG, NOT_WHOLE),
    "a GIF cut at 99 %": (cut(picture(format_="GIF")), GIF, NOT_WHOLE),
    "a WebP cut at 99 %": (cut(picture(format_="WEBP")), WEBP, NOT_WHOLE),
    "nothing but the first bytes of a PNG": (picture()[:40], PNG, NOT_WHOLE),
}
OTHERS: dict[str, tuple[bytes | Callable[[], bytes], str, str]] = {
    "a PDF that is an archive": (pdf_and(archive()), "application/pdf", GOES_ON),
    "a PDF that is an archive with its own end in the comment": (
        pdf_and(archive()[:-2] + b"\x07\0%%EOF\n\n"),
        "application/pdf",
        "an archive at once",
    ),
    "a PDF that goes on as a page": (pdf_and(b"<script>alert(1)</script>"), "application/pdf", GOES_ON),
    "a PDF cut at 90 %": (PDF[: len(PDF) * 9 // 10], "application/pdf", NOT_WHOLE),
    "an MP4 cut": (mp4()[:-1], "video/mp4", NOT_WHOLE),
    "an MP4 that goes on": (mp4() + b"<html>evil</html>", "video/mp4", GOES_ON),
    "an MP4 with nothing to play": (mp4().replace(b"moov", b"free"), "video/mp4", NOT_WHOLE),
    "a WebM cut": (webm()[:-1], "video/webm", NOT_WHOLE),
    "a WebM that goes on": (webm() + b"<html>", "video/webm", GOES_ON),
    "a WOFF2 cut": (font("font/woff2")[:-1], "font/woff2", NOT_WHOLE),
    "a WOFF that goes on": (font("font/woff") + archive(), "font/woff", GOES_ON),
    "a TrueType font cut": (font("font/ttf")[:-1], "font/ttf", NOT_WHOLE),
    "an OpenType font that goes on": (font("font/otf") + b"<html>", "font/otf", GOES_ON),
}
ELEMENT, RUNS, OUTSIDE, STYLE = "has an element", "which runs something", "outside of itself", "has a style"
USES = '<g id="a0"><path d="M0 0"/></g>' + "".join(
    f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 9)
)
LAUGHS = (
    "<!DOCTYPE svg ["
    '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "' + f"&a{n - 1};" * 10 + '">' for n in range(1, 9)) + "]>"
)
_SVGS: dict[str, tuple[bytes, str]] = {
    "a script": (svg("<script>alert(1)</script>"), ELEMENT),
    "a script of another namespace": (svg('<x:script xmlns:x="http://www.w3.org/1999/xhtml">1</x:script>'), ELEMENT),
    "a script in capitals": (svg("<SCRIPT>alert(1)</SCRIPT>"), ELEMENT),
    "a script by its address": (svg('<script xlink:href="https://evil.example/x.js"/>'), ELEMENT),
    "a script in what is left out": (svg("<unknown><deep><script/></deep></unknown>"), ELEMENT),
    "onload": (svg(attributes='onload="alert(1)"'), RUNS),
    "onLoad within": (svg('<g><path d="M0 0" onMouseOver="alert(1)"/></g>'), RUNS),
    "an event of another namespace": (svg('<g xmlns:e="urn:e" e:onclick="alert(1)"/>'), RUNS),
    "a page": (svg('<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>'), ELEMENT),
    "a frame": (svg('<iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example"/>'), ELEMENT),
    "an embedded object": (svg('<object data="x"/>'), ELEMENT),
    "a link that runs": (svg('<a xlink:href="javascript:alert(1)"><path d="M0 0"/></a>'), OUTSIDE),
    "a link that runs, with entities and spaces": (svg('<a href=" java&#10;script:alert(1)"><g/></a>'), OUTSIDE),
    "a link that leads away": (svg('<a href="https://evil.example"><g/></a>'), OUTSIDE),
    "a picture of another server": (svg('<image href="https://evil.example/p.png"/>'), OUTSIDE),
    "a picture without a scheme": (svg('<image href="//evil.example/p.png"/>'), OUTSIDE),
    "a picture that is an SVG": (svg('<image href="data:image/svg+xml;base64,PHN2Zy8+"/>'), OUTSIDE),
    "a page as data": (svg('<use href="data:text/html,&lt;script&gt;1&lt;/script&gt;"/>'), OUTSIDE),
    "a use of another server": (svg('<use xlink:href="https://evil.example/x.svg#a"/>'), OUTSIDE),
    "a filter that fetches": (svg('<filter><feImage href="https://evil.example/p.png"/></filter>'), OUTSIDE),
    "a fill that fetches": (svg('<path fill="url(https://evil.example/x#a)"/>'), OUTSIDE),
    "a style that fetches": (svg("<path style=\"fill: url( '//evil.example/x' )\"/>"), OUTSIDE),
    "a style sheet that imports": (svg("<style>@import 'https://evil.example/x.css';</style>"), STYLE),
    "a style sheet with a font": (svg("<style>@font-face{font-family:x;src:url(//e.example)}</style>"), STYLE),
    "a style sheet with an escape": (svg(r"<style>a{fill:u\72l(//evil.example)}</style>"), STYLE),
    "a style sheet with an image set": (svg("<style>a{fill:image-set('//evil.example' 1x)}</style>"), STYLE),
    "a style that is an expression": (svg('<g style="width: expression(alert(1))"/>'), STYLE),
    "a style with a binding": (svg('<g style="-moz-binding: none"/>'), STYLE),
    "an animation of an address": (svg('<a href="#b"><animate attributeName="href" to="#c"/></a>'), "an animation"),
    "a set of an address": (svg('<a><set attributeName="xlink:href" to="javascript:alert(1)"/></a>'), "an animation"),
    "a set of an event": (svg('<set attributeName="onclick" to="alert(1)"/>'), "an animation"),
    "a handler": (svg('<handler xmlns:ev="http://www.w3.org/2001/xml-events" ev:event="load">1</handler>'), ELEMENT),
    "a document type": (svg(before='<!DOCTYPE svg PUBLIC "a" "https://evil.example/x.dtd">'), "document type"),
    "an entity of a file": (
        svg("<text>&x;</text>", before='<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        "document type",
    ),
    "a thousand million laughs": (svg("<text>&a8;</text>", before=LAUGHS), "document type"),
    "uses of uses of uses": (svg(f'{USES}<use href="#a8"/>'), "draws more than"),
    "a use of itself": (svg('<g id="a"><use href="#a"/></g>'), "uses itself"),
    "elements without end": (svg("<g/>" * 20_001), "too large"),
    "elements in elements": (svg("<g>" * 200 + "</g>" * 200), "too large"),
    "another encoding": (
        b'<?xml version="1.0" encoding="utf-7"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "UTF-8",
    ),
    "bytes that are no text": (svg("<text>\xe9</text>").decode().encode("latin-1"), "UTF-8"),
    "no SVG": (b'<x:svg xmlns:x="urn:x"><svg/></x:svg>', "no SVG"),
    "an SVG cut at 99 %": (cut(SVG), "not whole"),
    "an SVG that goes on": (SVG + b"<script>alert(1)</script>", "not whole"),
    "a picture of too many pixels": (svg(embedded(png_of(8_000, 7_500, rows=1))), "not taken"),
    "a picture that is a page": (svg(embedded(with_text("<html><script>1</script></html>"))), "not taken"),
    "a picture that is none": (svg('<image href="data:image/png;base64,AAAA"/>'), "not taken"),
    "a NUL": (svg("<text>\0</text>"), "not whole"),
}
SVGS: dict[str, tuple[bytes | Callable[[], bytes], str, str]] = {
    name: (content, "image/svg+xml", reason) for name, (content, reason) in _SVGS.items()
}
