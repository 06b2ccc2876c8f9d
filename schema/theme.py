"""Themes: the type, and registering one."""

from datetime import datetime
from typing import Any

import orjson
import strawberry

from resolvers.context import Context
from resolvers.read import Read
from resolvers.theme import NewTheme, read_manifest, register_theme
from resolvers.validation import validated
from resolvers.write import Outcome
from schema.access import Access
from schema.connection import argument
from schema.mutation import Returns, mutation, row
from schema.query import read_many
from schema.reading import Node, column, reads, row_id
from schema.scalars import JSON

_NEWEST = "(select v.{column} from theme_version v where v.theme_id = {{t}}.id and v.version = {{t}}.version)"


@reads("theme", workspace_column=None, scope="sites:read")
@strawberry.type(description="What sites are made of. Themes are there for all workspaces.")
class Theme(Node):
    """One theme, as its newest version has it."""

    id: strawberry.ID = row_id()
    slug: str = column("Its name in manifests, unique among all themes.")
    name: str = column("Its name for people.")
    description: str = column("What it is like.")
    version: str = column("The version that was registered last; new sites get it.")
    sections: JSON = column(
        "For each section of a site's config, `theme`, `layout`, `content`, `seo` and `settings`: the JSON Schema that "
        "it is held to, as `schema`, and what it is on a new site, as `default`.",
        _NEWEST.format(column="sections"),
        convert=orjson.Fragment,
    )
    is_deployable: bool = column(
        "Whether it is known where the code of its newest version is, so that sites of it can be deployed.",
        "exists (select from theme_source s where s.theme_id = {t}.id and s.version = {t}.version)",
    )
    created_at: datetime = column("When its first version was registered.")
    updated_at: datetime = column("When its newest version was registered.")


@strawberry.input(description="Where the code of a theme is: a folder of the server's, or a commit at a git address.")
class ThemeSourceInput:
    """A folder, or a git address with a commit."""

    folder: str | None = strawberry.field(default=None, description="The name of a folder below THEMES_DIR.")
    git_url: str | None = strawberry.field(
        default=None, description="The address of a git repository: https, or http; with `gitCommit`."
    )
    git_commit: str | None = strawberry.field(
        default=None, description="The commit, by all 40 hexadecimal digits of its hash."
    )


@strawberry.input(description="A theme to be registered.")
class ThemeRegisterInput:
    """A version of a theme."""

    manifest: JSON = strawberry.field(description="The theme's manifest, the content of its `theme.json`.")
    source: ThemeSourceInput | None = strawberry.field(
        default=None, description="Where its code is. Without it sites of the theme cannot be deployed."
    )


QUERIES = {
    "themes": read_many(Theme, "The themes that sites can be made of.", "sites:read"),
}


async def _register(context: Context, input: dict[str, Any]) -> Outcome:  # noqa: A002 - GraphQL's name for it
    new = validated(NewTheme, input)
    return await register_theme(context, read_manifest(new.manifest), new.source.named() if new.source else None)


def _theme(outcome: Outcome) -> Read:
    """The theme, read by somebody who need not be in any workspace."""
    return Read("Theme", row(Theme, "").make(outcome).equals, across_workspaces=True)


MUTATIONS = {
    "theme_register": mutation(
        "themeRegister",
        "Registers a theme, or one more version of it. The same manifest again is no change, but may "
        "name the source of a version that had none.",
        needs=Access.PLATFORM,
        arguments=[argument("input", ThemeRegisterInput, "The theme.")],
        run=_register,
        returns={"theme": Returns(Theme, "The theme.", _theme)},
        codes=("TAKEN",),
    ),
}
