"""Files to be uploaded: good ones. The hostile ones are in `hostile.py`."""

from io import BytesIO
from typing import Any

from PIL import Image

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 12"><path d="M0 0h24v12z" fill="#b8860b"/></svg>'
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def picture(width: int = 700, height: int = 500, format_: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    """A picture with something to see in it."""
    buffer = BytesIO()
    shades = Image.linear_gradient("L").resize((width, height))
    Image.merge("RGB", (shades, shades.rotate(180), shades.transpose(Image.Transpose.FLIP_LEFT_RIGHT))).convert(
        mode
    ).save(buffer, format_, **options)
    return buffer.getvalue()


def opened(content: bytes) -> Image.Image:
    found = Image.open(BytesIO(content))
    found.load()
    return found


def font(media_type: str) -> bytes:
    """The frame of a font: what a browser looks at first."""
    if media_type in {"font/woff", "font/woff2"}:
        start = b"wOFF" if media_type == "font/woff" else b"wOF2"
        return start + b"\0\1\0\0" + (64).to_bytes(4, "big") + bytes(52)
    start = b"OTTO" if media_type == "font/otf" else b"\0\1\0\0"
    table = b"glyf" + bytes(4) + (28).to_bytes(4, "big") + (40).to_bytes(4, "big")
    return start + b"\0\1\0\x10\0\0\0\0" + table + bytes(40)


def mp4() -> bytes:
    """The boxes of a video, empty."""
    return b"\0\0\0\x18ftypisom\0\0\2\0isommp41" + b"\0\0\0\x08moov" + b"\0\0\0\x10mdat" + bytes(8)


def webm() -> bytes:
    """The head of a video and an empty segment."""
    head = b"B\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87\x81\x04B\x85\x81\x02"
    return b"\x1aE\xdf\xa3" + bytes([0x80 | len(head)]) + head + b"\x18S\x80g" + b"\x88" + bytes(8)


GOOD = {
    "image/jpeg": picture(format_="JPEG"),
    "image/png": picture(),
    "image/gif": picture(format_="GIF"),
    "image/webp": picture(format_="WEBP"),
    "image/svg+xml": SVG,
    "video/mp4": mp4(),
    "video/webm": webm(),
    "font/woff2": font("font/woff2"),
    "font/woff": font("font/woff"),
    "font/ttf": font("font/ttf"),
    "font/otf": font("font/otf"),
    "application/pdf": PDF,
}
