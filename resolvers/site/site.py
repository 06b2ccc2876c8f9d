"""Finding a site for a write, and the names that it is reached by. A site is locked before its drafts."""

from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.errors import Problem, Refused
from core.settings import Settings
from models import Hostname, Site
from resolvers.site.input import slug_problem
from resolvers.write import Write

MISSING = "There is no site with this id."


async def locked_site(tx: Write, site_id: UUID, at: tuple[str, ...] = ("id",)) -> Site:
    """The site, locked until the write is done.

    Raises:
        Refused: NOT_FOUND.

    """
    statement = select(Site).where(Site.id == site_id, Site.deleted_at.is_(None)).with_for_update()
    site = await tx.session.scalar(statement)
    if site is None:
        raise Refused(Problem("NOT_FOUND", MISSING, at))
    return site


def hostname_of(settings: Settings, slug: str) -> str:
    """The name by which a site with this slug is reached."""
    return urlsplit(settings.site_url(slug)).hostname or slug


async def take_hostname(tx: Write, site_id: UUID, slug: str) -> None:
    """Gives the site the name that its slug makes.

    Raises:
        Refused: TAKEN (by a site of whatever workspace).

    """
    name = hostname_of(tx.context.platform.settings, slug)
    tx.session.add(Hostname(name=name, workspace_id=tx.workspace_id, site_id=site_id))
    try:
        await tx.session.flush()
    except IntegrityError as error:
        if "pk_hostname" in str(error.orig):
            raise Refused(slug_problem()) from None
        raise
