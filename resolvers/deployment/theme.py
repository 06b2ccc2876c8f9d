"""What a site's theme is given: the variables of its environment, and what its code is."""

from typing import Any, NamedTuple
from uuid import UUID

from core.crypto import decrypt
from core.database import PIN_FIRST, PINNED_STATEMENT
from core.ids import global_id
from integrations.build.base import BuildFailed, Limits
from resolvers.context import Platform

FIND = f"""
select s.slug, s.primary_name, s.webhook_secret, t.slug as theme_slug, v.manifest::jsonb->>'healthPath' as health_path,
       c.kind, c.location, c.commit, k.token, l.layout
  from site s
  join theme t on t.id = s.theme_id
  join theme_version v on v.theme_id = s.theme_id and v.version = $3
  join storefront_version l on l.workspace_id = $1 and l.id = s.live_version_id
  left join theme_source c on c.theme_id = s.theme_id and c.version = $3
  left join lateral (
    select token from storefront_token k
     where k.workspace_id = $1 and k.site_id = s.id and k.revoked_at is null
     order by k.created_at, k.id limit 1) k on true
 where {PIN_FIRST} and s.workspace_id = $1 and s.id = $2 and s.deleted_at is null
"""  # noqa: S608 - a constant of ours


class SiteTheme(NamedTuple):
    """A site with the version of its theme that is built. `layout` is the live config's, as JSON."""

    slug: str
    theme_slug: str
    kind: str
    location: str
    commit: str | None
    health_path: str
    layout: str
    webhook_secret: str
    environment: dict[str, str]


async def find_site_theme(platform: Platform, workspace_id: UUID, site_id: UUID, theme_version: str) -> SiteTheme:
    """The site's theme as it is to be built or served now.

    Raises:
        BuildFailed: the site is gone, or lacks what a theme needs.

    """
    statement = PINNED_STATEMENT.format(inner=FIND)
    async with platform.database.app.acquire() as connection:
        row = await connection.fetchrow(statement, workspace_id, site_id, theme_version)
    if row is None or row["kind"] is None:
        raise BuildFailed("The site was deleted, or its theme is gone.")
    if row["token"] is None:
        raise BuildFailed("All storefront tokens of the site are revoked: make one for it, then deploy again.")
    secret = _opened(platform, site_id, row["webhook_secret"])
    return SiteTheme(
        slug=row["slug"],
        theme_slug=row["theme_slug"],
        kind=row["kind"],
        location=row["location"],
        commit=row["commit"],
        health_path=row["health_path"] or "/",
        layout=row["layout"],
        webhook_secret=secret,
        environment=_environment(platform, workspace_id, site_id, row, secret),
    )


def _opened(platform: Platform, site_id: UUID, sealed: str | None) -> str:
    secret_key = platform.settings.secret_key.get_secret_value()
    secret = decrypt(sealed, secret_key, str(site_id)) if sealed else None
    if secret is None:
        raise BuildFailed("The site's webhook secret cannot be read: SECRET_KEY was changed. Deploy a new site.")
    return secret


def _environment(platform: Platform, workspace_id: UUID, site_id: UUID, row: Any, secret: str) -> dict[str, str]:
    """What the theme reads. What is not NEXT_PUBLIC_ is for its server alone."""
    settings = platform.settings
    return {
        "NEXT_PUBLIC_WORKSPACE_ID": global_id("Workspace", workspace_id),
        "NEXT_PUBLIC_SITE_ID": global_id("Site", site_id),
        "NEXT_PUBLIC_API_URL": settings.base_url,
        "SITE_URL": settings.site_url(row["slug"], row["primary_name"]),
        "WEBHOOK_SECRET": secret,
        "STOREFRONT_TOKEN": row["token"],
    }


def build_limits(platform: Platform) -> Limits:
    settings = platform.settings
    return Limits(
        seconds=settings.build_seconds,
        memory=settings.build_memory_bytes,
        processes=settings.build_processes,
        disk=settings.build_disk_bytes,
        output=settings.build_output_bytes,
    )
