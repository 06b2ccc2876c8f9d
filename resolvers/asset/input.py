"""What can be said of an asset."""

import re
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from core.settings import Settings
from integrations.files import AssetKind
from resolvers.validation import Input, problem_error, text_of

MAX_METADATA_BYTES = 16_384
# Control characters, and those that turn the direction of a text around, so that a name shows as another than it is.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def _filename(value: str) -> str:
    if _UNSEEN.search(value):
        raise problem_error("INVALID", "filename holds characters that cannot be seen.")
    if "/" in value or "\\" in value:
        raise problem_error("INVALID", "filename must be a name without folders.")
    if value.strip(".") == "":
        raise problem_error("INVALID", "filename must be more than dots.")
    return value


def _metadata(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise problem_error("INVALID", "metadata must be a JSON object.")
    try:
        encoded = orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise problem_error("INVALID", "metadata has a number too large, or is nested too deeply.") from None
    if len(encoded) > MAX_METADATA_BYTES:
        raise problem_error("TOO_LONG", f"metadata must have at most {MAX_METADATA_BYTES:,} bytes as JSON.")
    if orjson.loads(encoded) != value:
        # What is not finite was written as null.
        raise problem_error("INVALID", "metadata has a number that is not finite, and JSON has no other.")
    if b"\\u0000" in encoded:
        raise problem_error("INVALID", "metadata holds a NUL character, which cannot be stored.")
    kept: dict[str, Any] = value
    return kept


Filename = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=255),
    AfterValidator(_filename),
]
Title: Any = text_of(255)
AltText: Any = text_of(500)
Description: Any = text_of(5_000)
Metadata = Annotated[dict[str, Any], BeforeValidator(_metadata)]
Sha256 = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern="^[0-9a-fA-F]{64}$")]


class NewUpload(Input):
    """A file that somebody is about to upload."""

    filename: Filename
    mime_type: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=100)]
    byte_size: Annotated[int, Field(ge=1)]
    sha256: Sha256 | None = None
    title: Title = ""
    alt_text: AltText = ""
    description: Description = ""
    metadata: Annotated[Metadata, Field(default_factory=dict)]


class AssetChanges(Input):
    """What is said of an asset anew, and the revision that the editor saw."""

    revision: int
    title: Title | None = None
    alt_text: AltText | None = None
    description: Description | None = None
    metadata: Metadata | None = None


def max_bytes(settings: Settings, kind: AssetKind) -> int:
    """How large a file of the kind may be."""
    return {
        AssetKind.IMAGE: settings.asset_image_bytes,
        AssetKind.SVG: settings.asset_svg_bytes,
        AssetKind.VIDEO: settings.asset_video_bytes,
        AssetKind.FONT: settings.asset_font_bytes,
        AssetKind.DOCUMENT: settings.asset_document_bytes,
    }[kind]
