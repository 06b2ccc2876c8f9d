"""Videos, fonts and documents: kept as they are, so they must be what they say from their first byte to the last."""

from collections.abc import Awaitable, Callable

from integrations.files.base import Unfit

# Gives so many bytes of the file from a place on; fewer only at its end.
Read = Callable[[int, int], Awaitable[bytes]]

_CUT = "The file is not whole: it ends before its end."
_BEYOND = "The file goes on behind its end."
# How far from the end of a file an archive's directory can begin.
_ARCHIVE_TAIL = 65_557
_MAX_BOXES = 10_000
# The size and the kind of a box.
_BOX_HEAD = 8
_SEGMENT = 0x18538067
_EBML = 0x1A45DFA3
# Fonts may be padded to a multiple of four bytes.
_PADDING = 3


async def check_structure(read: Read, size: int, media_type: str) -> None:
    """Checks that a file that is no picture is whole and nothing else.

    Raises:
        Unfit: it is not.

    """
    await _CHECKS[media_type](read, size)


async def _pdf(read: Read, size: int) -> None:
    start = max(0, size - _ARCHIVE_TAIL)
    tail = await read(start, size - start)
    if b"%%EOF" not in tail:
        raise Unfit(_CUT)
    if tail.rpartition(b"%%EOF")[2].strip(b"\r\n\t \0"):
        raise Unfit(_BEYOND)
    if b"PK\x05\x06" in tail:
        raise Unfit("The file is a document and an archive at once.")


async def _web_font(read: Read, size: int) -> None:
    """WOFF and WOFF2 say how long they are."""
    head = await read(0, 12)
    _ends_at(int.from_bytes(head[8:12], "big"), size)


async def _font(read: Read, size: int) -> None:
    """The last of a font's tables is its end."""
    head = await read(0, 12)
    count = int.from_bytes(head[4:6], "big")
    directory = await read(12, 16 * count)
    if count == 0 or len(directory) < 16 * count:
        raise Unfit(_CUT)
    entries = [directory[at : at + 16] for at in range(0, len(directory), 16)]
    end = max(int.from_bytes(e[8:12], "big") + int.from_bytes(e[12:16], "big") for e in entries)
    _ends_at(end, size, padding=_PADDING)


async def _mp4(read: Read, size: int) -> None:
    """Boxes, one behind the other to the end, among them the one that tells what is played."""
    at, kinds = 0, set()
    for _ in range(_MAX_BOXES):
        if at == size:
            break
        head = await read(at, 16)
        if len(head) < _BOX_HEAD:
            raise Unfit(_CUT)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:
            length = size - at
        if length < _BOX_HEAD or not kind.isalnum():
            raise Unfit(_BEYOND if b"moov" in kinds else _CUT)
        kinds.add(kind)
        at += length
        if at > size:
            raise Unfit(_CUT)
    if at != size or b"moov" not in kinds:
        raise Unfit(_CUT)


async def _webm(read: Read, size: int) -> None:
    """A head and one segment, which ends with the file or does not say where."""
    head = await read(0, 64)
    kind, at = _ebml_id(head, 0)
    length, at = _ebml_size(head, at)
    if kind != _EBML or length is None:
        raise Unfit(_CUT)
    start = at + length
    segment = await read(start, 16)
    kind, at = _ebml_id(segment, 0)
    length, at = _ebml_size(segment, at)
    if kind != _SEGMENT:
        raise Unfit(_CUT)
    if length is not None:
        _ends_at(start + at + length, size)


def _ebml_id(data: bytes, at: int) -> tuple[int, int]:
    return int.from_bytes(data[at : at + 4], "big"), at + 4


def _ebml_size(data: bytes, at: int) -> tuple[int | None, int]:
    """A size whose first bits tell how long it is itself; None where it says that it is unknown."""
    if at >= len(data) or data[at] == 0:
        raise Unfit(_CUT)
    width = 9 - data[at].bit_length()
    most = (1 << (7 * width)) - 1
    value = int.from_bytes(data[at : at + width], "big") & most
    return (None if value == most else value), at + width


def _ends_at(end: int, size: int, padding: int = 0) -> None:
    if end > size:
        raise Unfit(_CUT)
    if end + padding < size:
        raise Unfit(_BEYOND)


_CHECKS: dict[str, Callable[[Read, int], Awaitable[None]]] = {
    "application/pdf": _pdf,
    "font/woff2": _web_font,
    "font/woff": _web_font,
    "font/ttf": _font,
    "font/otf": _font,
    "video/mp4": _mp4,
    "video/webm": _webm,
}
