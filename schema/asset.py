"""Assets: the types, their filters and sorts, and the mutations."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
import strawberry

from core.access import Caller
from core.ids import global_id, uuid_in
from core.words import search_words
from integrations.files import TYPES
from integrations.files import AssetKind as Kind
from resolvers.asset import (
    AssetChanges,
    NewUpload,
    complete_asset_upload,
    create_asset_upload,
    delete_asset,
    update_asset,
)
from resolvers.asset.keys import asset_path
from resolvers.asset.usage import USAGE
from resolvers.context import Context
from resolvers.read.source import AnyOf, Range, SortKey, Words
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.connection import SortDirection, argument
from schema.enums import enum_of
from schema.filters import DateTimeRange
from schema.mutation import Returns, deleted_id, mutation, row
from schema.query import read_many, read_one
from schema.reading import Node, column, many, one, reads, row_id
from schema.scalars import JSON
from schema.url import absolute_url

if TYPE_CHECKING:
    from schema.account import User

READS = "assets:read"
# Whoever may write assets sees what they wrote.
OWN_ASSETS = frozenset({READS})
_KINDS = {
    Kind.IMAGE: "A picture of pixels: JPEG, PNG, GIF or WebP.",
    Kind.SVG: "A drawing.",
    Kind.VIDEO: "A video: MP4 or WebM.",
    Kind.FONT: "A font: WOFF2, WOFF, TrueType or OpenType.",
    Kind.DOCUMENT: "A document to be downloaded: PDF.",
}
AssetKind = enum_of("AssetKind", "What a file is.", {kind.value: (kind.value, text) for kind, text in _KINDS.items()})


@strawberry.enum(description="How far an asset has come.")
class AssetStatus(Enum):
    """An asset's status."""

    UPLOADING = strawberry.enum_value("UPLOADING", description="Its file is to be uploaded.")
    PROCESSING = strawberry.enum_value("PROCESSING", description="Its file is being looked at; seconds, as a rule.")
    READY = strawberry.enum_value("READY", description="It can be used.")
    FAILED = strawberry.enum_value("FAILED", description="Its file was refused: `failureReason` says why.")


@strawberry.enum(description="What shows an asset.")
class AssetUsageKind(Enum):
    """A kind of use."""

    PRODUCT = strawberry.enum_value("PRODUCT", description="A product, as one of its pictures.")
    STOREFRONT = strawberry.enum_value("STOREFRONT", description="A site, by its config that is live.")
    STOREFRONT_DRAFT = strawberry.enum_value("STOREFRONT_DRAFT", description="A draft of a site's config.")
    BANNER = strawberry.enum_value("BANNER", description="A banner.")
    LOGO = strawberry.enum_value("LOGO", description="A logo.")


def _address(filename: str, workspace_id: UUID, asset_id: UUID) -> str:
    return absolute_url(asset_path(workspace_id, asset_id, filename))


def _entity_id(entity_id: UUID, entity_type: str) -> str:
    return global_id(entity_type, entity_id)


ASSET_PUBLISHED = "{t}.status = 'READY'"


@reads(
    "asset_rendition",
    default_sort=("WIDTH", "ASC"),
    sorts={"WIDTH": SortKey("{t}.width", "bigint")},
)
@strawberry.type(description="A smaller size of a picture.")
class AssetRendition(Node):
    """One size."""

    id: strawberry.ID = row_id()
    width: int = column("Its width in pixels.")
    height: int = column("Its height in pixels.")
    byte_size: int = column("How large its file is, in bytes.")
    mime_type: str = column("The type of its file: image/webp.")
    url: str = column(
        "Where it is: an absolute address, which never leads to anything else.",
        "{t}.filename",
        "{t}.workspace_id",
        "{t}.asset_id",
        convert=_address,
    )


@reads(USAGE, scope=READS)
@strawberry.type(description="One place where an asset is used.")
class AssetUsage:
    """One use."""

    kind: AssetUsageKind = column("What kind of thing shows it.")
    entity_id: strawberry.ID = column(
        "The id of what shows it; `node` reads it.", "{t}.entity_id", "{t}.entity_type", convert=_entity_id
    )
    title: str = column("What that is called.")


@reads(
    "asset",
    unpublished_scope=READS,
    published_where=ASSET_PUBLISHED,
    default_sort=("CREATED_AT", "DESC"),
    sorts={
        "CREATED_AT": SortKey("{t}.created_at", "timestamptz"),
        "UPDATED_AT": SortKey("{t}.updated_at", "timestamptz"),
        "FILENAME": SortKey("{t}.original_filename_sort", "text"),
        "BYTE_SIZE": SortKey("{t}.byte_size", "bigint"),
    },
    filters={
        "kind": AnyOf("{t}.kind", "text[]"),
        "status": AnyOf("{t}.status", "text[]"),
        "mimeType": AnyOf("{t}.mime_type", "text[]"),
        "createdAt": Range("{t}.created_at"),
        "search": Words("asset_search_token", "k.asset_id = {t}.id", "asset_id", search_words),
    },
)
@strawberry.type(description="A picture or file of the workspace.")
class Asset(Node):
    """One asset. Shoppers find it only once it is READY, and only by what shows it or by its id."""

    id: strawberry.ID = row_id()
    kind: AssetKind = column("What it is.")  # type: ignore[valid-type]
    status: AssetStatus = column("How far it has come.")
    failure_reason: str | None = column("Why its file was refused, where it was.", scope=READS)
    url: str | None = column(
        "Where its file is, once it is READY: an absolute address, which never leads to anything else.",
        "{t}.filename",
        "{t}.workspace_id",
        "{t}.id",
        convert=_address,
    )
    filename: str | None = column("The name under which its file is served: it ends in a hash of what is in it.")
    original_filename: str | None = column("The name that its file had where it came from.", scope=READS)
    mime_type: str = column("The type of its file.")
    byte_size: int = column("How large its file is, in bytes; until it is READY, how large the upload is to be.")
    width: int | None = column("Its width in pixels, if it is a picture.")
    height: int | None = column("Its height in pixels, if it is a picture.")
    sha256: str | None = column("The SHA-256 of what was uploaded, in hexadecimal digits.", scope=READS)
    title: str = column("What it is called; may be empty.")
    alt_text: str = column("What it shows, for those who do not see it; may be empty.")
    description: str = column("More about it; may be empty.")
    metadata: JSON | None = column(
        "What else the merchant's own programs keep about it: a JSON object.", scope=READS, convert=orjson.loads
    )
    revision: int = column("Goes up with every change: name the one that you read when you update.")
    created_at: datetime = column("When its upload was announced.")
    updated_at: datetime = column("When it last changed.")
    created_by: Annotated["User", strawberry.lazy("schema.account")] | None = one(
        "Who uploaded it; null for an API key, and for who no longer works here.", "User", "{c}.id = {p}.created_by"
    )
    renditions = many(
        AssetRendition,
        "Smaller sizes of a picture, the smallest first; none of an animation.",
        "{c}.asset_id = {p}.id",
        seen_with_parent=True,
    )
    usage = many(AssetUsage, "Where it is used.", "{c}.asset_id = {p}.id", scope=READS)


@strawberry.input(description="Which assets: all that is named must hold.")
class AssetFilter:
    """A filter of assets."""

    kind: list[AssetKind] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Is one of these."
    )
    status: list[AssetStatus] | None = strawberry.field(default=None, description="Has one of these.")
    mime_type: list[str] | None = strawberry.field(default=None, description="Has one of these types.")
    created_at: DateTimeRange | None = strawberry.field(default=None, description="When its upload was announced.")
    search: str | None = strawberry.field(
        default=None, description="Words of which each begins a word of its title, file name or descriptions."
    )


@strawberry.enum(description="What assets are sorted by.")
class AssetSortField(Enum):
    """Keys of a sort."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When its upload was announced.")
    UPDATED_AT = strawberry.enum_value("UPDATED_AT", description="When it last changed.")
    FILENAME = strawberry.enum_value("FILENAME", description="The name that its file had, whatever the case.")
    BYTE_SIZE = strawberry.enum_value("BYTE_SIZE", description="How large its file is.")


@strawberry.input(description="In which order assets come.")
class AssetSort:
    """A sort of assets."""

    field: AssetSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


_TITLE = "What it is called; at most 255 characters."
_ALT_TEXT = "What it shows, for those who do not see it; at most 500 characters."
_DESCRIPTION = "More about it; at most 5,000 characters."
_METADATA = "A JSON object of at most 16 kB that the merchant's own programs keep about it."


@strawberry.input(description="A file that is about to be uploaded.")
class AssetUploadCreateInput:
    """A new upload."""

    filename: str = strawberry.field(description="Its name, without folders; at most 255 characters.")
    mime_type: str = strawberry.field(description=f"Its type: one of {', '.join(TYPES)}.")
    byte_size: int = strawberry.field(description="How large it is, in bytes: exactly so much must come.")
    sha256: str | None = strawberry.field(
        default=None, description="Its SHA-256 in hexadecimal digits, so that a file that came damaged is refused."
    )
    title: str | None = strawberry.field(default=None, description=_TITLE)
    alt_text: str | None = strawberry.field(default=None, description=_ALT_TEXT)
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    metadata: JSON | None = strawberry.field(default=None, description=_METADATA)


@strawberry.input(description="What is said of an asset anew; what is left out stays.")
class AssetUpdateInput:
    """A change of an asset."""

    revision: int = strawberry.field(description="The revision that was read; a stale one is refused with CONFLICT.")
    title: str | None = strawberry.field(default=None, description=_TITLE)
    alt_text: str | None = strawberry.field(
        default=None, description=f"{_ALT_TEXT} Products keep the text that they have."
    )
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    metadata: JSON | None = strawberry.field(default=None, description=f"{_METADATA} It replaces all that there was.")


@strawberry.type(description="A header that a request must have.")
class AssetUploadHeader:
    """One header."""

    name: str = strawberry.field(description="The header's name.")
    value: str = strawberry.field(description="The header's value.")


@strawberry.type(description="Where a file is to be sent. Whoever has the address can send it, and nothing else.")
class AssetUpload:
    """One upload."""

    url: str = strawberry.field(description="Where to send it: the file itself is the request's body.")
    method: str = strawberry.field(description="The request's method: PUT.")
    headers: list[AssetUploadHeader] = strawberry.field(description="The headers that the request must have.")
    expires_at: datetime = strawberry.field(description="Until when the address is good.")


def _upload(outcome: Outcome) -> AssetUpload | None:
    """Null where the address was sealed with another SECRET_KEY."""
    if outcome["url"] is None:
        return None
    return AssetUpload(
        url=outcome["url"],
        method="PUT",
        headers=[AssetUploadHeader(name="Content-Type", value=outcome["mime_type"])],
        expires_at=datetime.fromisoformat(outcome["expires_at"]),
    )


def _by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = uuid_in(id, "Asset")
    return {"id": found} if found else None


QUERIES = {
    "asset": read_one(
        Asset,
        "An asset by its id; null where there is none.",
        READS,
        [argument("id", strawberry.ID, "The asset's id.")],
        _by_id,
    ),
    "assets": read_many(Asset, "The workspace's pictures and files.", READS, AssetFilter, AssetSort),
}


def _asset_id(text: str) -> UUID:
    return required_id(text, "Asset", "asset")


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await create_asset_upload(context, validated(NewUpload, input))


async def _complete(context: Context, id: str) -> Outcome:  # noqa: A002
    return await complete_asset_upload(context, _asset_id(id))


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await update_asset(context, _asset_id(id), validated(AssetChanges, input))


async def _delete(context: Context, id: str, force: bool = False) -> Outcome:  # noqa: A002, FBT001, FBT002
    return await delete_asset(context, _asset_id(id), force=force)


_ID = argument("id", strawberry.ID, "The asset's id.")
_ASSET = {"asset": row(Asset, "The asset as it is now.", granted=OWN_ASSETS)}

MUTATIONS = {
    "asset_upload_create": mutation(
        "assetUploadCreate",
        "Announces a file and says where to send it. Once it is sent, `assetUploadComplete` has it looked at.",
        needs="assets:write",
        arguments=[argument("input", AssetUploadCreateInput, "The file.")],
        run=_create,
        returns=_ASSET | {"upload": Returns(AssetUpload, "Where to send it.", _upload)},
        codes=("LIMIT_REACHED", "TOO_LARGE", "UNSUPPORTED_TYPE"),
    ),
    "asset_upload_complete": mutation(
        "assetUploadComplete",
        "Says that a file was sent. It is looked at, and the asset becomes READY or FAILED within seconds.",
        needs="assets:write",
        arguments=[_ID],
        run=_complete,
        returns=_ASSET,
        codes=("ALREADY_COMPLETE", "HASH_MISMATCH", "NOT_UPLOADED", "SIZE_MISMATCH", "TYPE_MISMATCH"),
    ),
    "asset_update": mutation(
        "assetUpdate",
        "Changes what is said of an asset. A revision that is no longer the current one is refused.",
        needs="assets:write",
        arguments=[_ID, argument("input", AssetUpdateInput, "What shall change.")],
        run=_update,
        returns=_ASSET,
        codes=("CONFLICT",),
    ),
    "asset_delete": mutation(
        "assetDelete",
        "Deletes an asset and its file for good. One that is used is refused, unless `force` takes it away from there.",
        needs="assets:write",
        arguments=[_ID, argument("force", bool, "Whether to delete it though it is used.", default=False)],
        run=_delete,
        returns={"deleted_asset_id": deleted_id("Asset", "The id of what is gone.")},
        codes=("IN_USE",),
    ),
}
