"""Drafts of what sites look like: the type, its filter and sort, and the mutations."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
import strawberry

from core.access import Caller
from core.ids import uuid_in
from resolvers.context import Context
from resolvers.read.source import AnyOf, SortKey
from resolvers.storefront import (
    DEFAULT_SECONDS,
    LONGEST_SECONDS,
    DraftChanges,
    NewDraft,
    NewPreview,
    Publication,
    Rebase,
    Schedule,
    Seen,
    create_draft,
    create_preview,
    discard_draft,
    publish_draft,
    rebase_draft,
    restore_version,
    schedule_draft,
    unschedule_draft,
    update_draft,
)
from resolvers.storefront.sections import SECTIONS
from resolvers.validation import required_id, validated
from resolvers.write import Outcome
from schema.account import User
from schema.connection import SortDirection, argument
from schema.enums import enum_of
from schema.mutation import Returns, mutation, row, shown_once
from schema.query import read_one
from schema.reading import Node, column, one, reads, row_id
from schema.scalars import JSON
from schema.storefront import StorefrontSection, StorefrontVersion

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


_CHANGES = (
    "Sections that it replaces, each whole, by their names: any of `theme`, `layout`, `content`, `seo`, `settings`. "
    "Each is held to its theme's schema."
)
_REVISION = "The revision of the draft that was seen; a stale one is refused with CONFLICT."


@strawberry.input(description="A draft to be begun.")
class StorefrontDraftCreateInput:
    """A new draft."""

    site_id: strawberry.ID = strawberry.field(description="Of which site.")
    name: str = strawberry.field(description="Its name; 1 to 200 characters.")
    description: str | None = strawberry.field(default=None, description="What it is to come to.")
    from_version_id: strawberry.ID | None = strawberry.field(
        default=None, description="The version of the site that it begins from; the live one where it is left out."
    )
    changes: JSON | None = strawberry.field(default=None, description=_CHANGES)


@strawberry.input(description="What of a draft shall change; what is left out stays.")
class StorefrontDraftUpdateInput:
    """A change of a draft."""

    revision: int = strawberry.field(description=_REVISION)
    name: str | None = strawberry.field(default=None, description="Its new name.")
    description: str | None = strawberry.field(default=None, description="What it is to come to.")
    changes: JSON | None = strawberry.field(
        default=None,
        description=f"{_CHANGES} One that is null is taken back: it is what the base version has. Others stay.",
    )
    patch: JSON | None = strawberry.field(
        default=None,
        description="A JSON Patch (RFC 6902) over what the draft comes to, such as "
        '`[{"op": "replace", "path": "/theme/colors/primary", "value": "#000"}]`. It is applied behind `changes`.',
    )


@strawberry.input(description="What is said of the version that a draft becomes.")
class StorefrontDraftPublishInput:
    """A publication."""

    revision: int = strawberry.field(description=_REVISION)
    change_summary: str | None = strawberry.field(default=None, description="What changed, in short.")
    change_description: str | None = strawberry.field(default=None, description="What changed and why.")
    tags: list[str] | None = strawberry.field(default=None, description="Words to find it by, at most 20.")


@strawberry.input(description="When a draft is to be published, and what is then said of the version.")
class StorefrontDraftScheduleInput:
    """A schedule."""

    revision: int = strawberry.field(description=_REVISION)
    publish_at: datetime = strawberry.field(description="When: a time that lies ahead.")
    change_summary: str | None = strawberry.field(default=None, description="What changed, in short.")
    change_description: str | None = strawberry.field(default=None, description="What changed and why.")
    tags: list[str] | None = strawberry.field(default=None, description="Words to find it by, at most 20.")


@strawberry.input(description="The draft as it was seen.")
class StorefrontDraftUnscheduleInput:
    """Which revision is to be unscheduled."""

    revision: int = strawberry.field(description=_REVISION)


@strawberry.input(description="The draft as it was seen.")
class StorefrontDraftDiscardInput:
    """Which revision is to be discarded."""

    revision: int = strawberry.field(description=_REVISION)


@strawberry.input(description="Whose sections stand where the draft and what is live both changed them.")
class StorefrontDraftRebaseInput:
    """A rebase. Each section that both sides changed is named once."""

    revision: int = strawberry.field(description=_REVISION)
    mine: list[StorefrontSection] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Those of which the draft's stand."
    )
    theirs: list[StorefrontSection] | None = strawberry.field(  # type: ignore[valid-type]
        default=None, description="Those of which what is live stands."
    )


@strawberry.input(description="For how long a draft can be looked at.")
class StorefrontDraftPreviewCreateInput:
    """A preview."""

    expires_in_seconds: int | None = strawberry.field(
        default=None,
        description=f"60 to {LONGEST_SECONDS:,} seconds; {DEFAULT_SECONDS:,} where it is left out.",
    )


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


def _draft_id(text: str) -> UUID:
    return required_id(text, "StorefrontDraft", "storefront draft")


async def _create(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    return await create_draft(context, validated(NewDraft, input))


async def _update(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await update_draft(context, _draft_id(id), validated(DraftChanges, input))


async def _publish(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await publish_draft(context, _draft_id(id), validated(Publication, input))


async def _schedule(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await schedule_draft(context, _draft_id(id), validated(Schedule, input))


async def _unschedule(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await unschedule_draft(context, _draft_id(id), validated(Seen, input))


async def _rebase(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await rebase_draft(context, _draft_id(id), validated(Rebase, input))


async def _discard(context: Context, id: str, input: dict[str, Any]) -> Outcome:  # noqa: A002
    return await discard_draft(context, _draft_id(id), validated(Seen, input))


async def _preview(context: Context, id: str, input: dict[str, Any] | None = None) -> Outcome:  # noqa: A002
    return await create_preview(context, _draft_id(id), validated(NewPreview, input or {}))


async def _restore(context: Context, id: str) -> Outcome:  # noqa: A002
    return await restore_version(context, required_id(id, "StorefrontVersion", "version"))


# Whoever may write sees what they wrote.
_OWN = frozenset({"storefront:read"})
_ID = argument("id", strawberry.ID, "The draft's id.")
_DRAFT = row(StorefrontDraft, "The draft.", granted=_OWN)
_CURRENT = row(StorefrontDraft, "The draft as it is now.", granted=_OWN, shown_when_stale=True)

MUTATIONS = {
    "storefront_draft_create": mutation(
        "storefrontDraftCreate",
        "Begins a draft of what a site looks like, from the live version or from any.",
        needs="storefront:write",
        arguments=[argument("input", StorefrontDraftCreateInput, "The draft.")],
        run=_create,
        returns={"storefront_draft": _DRAFT},
        codes=("LIMIT_REACHED",),
    ),
    "storefront_draft_update": mutation(
        "storefrontDraftUpdate",
        "Edits a draft, by whole sections or by a JSON Patch. A stale revision is refused, and the draft shown as it "
        "is.",
        needs="storefront:write",
        arguments=[_ID, argument("input", StorefrontDraftUpdateInput, "What shall change.")],
        run=_update,
        returns={"storefront_draft": _CURRENT},
        codes=("CONFLICT", "NOT_OPEN"),
    ),
    "storefront_draft_publish": mutation(
        "storefrontDraftPublish",
        "Puts a draft live, as the site's next version. It is refused where another version went live since it was "
        "begun: nothing is merged by itself.",
        needs="storefront:publish",
        arguments=[_ID, argument("input", StorefrontDraftPublishInput, "What is said of the version.")],
        run=_publish,
        returns={
            "storefront_version": row(StorefrontVersion, "The version that is live now.", "version_id", granted=_OWN),
            "storefront_draft": _CURRENT,
        },
        codes=("BASE_MOVED", "CONFLICT", "NOT_OPEN"),
    ),
    "storefront_draft_schedule": mutation(
        "storefrontDraftSchedule",
        "Has a draft published at a time. Until then nobody can edit it.",
        needs="storefront:publish",
        arguments=[_ID, argument("input", StorefrontDraftScheduleInput, "When.")],
        run=_schedule,
        returns={"storefront_draft": _CURRENT},
        codes=("BASE_MOVED", "CONFLICT", "NOT_OPEN"),
    ),
    "storefront_draft_unschedule": mutation(
        "storefrontDraftUnschedule",
        "Takes a schedule back: the draft can be edited again.",
        needs="storefront:publish",
        arguments=[_ID, argument("input", StorefrontDraftUnscheduleInput, "The draft as it was seen.")],
        run=_unschedule,
        returns={"storefront_draft": _CURRENT},
        codes=("CONFLICT", "NOT_SCHEDULED"),
    ),
    "storefront_draft_rebase": mutation(
        "storefrontDraftRebase",
        "Puts a draft on what is live now. For each section that both sides changed it must be said whose stands.",
        needs="storefront:write",
        arguments=[_ID, argument("input", StorefrontDraftRebaseInput, "Whose sections stand.")],
        run=_rebase,
        returns={"storefront_draft": _CURRENT},
        codes=("CONFLICT", "DUPLICATE", "NOT_OPEN", "OVERLAP"),
    ),
    "storefront_draft_discard": mutation(
        "storefrontDraftDiscard",
        "Gives a draft up. It stays as a record.",
        needs="storefront:write",
        arguments=[_ID, argument("input", StorefrontDraftDiscardInput, "The draft as it was seen.")],
        run=_discard,
        returns={"storefront_draft": _CURRENT},
        codes=("CONFLICT", "NOT_OPEN"),
    ),
    "storefront_draft_preview_create": mutation(
        "storefrontDraftPreviewCreate",
        "Makes a preview token of a draft: sent as `X-Preview-Token` besides a storefront token, it has "
        "`storefrontConfig` show what the draft would make.",
        needs="storefront:write",
        arguments=[_ID, argument("input", StorefrontDraftPreviewCreateInput | None, "For how long.", None)],
        run=_preview,
        returns={
            "storefront_draft": _DRAFT,
            "preview_token": shown_once("The token: it is not shown again.", "token"),
            "expires_at": Returns(
                datetime, "Until when it can be used.", lambda outcome: datetime.fromisoformat(outcome["expires_at"])
            ),
        },
        codes=("NOT_OPEN",),
    ),
    "storefront_version_restore": mutation(
        "storefrontVersionRestore",
        "Begins a draft that, published, gives a version back to the byte.",
        needs="storefront:write",
        arguments=[argument("id", strawberry.ID, "The version's id.")],
        run=_restore,
        returns={"storefront_draft": _DRAFT},
        codes=("LIMIT_REACHED",),
    ),
}
