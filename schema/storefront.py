"""What sites look like: the config that is live, and its versions."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import strawberry

from core.access import Caller
from core.ids import uuid_in
from resolvers.read.source import SortKey
from schema.access import Access
from schema.account import User
from schema.connection import SortDirection, argument
from schema.query import Privacy, read_one
from schema.reading import Node, column, one, reads, row_id
from schema.scalars import JSON

if TYPE_CHECKING:
    from schema.site import Site

# Of each site that is there, its live version.
_LIVE = (
    "(select v.* from site s join storefront_version v on v.workspace_id = s.workspace_id and v.id = s.live_version_id "
    "where s.deleted_at is null)"
)


def _section(description: str) -> Any:
    """A section as it is stored, byte for byte: it is neither parsed nor written anew."""
    return column(description, convert=orjson.Fragment)


@reads(_LIVE)
@strawberry.type(description="What a site looks like: the sections of its config, each held to its theme's own schema.")
class StorefrontConfig:
    """The config that is live, or that a draft would make."""

    version: int = column("The number of the version.", "{t}.number")
    theme: JSON = _section("Colours, typography, branding, light and dark.")
    layout: JSON = _section("The data of the editor, as the editor wrote it.")
    content: JSON = _section("Texts, navigation, pages.")
    seo: JSON = _section("Titles and descriptions, social media, structured data, robots.")
    settings: JSON = _section("Languages, display preferences, which features are on.")
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
        "The site; null where it was deleted.", "Site", "{c}.id = {p}.site_id"
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


def _version_by_id(_caller: Caller, id: str) -> dict[str, Any] | None:  # noqa: A002 - GraphQL's name for it
    found = uuid_in(id, "StorefrontVersion")
    return {"id": found} if found else None


def _config(caller: Caller, site_id: str | None = None) -> dict[str, Any] | None:
    found = caller.site_id if site_id is None else uuid_in(site_id, "Site")
    return {"site_id": found} if found else None


QUERIES = {
    "storefront_config": read_one(
        StorefrontConfig,
        "What a site looks like now; null where there is no such site.",
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
}
