"""Making the link to an export. Nothing is read before it is opened."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.clock import now
from core.errors import BadUserInput, Forbidden, Problem, Refused
from models import Site, Workspace
from resolvers.analytics.span import make_span
from resolvers.context import Context
from resolvers.export.tables import TABLES, Wanted
from resolvers.export.ticket import Ticket, issue_ticket
from resolvers.site.site import MISSING
from resolvers.validation import Input, id_of
from resolvers.visitor import day_of
from resolvers.write import Outcome, Secret, Write, write

LIFETIME = timedelta(minutes=15)
PATH = "/exports/"


class NewExport(Input):
    """What is to be exported; `range` is an `AnalyticsRange` as it was sent."""

    table: str
    range: Mapping[str, Any] | None = None
    site_id: id_of("Site", "site") | None = None  # type: ignore[valid-type]


async def create_export(context: Context, new: NewExport) -> Outcome:
    """Makes a link. The outcome has its `url`, when it `expires_at`, and the `filename`.

    Raises:
        Forbidden: the caller has not the table's scope.
        Refused: INVALID (a range or a site where there is none), NOT_FOUND (the site).

    """
    table, caller = TABLES[new.table], context.caller
    if not caller.has(table.scope):
        raise Forbidden(f"This needs the scope {table.scope}.", scope=table.scope)
    if caller.id is None:
        raise Forbidden("Only a person or an API key can export.")
    wanted = _wanted(new, caller.time_zone)
    expires_at = now() + LIFETIME
    async with write(context) as tx:
        await _refuse_unknown_site(tx, wanted.site_id)
        filename = await _filename(tx, new.table, wanted)
        ticket = Ticket(tx.workspace_id, caller.kind, caller.id, caller.session_id, new.table, wanted, filename)
        settings = context.platform.settings
        url = f"{settings.base_url}{PATH}{issue_ticket(settings, ticket, expires_at)}/{filename}"
        what = {"table": new.table, "from": wanted.first, "to": wanted.last, "siteId": wanted.site_id}
        tx.audit("exportCreate", "Workspace", tx.workspace_id, {k: v for k, v in what.items() if v is not None})
        return tx.done(url=Secret(url), expires_at=expires_at.isoformat(), filename=filename)


def _wanted(new: NewExport, time_zone: str) -> Wanted:
    table = TABLES[new.table]
    if new.range is not None and not table.has_range:
        raise Refused(Problem("INVALID", f"{new.table} has no range: all of it is exported.", ("input", "range")))
    if new.site_id is not None and not table.site:
        message = f"The rows of {new.table} are of no single site: leave siteId out."
        raise Refused(Problem("INVALID", message, ("input", "siteId")))
    if new.range is None:
        return Wanted(site_id=new.site_id)
    try:
        span = make_span(ZoneInfo(time_zone), *(new.range.get(name) for name in ("days", "from", "to")))
    except BadUserInput as error:
        raise Refused(Problem("INVALID", error.message, ("input", "range"))) from None
    return Wanted(span.first, span.last, new.site_id)


async def _refuse_unknown_site(tx: Write, site_id: UUID | None) -> None:
    if site_id is None:
        return
    statement = select(Site.id).where(Site.id == site_id, Site.deleted_at.is_(None))
    if await tx.session.scalar(statement) is None:
        raise Refused(Problem("NOT_FOUND", MISSING, ("input", "siteId")))


async def _filename(tx: Write, table: str, wanted: Wanted) -> str:
    """As `lamps-visitor-days-2026-01-01-to-2026-01-31.csv`: letters, digits and hyphens, as slugs are."""
    slug = await tx.session.scalar(select(Workspace.slug))
    days = str(day_of(now(), tx.context.caller.time_zone))
    if wanted.first and wanted.last:
        days = f"{wanted.first}-to-{wanted.last}"
    return f"{slug}-{table.lower().replace('_', '-')}-{days}.csv"
