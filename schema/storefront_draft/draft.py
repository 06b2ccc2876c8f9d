"""Drafts of what sites look like: the type, its filter and sort, and what its mutations share."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
import strawberry

from core.access import Caller
from core.ids import uuid_in
from resolvers.read.source import AnyOf, SortKey
from resolvers.storefront.sections import SECTIONS
from resolvers.validation import required_id
from schema.account import User
from schema.connection import SortDirection, argument
from schema.enums import enum_of
from schema.mutation import row
from schema.query import read_one
from schema.reading import Node, column, one, reads, row_id
from schema.scalars import JSON
from schema.storefront import StorefrontVersion

if TYPE_CHECKING:
    from schema.site import Site

# Of each site that is there, its live version; and what each draft that is in progress would make, found by its own id.
_RESULTING = (
    "coalesce({{t}}.{name}, (select v.{name} from storefront_version v "
    "where v.workspace_id = $1 and v.id = {{t}}.base_version_id))"
)


_STATUSES = {
    "OPEN": "It is being edited.",
    "SCHEDULED": "It goes live at its time; nobody can edit it until it is unscheduled.",
    "PUBLISHED": "It went live.",
    "DISCARDED": "It was given up.",
}
StorefrontDraftStatus = enum_of(
    "StorefrontDraftStatus", "How far a draft is.", {name: (name, text) for name, text in _STATUSES.items()}
)


def _changes(*texts: str | None) -> orjson.Fragment:
    """The sections that a draft replaces, as one object of JSON."""
    parts = [f'"{name}":{text}' for name, text in zip(SECTIONS, texts, strict=True) if text is not None]
    return orjson.Fragment("{" + ",".join(parts) + "}")


def _result(name: str, description: str) -> Any:
    return column(description, _RESULTING.format(name=name), convert=orjson.Fragment)


@reads(
    "storefront_draft",
    scope="storefront:read",
    default_sort=("CREATED_AT", "DESC"),
    sorts={"CREATED_AT": SortKey("{t}.created_at", "timestamptz")},
    filters={"status": AnyOf("{t}.status", "text[]")},
)
@strawberry.type(description="A change of what a site looks like, in progress.")
class StorefrontDraft(Node):
    """One draft."""

    id: strawberry.ID = row_id()
    site: Annotated["Site", strawberry.lazy("schema.site")] | None = one(
        "The site; null where it was deleted.", "Site", "{c}.id = {p}.site_id"
    )
    name: str = column("Its name.")
    description: str = column("What it is to come to; may be empty.")
    status: StorefrontDraftStatus = column("How far it is.")  # type: ignore[valid-type]
    revision: int = column("Goes up with every change: name the one that you read in whatever you do to it.")
    changes: JSON = column(
        "The sections that it replaces, each whole, by their names.",
        *(f"{{t}}.{name}" for name in SECTIONS),
        convert=_changes,
    )
    theme: JSON = _result("theme", "The section `theme` as publishing it would make it.")
    layout: JSON = _result("layout", "The section `layout` as publishing it would make it.")
    content: JSON = _result("content", "The section `content` as publishing it would make it.")
    seo: JSON = _result("seo", "The section `seo` as publishing it would make it.")
    settings: JSON = _result("settings", "The section `settings` as publishing it would make it.")
    base_version: StorefrontVersion | None = one(
        "The version whose sections it has where it replaces none.", "StorefrontVersion", "{c}.id = {p}.base_version_id"
    )
    against_version: StorefrontVersion | None = one(
        "The version that was live when it was begun, or last rebased. Publishing wants it to be so still.",
        "StorefrontVersion",
        "{c}.id = {p}.against_version_id",
    )
    is_behind: bool = column(
        "Whether another version went live since, so that it must be rebased before it is published.",
        "{t}.status in ('OPEN', 'SCHEDULED') and coalesce((select s.live_version_id <> {t}.against_version_id "
        "from site s where s.workspace_id = $1 and s.id = {t}.site_id), false)",
    )
    publish_at: datetime | None = column("When it goes live; null where it is not scheduled.")
    change_summary: str = column("What will be said of the version, in short, if it is scheduled.")
    failure: str | None = column("Why it could not be published at its time; null where that did not happen.")
    failed_at: datetime | None = column("When it could not be published.")
    published_version: StorefrontVersion | None = one(
        "The version that it became.", "StorefrontVersion", "{c}.id = {p}.published_version_id"
    )
    created_by: User | None = one(
        "Who began it; null where an API key did, or where they no longer work here.",
        "User",
        "{c}.id = {p}.created_by",
    )
    author: str = column("Who began it, as they were called then: an e-mail address, or an API key's name.")
    updated_by: User | None = one(
        "Who changed it last; null where an API key did, or where they no longer work here.",
        "User",
        "{c}.id = {p}.updated_by",
    )
    editor: str = column("Who changed it last, as they were called then.")
    created_at: datetime = column("When it was begun.")
    updated_at: datetime = column("When it last changed.")


@strawberry.input(description="Which drafts: all that is named must hold.")
class StorefrontDraftFilter:
    """A filter of drafts."""

    status: list[StorefrontDraftStatus] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Has one of these."
    )


@strawberry.enum(description="What drafts are sorted by.")
class StorefrontDraftSortField(Enum):
    """Keys of a sort."""

    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When they were begun.")


@strawberry.input(description="In which order drafts come.")
class StorefrontDraftSort:
    """A sort of drafts."""

    field: StorefrontDraftSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


def _draft_by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = uuid_in(id, "StorefrontDraft")
    return {"id": found} if found else None


QUERIES = {
    "storefront_draft": read_one(
        StorefrontDraft,
        "A draft by its id; null where there is none.",
        "storefront:read",
        [argument("id", strawberry.ID, "The draft's id.")],
        _draft_by_id,
    ),
}


def draft_id(text: str) -> UUID:
    return required_id(text, "StorefrontDraft", "storefront draft")


# Whoever may write sees what they wrote.
OWN_DRAFT = frozenset({"storefront:read"})
DRAFT_ID = argument("id", strawberry.ID, "The draft's id.")
DRAFT = row(StorefrontDraft, "The draft.", granted=OWN_DRAFT)
CURRENT = row(StorefrontDraft, "The draft as it is now.", granted=OWN_DRAFT, shown_when_stale=True)
REVISION = "The revision of the draft that was seen; a stale one is refused with CONFLICT."
