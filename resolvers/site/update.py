"""Changing a site. What is not named stays as it is."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func

from core.errors import Problem, Refused
from core.events import SyncEventType
from models import Hostname, Site, ThemeVersion
from resolvers.context import Context
from resolvers.domain.domain import follow_slug
from resolvers.site.input import Name, Slug
from resolvers.site.site import hostname_of, locked_site, take_hostname
from resolvers.validation import Input, text_of
from resolvers.write import Outcome, Write, write

Version: Any = text_of(100, min_length=1)


class SiteChanges(Input):
    """What shall change, and the revision that the editor saw."""

    revision: int
    name: Name | None = None
    slug: Slug | None = None
    theme_version: Version | None = None


async def update_site(context: Context, site_id: UUID, changes: SiteChanges) -> Outcome:
    """Changes a site; the outcome has its `id`. Its old slug is free for others at once.

    With another version of the theme the live config stays as it is; what is published next is held to that version.

    Raises:
        Refused: NOT_FOUND (also: the theme has no such version), CONFLICT (the revision is stale), TAKEN.

    """
    async with write(context) as tx:
        site = await locked_site(tx, site_id)
        if site.revision != changes.revision:
            message = f"The site was changed since: it is at revision {site.revision} now. Read it again."
            raise Refused(Problem("CONFLICT", message, ("input", "revision")))
        if changes.name is not None:
            site.name = changes.name
        if changes.slug is not None and changes.slug != site.slug:
            await _move(tx, site, changes.slug)
        if changes.theme_version is not None:
            await _change_theme(tx, site, changes.theme_version)
        site.revision += 1
        site.updated_at = func.now()
        tx.event(SyncEventType.SITE_UPDATED, "Site", site.id)
        tx.audit("siteUpdate", "Site", site.id, changes.model_dump(mode="json", exclude_unset=True))
        return tx.done(id=site.id)


async def _move(tx: Write, site: Site, slug: str) -> None:
    """From the name of the old slug to that of the new one. Other names that it has stay."""
    old_slug, site.slug = site.slug, slug
    old_name = hostname_of(tx.context.platform.settings, old_slug)
    await tx.session.execute(delete(Hostname).where(Hostname.site_id == site.id, Hostname.name == old_name))
    await take_hostname(tx, site.id, slug)
    await follow_slug(tx, site, old_slug)


async def _change_theme(tx: Write, site: Site, version: str) -> None:
    if await tx.session.get(ThemeVersion, (site.theme_id, version)) is None:
        message = f"The site's theme has no version {version}."
        raise Refused(Problem("NOT_FOUND", message, ("input", "themeVersion")))
    site.theme_version = version
