"""What is told of a site's server that ends by itself, is ended, or does not start, and not too often.

The reason stands at the server and in the deployment's log. Where that goes on, the shop's owners get one e-mail.
"""

from sqlalchemy import func, select, update

from core.access import Caller, CallerKind
from core.events import SyncEventType
from models import Site, SiteServer
from resolvers.context import Context, Platform
from resolvers.deployment.log import Line, append_now, clean
from resolvers.email.owners import tell_owners
from resolvers.hosting.desired import Desired, say_failed
from resolvers.write import write

# Failures in a row: after so many the owners are told, and after so many the log is.
TOLD_AFTER = 3
LOGGED = 6
_NO_MORE = "If it goes on failing, that is not written here until it has run well for a minute."


async def note_failed(platform: Platform, wanted: Desired, reason: str) -> None:
    """Says why the site's server does not run."""
    count, is_told = await say_failed(platform, wanted, clean(reason))
    status = "STARTING" if wanted.is_starting else "LIVE"
    lines = [Line(status, None, clean(f"Its server failed, and is started again. {reason}"))] if count <= LOGGED else []
    if count == LOGGED:
        lines.append(Line(status, None, _NO_MORE))
    if lines:
        await append_now(platform, wanted.workspace_id, wanted.id, lines)
    if count >= TOLD_AFTER and not is_told:
        await _tell(platform, wanted, reason)


async def _tell(platform: Platform, wanted: Desired, reason: str) -> None:
    """Once, until it runs well again."""
    context = Context(platform, Caller(CallerKind.SYSTEM, workspace_id=wanted.workspace_id, label="Vitrine"))
    async with write(context) as tx:
        site = await tx.session.scalar(select(Site).where(Site.id == wanted.site_id, Site.deleted_at.is_(None)))
        mark = update(SiteServer).where(SiteServer.deployment_id == wanted.id, SiteServer.told_at.is_(None))
        is_first = await tx.session.scalar(mark.values(told_at=func.now()).returning(SiteServer.told_at))
        if site is None or is_first is None:
            return
        tx.event(SyncEventType.SITE_FAILING, "Site", site.id)
        tx.audit("siteServerFail", "Site", site.id, {"reason": reason})
        text = (
            f"The server of the site {site.name} has failed {TOLD_AFTER} times in a row:\n\n  {reason}\n\n"
            "It is started again and again. The deployment's log says more; an older deployment can be put live again "
            "meanwhile.\n"
        )
        await tell_owners(tx, f"{site.name} does not keep running", text)
