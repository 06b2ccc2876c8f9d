"""What is published of a site, found by its slug: for whoever asks, without a token."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from core.database import PIN_FIRST, PINNED_STATEMENT
from resolvers.context import Platform
from resolvers.seo.address import Addresses, found_in
from resolvers.site.input import MAX_SLUG_LENGTH
from resolvers.site.site import hostname_of

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class SiteKey(NamedTuple):
    """A site that is there, and the slug that it has now."""

    workspace_id: UUID
    site_id: UUID
    slug: str


@dataclass(frozen=True, slots=True)
class PublishedSite:
    """A site as it is live: when that version went live, where its pages are, and sections of its config."""

    key: SiteKey
    live_since: datetime
    addresses: Addresses
    seo: Any
    settings: Any
    content: Any

    @property
    def is_indexed(self) -> bool:
        """Whether search engines may show it; they may where the config does not say."""
        return found_in(self.seo, "robots", "index") is not False


FIND = "select workspace_id, site_id from hostname where name = $1"
READ = PINNED_STATEMENT.format(
    inner=f"""
select v.created_at, v.seo, v.settings, v.content, t.paths, s.primary_name
  from site s
  join storefront_version v on v.workspace_id = s.workspace_id and v.id = s.live_version_id
  join theme_version t on t.theme_id = s.theme_id and t.version = s.theme_version
 where {PIN_FIRST} and s.workspace_id = $1 and s.id = $2 and s.deleted_at is null
"""  # noqa: S608 - a constant of ours
)


async def find_site(platform: Platform, slug: str) -> SiteKey | None:
    """The site of whatever workspace that has this slug; None where there is none. One look-up by key."""
    if len(slug) > MAX_SLUG_LENGTH or not _SLUG.fullmatch(slug):
        return None
    async with platform.database.system.acquire() as connection:
        row = await connection.fetchrow(FIND, hostname_of(platform.settings, slug))
    return SiteKey(row["workspace_id"], row["site_id"], slug) if row else None


async def published_site(platform: Platform, key: SiteKey) -> PublishedSite | None:
    """The site as it is live; None where it was deleted meanwhile."""
    async with platform.database.app.acquire() as connection:
        row = await connection.fetchrow(READ, key.workspace_id, key.site_id)
    if row is None:
        return None
    return PublishedSite(
        key,
        row["created_at"],
        Addresses(platform.settings.site_url(key.slug, row["primary_name"]), orjson.loads(row["paths"])),
        orjson.loads(row["seo"]),
        orjson.loads(row["settings"]),
        orjson.loads(row["content"]),
    )
