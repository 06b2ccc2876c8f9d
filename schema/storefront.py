"""What sites look like: the config that is live, its versions, and how they differ."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
import strawberry

from core.access import Caller
from core.ids import uuid_in
from resolvers.read.source import SortKey
from resolvers.storefront import (
    compare_versions,
)
from resolvers.storefront.diff import Operation
from resolvers.storefront.sections import SECTIONS
from schema.access import Access
from schema.account import User
from schema.connection import SortDirection, argument
from schema.enums import enum_of
from schema.query import Made, Privacy, read_one, root_field
from schema.reading import Node, column, one, reads, row_id
from schema.request import Request
from schema.scalars import JSON
from schema.structured_data import OF_CONFIG, site_structured_data

if TYPE_CHECKING:
    from schema.site import Site

# Of each site that is there, its live version; and what each draft in progress would make, found by the draft's id.
_LIVE = ", ".join(f"v.{name}" for name in SECTIONS)
_RESULT = ", ".join(f"coalesce(d.{name}, v.{name}) as {name}" for name in SECTIONS)
_SITE = "s.name as site_name, s.slug as site_slug, s.primary_name"
_BYTES = " || E'\\n' || ".join([*SECTIONS, "''"])
_CONFIGS = f"""(
select v.workspace_id, v.id, v.site_id, null::uuid as draft_id, v.number, {_LIVE}, v.digest, {_SITE}
  from site s join storefront_version v on v.workspace_id = s.workspace_id and v.id = s.live_version_id
 where s.deleted_at is null
union all
select workspace_id, id, null, id, number, {", ".join(SECTIONS)},
       encode(sha256(convert_to({_BYTES}, 'UTF8')), 'hex'), site_name, site_slug, primary_name
  from (select d.workspace_id, d.id, v.number, {_RESULT}, {_SITE}
          from storefront_draft d
          join storefront_version v on v.workspace_id = d.workspace_id and v.id = d.base_version_id
          join site s on s.workspace_id = d.workspace_id and s.id = d.site_id
         where d.status in ('OPEN', 'SCHEDULED')) r)"""  # noqa: S608 - names of ours
_OF_SITE = "{c}.id = {p}.site_id"


def _section(description: str) -> Any:
    """A section as it is stored, byte for byte: it is neither parsed nor written anew."""
    return column(description, convert=orjson.Fragment)


_SECTION_WORDS = {
    "theme": "Colours, typography, branding, light and dark.",
    "layout": "The data of the editor.",
    "content": "Texts, navigation, pages.",
    "seo": "Titles and descriptions, social media, structured data, robots.",
    "settings": "Languages, display preferences, which features are on.",
}
StorefrontSection = enum_of(
    "StorefrontSection", "A section of a config.", {name.upper(): (name, text) for name, text in _SECTION_WORDS.items()}
)
_OPERATIONS = {
    Operation.ADD: "Something is there that was not; in a list, what stands behind it moves on by one.",
    Operation.REMOVE: "Something is no longer there; in a list, what stands behind it moves up by one.",
    Operation.REPLACE: "Something else is there.",
}
StorefrontChangeOperation = enum_of(
    "StorefrontChangeOperation",
    "What was done at a path.",
    {operation.name: (operation.name, text) for operation, text in _OPERATIONS.items()},
)


@reads(_CONFIGS)
@strawberry.type(description="What a site looks like: the sections of its config, each held to its theme's own schema.")
class StorefrontConfig:
    """The config that is live, or that a draft would make."""

    version: int = column(
        "The number of the version; of a draft, that of the version that it begins from.", "{t}.number"
    )
    theme: JSON = _section("Colours, typography, branding, light and dark.")
    layout: JSON = _section("The data of the editor, as the editor wrote it.")
    content: JSON = _section("Texts, navigation, pages.")
    seo: JSON = _section("Titles and descriptions, social media, structured data, robots.")
    settings: JSON = _section("Languages, display preferences, which features are on.")
    structured_data: str = column(
        "For search engines: JSON-LD (schema.org's Organization, WebSite and BreadcrumbList), fit for a "
        "script element as it is. The section `seo` has more to say of them.",
        *OF_CONFIG,
        convert=site_structured_data,
    )
    digest: str = column("The SHA-256 of all sections, in hexadecimal: equal where the configs are, byte for byte.")


@reads(
    "storefront_version",
    scope="storefront:read",
    default_sort=("NUMBER", "DESC"),
    sorts={"NUMBER": SortKey("{t}.number", "bigint")},
)
@strawberry.type(description="A version of a site's config. It never changes, and never goes.")
class StorefrontVersion(Node):
    """One version."""

    id: strawberry.ID = row_id()
    number: int = column("Its number: each site's versions are numbered from 1 on, without gaps.")
    site: Annotated["Site", strawberry.lazy("schema.site")] | None = one(
        "The site; null where it was deleted.", "Site", _OF_SITE
    )
    theme_version: str = column("The version of the theme that it was held to.")
    theme: JSON = _section("Colours, typography, branding, light and dark.")
    layout: JSON = _section("The data of the editor, as the editor wrote it.")
    content: JSON = _section("Texts, navigation, pages.")
    seo: JSON = _section("Titles and descriptions, social media, structured data, robots.")
    settings: JSON = _section("Languages, display preferences, which features are on.")
    digest: str = column("The SHA-256 of all sections, in hexadecimal: equal where the configs are, byte for byte.")
    change_summary: str = column("What changed, in short; may be empty.")
    change_description: str = column("What changed and why; may be empty.")
    tags: list[str] = column("Words by which people find it.")
    created_at: datetime = column("When it went live first.")
    created_by: User | None = one(
        "Who published it; null where an API key did, or where they no longer work here.",
        "User",
        "{c}.id = {p}.created_by",
    )
    author: str = column("Who published it, as they were called then: an e-mail address, or an API key's name.")


@strawberry.enum(description="What versions of a config are sorted by.")
class StorefrontVersionSortField(Enum):
    """Keys of a sort."""

    NUMBER = strawberry.enum_value("NUMBER", description="Their number: in the order in which they went live first.")


@strawberry.input(description="In which order versions of a config come.")
class StorefrontVersionSort:
    """A sort of versions."""

    field: StorefrontVersionSortField = strawberry.field(description="What by.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.type(description="One difference between two versions.")
class StorefrontChange:
    """One place at which two versions differ. All of them, in their order, make one version of the other."""

    path: str = strawberry.field(description="Where, as a JSON Pointer in the config: `/theme/colors/primary`.")
    operation: StorefrontChangeOperation = strawberry.field(description="What was done.")  # type: ignore[valid-type]
    before: JSON | None = strawberry.field(description="What was there; null where something was added.")
    after: JSON | None = strawberry.field(description="What is there now; null where it was removed.")


def _version_by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = _version_id(id)
    return {"id": found} if found else None


def _config(caller: Caller, site_id: str | None = None) -> dict[str, Any] | None:
    if caller.preview_draft_id is not None:
        return {"draft_id": caller.preview_draft_id}
    found = caller.site_id if site_id is None else uuid_in(site_id, "Site")
    return {"site_id": found} if found else None


def _version_id(text: str) -> UUID | None:
    return uuid_in(text, "StorefrontVersion")


def _diff(request: Request, from_: str, to: str) -> Made:
    return Made(lambda: compare_versions(request.context, _version_id(from_), _version_id(to)))


QUERIES = {
    "storefront_config": read_one(
        StorefrontConfig,
        "What a site looks like now; null where there is no such site. With the header `X-Preview-Token`, what the "
        "token's draft would make of it.",
        Access.WORKSPACE,
        [
            argument(
                "site_id",
                strawberry.ID | None,
                "Which site; the one of the storefront token where it is left out.",
                None,
            )
        ],
        _config,
        Privacy.PUBLISHED,
    ),
    "storefront_version": read_one(
        StorefrontVersion,
        "A version of a site's config by its id; null where there is none.",
        "storefront:read",
        [argument("id", strawberry.ID, "The version's id.")],
        _version_by_id,
    ),
    "storefront_version_diff": root_field(
        _diff,
        list[StorefrontChange],
        "What makes one version of a site's config of another, place by place.",
        "storefront:read",
        [
            argument("from_", strawberry.ID, "The id of the version to begin from."),
            argument("to", strawberry.ID, "The id of the version to come to."),
        ],
    ),
}
