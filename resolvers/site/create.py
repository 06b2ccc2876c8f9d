"""Making a site: with its name, its storefront token, and a first version of its config that is live."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.access import CallerKind
from core.errors import Problem, Refused
from core.events import SyncEventType
from core.ids import new_id
from models import Site, Theme, ThemeVersion, Workspace
from resolvers.context import Context
from resolvers.site.input import Name, Slug
from resolvers.site.site import take_hostname
from resolvers.storefront.canonical import canonical, parsed
from resolvers.storefront.sections import SECTIONS, Texts
from resolvers.storefront.version import By, Said, go_live
from resolvers.storefront_token.create import new_token
from resolvers.validation import Input, id_of
from resolvers.write import Outcome, Write, write

ThemeId: Any = id_of("Theme", "theme")
FIRST = Said(summary="The theme's own look.")


class NewSite(Input):
    """A site to be made, of the theme's newest version."""

    name: Name
    slug: Slug
    theme_id: ThemeId


async def create_site(context: Context, new: NewSite) -> Outcome:
    """Makes a site; the outcome has its `id`.

    Raises:
        Refused: TAKEN (any workspace's site has the slug), NOT_FOUND (there is no such theme), LIMIT_REACHED.

    """
    async with write(context) as tx:
        await _refuse_too_many(tx)
        version = await _newest_version(tx, new.theme_id)
        site = Site(
            workspace_id=tx.workspace_id,
            id=new_id(),
            name=new.name,
            slug=new.slug,
            theme_id=version.theme_id,
            theme_version=version.version,
            version_count=0,
        )
        tx.session.add(site)
        await tx.session.flush()
        await take_hostname(tx, site.id, new.slug)
        tx.session.add(new_token(tx, name=new.name, site_id=site.id))
        caller = context.caller
        by = By(caller.id if caller.kind is CallerKind.USER else None, caller.label)
        await go_live(tx, site, defaults(version), FIRST, by)
        tx.event(SyncEventType.SITE_CREATED, "Site", site.id)
        tx.audit("siteCreate", "Site", site.id, new.model_dump(mode="json"))
        return tx.done(id=site.id)


def defaults(version: ThemeVersion) -> Texts:
    """The config of a site that nobody has edited."""
    sections = parsed(version.sections)
    return {name: canonical(sections[name]["default"]) for name in SECTIONS}


async def _refuse_too_many(tx: Write) -> None:
    """The workspace is locked, so that nobody else is adding to it."""
    await tx.session.execute(select(Workspace.id).with_for_update(key_share=True))
    most = tx.context.platform.settings.sites_per_workspace
    count = await tx.session.scalar(select(func.count()).select_from(Site).where(Site.deleted_at.is_(None))) or 0
    if count >= most:
        message = f"The workspace has {count} sites, as many as it may have: delete one that is no longer needed."
        raise Refused(Problem("LIMIT_REACHED", message, ("input",)))


async def _newest_version(tx: Write, theme_id: UUID) -> ThemeVersion:
    statement = (
        select(ThemeVersion)
        .join(Theme, (Theme.id == ThemeVersion.theme_id) & (Theme.version == ThemeVersion.version))
        .where(Theme.id == theme_id)
    )
    found = await tx.session.scalar(statement)
    if found is None:
        raise Refused(Problem("NOT_FOUND", "There is no theme with this id.", ("input", "themeId")))
    return found
