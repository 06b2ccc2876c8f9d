"""Under which keys an asset's files are kept, and the addresses of those that are served."""

from uuid import UUID

from core.words import slugify

UPLOADS = "uploads"
ASSETS = "assets"
# Hexadecimal digits of a file's SHA-256 in its name: 80 bits.
HASH_DIGITS = 20
MAX_STEM = 60


def upload_key(workspace_id: UUID, asset_id: UUID) -> str:
    """Where an upload waits to be looked at. Nothing there is ever served."""
    return f"{UPLOADS}/{workspace_id.hex}/{asset_id.hex}"


def asset_folder(workspace_id: UUID, asset_id: UUID) -> str:
    return f"{ASSETS}/{workspace_id.hex}/{asset_id.hex}"


def asset_key(workspace_id: UUID, asset_id: UUID, filename: str) -> str:
    return f"{asset_folder(workspace_id, asset_id)}/{filename}"


def asset_path(workspace_id: UUID, asset_id: UUID, filename: str) -> str:
    """The path of a file's address on this server."""
    return "/" + asset_key(workspace_id, asset_id, filename)


def hashed_filename(original: str, sha256: str, extension: str, width: int | None = None) -> str:
    """A name that says what it is of, for search engines and people, and that changes with what is in the file."""
    stem = slugify(original.rpartition(".")[0] or original)[:MAX_STEM].strip("-") or "file"
    size = f"-{width}w" if width else ""
    return f"{stem}{size}-{sha256[:HASH_DIGITS]}.{extension}"
