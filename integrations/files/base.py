"""What is said of a file."""

from dataclasses import dataclass


class Unfit(Exception):
    """The file is not taken; the message is for whoever uploaded it."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file that is made of an upload. `width` and `height` are pixels."""

    content: bytes
    media_type: str
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a picture: the picture itself, and smaller sizes of it, the smallest first."""

    file: KeptFile
    renditions: tuple[KeptFile, ...]
