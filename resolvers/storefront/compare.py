"""What differs between two versions, by path."""

import asyncio
from typing import Any
from uuid import UUID

from core.database import PIN_FIRST, PINNED_STATEMENT
from core.errors import BadUserInput, NotFound
from resolvers.context import Context
from resolvers.storefront.canonical import parsed
from resolvers.storefront.diff import diff, pointer
from resolvers.storefront.sections import SECTIONS
from resolvers.write import workspace_of

MAX_CHANGES = 5_000
FIND = PINNED_STATEMENT.format(
    inner=(
        f"select id, site_id, {', '.join(SECTIONS)} from storefront_version "  # noqa: S608 - constants of ours
        f"where {PIN_FIRST} and workspace_id = $1 and id = any($2::uuid[])"
    )
)


async def compare_versions(context: Context, before_id: UUID | None, after_id: UUID | None) -> list[dict[str, Any]]:
    """The changes from one version of a site's config to another, as GraphQL shows them.

    Raises:
        NotFound: there is no such version.
        BadUserInput: they are of different sites, or differ in more places than can be told.

    """
    async with context.platform.database.app.acquire() as connection:
        rows = await connection.fetch(FIND, workspace_of(context), [before_id, after_id])
    found = {row["id"]: row for row in rows}
    for name, wanted in (("from", before_id), ("to", after_id)):
        if wanted not in found:
            raise NotFound("There is no version with this id.", field=name)
    before, after = found[before_id], found[after_id]
    if before["site_id"] != after["site_id"]:
        raise BadUserInput("The versions are of different sites.", field="to")
    changes = await asyncio.to_thread(_changes, before, after)
    if len(changes) > MAX_CHANGES:
        raise BadUserInput(f"They differ in more than {MAX_CHANGES:,} places: compare their sections instead.")
    return changes


def _changes(before: Any, after: Any) -> list[dict[str, Any]]:
    return [
        {
            "path": change.path,
            "operation": change.operation.name,
            "before": change.before,
            "after": change.after,
        }
        for name in SECTIONS
        if before[name] != after[name]
        for change in diff(parsed(before[name]), parsed(after[name]), pointer("", name))
    ]
